mod facts;
mod kills;
mod stream;
mod support;
