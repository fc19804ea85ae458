//! What survives a restart: sessions, peers, states and the journal.
