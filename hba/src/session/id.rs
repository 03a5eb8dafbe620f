//! A session's own number.
//!
//! Owns how it is made: from what a session is to its target, so that it is found again when nothing was kept. The kernel's number of it
//! changes with each login.
//!
//! Source: Microsoft `LoginToTarget` (`UniqueSessionId`: the same until logoff, whatever is reconnected; with the adapter's id before it 128 bits).

use std::fmt;

use iscsi::Isid;
use iscsi::names::key;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The number of a session: constant over reconnects, restarts of the daemon and new kernel numbers, and no other one's while it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub u64);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What a session is to its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traits<'a> {
    /// Target name; empty for discovery.
    pub target: &'a str,
    /// Initiator's part of the session's id, where it is known.
    pub isid: Option<Isid>,
    /// The portal, which counts where the ISID is not known: with it the session may go over another one tomorrow.
    pub portal: &'a str,
    /// MAC address of the port, or the transport's name where it has none.
    pub port: &'a str,
}

impl Traits<'_> {
    /// The first number of these traits that nobody has.
    #[must_use]
    pub fn id(&self, taken: impl Fn(SessionId) -> bool) -> SessionId {
        let mut again = 0u64;
        loop {
            let id = self.number(again);
            if id.0 != 0 && !taken(id) {
                return id;
            }
            again += 1;
        }
    }

    fn number(&self, again: u64) -> SessionId {
        let mut hash = Sha256::new();
        let mut part = |text: &[u8]| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        };
        part(key(self.target).as_bytes());
        match self.isid {
            Some(isid) => part(&isid.0),
            None => part(self.portal.as_bytes()),
        }
        part(self.port.to_ascii_lowercase().as_bytes());
        part(&again.to_be_bytes());
        let bytes: [u8; 32] = hash.finalize().into();
        let [a, b, c, d, e, f, g, h, ..] = bytes;
        SessionId(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_traits_give_the_same_number_and_a_taken_one_is_not_given() {
        let of = Traits {
            target: "iqn.2026-01.test:Disk",
            isid: Some(Isid::from_oui(0x023d, 7)),
            portal: "10.0.0.1:3260",
            port: "00:C0:DD:00:00:01",
        };
        let first = of.id(|_| false);
        let alike = Traits {
            target: "iqn.2026-01.test:disk",
            portal: "10.0.0.2:3260",
            port: "00:c0:dd:00:00:01",
            ..of
        };
        assert_eq!(
            alike.id(|_| false),
            first,
            "the portal does not count beside an isid"
        );
        let second = of.id(|id| id == first);
        assert_ne!(second, first);
        let other = Traits {
            isid: Some(Isid::from_oui(0x023d, 8)),
            ..of
        };
        assert_ne!(other.id(|_| false), first);
        let unknown = Traits { isid: None, ..of };
        let elsewhere = Traits {
            isid: None,
            portal: "10.0.0.2:3260",
            ..of
        };
        assert_ne!(unknown.id(|_| false), elsewhere.id(|_| false));
    }
}
