//! What people who know other adapters ask for, and what no adapter here can do: verbs that answer with the reason and, where there is
//! one, with what to do instead. One table, from which programs build their verbs.
//!
//! Owns the rows. Must not know how a verb is typed.
//!
//! Source: kernel 6.1 `scsi_transport_iscsi.c` (`CAP_*`, the requests there are), `qla4xxx/ql4_os.c` (`qla4xxx_iscsi_transport`),
//! `ql4_bsg.c` (the eight vendor commands), `ql4_mbx.c` (`qla4xxx_get_conn_event_log`).

use crate::error::{Error, Kind, Status};
use crate::message::{Message, Part};
use crate::quirks::driver::{IPSEC, ISNS, ONE_CONNECTION, RADIUS, SLP};
use crate::step::Step;

/// A verb that nothing here can carry out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verb {
    /// What it is about.
    pub noun: &'static str,
    /// What would be done.
    pub verb: &'static str,
    /// What it is for, in one line.
    pub about: &'static str,
    /// Why it cannot be had.
    pub reason: &'static str,
    /// What to do instead; empty when nothing comes near.
    pub instead: &'static [Part],
    /// What the neighbouring systems call it.
    pub status: Status,
}

impl Verb {
    /// The refusal.
    #[must_use]
    pub fn refusal(&self) -> Error {
        let error = Error::new(Kind::Unsupported, format!("do {} {}", self.noun, self.verb))
            .answered(self.reason)
            .with_status(self.status);
        if self.instead.is_empty() {
            return error;
        }
        error.hint(Message::of(self.instead))
    }
}

/// What a noun of the table is about, for those that have no other verbs.
pub const NOUNS: &[(&str, &str)] = &[
    ("isns", "iSNS servers"),
    ("slp", "Discovery by SLP"),
    ("radius", "RADIUS servers for CHAP"),
    ("ipsec", "IPsec keys and tunnels of the adapter"),
    ("passthru", "Raw requests to the firmware"),
];

const NO_REQUEST: &str = "the driver in the kernel has no such request; that of the vendor had it";
const BY_UNIT: &[Part] = &[
    Part::text("speak to a unit by "),
    Part::Step(Step::LunList),
    Part::text(" and the other verbs of lun, or by SG_IO on its node (sg_raw)"),
];

const END_SESSION: &[Part] = &[
    Part::text("end the session: "),
    Part::Step(Step::FlashLogout(None)),
];
const KERNEL_LOG: &[Part] = &[
    Part::text("the driver's words are in the kernel's log (journalctl -k, more with "),
    Part::Step(Step::ModuleSet),
    Part::text(" ql4xextended_error_logging=2 at the next load); as it happens: "),
    Part::Step(Step::EventFollow),
];
const FW_DUMP: &[Part] = &[Part::text(
    "the driver offers it as fw_dump, a file of the PCI device in sysfs",
)];
const VENDOR_TOOL: &[Part] = &[Part::text(
    "the vendor's tool outside of the running system writes firmware",
)];
const LET_THROUGH: &[Part] = &[
    Part::Step(Step::AdapterDump),
    Part::text(" and "),
    Part::Step(Step::AdapterDiag),
    Part::text(" send those that the driver lets through"),
];

const fn row(
    noun: &'static str,
    verb: &'static str,
    about: &'static str,
    reason: &'static str,
    instead: &'static [Part],
    status: Status,
) -> Verb {
    Verb {
        noun,
        verb,
        about,
        reason,
        instead,
        status,
    }
}

use Status as S;

/// The table.
pub const VERBS: &[Verb] = &[
    row(
        "isns",
        "add",
        "Name an iSNS server that the adapter asks for targets",
        ISNS.reason,
        ISNS.instead,
        S::NotSupported,
    ),
    row(
        "isns",
        "remove",
        "Forget an iSNS server",
        ISNS.reason,
        ISNS.instead,
        S::NotSupported,
    ),
    row(
        "isns",
        "list",
        "The iSNS servers that the adapter asks",
        ISNS.reason,
        ISNS.instead,
        S::NotSupported,
    ),
    row(
        "isns",
        "refresh",
        "Ask the iSNS servers again",
        ISNS.reason,
        ISNS.instead,
        S::NotSupported,
    ),
    row(
        "slp",
        "discover",
        "Find targets by SLP",
        SLP.reason,
        SLP.instead,
        S::NotSupported,
    ),
    row(
        "radius",
        "add",
        "Name a RADIUS server that checks CHAP answers",
        RADIUS.reason,
        RADIUS.instead,
        S::NotSupported,
    ),
    row(
        "radius",
        "remove",
        "Forget a RADIUS server",
        RADIUS.reason,
        RADIUS.instead,
        S::NotSupported,
    ),
    row(
        "radius",
        "list",
        "The RADIUS servers of the adapter",
        RADIUS.reason,
        RADIUS.instead,
        S::NotSupported,
    ),
    row(
        "radius",
        "set-secret",
        "Set the secret shared with the RADIUS server",
        RADIUS.reason,
        RADIUS.instead,
        S::NotSupported,
    ),
    row(
        "ipsec",
        "set-key",
        "Set the preshared key for a target",
        IPSEC.reason,
        IPSEC.instead,
        S::NoIpsec,
    ),
    row(
        "ipsec",
        "show-key",
        "Whether there is a preshared key for a target",
        IPSEC.reason,
        IPSEC.instead,
        S::NoIpsec,
    ),
    row(
        "ipsec",
        "set-group-key",
        "Set the preshared key of the group",
        IPSEC.reason,
        IPSEC.instead,
        S::NoIpsec,
    ),
    row(
        "ipsec",
        "set-tunnel",
        "Set the outer address of tunnel mode",
        IPSEC.reason,
        IPSEC.instead,
        S::NoIpsec,
    ),
    row(
        "session",
        "add-connection",
        "Add a connection to a session",
        ONE_CONNECTION.reason,
        ONE_CONNECTION.instead,
        S::NotSupported,
    ),
    row(
        "session",
        "remove-connection",
        "Take a connection out of a session",
        ONE_CONNECTION.reason,
        END_SESSION,
        S::LastConnection,
    ),
    row(
        "session",
        "set-balance",
        "Set how load is balanced over the connections of a session",
        ONE_CONNECTION.reason,
        ONE_CONNECTION.instead,
        S::NoLoadBalance,
    ),
    row(
        "adapter",
        "log",
        "The firmware's own event log",
        "the driver has no request for it and shows it nowhere in sysfs",
        KERNEL_LOG,
        S::NotSupported,
    ),
    row(
        "adapter",
        "core-dump",
        "The firmware's memory after a crash",
        "only 80xx adapters keep one, and this program does not read it yet",
        FW_DUMP,
        S::NotSupported,
    ),
    row(
        "adapter",
        "copy-firmware",
        "Copy a firmware image into the adapter's flash",
        NO_REQUEST,
        VENDOR_TOOL,
        S::NotSupported,
    ),
    row(
        "passthru",
        "scsi",
        "Send a SCSI command through the adapter",
        NO_REQUEST,
        BY_UNIT,
        S::NotSupported,
    ),
    row(
        "passthru",
        "iscsi",
        "Send an iSCSI PDU through the adapter",
        NO_REQUEST,
        BY_UNIT,
        S::NotSupported,
    ),
    row(
        "passthru",
        "iocb",
        "Put a raw IOCB into the adapter's ring",
        NO_REQUEST,
        BY_UNIT,
        S::NotSupported,
    ),
    row(
        "passthru",
        "firmware",
        "Send a raw mailbox command to the firmware",
        NO_REQUEST,
        LET_THROUGH,
        S::NotSupported,
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_refusal_says_why_and_is_told_apart() {
        let mut seen = HashSet::new();
        for verb in VERBS {
            assert!(seen.insert((verb.noun, verb.verb)), "{verb:?}");
            let error = verb.refusal();
            assert_eq!(error.kind(), Kind::Unsupported);
            assert!(error.answer().is_some_and(|why| why.len() > 20), "{verb:?}");
            assert!(
                !error.status().name().is_empty() && !verb.instead.is_empty(),
                "{verb:?}"
            );
        }
        for (noun, _) in NOUNS {
            assert!(VERBS.iter().any(|v| v.noun == *noun), "{noun}");
        }
    }
}
