mod facts;
mod kills;
mod order;
mod stream;
mod support;
