//! Where a database is.

use std::path::{Path, PathBuf};

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

impl Place {
    /// A database that is in one directory with everything, its configuration and lock included: a copy, or an emulated machine's.
    #[must_use]
    pub fn under(dir: &Path) -> Self {
        Self {
            config: dir.to_owned(),
            records: dir.to_owned(),
            lock: dir.join("lock"),
        }
    }

    /// This machine's.
    #[must_use]
    pub fn host() -> Self {
        Self {
            config: PathBuf::from("/etc/iscsi"),
            records: PathBuf::from("/etc/iscsi"),
            lock: PathBuf::from("/run/lock/iscsi"),
        }
    }
}
