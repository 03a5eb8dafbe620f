//! The keys of records and of iscsid.conf: one table.
//!
//! Owns each key's name, the records it stands in, what its value may be, its default in the peer's code and in the file the peer ships, where it is
//! sent, and whether it is a secret. Must not know any record.
//!
//! Source: open-iscsi's `usr/idbm_fields.h` (names), `usr/idbm.c` (defaults, ranges), `etc/iscsid.conf` (what is shipped).
