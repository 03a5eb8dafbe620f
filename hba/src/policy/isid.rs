//! Which identifier a new session gets: one that no session of the same initiator name has to the same portal group of the same target, in
//! flash, in the database or live.
//!
//! Owns the two schemes and who has what under which initiator name. Must not know where sessions are found; the book of one initiator name is
//! [`crate::isid::Taken`].
//!
//! Source: RFC 7143 sections 4.4.3.1 (the ISID rule), 10.1.1 (an initiator uses few identifiers again and again: persistent reservations hang on
//! them), 11.12.5 (its forms); open-iscsi `usr/initiator.c` (`DRIVER_ISID_0..2`: 00 02 3D, then the session's number); decision 0006 for
//! adapters.

use std::collections::HashMap;
use std::fmt;

use iscsi::Isid;
use iscsi::names::key;

use crate::error::{Error, Kind, Result, Status};
use crate::ids::HostNo;
use crate::isid::Taken;

/// The company number of sessions that software makes: Cisco's, as open-iscsi has it from its beginnings.
pub const SOFTWARE_OUI: u32 = 0x00_023D;
/// The first qualifier that we give. iscsid counts from below, by the numbers of its sessions, and its sessions over `tcp` do not show theirs.
pub const FIRST_QUALIFIER: u32 = 0x80_0000;
/// Qualifiers that there are from there on.
const QUALIFIERS: u32 = 0x80_0000;

/// Who has an identifier.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
    /// An entry in flash.
    Flash(HostNo, u32),
    /// A record of the database.
    Record(Box<str>),
    /// A session.
    Session(HostNo, u32),
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flash(host, index) => write!(f, "flash target {index} of {host}"),
            Self::Record(name) => write!(f, "record {}", name.escape_debug()),
            Self::Session(host, sid) => write!(f, "session {sid} of {host}"),
        }
    }
}

/// Where a session goes: two that go to the same place must differ in their identifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nexus<'a> {
    /// Initiator name.
    pub initiator: &'a str,
    /// Target name.
    pub target: &'a str,
    /// Portal group; `None` is not known yet, and may be any.
    pub group: Option<u16>,
}

/// How an identifier is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// By software: [`SOFTWARE_OUI`] and a qualifier.
    Software,
    /// By the adapter's driver: like this one of the adapter's.
    Adapter(Isid),
}

/// Who has which identifier.
#[derive(Debug, Clone, Default)]
pub struct Book {
    by_initiator: HashMap<String, Taken<Who>>,
}

impl Book {
    /// Notes who has an identifier.
    pub fn take(&mut self, at: Nexus<'_>, isid: Isid, who: Who) {
        let of = self.by_initiator.entry(key(at.initiator)).or_default();
        of.take_in(at.target, at.group, isid, who);
    }

    /// Who would lose his session by a login with `isid`.
    #[must_use]
    pub fn owner(&self, at: Nexus<'_>, isid: Isid) -> Option<&Who> {
        self.by_initiator
            .get(&key(at.initiator))?
            .owner_in(at.target, at.group, isid)
    }

    /// Gives an identifier to `who`. The same book gives the same answer: the lowest that is free.
    ///
    /// # Errors
    /// [`Status::TooManySessions`]: all are taken.
    pub fn give(&mut self, at: Nexus<'_>, scheme: Scheme, who: Who) -> Result<Isid> {
        let of = self.by_initiator.entry(key(at.initiator)).or_default();
        let free = match scheme {
            Scheme::Adapter(like) => of.free_in(at.target, at.group, like),
            Scheme::Software => software().find(|isid| of.owner_in(at.target, at.group, *isid).is_none()),
        };
        let isid = free.ok_or_else(|| {
            Error::new(Kind::Failed, format!("find an isid for {who}"))
                .with_status(Status::TooManySessions)
                .answered("all identifiers of sessions to this target are taken")
        })?;
        of.take_in(at.target, at.group, isid, who);
        Ok(isid)
    }
}

/// Identifiers of software, in the order in which they are given.
fn software() -> impl Iterator<Item = Isid> {
    (0..QUALIFIERS).map(|n| Isid::from_oui(SOFTWARE_OUI, FIRST_QUALIFIER + n))
}

/// The identifier of a session that iscsid made and that shows none.
#[must_use]
pub fn of_iscsid(sid: u32) -> Isid {
    Isid::from_oui(SOFTWARE_OUI, sid)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const I: &str = "iqn.2026-01.test:host";
    const T: &str = "iqn.2026-01.test:disk0";

    fn at(group: Option<u16>) -> Nexus<'static> {
        Nexus {
            initiator: I,
            target: T,
            group,
        }
    }

    fn session(sid: u32) -> Who {
        Who::Session(HostNo(0), sid)
    }

    fn isid(text: &str) -> Isid {
        text.parse().unwrap()
    }

    #[test]
    fn software_counts_within_a_portal_group_and_uses_the_same_again_in_others() {
        let mut book = Book::default();
        let mut give = |nexus, sid| {
            book.give(nexus, Scheme::Software, session(sid))
                .unwrap()
                .to_string()
        };
        assert_eq!(give(at(Some(1)), 1), "00023d800000");
        assert_eq!(give(at(Some(1)), 2), "00023d800001");
        assert_eq!(give(at(Some(2)), 3), "00023d800000", "another group");
        assert_eq!(
            give(
                Nexus {
                    target: "iqn.other",
                    ..at(Some(1))
                },
                4
            ),
            "00023d800000"
        );
        assert_eq!(
            give(
                Nexus {
                    initiator: "iqn.else",
                    ..at(Some(1))
                },
                5
            ),
            "00023d800000"
        );
        assert_eq!(give(at(None), 6), "00023d800002", "any group");
        assert_eq!(give(at(Some(2)), 7), "00023d800001");
        assert_eq!(
            give(
                Nexus {
                    initiator: "IQN.2026-01.TEST:host",
                    ..at(Some(2))
                },
                8
            ),
            "00023d800003"
        );
    }

    #[test]
    fn flash_database_and_live_sessions_are_one_book() {
        let like = isid("4414d0ddc000");
        let mut book = Book::default();
        book.take(at(None), like, Who::Flash(HostNo(1), 2));
        book.take(at(Some(1)), isid("4414d0dd0000"), Who::Record("disk0".into()));
        book.take(at(Some(1)), isid("4414d0dd2000"), session(7));
        let given = book.give(at(Some(1)), Scheme::Adapter(like), session(8)).unwrap();
        assert_eq!(given.to_string(), "4414d0dd4000");
        let owners: Vec<String> = ["4414d0ddc000", "4414d0dd0000", "4414d0dd2000", "4414d0dd4000"]
            .iter()
            .map(|text| book.owner(at(Some(1)), isid(text)).unwrap().to_string())
            .collect();
        assert_eq!(
            owners,
            [
                "flash target 2 of host1",
                "record disk0",
                "session 7 of host0",
                "session 8 of host0"
            ]
        );
        assert_eq!(book.owner(at(Some(9)), isid("4414d0dd2000")), None);
    }

    #[test]
    fn what_iscsid_has_is_never_what_we_give() {
        let mut book = Book::default();
        for sid in [1, 2, 0x7F_FFFF] {
            book.take(at(None), of_iscsid(sid), session(sid));
        }
        assert_eq!(of_iscsid(3).to_string(), "00023d000003");
        let given = book.give(at(None), Scheme::Software, session(9)).unwrap();
        assert_eq!(given.to_string(), "00023d800000");
    }

    type Names = (&'static str, &'static str);

    fn nexus() -> impl Strategy<Value = (bool, bool, Option<u16>)> {
        (any::<bool>(), any::<bool>(), proptest::option::of(0u16..3))
    }

    proptest! {
        /// Whatever was there and in whatever order it is asked: no two sessions that could meet have the same identifier.
        #[test]
        fn identifiers_never_collide(asked in prop::collection::vec((nexus(), any::<bool>(), any::<bool>()), 1..60)) {
            let mut book = Book::default();
            let mut all: Vec<(Names, Option<u16>, Isid)> = Vec::new();
            for (n, ((i, t, group), software, found)) in asked.into_iter().enumerate() {
                let names = (["iqn.a", "IQN.B"][usize::from(i)], ["iqn.t", "iqn.u"][usize::from(t)]);
                let nexus = Nexus { initiator: names.0, target: names.1, group };
                let who = session(u32::try_from(n).unwrap());
                let like = if software { Scheme::Software } else { Scheme::Adapter(Isid([0x44, 0x14, 0xd0, 0xdd, 0xc0, 0])) };
                let given = book.give(nexus, like, who.clone()).unwrap();
                prop_assert_eq!(book.owner(nexus, given), Some(&who));
                for (other, group, isid) in &all {
                    let meet = *other == names && (group.is_none() || nexus.group.is_none() || *group == nexus.group);
                    prop_assert!(!meet || *isid != given, "{} twice", given);
                }
                if found {
                    // Found once more, elsewhere: who had it first keeps it.
                    book.take(nexus, given, Who::Record("again".into()));
                    prop_assert_eq!(book.owner(nexus, given), Some(&who));
                }
                all.push((names, nexus.group, given));
            }
        }
    }
}
