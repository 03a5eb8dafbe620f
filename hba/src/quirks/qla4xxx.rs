//! Known defects of the qla4xxx driver.
//!
//! Source: kernel 6.1 `drivers/scsi/qla4xxx/ql4_os.c` (symbols in each row).

/// A defect and the guard against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quirk {
    /// Short name.
    pub name: &'static str,
    /// Kernel symbol it lives in.
    pub symbol: &'static str,
    /// What the driver does.
    pub what: &'static str,
    /// What the control plane does about it.
    pub guard: &'static str,
}

/// All known defects.
pub const QUIRKS: &[Quirk] = &[
    Quirk {
        name: "chap-in-use-inverted",
        symbol: "qla4xxx_is_chap_active",
        what: "counts only sessions that are not online as users of a chap entry",
        guard: "own check against flash targets and sessions before set and remove",
    },
    Quirk {
        name: "chap-delete-offset",
        symbol: "qla4xxx_delete_chap",
        what: "on 80xx adapters the deletion is written at the offset of 40xx adapters",
        guard: "the table is read back after every removal",
    },
    Quirk {
        name: "chap-password-length",
        symbol: "qla4xxx_set_chap",
        what: "ignores the given length and copies a C string, without a minimum",
        guard: "secrets of 12 to 99 bytes without NUL",
    },
    Quirk {
        name: "user-session-undying",
        symbol: "qla4xxx_conn_destroy",
        what: "sessions made by user programs cannot be destroyed",
        guard: "logout of such a session is refused with the reason",
    },
    Quirk {
        name: "flashnode-partial-set",
        symbol: "qla4xxx_sysfs_ddb_set_param",
        what: "a parameter that is not taken ends the batch after earlier ones were changed in memory",
        guard: "such parameters are refused before anything is sent",
    },
    Quirk {
        name: "portal-type-length",
        symbol: "qla4xxx_sysfs_ddb_set_param",
        what: "the portal type keeps the length of its old value",
        guard: "the portal type cannot be changed after an entry was made",
    },
    Quirk {
        name: "iface-set-bounces-port",
        symbol: "qla4xxx_iface_set_param",
        what: "every change of interface parameters restarts the port and drops its sessions",
        guard: "one message for all changes, and only with --force while sessions are up",
    },
];

/// Whether a transport is driven by this driver.
#[must_use]
pub fn applies(transport: &str) -> bool {
    transport == "qla4xxx"
}

/// Longest CDB the driver takes, in bytes (`IOCB_MAX_CDB_LEN`).
pub const MAX_CDB: u32 = 16;
