//! `/sys/module/NAME/parameters`: what a driver was loaded with.
//!
//! Owns: the parameters of qla4xxx. Must not know: what they mean for an operation. Source: kernel `qla4xxx/ql4_os.c` (`module_param`).

use crate::sysfs::{Error, Hex32, Reader, Root, attrs};

attrs! {
    /// Parameters of qla4xxx.
    pub struct Qla4xxxParameters, table QLA4XXX_PARAMETERS {
        /// Whether boot targets are left to userspace (0: exported, not logged in; 1: the driver logs in).
        may disable_sysfs_boot: u32 = "ql4xdisablesysfsboot" @ 0o644;
        /// Whether the adapter is kept from resets during recovery.
        may dont_reset_hba: u32 = "ql4xdontresethba" @ 0o644;
        /// Extra log messages.
        may extended_error_logging: u32 = "ql4xextended_error_logging" @ 0o644;
        /// Interrupts: 0 INTx, 1 MSI-X, 2 MSI.
        may enable_msix: u32 = "ql4xenablemsix" @ 0o644;
        /// Commands a logical unit takes at once.
        may max_queue_depth: u32 = "ql4xmaxqdepth" @ 0o644;
        /// Whether QUEUE FULL lowers the depth.
        may queue_full_tracking: u32 = "ql4xqfulltracking" @ 0o644;
        /// Session recovery timeout in seconds.
        may session_recovery_tmo: u32 = "ql4xsess_recovery_tmo";
        /// Capture mask of minidumps.
        may minidump_mask: Hex32 = "ql4xmdcapmask";
        /// Whether minidumps are taken.
        may enable_minidump: u32 = "ql4xenablemd" @ 0o644;
    }
}

/// The parameters of qla4xxx, or `None` when the module is not loaded.
///
/// # Errors
/// The directory is there and cannot be opened, or goes meanwhile.
pub fn qla4xxx(root: &Root) -> Result<Option<Qla4xxxParameters>, Error> {
    let Some(dir) = root.dir_if_present("module/qla4xxx/parameters")? else {
        return Ok(None);
    };
    Qla4xxxParameters::read(&mut Reader::new(), dir.at("")).map(Some)
}
