//! Driver parameters: what is written, what is refused, what old names become.

use files::Dir;

use super::*;
use crate::backend::scripted::Scripted;
use crate::error::Kind;
use crate::ops::testing::ctx;

fn given(pairs: &[(&str, Option<&str>)]) -> Vec<(String, Option<String>)> {
    let own = |(name, value): &(&str, Option<&str>)| ((*name).to_owned(), value.map(str::to_owned));
    pairs.iter().map(own).collect()
}

#[test]
fn what_is_set_is_one_line_and_taking_it_out_brings_the_default_back() {
    let at = tempfile::tempdir().expect("dir");
    let dir = Dir::ours(at.path()).expect("ours");
    std::fs::write(at.path().join("other.conf"), "options qla4xxx ql4xmaxqdepth=8\n").expect("written");
    let mut s = Scripted::new();
    let mut ctx = ctx(&mut s);
    ctx.home = crate::ops::testing::home(&at.path().join("state"));
    let text = || std::fs::read_to_string(at.path().join("hbactl-qla4xxx.conf")).unwrap_or_default();
    let wanted = given(&[("ql4xmaxqdepth", Some("0x40")), ("ql4xmdcapmask", Some("0x1f"))]);
    ctx.dry_run = true.into();
    assert!(!set(&mut ctx, &dir, &wanted).expect("planned").is_changed());
    assert_eq!(text(), "");
    ctx.dry_run = false.into();
    assert!(set(&mut ctx, &dir, &wanted).expect("set").is_changed());
    assert!(
        text().contains("options qla4xxx ql4xmaxqdepth=64 ql4xmdcapmask=0x1f\n"),
        "{}",
        text()
    );
    assert!(
        ctx.warnings.iter().any(|w| w.to_string().contains("other.conf")),
        "{:?}",
        ctx.warnings
    );
    assert!(!set(&mut ctx, &dir, &wanted).expect("again").is_changed());
    let out = given(&[("ql4xmaxqdepth", None)]);
    assert!(set(&mut ctx, &dir, &out).expect("out").is_changed());
    assert!(!text().contains("ql4xmaxqdepth"), "{}", text());
}

#[test]
fn what_the_driver_would_not_honour_is_refused_before_anything_is_written() {
    let at = tempfile::tempdir().expect("dir");
    let dir = Dir::ours(at.path()).expect("ours");
    for (name, value) in [
        ("ql4xmdcapmask", "0x5"),
        ("ql4xmaxqdepth", "0"),
        ("ql4xmaxqdepth", "65536"),
        ("ql4xenablemsix", "3"),
        ("ql4xkeepalive", "30"),
        ("no_such", "1"),
        ("ql4xenablemd", "yes"),
    ] {
        let mut s = Scripted::new();
        let e = set(&mut ctx(&mut s), &dir, &given(&[(name, Some(value))])).expect_err(name);
        assert_eq!(e.kind(), Kind::Invalid, "{name}={value}");
    }
    assert!(dir.names().expect("names").is_empty());
}

#[test]
fn old_names_become_new_ones_or_are_dropped_with_a_reason() {
    let of = |text: &str| {
        let t = translate(text).expect(text);
        (t.new, t.value, t.note.is_some())
    };
    let new = |name: &str, value: &str, noted| (Some(name.to_owned()), Some(value.to_owned()), noted);
    assert_eq!(of("ql4xkeepalive=30"), new("ql4xsess_recovery_tmo", "30", true));
    assert_eq!(of("ql4xkeepalive=0xDEAD"), (None, None, true));
    assert_eq!(of("ql4xdontresethba=2"), new("ql4xdontresethba", "1", true));
    assert_eq!(of("ql4xdontresethba=1"), new("ql4xdontresethba", "1", false));
    assert_eq!(
        of("extended_error_logging=1"),
        new("ql4xextended_error_logging", "2", true)
    );
    assert_eq!(of("ql4xmaxqdepth=16"), new("ql4xmaxqdepth", "16", false));
    for dropped in ["ql4xmaxcmds=1152", "ql4xdiscoverywait=60", "ql4xcmdretrycount=20"] {
        assert_eq!(of(dropped), (None, None, true), "{dropped}");
    }
    for wrong in [
        "ql4xkeepalive",
        "ql4xkeepalive=soon",
        "ql4xnothing=1",
        "ql4xenablemsix=7",
    ] {
        assert!(
            translate(wrong).is_err_and(|e| e.kind() == Kind::Invalid),
            "{wrong}"
        );
    }
}
