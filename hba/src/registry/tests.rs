//! The registry on a directory: what is read back, what is another life's, what must not be trusted.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use super::*;
use crate::error::{Error, Kind};
use crate::ops::testing::{home, session};

const LIFE: Life = Life {
    inode: 5008,
    born: Some(1_796_048_547_122_038_151),
};

fn claim(sid: u32, owner: &str) -> Claim {
    Claim::of(
        &session(sid, "iqn.2026-01.test:a", "LOGGED_IN"),
        owner.parse().expect("owner"),
        LIFE,
    )
}

fn living(life: Life) -> Living {
    Living {
        life,
        target: "iqn.2026-01.test:a".to_owned(),
    }
}

fn put(registry: &Registry, claim: &Claim) {
    registry.claim(claim, "claim", |_| Ok(())).expect("claimed");
}

fn names(dir: &Path) -> Vec<String> {
    let mut all: Vec<String> = fs::read_dir(dir)
        .expect("dir")
        .map(|e| e.expect("entry").file_name().into_string().expect("text"))
        .collect();
    all.sort();
    all
}

#[test]
fn a_claim_is_a_directory_of_facts_that_everybody_reads() {
    let dir = tempfile::tempdir().expect("dir");
    let registry = Registry::of(&home(dir.path()));
    assert!(registry.read(7).expect("read").is_none());
    let claimed = claim(7, "hbad");
    put(&registry, &claimed);
    assert_eq!(registry.read(7).expect("read"), Some(claimed));
    let entry = registry.path().join("session-7");
    assert_eq!(
        names(&entry),
        ["born", "inode", "isid", "owner", "since", "target"]
    );
    let text = |name: &str| fs::read_to_string(entry.join(name)).expect(name);
    assert_eq!(text("owner"), "hbad\n");
    assert_eq!(text("inode"), "5008\n");
    assert!(since::is(text("since").trim_end()), "{}", text("since"));
    let mode = |path: &Path| fs::metadata(path).expect("there").mode() & 0o777;
    assert_eq!((mode(&entry), mode(registry.path())), (0o755, 0o755));
    assert!(names(&entry).iter().all(|name| mode(&entry.join(name)) == 0o644));
    assert!(registry.release(7, "release").expect("released"));
    assert!(!registry.release(7, "release").expect("nothing"));
    assert!(names(registry.path()).is_empty());
}

#[test]
fn a_later_version_s_files_and_directories_are_left_alone() {
    let dir = tempfile::tempdir().expect("dir");
    let registry = Registry::of(&home(dir.path()));
    put(&registry, &claim(7, "hbad"));
    fs::write(registry.path().join("session-7/retry"), "for ever\n").expect("written");
    fs::write(registry.path().join("version"), "9\n").expect("written");
    fs::create_dir(registry.path().join("session-007")).expect("made");
    fs::create_dir(registry.path().join("target-7")).expect("made");
    let all = registry.all();
    assert_eq!(all.all.keys().collect::<Vec<_>>(), [&7]);
    assert!(all.remarks.is_empty(), "{:?}", all.remarks);
    registry.settle("settle", |_| None).expect("settled");
    assert_eq!(names(registry.path()), ["session-007", "target-7", "version"]);
}

#[test]
fn a_number_that_is_given_again_inherits_nothing() {
    let dir = tempfile::tempdir().expect("dir");
    let registry = Registry::of(&home(dir.path()));
    put(&registry, &claim(7, "boot"));
    let found = registry.read(7).expect("read").expect("there");
    assert!(found.is_of(&living(LIFE)));
    for other in [
        Life { inode: 5009, ..LIFE },
        Life {
            born: Some(1_796_048_547_122_038_152),
            ..LIFE
        },
    ] {
        assert!(!found.is_of(&living(other)), "{other:?}");
    }
    // A tree that knows no birth.
    let unborn = living(Life { born: None, ..LIFE });
    assert!(found.is_of(&unborn));
    assert!(!found.is_of(&Living {
        target: "iqn.2026-01.test:b".to_owned(),
        ..unborn
    }));
}

#[test]
fn entries_of_sessions_that_are_gone_go_and_those_of_living_ones_stay() {
    let dir = tempfile::tempdir().expect("dir");
    let registry = Registry::of(&home(dir.path()));
    assert!(registry.settle("settle", |_| None).expect("nothing").is_empty());
    assert!(!registry.path().exists(), "nothing is made for nothing");
    for sid in [1, 2, 3, 4] {
        put(&registry, &claim(sid, "hbad"));
    }
    // Left by a killed writer.
    fs::create_dir(registry.path().join(".session-9.new-0123456789abcdef")).expect("made");
    fs::write(registry.path().join("session-4/owner"), "\0\n").expect("broken");
    let gone = registry
        .settle("settle", |sid| match sid {
            2 => Some(living(LIFE)),
            3 => Some(living(Life { inode: 1, ..LIFE })),
            _ => None,
        })
        .expect("settled");
    assert_eq!(gone.iter().map(|c| c.sid).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(names(registry.path()), ["session-2"]);
}

#[test]
fn whoever_claims_is_asked_with_nobody_else_writing() {
    let dir = tempfile::tempdir().expect("dir");
    let registry = Registry::of(&home(dir.path()));
    put(&registry, &claim(7, "hbad"));
    let refused = registry.claim(&claim(7, "hbactl"), "claim", |there| {
        assert_eq!(there.map(|c| c.owner.to_string()).as_deref(), Some("hbad"));
        Err(Error::new(Kind::Busy, "claim"))
    });
    assert_eq!(refused.map_err(|e| e.kind()), Err(Kind::Busy));
    let now = registry.read(7).expect("read").expect("there");
    assert_eq!(now.owner.as_str(), "hbad");
}

#[test]
fn what_does_not_read_is_nobody_s_and_is_told() {
    let dir = tempfile::tempdir().expect("dir");
    let registry = Registry::of(&home(dir.path()));
    let entry = registry.path().join("session-7");
    let long = "x".repeat(600);
    for (file, text, why) in [
        ("owner", "two words\n", "owner"),
        ("owner", "a\0b\n", "not one line"),
        ("owner", "", "not one line"),
        ("owner", long.as_str(), "more than 512 bytes"),
        ("owner", "hbad\nroot\n", "not one line"),
        ("inode", "many\n", "no number"),
        ("born", "-1\n", "no number"),
    ] {
        put(&registry, &claim(7, "hbad"));
        fs::write(entry.join(file), text).expect("written");
        let all = registry.all();
        assert!(all.all.is_empty(), "{file} {text:?}");
        assert!(all.remarks[0].contains(why), "{file} {text:?}: {:?}", all.remarks);
        assert!(registry.read(7).expect_err("told").to_string().contains(why));
    }
    // The other facts are worth less.
    put(&registry, &claim(7, "hbad"));
    fs::write(entry.join("since"), "yesterday\n").expect("written");
    fs::write(entry.join("isid"), [0xFF, 0xFE]).expect("written");
    let found = registry.read(7).expect("read").expect("there");
    assert_eq!((found.since, found.isid), (None, None));
    fs::remove_file(entry.join("inode")).expect("removed");
    assert!(registry.all().remarks[0].contains("it has no inode"));
}

#[test]
fn a_registry_of_somebody_else_says_nothing() {
    let dir = tempfile::tempdir().expect("dir");
    let registry = Registry::of(&home(dir.path()));
    put(&registry, &claim(7, "hbad"));
    let entry = registry.path().join("session-7");
    fs::set_permissions(&entry, fs::Permissions::from_mode(0o777)).expect("mode");
    assert!(registry.all().remarks[0].contains("others may write"));
    fs::set_permissions(&entry, fs::Permissions::from_mode(0o755)).expect("mode");
    fs::rename(registry.path(), dir.path().join("elsewhere")).expect("moved");
    symlink(dir.path().join("elsewhere"), registry.path()).expect("linked");
    let all = registry.all();
    assert!(all.all.is_empty());
    assert!(all.remarks[0].contains("symbolic link"), "{:?}", all.remarks);
    let refused = registry.claim(&claim(7, "hbactl"), "claim", |_| Ok(()));
    assert!(refused.is_err(), "nor is it written to");
    assert_eq!(
        fs::read_to_string(dir.path().join("elsewhere/session-7/owner")).expect("text"),
        "hbad\n"
    );
}

#[test]
fn many_that_do_not_read_are_counted() {
    let dir = tempfile::tempdir().expect("dir");
    let registry = Registry::of(&home(dir.path()));
    for sid in 0..20 {
        fs::create_dir_all(registry.path().join(format!("session-{sid}"))).expect("made");
    }
    let all = registry.all();
    assert!(all.remarks.len() < 10, "{:?}", all.remarks);
    assert!(all.remarks.last().is_some_and(|last| last.contains("16 more")));
}

#[test]
fn an_owner_is_one_plain_word() {
    for good in ["flash", "iscsid", "hbad", "boot", "hbactl", "a", "my-tool_2.0"] {
        assert_eq!(good.parse::<OwnerName>().expect(good).as_str(), good);
    }
    let (most, more) = ("x".repeat(OWNER_MAX), "x".repeat(OWNER_MAX + 1));
    assert!(most.parse::<OwnerName>().is_ok());
    for bad in ["", "-a", ".", "a b", "a\n", "é", "a/b", &more] {
        assert!(bad.parse::<OwnerName>().is_err(), "{bad:?}");
    }
}

#[test]
fn instants_are_written_as_a_calendar_has_them() {
    for (seconds, shown) in [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_399, "2000-02-28T23:59:59Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (951_868_800, "2000-03-01T00:00:00Z"),
        (1_796_048_546, "2026-11-30T14:22:26Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
    ] {
        assert_eq!(since::text(seconds), shown);
        assert!(since::is(shown));
    }
    for bad in ["", "2026-11-30", "2026-11-30T14:22:26+01", "2026-11-30T14:22:2xZ"] {
        assert!(!since::is(bad), "{bad:?}");
    }
}
