//! How an adapter port is, from what the driver shows of its states: one table.
//!
//! Source: `ql4_attr.c` (`qla4xxx_fw_state_show`), `ql4_fw.h` (`FW_STATE_*`, `FW_ADDSTATE_*`), `scsi_sysfs.c` (`shost_states`).

use driver_sys::hw::mailbox::FwState;
use driver_sys::sysfs::class::host::PortState;

use crate::model::{Health, HealthStatus};

use HealthStatus as H;

/// States of the SCSI host.
const HOST: &[(&str, HealthStatus, &str)] = &[
    (
        "created",
        H::Critical,
        "the driver has not brought the host up yet",
    ),
    ("cancel", H::Failed, "the host is being taken away"),
    ("deleted", H::Failed, "the host was taken away"),
    (
        "recovery",
        H::Critical,
        "the kernel is recovering the host from errors",
    ),
    (
        "cancel/recovery",
        H::Failed,
        "the host is taken away while the kernel recovers it",
    ),
    (
        "deleted/recovery",
        H::Failed,
        "the host was taken away while the kernel recovered it",
    ),
];

/// Bits of the firmware's state, the worst first.
const FIRMWARE: &[(FwState, HealthStatus, &str)] = &[
    (
        FwState::Error,
        H::Failed,
        "the firmware has stopped with an error",
    ),
    (
        FwState::ConfigWait,
        H::Critical,
        "the firmware waits to be initialized",
    ),
    (
        FwState::ConfiguringIp,
        H::Degraded,
        "the firmware is still bringing up its addresses",
    ),
    (
        FwState::WaitAutoconnect,
        H::Degraded,
        "the firmware is still logging in by itself",
    ),
];

/// The health of a port.
pub(super) fn of(host: Option<&str>, firmware: Option<(u32, u32)>, link: Option<&PortState>) -> Health {
    let found = |status, reason: &str| Health {
        status: Some(status),
        reason: Some(reason.to_owned()),
    };
    let mut all = Vec::new();
    all.extend(
        HOST.iter()
            .filter(|row| host == Some(row.0))
            .map(|row| found(row.1, row.2)),
    );
    if let Some((state, _)) = firmware {
        let set = |row: &&(FwState, HealthStatus, &str)| state & row.0.raw() != 0;
        all.extend(FIRMWARE.iter().filter(set).map(|row| found(row.1, row.2)));
    }
    if matches!(link, Some(PortState::Down)) {
        all.push(found(H::Degraded, "the link is down"));
    }
    // Of several, the worst; of equals, the first of the tables.
    let worst = all
        .into_iter()
        .reduce(|worst, next| if next.status > worst.status { next } else { worst });
    worst.unwrap_or_else(|| match (host, firmware) {
        (None, None) => Health {
            status: None,
            reason: Some("the driver shows no state".to_owned()),
        },
        _ => found(H::Working, "nothing is wrong"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_what_is_shown_decides() {
        let of = |host, firmware, link: Option<PortState>| of(host, firmware, link.as_ref()).status;
        assert_eq!(
            of(Some("running"), Some((0, 0x10)), Some(PortState::Up)),
            Some(H::Working)
        );
        assert_eq!(
            of(Some("running"), Some((0, 0)), Some(PortState::Down)),
            Some(H::Degraded)
        );
        assert_eq!(
            of(Some("running"), Some((8, 0)), Some(PortState::Up)),
            Some(H::Degraded)
        );
        assert_eq!(
            of(Some("recovery"), Some((0, 0)), Some(PortState::Down)),
            Some(H::Critical)
        );
        assert_eq!(
            of(Some("running"), Some((5, 0)), Some(PortState::Up)),
            Some(H::Failed)
        );
        assert_eq!(of(Some("deleted"), None, None), Some(H::Failed));
        assert_eq!(of(None, None, None), None);
    }
}
