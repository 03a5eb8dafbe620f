//! The same target in two stores: in an adapter's flash, from where its driver logs in, and in the host's database, from where a daemon does.
//!
//! Owns how such a pair is found, which of the two wins and what is to be done about the other. Must not read a store nor change one.
//!
//! Source: kernel `ql4_os.c` (`qla4xxx_conn_start` asks `qla4xxx_match_fwdb_session`: name, address and port of a flash session make a login of user
//! space fail with EEXIST; boot entries are neither removed nor logged out); the vendor's migration guide (what is to be in the database is
//! cleared from flash first).

use std::collections::HashMap;

use super::address::Names;
use crate::ids::HostNo;
use crate::message::Message;
use crate::step::Step;

/// A target in flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlashEntry<'a> {
    /// The port.
    pub host: HostNo,
    /// Its index.
    pub index: u32,
    /// Target name.
    pub target: &'a str,
    /// Address of the portal.
    pub address: &'a str,
    /// Its port.
    pub port: u16,
    /// Whether the machine boots from it.
    pub boot: bool,
    /// Whether the driver logs in from it at its start.
    pub logs_in: bool,
    /// Whether it has a session.
    pub up: bool,
}

/// A target in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Target name.
    pub target: &'a str,
    /// Address or name of the portal.
    pub address: &'a str,
    /// Its port.
    pub port: u16,
    /// The port of an adapter that its interface leads to; `None` for sessions over none.
    pub host: Option<HostNo>,
    /// Whether a daemon logs in from it by itself.
    pub automatic: bool,
    /// Its session.
    pub session: Option<u32>,
}

/// A store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// The adapter's flash.
    Flash,
    /// The host's database.
    Database,
}

/// What becomes of a target that is in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wins {
    /// Both: they go over different ports and are two paths.
    Both,
    /// One of them.
    One(Store),
}

/// A step towards the one that wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Todo {
    /// The session of the flash entry ends.
    LogoutFlash(HostNo, u32),
    /// The flash entry goes.
    RemoveFlash(HostNo, u32),
    /// The session of the record ends.
    LogoutRecord(u32),
    /// No daemon logs in from the record by itself any more.
    Manual(String),
    /// The record is logged in from.
    Login(String),
}

/// A target that is in both stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twice {
    /// Port and index of the flash entry.
    pub flash: (HostNo, u32),
    /// The record.
    pub record: String,
    /// Which one wins.
    pub wins: Wins,
    /// Why.
    pub why: Message,
    /// What is to be done, in this order; nothing when all is well.
    pub todo: Vec<Todo>,
}

impl From<&Todo> for Message {
    fn from(of: &Todo) -> Self {
        match of {
            Todo::LogoutFlash(host, index) => Step::FlashLogout(Some(*index)).then(format!(" on {host}")),
            Todo::RemoveFlash(host, index) => Step::FlashRemove(Some(*index)).then(format!(" on {host}")),
            Todo::LogoutRecord(sid) => Step::OpenIscsiLogout(*sid).into(),
            Todo::Manual(name) => Self::from(format!("set node.startup of record {name} to manual")),
            Todo::Login(name) => Step::OpenIscsiLogin.then(format!(" (record {name})")),
        }
    }
}

/// All targets that are in both stores: equal names, portals that are the same place.
pub fn find(
    flash: &[FlashEntry<'_>],
    records: &[Record<'_>],
    prefer: Option<Store>,
    names: &mut Names<'_>,
) -> Vec<Twice> {
    let mut by_name: HashMap<String, Vec<&FlashEntry<'_>>> = HashMap::new();
    for entry in flash {
        by_name
            .entry(iscsi::names::key(entry.target))
            .or_default()
            .push(entry);
    }
    let mut found = Vec::new();
    for record in records {
        let entries = by_name.get(&iscsi::names::key(record.target));
        for entry in entries.into_iter().flatten() {
            if entry.port == record.port && names.same(entry.address, record.address) {
                found.push(resolve(entry, record, prefer));
            }
        }
    }
    found
}

/// Which of the two wins.
#[must_use]
pub fn resolve(entry: &FlashEntry<'_>, record: &Record<'_>, prefer: Option<Store>) -> Twice {
    use Store::{Database, Flash};

    let (wins, why) = if record.host != Some(entry.host) {
        let why = format!(
            "the record does not go over {}: they are two paths to the target",
            entry.host
        );
        (Wins::Both, Message::from(why))
    } else {
        let (store, why) = match prefer {
            _ if entry.boot => (Flash, "the machine boots from the flash entry, which stays"),
            Some(Database) => (Database, "the database was asked for"),
            Some(Flash) => (Flash, "flash was asked for"),
            None if entry.up => (
                Flash,
                "the driver has a session from flash, and a second login over the same port is refused (EEXIST)",
            ),
            None if entry.logs_in => (
                Flash,
                "the driver logs in from flash at each start, before any daemon does",
            ),
            None => (Database, "nobody logs in from the flash entry"),
        };
        (Wins::One(store), Message::from(why))
    };
    Twice {
        flash: (entry.host, entry.index),
        record: record.name.to_owned(),
        wins,
        why,
        todo: todo(entry, record, wins, prefer),
    }
}

fn todo(entry: &FlashEntry<'_>, record: &Record<'_>, wins: Wins, prefer: Option<Store>) -> Vec<Todo> {
    let mut todo = Vec::new();
    match wins {
        Wins::Both => {}
        Wins::One(Store::Flash) => {
            if record.automatic {
                todo.push(Todo::Manual(record.name.to_owned()));
            }
            // A session that is up is ended only for somebody who asked for the other store.
            if let Some(sid) = record.session
                && prefer == Some(Store::Flash)
            {
                todo.push(Todo::LogoutRecord(sid));
            }
        }
        Wins::One(Store::Database) => {
            if entry.up {
                todo.push(Todo::LogoutFlash(entry.host, entry.index));
            }
            if entry.up || entry.logs_in {
                todo.push(Todo::RemoveFlash(entry.host, entry.index));
            }
            if entry.up && record.session.is_none() {
                todo.push(Todo::Login(record.name.to_owned()));
            }
        }
    }
    todo
}

#[cfg(test)]
mod tests {
    use super::super::address::tests::Server;
    use super::*;

    const T: &str = "iqn.2026-01.test:disk0";
    const H: HostNo = HostNo(3);

    const ENTRY: FlashEntry<'static> = FlashEntry {
        host: H,
        index: 2,
        target: T,
        address: "10.0.0.1",
        port: 3260,
        boot: false,
        logs_in: true,
        up: false,
    };
    const RECORD: Record<'static> = Record {
        name: "disk0",
        target: T,
        address: "10.0.0.1",
        port: 3260,
        host: Some(H),
        automatic: false,
        session: None,
    };

    /// Every combination of what decides, against the rules in words.
    #[test]
    fn every_combination_has_a_winner_and_what_is_done_leads_to_it() {
        for bits in 0..64u32 {
            for prefer in [None, Some(Store::Flash), Some(Store::Database)] {
                let has = |bit: u32| bits & (1 << bit) != 0;
                let entry = FlashEntry {
                    boot: has(0),
                    logs_in: has(1),
                    up: has(2),
                    ..ENTRY
                };
                let record = Record {
                    host: has(3).then_some(H),
                    automatic: has(4),
                    session: has(5).then_some(9),
                    ..RECORD
                };
                let twice = resolve(&entry, &record, prefer);
                let expected = match (has(3), entry.boot, prefer) {
                    (false, ..) => Wins::Both,
                    (_, true, _) => Wins::One(Store::Flash),
                    (_, _, Some(store)) => Wins::One(store),
                    _ if entry.up || entry.logs_in => Wins::One(Store::Flash),
                    _ => Wins::One(Store::Database),
                };
                assert_eq!(twice.wins, expected, "{entry:?} {record:?} {prefer:?}");
                assert!(!twice.why.to_string().is_empty());
                let todo = |wanted: &Todo| twice.todo.contains(wanted);
                let touches_flash = todo(&Todo::LogoutFlash(H, 2)) || todo(&Todo::RemoveFlash(H, 2));
                assert!(!(touches_flash && entry.boot), "a boot entry stays");
                assert_eq!(
                    todo(&Todo::LogoutFlash(H, 2)),
                    expected == Wins::One(Store::Database) && entry.up
                );
                assert_eq!(
                    todo(&Todo::Manual("disk0".into())),
                    expected == Wins::One(Store::Flash) && record.automatic
                );
                assert!(!todo(&Todo::LogoutRecord(9)) || prefer == Some(Store::Flash));
                assert!(expected != Wins::Both || twice.todo.is_empty());
            }
        }
    }

    #[test]
    fn moving_to_the_database_ends_the_session_then_removes_the_entry_then_logs_in() {
        let entry = FlashEntry { up: true, ..ENTRY };
        let todo = resolve(&entry, &RECORD, Some(Store::Database)).todo;
        let said: Vec<String> = todo.iter().map(|step| Message::from(step).to_string()).collect();
        assert_eq!(
            said,
            [
                "flash logout 2 on host3",
                "flash remove 2 on host3",
                "a login by open-iscsi (record disk0)"
            ]
        );
    }

    #[test]
    fn a_pair_is_one_name_and_one_place_whatever_the_spelling() {
        let flash = [
            ENTRY,
            FlashEntry {
                index: 3,
                address: "2001:db8::1",
                ..ENTRY
            },
            FlashEntry {
                index: 4,
                target: "iqn.other",
                ..ENTRY
            },
            FlashEntry {
                index: 5,
                port: 3261,
                ..ENTRY
            },
        ];
        let records = [
            Record {
                name: "a",
                target: "IQN.2026-01.TEST:disk0",
                address: "::ffff:10.0.0.1",
                ..RECORD
            },
            Record {
                name: "b",
                address: "2001:0db8:0:0::1",
                ..RECORD
            },
            Record {
                name: "c",
                address: "storage.example",
                ..RECORD
            },
            Record {
                name: "d",
                address: "10.0.0.9",
                ..RECORD
            },
            Record {
                name: "e",
                target: "iqn.else",
                ..RECORD
            },
        ];
        let mut server = Server::of(&[("storage.example", &["10.0.0.7", "10.0.0.1"])]);
        let found = find(&flash, &records, None, &mut Names::new(&mut server));
        let pairs: Vec<(&str, u32)> = found.iter().map(|t| (t.record.as_str(), t.flash.1)).collect();
        assert_eq!(pairs, [("a", 2), ("b", 3), ("c", 2)]);
        assert_eq!(server.asked, 1);
    }
}
