//! Where a database is.

use std::path::PathBuf;

/// The directories of one database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where `iscsid.conf` and `initiatorname.iscsi` are.
    pub config: PathBuf,
    /// Where `nodes`, `ifaces`, `send_targets` and the others are.
    pub records: PathBuf,
    /// Where the lock is that the peer takes, too.
    pub lock: PathBuf,
}
