//! Status codes of the neighbouring systems as one table: ours, open-iscsi's `iscsi_err` numbers, errno, and the status values
//! of Microsoft's initiator. Data only.
//!
//! Source: open-iscsi `include/iscsi_err.h` (numbers 0–33), Microsoft `iscsi-status-qualifiers` (0xEFFF0001…).

use nix::errno::Errno;

/// One row: a status in all four vocabularies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// Our stable name.
    pub name: &'static str,
    /// The exit status of `iscsiadm`, where it has one.
    pub iscsi_err: Option<u8>,
    /// The kernel's error number, where one means just this.
    pub errno: Option<Errno>,
    /// The status value of Microsoft's initiator, where it has one.
    pub ms: Option<u32>,
}

const fn row(name: &'static str, iscsi_err: Option<u8>, errno: Option<Errno>, ms: Option<u32>) -> Code {
    Code {
        name,
        iscsi_err,
        errno,
        ms,
    }
}

/// All codes; names, `iscsi_err` numbers and Microsoft values each appear once.
pub const CODES: &[Code] = &[
    row("success", Some(0), None, Some(0)),
    row("failed", Some(1), None, None),
    row("session_not_found", Some(2), Some(Errno::ESRCH), None),
    row("no_memory", Some(3), Some(Errno::ENOMEM), None),
    row(
        "connection_failed",
        Some(4),
        Some(Errno::ECONNREFUSED),
        Some(0xEFFF_0003),
    ),
    row("login_failed", Some(5), None, None),
    row("database", Some(6), None, None),
    row("invalid", Some(7), Some(Errno::EINVAL), None),
    row("transport_timeout", Some(8), None, None),
    row("internal", Some(9), None, None),
    row("logout_failed", Some(10), None, None),
    row("pdu_timeout", Some(11), None, None),
    row(
        "transport_not_found",
        Some(12),
        Some(Errno::EPROTONOSUPPORT),
        None,
    ),
    row("access", Some(13), Some(Errno::EACCES), None),
    row("transport_caps", Some(14), None, None),
    row("session_exists", Some(15), Some(Errno::EEXIST), Some(0xEFFF_0016)),
    row("bad_request", Some(16), None, None),
    row("isns_unavailable", Some(17), None, None),
    row("service_failed", Some(18), None, None),
    row("login_fatal", Some(19), None, None),
    row("service_unreachable", Some(20), None, None),
    row("no_objects", Some(21), Some(Errno::ENOENT), None),
    row("sysfs", Some(22), None, None),
    row("host_not_found", Some(23), Some(Errno::ENODEV), None),
    row("auth_failed", Some(24), None, Some(0xEFFF_0009)),
    row("isns_query", Some(25), None, None),
    row("isns_registration", Some(26), None, None),
    row("not_supported", Some(27), Some(Errno::ENOSYS), None),
    row("busy", Some(28), Some(Errno::EBUSY), Some(0xEFFF_001F)),
    row("again", Some(29), Some(Errno::EAGAIN), None),
    row("unknown_discovery_type", Some(30), None, None),
    row("child_terminated", Some(31), None, None),
    row("session_not_connected", Some(32), Some(Errno::ENOTCONN), None),
    row("request_timed_out", Some(33), Some(Errno::ETIMEDOUT), None),
    row("too_many_sessions", None, Some(Errno::ENOSPC), Some(0xEFFF_001E)),
    row("needs_reboot", None, None, Some(0xAFFF_003B)),
    row("last_connection", None, None, Some(0xEFFF_003D)),
    row("already_logged_in", None, None, Some(0xEFFF_003F)),
    row("device_busy", None, None, Some(0xEFFF_0040)),
    row("persistent_login_timeout", None, None, Some(0xEFFF_0047)),
    row("short_chap_secret", None, None, Some(0xEFFF_0048)),
    row("load_balance_policy", None, None, Some(0xEFFF_0061)),
    row("leading_connection", None, None, Some(0xEFFF_0064)),
];

/// The row of our name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Code> {
    CODES.iter().find(|c| c.name == name)
}

/// The row of an `iscsi_err` number.
#[must_use]
pub fn by_iscsi_err(number: u8) -> Option<&'static Code> {
    CODES.iter().find(|c| c.iscsi_err == Some(number))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_peer_exit_status_has_a_row() {
        for number in 0..=33 {
            assert!(by_iscsi_err(number).is_some(), "{number}");
        }
        assert!(by_iscsi_err(34).is_none());
    }

    #[test]
    fn names_and_numbers_are_unique() {
        let names: HashSet<_> = CODES.iter().map(|c| c.name).collect();
        assert_eq!(names.len(), CODES.len());
        let numbers: Vec<_> = CODES.iter().filter_map(|c| c.iscsi_err).collect();
        assert_eq!(numbers.iter().collect::<HashSet<_>>().len(), numbers.len());
        let ms: Vec<_> = CODES.iter().filter_map(|c| c.ms).collect();
        assert_eq!(ms.iter().collect::<HashSet<_>>().len(), ms.len());
    }
}
