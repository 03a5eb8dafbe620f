//! RFC 7143 without I/O: initiator and target engines.
