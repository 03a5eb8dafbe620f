//! Faults on demand: what a target does wrong because it was told to.
//!
//! One table of words serves the control socket, the command line and the tests.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use scsi::AccessState;

/// A fault, or its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Everything works again. Dropped sessions stay dropped.
    Clear,
    /// Logins are refused with this login status (class, detail); RFC 7143 §11.13.5.
    RefuseLogins(u16),
    /// Logins are redirected. The flag tells a permanent move.
    Redirect(SocketAddr, bool),
    /// The same for discovery sessions.
    RedirectDiscovery(SocketAddr, bool),
    /// SendTargets shows a link-local portal with a zone of this name, as arrays with IPv6 do.
    SendTargetsZone(String),
    /// Every SCSI reply waits this long.
    DelayReplies(Duration),
    /// Every session is closed now, without a word.
    DropSessions,
    /// Every session is asked to log out (async event 1), with this many seconds to do so.
    RequestLogout(u16),
    /// Every session is told that the target drops it (async event 3), then dropped.
    AnnounceDrop,
    /// The same for the connection, which is all that a session has (async event 2).
    AnnounceConnectionDrop,
    /// Bytes are taken and nothing is answered, on sessions old and new.
    Silent,
    /// The next reply of every session is garbage.
    Garbage,
    /// The next reply of every session stops in the middle of a PDU and the connection closes.
    CloseMidPdu,
    /// The next SCSI reply of every session is swallowed (the initiator's abort handling gets work).
    LoseReply,
    /// The next ABORT TASK of every session that finds its task is rejected, and the task lives.
    RejectAbort,
    /// The next data PDU of every session carries a wrong digest (sessions with data digests only).
    BadDigest,
    /// The portals close (connections are refused) or open again.
    Portals(bool),
    /// The portal at this address is closed and drops what came through it, or it is opened again.
    Portal(SocketAddr, bool),
    /// A portal group leads to the units in this way from now on; initiators are told (unit attention 2A/06).
    Group(u16, AccessState),
    /// The LUN map changes: this logical unit vanishes (`false`) or comes back (`true`); initiators get 3F/0E.
    Lun(u16, bool),
}

/// A text that is no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown fault {0:?}; known: {words}", words = WORDS.join(", "))]
pub struct FaultError(pub String);

/// The faults as text, with their arguments.
pub const WORDS: &[&str] = &[
    "clear",
    "refuse-logins [STATUS]",
    "redirect ADDR:PORT [permanent]",
    "redirect-discovery ADDR:PORT [permanent]",
    "sendtargets-zone [ZONE]",
    "delay MILLISECONDS",
    "drop-sessions",
    "request-logout [SECONDS]",
    "announce-drop [connection]",
    "silent",
    "garbage",
    "close-mid-pdu",
    "lose-reply",
    "reject-abort",
    "bad-digest",
    "portals close|open [ADDR:PORT]",
    "group TAG optimized|nonoptimized|standby|unavailable",
    "lun NUMBER remove|add",
];

/// Service unavailable (RFC 7143 §11.13.5), what `refuse-logins` means without a number.
const SERVICE_UNAVAILABLE: u16 = 0x0301;

/// The zone that an array's first port has, what `sendtargets-zone` means without a name.
const ZONE: &str = "enp0s9";

/// Whether a text can be the name of a network device.
fn is_zone(text: &str) -> bool {
    let fits = (1..=15).contains(&text.len());
    fits && text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let unknown = || FaultError(text.chars().take(80).collect());
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        Ok(match *words.as_slice() {
            ["clear"] => Self::Clear,
            ["refuse-logins"] => Self::RefuseLogins(SERVICE_UNAVAILABLE),
            ["refuse-logins", status] => {
                let digits = status.strip_prefix("0x").unwrap_or(status);
                let status = u16::from_str_radix(digits, 16).map_err(|_| unknown())?;
                if status >> 8 == 0 || status >> 8 > 3 {
                    return Err(unknown());
                }
                Self::RefuseLogins(status)
            }
            ["redirect", to] => Self::Redirect(to.parse().map_err(|_| unknown())?, false),
            ["redirect", to, "permanent"] => Self::Redirect(to.parse().map_err(|_| unknown())?, true),
            ["redirect-discovery", to] => Self::RedirectDiscovery(to.parse().map_err(|_| unknown())?, false),
            ["redirect-discovery", to, "permanent"] => {
                Self::RedirectDiscovery(to.parse().map_err(|_| unknown())?, true)
            }
            ["sendtargets-zone"] => Self::SendTargetsZone(ZONE.to_owned()),
            ["sendtargets-zone", zone] if is_zone(zone) => Self::SendTargetsZone(zone.to_owned()),
            ["delay", millis] => {
                let millis: u32 = millis.parse().map_err(|_| unknown())?;
                Self::DelayReplies(Duration::from_millis(millis.into()))
            }
            ["drop-sessions"] => Self::DropSessions,
            ["request-logout"] => Self::RequestLogout(5),
            ["request-logout", seconds] => Self::RequestLogout(seconds.parse().map_err(|_| unknown())?),
            ["announce-drop"] => Self::AnnounceDrop,
            ["announce-drop", "connection"] => Self::AnnounceConnectionDrop,
            ["silent"] => Self::Silent,
            ["garbage"] => Self::Garbage,
            ["close-mid-pdu"] => Self::CloseMidPdu,
            ["lose-reply"] => Self::LoseReply,
            ["reject-abort"] => Self::RejectAbort,
            ["bad-digest"] => Self::BadDigest,
            ["portals", "close"] => Self::Portals(false),
            ["portals", "open"] => Self::Portals(true),
            ["portals", "close", at] => Self::Portal(at.parse().map_err(|_| unknown())?, false),
            ["portals", "open", at] => Self::Portal(at.parse().map_err(|_| unknown())?, true),
            ["group", tag, state] => Self::Group(
                iscsi::number::parse_tag(tag).ok_or_else(unknown)?,
                state.parse().map_err(|_| unknown())?,
            ),
            ["lun", number, "remove"] => Self::Lun(number.parse().map_err(|_| unknown())?, false),
            ["lun", number, "add"] => Self::Lun(number.parse().map_err(|_| unknown())?, true),
            _ => return Err(unknown()),
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clear => f.write_str("clear"),
            Self::RefuseLogins(status) => write!(f, "refuse-logins 0x{status:04x}"),
            Self::Redirect(to, permanent) => {
                write!(f, "redirect {to}{}", if *permanent { " permanent" } else { "" })
            }
            Self::RedirectDiscovery(to, permanent) => {
                let permanent = if *permanent { " permanent" } else { "" };
                write!(f, "redirect-discovery {to}{permanent}")
            }
            Self::SendTargetsZone(zone) => write!(f, "sendtargets-zone {zone}"),
            Self::DelayReplies(time) => write!(f, "delay {}", time.as_millis()),
            Self::DropSessions => f.write_str("drop-sessions"),
            Self::RequestLogout(seconds) => write!(f, "request-logout {seconds}"),
            Self::AnnounceDrop => f.write_str("announce-drop"),
            Self::AnnounceConnectionDrop => f.write_str("announce-drop connection"),
            Self::Silent => f.write_str("silent"),
            Self::Garbage => f.write_str("garbage"),
            Self::CloseMidPdu => f.write_str("close-mid-pdu"),
            Self::LoseReply => f.write_str("lose-reply"),
            Self::RejectAbort => f.write_str("reject-abort"),
            Self::BadDigest => f.write_str("bad-digest"),
            Self::Portals(open) => write!(f, "portals {}", if *open { "open" } else { "close" }),
            Self::Portal(at, open) => write!(f, "portals {} {at}", if *open { "open" } else { "close" }),
            Self::Group(tag, state) => write!(f, "group {tag} {state}"),
            Self::Lun(lun, add) => write!(f, "lun {lun} {}", if *add { "add" } else { "remove" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_survives_its_text() {
        for text in [
            "clear",
            "refuse-logins 0x0201",
            "redirect 127.0.0.1:3261",
            "redirect [::1]:3261 permanent",
            "redirect-discovery 127.0.0.1:3261",
            "redirect-discovery [::1]:3261 permanent",
            "sendtargets-zone eth0.100",
            "delay 250",
            "drop-sessions",
            "request-logout 7",
            "announce-drop",
            "announce-drop connection",
            "silent",
            "garbage",
            "close-mid-pdu",
            "lose-reply",
            "reject-abort",
            "bad-digest",
            "portals close",
            "portals open",
            "portals close 127.0.0.1:3260",
            "portals open [::1]:3260",
            "group 2 standby",
            "lun 3 remove",
            "lun 3 add",
        ] {
            assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
            let word = text.split(' ').next().unwrap();
            assert!(
                WORDS.iter().any(|w| w.split(' ').next() == Some(word)),
                "{word} is not in the table"
            );
        }
    }

    #[test]
    fn the_guide_tells_of_every_fault() {
        let guide = include_str!("../../../docs/guide/target.md").replace("\\|", "|");
        for word in WORDS {
            assert!(guide.contains(&format!("| `{word}` |")), "{word}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "sulk",
            "delay",
            "delay x",
            "refuse-logins 0",
            "refuse-logins 0x0401",
            "redirect here",
            "redirect-discovery here",
            "sendtargets-zone a/b",
            "sendtargets-zone a-name-that-is-too-long",
            "portals shut",
            "group 2 asleep",
            "lun 1",
        ] {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }
}
