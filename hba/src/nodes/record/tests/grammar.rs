//! What a text means. Each case was given to the stock programs, and means to them what stands here.

use proptest::prelude::*;

use super::super::*;
use super::record;
use crate::error::Kind;
use crate::nodes::key;
use crate::secret::REDACTED;

const USER: &str = "node.session.auth.username";

fn with(line: &str) -> String {
    format!("# BEGIN RECORD 2.1.8\nnode.name = iqn.2026-11.test:a\n{line}node.tpgt = 1\n# END RECORD\n")
}

#[test]
fn a_key_ends_at_a_blank_and_its_value_is_the_rest_of_the_line() {
    for (line, value) in [
        (" = u\n", Some("u")),
        ("\t=\t u v \t\n", Some("u v")),
        (" =u\n", Some("u")),
        (" == u=v\n", Some("= u=v")),
        (" = u # c\n", Some("u # c")),
        (" = \"u v\"\n", Some("\"u v\"")),
        (" = <empty>\n", Some("<empty>")),
        (" = u\r\n", Some("u")),
        ("=u\n", None),
        ("= u\n", None),
        (" u\n", None),
        (" junk = u\n", None),
        (" =\n", None),
        (" = \n", None),
    ] {
        let record = record(with(&format!("{USER}{line}")));
        assert_eq!(record.get(USER), value, "{line:?}");
        assert_eq!(
            record.get("node.tpgt"),
            Some("1"),
            "{line:?}: what follows counts"
        );
    }
    assert_eq!(record(with(&format!(" \t{USER} = u\n"))).get(USER), Some("u"));
    assert_eq!(record(with(&format!("  # {USER} = u\n"))).get(USER), None);
    assert_eq!(
        record(with(&format!("{USER} = first\n{USER} = second\n"))).get(USER),
        Some("second")
    );
    assert_eq!(
        record(with("") + USER + " = u\n").get(USER),
        Some("u"),
        "behind the end, too"
    );
}

#[test]
fn what_counts_for_nothing_is_kept_and_told_with_its_line() {
    let long = format!("{USER} = {}\n", "q".repeat(LINE_MAX));
    for (line, odd) in [
        (format!("{USER}=u\n"), Odd::Passed(Why::NoEquals)),
        (format!("{USER} =\n"), Odd::Passed(Why::NoValue)),
        (long, Odd::Passed(Why::TooLong)),
        (format!("{USER} = a\0b\n"), Odd::Passed(Why::Nul)),
        ("node.later.key = 5\n".to_owned(), Odd::Unknown),
        ("discovery.startup = manual\n".to_owned(), Odd::Unknown),
        (
            "node.session.login_redirect_max = 8\n".to_owned(),
            Odd::Newer(Version(2, 1, 13)),
        ),
        (format!("{USER} = a\n{USER} = b\n"), Odd::Twice),
        (
            "node.startup = sometimes\n".to_owned(),
            Odd::Value(key::find("node.startup").expect("a key").kind),
        ),
    ] {
        let record = record(with(&line));
        let remarks = record.remarks(Object::Node);
        assert_eq!(
            remarks
                .iter()
                .map(|remark| (remark.line, remark.odd))
                .collect::<Vec<_>>(),
            [(3, odd)],
            "{line}"
        );
        assert_eq!(record.text(), with(&line));
        assert!(
            remarks
                .iter()
                .all(|remark| remark.to_string().starts_with("line 3: "))
        );
    }
    let latin = [with("").as_bytes(), b"node.session.auth.username = \xe9\n"].concat();
    let record = record(&latin);
    assert_eq!((record.get(USER), record.bytes()), (None, &*latin));
    assert_eq!(record.remarks(Object::Node)[0].odd, Odd::NoText);
    let e = record.checked(USER).expect_err("no text");
    assert!(e.to_string().contains("line 5: expected text in UTF-8"), "{e}");
}

#[test]
fn a_record_without_its_end_is_half_written() {
    let whole = with("");
    for (at, _) in whole
        .char_indices()
        .filter(|(at, _)| *at + "# END RECORD\n".len() <= whole.len())
    {
        let half = &whole.as_bytes()[..at];
        let e = Record::parse("nodes/a", half).expect_err("half");
        assert_eq!((e.kind(), e.status()), (Kind::Busy, Status::Again), "{e}");
        assert!(e.to_string().contains("nodes/a"), "{e}");
        assert!(
            !Record::salvage("nodes/a", half)
                .expect("what there is")
                .is_whole()
        );
    }
    assert!(
        Record::parse("x", whole.trim_end().as_bytes()).is_ok(),
        "the last line may want its end"
    );
    for by_hand in [
        "iface.iscsi_ifacename = a\n",
        "# mine\niface.iscsi_ifacename = a\niface.transport_name = tcp\n",
        "iface.iscsi_ifacename = a\niface.mtu = 9000",
    ] {
        let record = record(by_hand);
        assert_eq!(record.get("iface.iscsi_ifacename"), Some("a"));
        assert_eq!(
            record.get("iface.mtu"),
            None,
            "the stock programs pass over a last line without its end"
        );
    }
    for half in ["# BEGIN REC", "iface.transp", "# a comment\n", "\n"] {
        assert!(Record::parse("x", half.as_bytes()).is_err(), "{half:?}");
    }
}

#[test]
fn a_text_longer_than_any_record_is_refused() {
    let long = with("").repeat(RECORD_MAX / 60);
    let e = Record::parse("nodes/a", long.as_bytes()).expect_err("too long");
    assert!(
        e.kind() == Kind::Invalid && e.to_string().contains(&RECORD_MAX.to_string()),
        "{e}"
    );
    let e = Record::salvage("nodes/a", long.as_bytes()).expect_err("too long");
    assert!(e.to_string().contains("nodes/a"), "{e}");
}

#[test]
fn a_value_that_cannot_be_used_is_refused_with_file_line_key_and_what_it_can_be() {
    let text = with("node.session.cmds_max = 100\n").replace("node.tpgt = 1", "node.tpgt = x");
    let record = Record::parse("nodes/a/default", text.as_bytes()).expect("a record");
    let e = record
        .number("node.session.cmds_max")
        .expect_err("no power of two")
        .to_string();
    for part in [
        "nodes/a/default",
        "node.session.cmds_max",
        "line 3",
        "a power of two from 2 to 2048",
    ] {
        assert!(e.contains(part), "{e}");
    }
    assert!(record.number("node.tpgt").is_err());
    assert_eq!(
        record.number("node.session.queue_depth"),
        Ok(Some(32)),
        "the default"
    );
    assert_eq!(record.flag("node.session.iscsi.FastAbort"), Ok(Some(true)));
    assert_eq!(record.checked("node.later"), Ok(None));
    assert_eq!(
        record.effective("node.session.xmit_thread_priority"),
        Some("-20"),
        "of the version that wrote it"
    );
}

#[test]
fn a_key_is_found_under_its_other_name() {
    let (newer, older) = (
        "node.session.sess_reopen_log_freq",
        "node.session.conn_reopen_log_freq",
    );
    let only_older = record(with(&format!("{older} = 5\n")));
    assert_eq!(
        (only_older.get(newer), only_older.effective(newer)),
        (None, Some("5"))
    );
    let both = record(with(&format!("{older} = 5\n{newer} = 6\n")));
    assert_eq!(
        (both.effective(newer), both.effective(older)),
        (Some("6"), Some("6"))
    );
}

#[test]
fn no_rendering_shows_a_secret() {
    let text = with(
        "node.session.auth.password = s3cret s3cret\nnode.later.password = s3cret\n\
                     node.session.auth.password_in=s3cret\ndiscovery.sendtargets.auth.password = s3cret \r\n",
    );
    let mut record = record(&text);
    let remarks: String = record
        .remarks(Object::Node)
        .iter()
        .map(ToString::to_string)
        .collect();
    let refusal = record
        .set(Object::Node, "node.session.auth.password", "s3cret\0")
        .expect_err("a NUL");
    let shown = format!("{record:?}\n{}\n{remarks}{refusal}{refusal:?}", record.masked());
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(shown.contains(REDACTED));
    assert_eq!(
        record
            .secret("node.session.auth.password")
            .expect("a secret")
            .expose(),
        b"s3cret s3cret"
    );
    assert_eq!(
        record.get("node.session.auth.password"),
        Some("s3cret s3cret"),
        "whoever copies it has it"
    );
    assert_eq!(record.secret(USER), None);
    assert_eq!(record.text(), text);
}

proptest! {
    #[test]
    fn any_bytes_stay_what_they_are(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let record = Record::salvage("any", &bytes).expect("short");
        prop_assert_eq!(record.bytes(), &bytes[..]);
        let _ = (record.masked(), record.remarks(Object::Node), record.version(), format!("{record:?}"));
    }
}
