//! The cryptography of MTProto, without clocks, randomness of its own, or I/O.
