//! The list on a directory: what matches, what is broken, what is written, what must not be trusted.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::error::Kind;
use crate::ops::testing::{home, key};

const A: &str = "iqn.2026-01.test:a";

fn rule(line: &str) -> Rule {
    Rule::parse(line).expect(line).expect("a rule")
}

fn list(dir: &Path, text: impl AsRef<[u8]>) -> Exclusions {
    fs::write(dir.join(FILE), text).expect("written");
    Exclusions::read(&home(dir))
}

fn to<'c>(target: &'c str, portal: &str) -> Candidate<'c> {
    Candidate {
        target: Some(target),
        portal: Some(portal.parse().expect("a portal")),
        ..Candidate::default()
    }
}

#[test]
fn all_that_a_line_says_must_be_so() {
    let key = key();
    let full = Candidate {
        iface: Some("ipv4-iface-0-0"),
        adapter: Some(&key),
        ..to(A, "10.0.0.5:3260")
    };
    for (line, matches) in [
        ("target=iqn.2026-01.test:a", true),
        ("target=IQN.2026-01.TEST:A", true),
        ("target=iqn.2026-01.test:b", false),
        ("portal=10.0.0.5", true),
        ("portal=10.0.0.5:3260", true),
        ("portal=[::ffff:10.0.0.5]:3260", false),
        ("portal=10.0.0.5:3261", false),
        ("portal=10.0.0.6", false),
        ("host=host0", true),
        ("host=0", true),
        ("host=1", false),
        ("host=00:C0:DD:11:22:35", true),
        ("host=0000:00:05.1", true),
        ("host=RFE0711A00001", true),
        ("transport=qla4xxx", true),
        ("transport=bnx2i", false),
        ("iface=ipv4-iface-0-0", true),
        ("iface=ipv4-iface-0-1", false),
        (
            "target=iqn.2026-01.test:a portal=10.0.0.5 host=0 # all of it",
            true,
        ),
        ("target=iqn.2026-01.test:a portal=10.0.0.6 host=0", false),
    ] {
        let Ok(Some(rule)) = Rule::parse(line) else {
            // What no target can have is no rule either.
            assert!(line.contains("ffff"), "{line}");
            continue;
        };
        assert_eq!(rule.matches(&full), matches, "{line}");
        // What is not known is not so.
        assert!(!rule.matches(&Candidate::default()), "{line}");
        assert_eq!(
            super::rule::Rule::parse(&rule.to_string()),
            Ok(Some(rule)),
            "{line}"
        );
    }
    assert!(!Rule::default().matches(&full), "nothing said is no rule");
}

#[test]
fn addresses_are_compared_as_addresses() {
    let at = |portal: &str| to(A, portal);
    let one = rule("portal=2001:DB8:0:0::0001");
    assert_eq!(one.to_string(), "portal=2001:db8::1");
    assert!(one.matches(&at("[2001:db8::1]:860")));
    assert!(rule("portal=[2001:db8::1]:3260").matches(&at("[2001:0db8:0::1]")));
    assert!(!rule("portal=[2001:db8::1]:3260").matches(&at("[2001:db8::1]:860")));
    assert!(rule("portal=[2001:db8::1]").same(&one));
}

#[test]
fn the_first_rule_that_says_so_is_named_with_file_and_line() {
    let dir = tempfile::tempdir().expect("dir");
    let drop_ins = dir.path().join(DROP_INS);
    fs::create_dir(&drop_ins).expect("made");
    fs::write(drop_ins.join("20-b.conf"), "portal=10.0.0.6\n").expect("written");
    fs::write(
        drop_ins.join("10-a.conf"),
        "portal=10.0.0.6 target=iqn.2026-01.test:a\n",
    )
    .expect("written");
    fs::write(drop_ins.join("a.conf.bak"), "portal=10.0.0.7\n").expect("written");
    fs::write(drop_ins.join(".b.conf"), "portal=10.0.0.7\n").expect("written");
    let all = list(dir.path(), "# the list\n\n  portal=10.0.0.5\r\n");
    assert!(all.remarks.is_empty(), "{:?}", all.remarks);
    let by = |portal| {
        let placed = all.why_not(&to(A, portal))?;
        let file = placed.place.file.strip_prefix(dir.path()).expect("in it");
        Some(format!("{}:{}", file.display(), placed.place.line))
    };
    assert_eq!(by("10.0.0.5").as_deref(), Some("exclusions.conf:3"));
    assert_eq!(by("10.0.0.6").as_deref(), Some("exclusions.conf.d/10-a.conf:1"));
    assert_eq!(
        by("10.0.0.7"),
        None,
        "neither a backup nor a hidden file is a drop-in"
    );
    assert!(
        Exclusions::read(&home(Path::new("/nonexistent")))
            .rules
            .is_empty()
    );
}

#[test]
fn a_broken_line_matches_nothing_is_told_and_does_not_stop_the_rest() {
    let dir = tempfile::tempdir().expect("dir");
    for (line, why) in [
        (
            &b"target=iqn.2026-01.test:a speed=fast"[..],
            "speed is not known here",
        ),
        (b"everything", "is no NAME=VALUE"),
        (b"portal=10.0.0.5 portal=10.0.0.6", "portal is there twice"),
        (b"portal=storage.example", "names"),
        (b"portal=10.0.0.5,1", "tag"),
        (b"portal=0.0.0.0", "no address"),
        (b"target=", "target="),
        (b"host=a/b", "host="),
        (b"iface=", "plain characters"),
        (b"target=iqn\0a", "control characters"),
        (b"target=iqn.\xFF", "no text"),
    ] {
        let text = [line, b"\nportal=10.0.0.9\n"].concat();
        let all = list(dir.path(), text);
        assert_eq!(all.rules.len(), 1, "{line:?}");
        assert!(all.why_not(&to(A, "10.0.0.9")).is_some());
        assert!(all.why_not(&to(A, "10.0.0.5")).is_none(), "{line:?}");
        let told = all.remarks.join("\n");
        assert!(
            told.contains("exclusions.conf:1 is no rule") && told.contains(why),
            "{told}"
        );
        assert!(!told.chars().any(|c| c.is_control() && c != '\n'), "{told:?}");
    }
}

#[test]
fn what_is_too_much_is_left_out_and_told() {
    let dir = tempfile::tempdir().expect("dir");
    // 100,000 lines of nonsense, and a rule in front.
    let mut text = "portal=10.0.0.5\n".to_owned();
    for n in 0..100_000 {
        writeln!(text, "nonsense {n}").expect("text");
    }
    let all = list(dir.path(), &text);
    assert!(all.remarks.len() < 12, "{}", all.remarks.len());
    let told = all.remarks.join("\n");
    assert!(told.contains("more than 1048576 bytes"), "{told}");
    assert!(told.contains("more lines are no rules"), "{told}");
    assert!(all.why_not(&to(A, "10.0.0.5")).is_some());
    // 100,000 rules.
    let text = "iface=a\n".repeat(100_000);
    let all = list(dir.path(), &text);
    assert_eq!(all.rules.len(), RULES_MAX);
    let told = all.remarks.join("\n");
    assert!(
        told.contains("more than 10000 rules") && told.contains("exclusions.conf:10001"),
        "{told}"
    );
    let full = home(dir.path());
    let refused = add(&full, &rule("portal=10.0.0.5"), "exclude").expect_err("no room");
    assert_eq!(refused.kind(), Kind::Invalid, "{refused}");
    assert_eq!(fs::read_to_string(dir.path().join(FILE)).expect("text"), text);
    // A long line.
    let all = list(
        dir.path(),
        format!("target=iqn.{}\nportal=10.0.0.5\n", "x".repeat(2000)),
    );
    assert!(
        all.remarks[0].contains("more than 1024 bytes"),
        "{:?}",
        all.remarks
    );
    assert_eq!(all.rules.len(), 1);
    // Many drop-ins.
    fs::create_dir(dir.path().join(DROP_INS)).expect("made");
    for n in 0..300 {
        fs::write(
            dir.path().join(DROP_INS).join(format!("{n:03}.conf")),
            "iface=a\n",
        )
        .expect("written");
    }
    let all = list(dir.path(), "");
    assert_eq!(all.rules.len(), DROP_INS_MAX);
    assert!(all.remarks[0].contains("has 300 files"), "{:?}", all.remarks);
}

#[test]
fn what_is_somebody_else_s_excludes_nothing_and_is_not_written() {
    let dir = tempfile::tempdir().expect("dir");
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("mode");
    let (file, drop_ins) = (dir.path().join(FILE), dir.path().join(DROP_INS));
    list(dir.path(), "portal=10.0.0.5\n");
    mode(&file, 0o666);
    let all = Exclusions::read(&home(dir.path()));
    assert!(
        all.rules.is_empty() && all.remarks[0].contains("others may write"),
        "{all:?}"
    );
    assert!(add(&home(dir.path()), &rule("iface=a"), "exclude").is_err());
    mode(&file, 0o644);
    fs::create_dir(&drop_ins).expect("made");
    fs::write(drop_ins.join("a.conf"), "portal=10.0.0.6\n").expect("written");
    mode(&drop_ins, 0o777);
    let all = Exclusions::read(&home(dir.path()));
    assert_eq!(all.rules.len(), 1, "the list itself is in force");
    assert!(all.remarks[0].contains(DROP_INS), "{:?}", all.remarks);
    mode(&drop_ins, 0o755);
    fs::remove_file(drop_ins.join("a.conf")).expect("removed");
    symlink(&file, drop_ins.join("a.conf")).expect("linked");
    let all = Exclusions::read(&home(dir.path()));
    assert!(
        all.rules.len() == 1 && all.remarks[0].contains("symbolic link"),
        "{all:?}"
    );
    let link = dir.path().join("link");
    symlink(dir.path(), &link).expect("linked");
    let all = Exclusions::read(&home(&link));
    assert!(
        all.rules.is_empty() && all.remarks[0].contains("symbolic link"),
        "{all:?}"
    );
    assert!(add(&home(&link), &rule("iface=a"), "exclude").is_err());
    fs::remove_file(&file).expect("removed");
    fs::create_dir(&file).expect("made");
    let all = Exclusions::read(&home(dir.path()));
    assert!(all.remarks[0].contains("a directory"), "{:?}", all.remarks);
    assert!(add(&home(dir.path()), &rule("iface=a"), "exclude").is_err());
}

#[test]
fn a_rule_comes_and_goes_and_the_rest_of_the_file_stays() {
    let dir = tempfile::tempdir().expect("dir");
    let home = home(dir.path());
    let file = dir.path().join(FILE);
    // Not even text, and no end of line.
    let before = b"# caf\xE9\n\n target=iqn.2026-01.test:a  # why\nbroken\nportal=10.0.0.9".to_vec();
    fs::write(&file, &before).expect("written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("mode");
    let (place, new) = add(&home, &rule("portal=10.0.0.5:860"), "exclude").expect("added");
    assert!(new && place.line == 6 && !place.drop_in, "{place}");
    let now = fs::read(&file).expect("read");
    assert_eq!(now, [&before[..], b"\nportal=10.0.0.5:860\n"].concat());
    assert_eq!(fs::metadata(&file).expect("there").mode() & 0o777, 0o640);
    // It is there, in another spelling too.
    for same in ["portal=10.0.0.5:860", "target=IQN.2026-01.test:A"] {
        let (_, new) = add(&home, &rule(same), "exclude").expect("there");
        assert!(!new, "{same}");
    }
    assert_eq!(fs::read(&file).expect("read"), now);
    let gone = remove(&home, &rule("target=iqn.2026-01.test:a"), "remove").expect("removed");
    assert_eq!(gone.len(), 1);
    assert_eq!(gone[0].place.line, 3);
    assert_eq!(
        fs::read(&file).expect("read"),
        b"# caf\xE9\n\nbroken\nportal=10.0.0.9\nportal=10.0.0.5:860\n"
    );
    let e = remove(&home, &rule("target=iqn.2026-01.test:a"), "remove").expect_err("gone");
    assert_eq!(e.kind(), Kind::NotFound);
    let e = add(&home, &Rule::default(), "exclude").expect_err("everything");
    assert_eq!(e.kind(), Kind::Invalid);
}

#[test]
fn a_new_list_is_for_everybody_to_read_and_a_drop_in_is_its_owner_s() {
    let dir = tempfile::tempdir().expect("dir");
    let mut home = home(dir.path());
    home.config = dir.path().join("etc/hbactl");
    home.state = dir.path().join("var");
    add(&home, &rule("iface=a"), "exclude").expect("added");
    let mode = |path: &Path| fs::metadata(path).expect("there").mode() & 0o777;
    assert_eq!(
        (mode(&home.config), mode(&home.config.join(FILE))),
        (0o755, 0o644)
    );
    let drop_ins = home.config.join(DROP_INS);
    fs::create_dir(&drop_ins).expect("made");
    fs::write(drop_ins.join("a.conf"), "iface=b\n").expect("written");
    let (place, new) = add(&home, &rule("iface=b"), "exclude").expect("there");
    assert!(!new && place.drop_in);
    let e = remove(&home, &rule("iface=b"), "remove").expect_err("a drop-in");
    assert_eq!(e.kind(), Kind::Permission);
    assert!(e.to_string().contains("a.conf:1"), "{e}");
}

proptest! {
    #[test]
    fn whatever_stands_there_is_read_to_its_end(text in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let dir = tempfile::tempdir().expect("dir");
        let mut bytes = text;
        bytes.extend_from_slice(b"\nportal=10.0.0.9\n");
        let all = list(dir.path(), bytes);
        prop_assert!(all.why_not(&to(A, "10.0.0.9")).is_some());
    }

    #[test]
    fn a_rule_that_is_written_reads_as_itself(
        target in proptest::option::of("[a-zA-Z0-9.:_#=-]{1,60}"),
        address in any::<u128>(),
        port in proptest::option::of(1u16..),
        iface in proptest::option::of("[a-z0-9.:_-]{1,20}"),
    ) {
        let address = std::net::IpAddr::from(std::net::Ipv6Addr::from(address));
        prop_assume!(crate::ids::why_not(address).is_none());
        let mut rule = Rule {
            portal: Some(PortalRule { address, port }),
            iface,
            ..Rule::default()
        };
        if let Some(target) = target {
            rule.set(Key::Target, &target).expect("a name");
        }
        prop_assert_eq!(Rule::parse(&rule.to_string()), Ok(Some(rule)));
    }
}
