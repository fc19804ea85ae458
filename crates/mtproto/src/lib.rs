//! MTProto without I/O: both ends of the protocol.
