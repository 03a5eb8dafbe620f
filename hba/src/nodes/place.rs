//! Where a database is: the peer's two places, and which of them this host uses.
//!
//! Owns the rule. Open-iscsi has its records where it was built to have them: in `/var/lib/iscsi` since 2.1.9, in `/etc/iscsi` before (and in
//! distributions that kept it). So:
//! 1. One of the two holds records: it is that one. Both are one directory when one is a link to the other.
//! 2. None or both do: it is the one whose name is in the program of the `iscsiadm` that is installed.
//! 3. No `iscsiadm` is installed, or its program has neither name: `/var/lib/iscsi`.
//!
//! Where both hold records the other is named ([`Place::rival`]): readers are warned, and writers are refused until somebody says which one is
//! meant. The configuration is in `/etc/iscsi` in every version, the lock in `/run/lock/iscsi`.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Where records are since open-iscsi 2.1.9.
const NEW: &str = "/var/lib/iscsi";
/// Where they were before, and where the configuration is in every version.
const OLD: &str = "/etc/iscsi";
/// The directory of the lock.
const LOCK: &str = "/run/lock/iscsi";
/// Where an installed `iscsiadm` is.
const PROGRAMS: &[&str] = &[
    "/usr/sbin/iscsiadm",
    "/sbin/iscsiadm",
    "/usr/bin/iscsiadm",
    "/usr/local/sbin/iscsiadm",
];
/// As much is read of a program: the peer's has half a megabyte.
const PROGRAM_MAX: u64 = 16 << 20;
/// Directories of which one entry means that there are records. The peer makes interfaces without being asked: they count only where nothing
/// else does.
const RECORDS: &[&str] = &["nodes", "send_targets", "isns"];
const IFACES: &[&str] = &["ifaces"];

/// The directories of one database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where `iscsid.conf` and `initiatorname.iscsi` are.
    pub config: PathBuf,
    /// Where `nodes`, `ifaces`, `send_targets` and the others are.
    pub records: PathBuf,
    /// The directory of the lock that the peer takes, too.
    pub lock: PathBuf,
    /// Another place of this host that holds records, too, while nobody said which one is meant.
    pub rival: Option<PathBuf>,
}

impl Place {
    /// The place that this host's open-iscsi uses.
    #[must_use]
    pub fn host() -> Self {
        Self::of(Path::new("/"))
    }

    /// The same of a host whose root directory this is.
    fn of(root: &Path) -> Self {
        let at = |path: &str| root.join(path.trim_start_matches('/'));
        let (old, new) = (at(OLD), at(NEW));
        let program = || PROGRAMS.iter().find_map(|path| built_for(&at(path)));
        let (records, rival) = choose(holds(&old, &new), program);
        let path = |which| {
            if which == Which::Old {
                old.clone()
            } else {
                new.clone()
            }
        };
        Self {
            config: old.clone(),
            records: path(records),
            lock: at(LOCK),
            rival: rival.map(path),
        }
    }

    /// The place that somebody names. One of the peer's two places has the peer's configuration and lock; another one has its own.
    #[must_use]
    pub fn under(dir: &Path) -> Self {
        if [OLD, NEW].iter().any(|peer| same(dir, Path::new(peer))) {
            return Self {
                config: OLD.into(),
                records: dir.to_owned(),
                lock: LOCK.into(),
                rival: None,
            };
        }
        Self {
            config: dir.to_owned(),
            records: dir.to_owned(),
            lock: dir.join("lock"),
            rival: None,
        }
    }

    /// Roots that links in this database may name: its own, and the peer's when a tree was copied or moved.
    pub(super) fn roots(&self) -> impl Iterator<Item = &Path> {
        [self.records.as_path(), Path::new(OLD), Path::new(NEW)].into_iter()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Old,
    New,
}

/// The rule: the place, and the other one where both hold records.
fn choose(holds: (bool, bool), program: impl FnOnce() -> Option<Which>) -> (Which, Option<Which>) {
    match holds {
        (true, false) => (Which::Old, None),
        (false, true) => (Which::New, None),
        (false, false) => (program().unwrap_or(Which::New), None),
        (true, true) => match program().unwrap_or(Which::New) {
            Which::Old => (Which::Old, Some(Which::New)),
            Which::New => (Which::New, Some(Which::Old)),
        },
    }
}

/// Whether the old and the new place hold records of their own.
fn holds(old: &Path, new: &Path) -> (bool, bool) {
    for names in [RECORDS, IFACES] {
        let mut holds = (false, false);
        for name in names {
            let (old_name, new_name) = (old.join(name), new.join(name));
            let (in_old, in_new) = (has_entry(&old_name), has_entry(&new_name));
            // One directory under two names is where no link leads away from.
            let shared = in_old && in_new && one(&old_name, &new_name);
            let leads_away = is_link(&old_name) || is_link(old);
            holds.0 |= in_old && (!shared || !leads_away);
            holds.1 |= in_new && (!shared || leads_away);
        }
        if holds != (false, false) {
            return holds;
        }
    }
    (false, false)
}

fn has_entry(dir: &Path) -> bool {
    fs::read_dir(dir).is_ok_and(|mut entries| entries.any(|entry| entry.is_ok()))
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|stat| stat.is_symlink())
}

/// Whether two paths are one directory.
fn one(a: &Path, b: &Path) -> bool {
    match (fs::metadata(a), fs::metadata(b)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

fn same(a: &Path, b: &Path) -> bool {
    a.components().eq(b.components())
}

/// For which place a program was built: what paths it has.
fn built_for(program: &Path) -> Option<Which> {
    let bytes = files::read_limited(&fs::canonicalize(program).ok()?, PROGRAM_MAX, None).ok()?;
    let has = |place: &str| {
        let wanted = format!("{place}/nodes");
        bytes
            .windows(wanted.len())
            .any(|window| window == wanted.as_bytes())
    };
    match (has(OLD), has(NEW)) {
        (true, false) => Some(Which::Old),
        (false, true) => Some(Which::New),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_that_holds_records_is_taken_else_that_of_the_installed_program() {
        use Which::{New, Old};
        for (holds, program, wanted) in [
            ((true, false), Some(New), (Old, None)),
            ((false, true), Some(Old), (New, None)),
            ((false, false), Some(Old), (Old, None)),
            ((false, false), Some(New), (New, None)),
            ((false, false), None, (New, None)),
            ((true, true), Some(Old), (Old, Some(New))),
            ((true, true), Some(New), (New, Some(Old))),
            ((true, true), None, (New, Some(Old))),
        ] {
            assert_eq!(choose(holds, || program), wanted, "{holds:?} {program:?}");
        }
    }

    #[test]
    fn a_host_is_looked_at_for_records_links_and_programs() {
        let host = tempfile::tempdir().expect("a directory");
        let at = |path: &str| host.path().join(path);
        let make = |path: &str| fs::create_dir_all(at(path)).expect(path);
        let place = || Place::of(host.path());
        assert_eq!(place().records, at("var/lib/iscsi"));
        make("usr/sbin");
        fs::write(at("usr/sbin/iscsiadm"), b"\0..\0/etc/iscsi/nodes\0").expect("a program");
        assert_eq!((place().records, place().rival), (at("etc/iscsi"), None));
        // Interfaces are made by the peer without being asked, and count where nothing else is.
        make("var/lib/iscsi/ifaces");
        fs::write(at("var/lib/iscsi/ifaces/eth0"), "").expect("an interface");
        assert_eq!(place().records, at("var/lib/iscsi"));
        make("etc/iscsi/nodes/iqn.2026-11.test:a");
        assert_eq!(place().records, at("etc/iscsi"));
        make("var/lib/iscsi/nodes/iqn.2026-11.test:a");
        assert_eq!(place().records, at("etc/iscsi"));
        assert_eq!(place().rival, Some(at("var/lib/iscsi")));
        // One database under two names is one, and it is where no link leads away.
        fs::remove_dir_all(at("etc/iscsi/nodes")).expect("gone");
        std::os::unix::fs::symlink(at("var/lib/iscsi/nodes"), at("etc/iscsi/nodes")).expect("a link");
        assert_eq!((place().records, place().rival), (at("var/lib/iscsi"), None));
        assert_eq!(place().config, at("etc/iscsi"));
        assert_eq!(place().lock, at("run/lock/iscsi"));
    }

    #[test]
    fn a_place_that_is_named_has_its_own_lock_unless_it_is_the_peers() {
        let own = Place::under(Path::new("/srv/tree"));
        assert_eq!(own.lock, Path::new("/srv/tree/lock"));
        assert_eq!(own.config, own.records);
        let peers = Place::under(Path::new("/var/lib/iscsi/"));
        assert_eq!(peers.lock, Path::new(LOCK));
        assert_eq!(peers.config, Path::new(OLD));
    }
}
