//! Sockets under MTProto: dialling, listening and the connection task.
