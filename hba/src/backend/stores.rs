//! Attributes that are written, by what they are of.
//!
//! Source: `drivers/scsi/scsi_sysfs.c` (`scsi_sdev_attrs`), `scsi_transport_iscsi.c` (`iscsi_priv_session_rw_attr`).

/// What can be written of a logical unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitAttr {
    /// Commands at once.
    QueueDepth,
    /// Seconds that a command may take.
    Timeout,
    /// Seconds that a step of error handling may take.
    EhTimeout,
    /// Look at capacity and identity again; any value does it.
    Rescan,
    /// Take it out of the operating system; any value does it.
    Delete,
}

impl UnitAttr {
    /// Its name in sysfs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::QueueDepth => "queue_depth",
            Self::Timeout => "timeout",
            Self::EhTimeout => "eh_timeout",
            Self::Rescan => "rescan",
            Self::Delete => "delete",
        }
    }
}
