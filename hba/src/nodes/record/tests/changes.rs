//! Changes: one key, one line, checked before.

use proptest::prelude::*;

use super::super::*;
use super::record;
use crate::error::Kind;
use crate::nodes::key::{Key, TABLE, ValueKind};
use crate::secret::Secret;

const STOCK: &str = include_str!("written/node-2.1.13.txt");

/// Which lines of two texts differ: what went, what came.
fn difference<'t>(old: &'t str, new: &'t str) -> (Vec<&'t str>, Vec<&'t str>) {
    let missing = |a: &'t str, b: &'t str| {
        a.lines()
            .filter(|line| !b.lines().any(|other| other == *line))
            .collect()
    };
    (missing(old, new), missing(new, old))
}

#[test]
fn a_change_of_one_key_changes_one_line() {
    let mut changed = record(STOCK);
    assert_eq!(changed.set(Object::Node, "node.startup", "automatic"), Ok(true));
    assert_eq!(
        difference(STOCK, &changed.text()),
        (vec!["node.startup = manual"], vec!["node.startup = automatic"])
    );
    assert_eq!(changed.set(Object::Node, "node.startup", "automatic"), Ok(false));
    assert_eq!(changed.set(Object::Node, "node.startup", "manual"), Ok(true));
    assert_eq!(changed.text(), STOCK);

    assert_eq!(
        changed.set(Object::Node, "node.session.auth.username", "u"),
        Ok(true)
    );
    assert_eq!(
        difference(STOCK, &changed.text()),
        (vec![], vec!["node.session.auth.username = u"])
    );
    assert!(
        changed
            .text()
            .contains("authmethod = None\nnode.session.auth.username = u\n"),
        "where it belongs"
    );
    assert_eq!(
        changed.set(Object::Node, "node.session.auth.username", ""),
        Ok(true)
    );
    assert_eq!(
        changed.set(Object::Node, "node.session.auth.username", ""),
        Ok(false)
    );
    assert_eq!(changed.text(), STOCK);
}

#[test]
fn both_names_of_a_key_change_together() {
    let mut changed = record(STOCK);
    assert_eq!(
        changed.set(Object::Node, "node.session.conn_reopen_log_freq", "4"),
        Ok(true)
    );
    assert_eq!(
        difference(STOCK, &changed.text()).1,
        [
            "node.session.sess_reopen_log_freq = 4",
            "node.session.conn_reopen_log_freq = 4"
        ]
    );
}

#[test]
fn comments_unknown_keys_and_line_ends_stay() {
    let text = "# BEGIN RECORD 2.1.8\r\n# mine\r\nnode.later = 5\r\n\tnode.startup\t=  manual \r\n\r\nnode.tpgt = 1\r\n# END RECORD\r\n";
    let mut changed = record(text);
    assert_eq!(changed.set(Object::Node, "node.startup", "onboot"), Ok(true));
    assert_eq!(changed.text(), text.replace("manual", "onboot"));
    assert_eq!(changed.set(Object::Node, "node.later", "6"), Ok(true));
    assert_eq!(changed.set(Object::Node, "node.session.scan", "manual"), Ok(true));
    assert!(
        changed
            .text()
            .contains("\r\nnode.session.scan = manual\r\n# END RECORD\r\n"),
        "{}",
        changed.text()
    );
    assert_eq!(changed.set(Object::Node, "node.later", ""), Ok(true));
    assert!(!changed.text().contains("later"));
}

#[test]
fn of_a_key_that_stands_twice_the_line_that_counts_is_changed_and_all_go() {
    let text =
        "# BEGIN RECORD 2.1.8\nnode.startup = manual\nnode.tpgt = 1\nnode.startup = onboot\n# END RECORD\n";
    let mut changed = record(text);
    assert_eq!(changed.set(Object::Node, "node.startup", "automatic"), Ok(true));
    assert_eq!(changed.text(), text.replace("onboot", "automatic"));
    assert_eq!(changed.set(Object::Node, "node.startup", ""), Ok(true));
    assert_eq!(
        changed.text(),
        "# BEGIN RECORD 2.1.8\nnode.tpgt = 1\n# END RECORD\n"
    );
}

#[test]
fn a_record_without_an_end_gets_its_new_lines_at_the_end() {
    let mut by_hand = record("iface.iscsi_ifacename = a\n");
    assert_eq!(by_hand.set(Object::Iface, "iface.mtu", "9000"), Ok(true));
    assert_eq!(by_hand.text(), "iface.iscsi_ifacename = a\niface.mtu = 9000\n");
    let mut half = Record::salvage("half", b"iface.iscsi_ifacename = a\nhalf").expect("what there is");
    assert_eq!(half.set(Object::Iface, "iface.mtu", "9000"), Ok(true));
    assert_eq!(half.text(), "iface.iscsi_ifacename = a\nhalf\niface.mtu = 9000\n");
}

#[test]
fn what_is_no_value_of_a_key_is_refused_with_what_it_can_be() {
    for (object, key, value, expected) in [
        (
            Object::Node,
            "node.startup",
            "sometimes",
            "one of manual; automatic; onboot",
        ),
        (
            Object::Node,
            "node.session.cmds_max",
            "100",
            "a power of two from 2 to 2048",
        ),
        (Object::Node, "node.session.cmds_max", "4096", "a power of two"),
        (Object::Node, "node.session.queue_depth", "0", "from 1 to 1024"),
        (Object::Node, "node.session.queue_depth", "12abc", "a number"),
        (
            Object::Node,
            "node.session.timeo.replacement_timeout",
            "-2",
            "from -1 to",
        ),
        (
            Object::Node,
            "node.session.iscsi.FirstBurstLength",
            "16777216",
            "from 512 to 16777215 (bytes)",
        ),
        (
            Object::Node,
            "node.session.iscsi.MaxBurstLength",
            "99999999999999999999",
            "from 512",
        ),
        (
            Object::Node,
            "node.conn[0].iscsi.MaxXmitDataSegmentLength",
            "511",
            "0, or a number from 512",
        ),
        (
            Object::Node,
            "node.session.iscsi.InitialR2T",
            "maybe",
            "Yes or No",
        ),
        (
            Object::Node,
            "node.session.auth.chap_algs",
            "MD5,MD4",
            "some of SHA3-256, SHA256, SHA1, MD5",
        ),
        (Object::Node, "node.session.auth.chap_algs", "MD5,MD5", "some of"),
        (
            Object::Node,
            "node.session.auth.username",
            "<empty>",
            "text of at most 255 bytes",
        ),
        (
            Object::Node,
            "node.session.auth.username",
            " u",
            "without blanks at its ends",
        ),
        (
            Object::Node,
            "node.session.auth.username",
            "a\nnode.startup = onboot",
            "text",
        ),
        (
            Object::Iface,
            "iface.mtu",
            "100",
            "0, or a number from 576 to 9000 (bytes)",
        ),
        (Object::Iface, "iface.ipaddress", "10.0.0", "an address"),
        (Object::Iface, "iface.hwaddress", "00:0e", "a mac address"),
        (Object::Iface, "iface.initiatorname", "iqn 1", "an iscsi name"),
        (
            Object::Iface,
            "iface.ipv6_autocfg",
            "slaac",
            "one of static; nd; dhcpv6",
        ),
        (
            Object::SendTargets,
            "discovery.sendtargets.use_discoveryd",
            "1",
            "Yes or No",
        ),
    ] {
        let mut changed = Record::new(object, Version::BASE);
        let before = changed.text();
        let e = changed.set(object, key, value).expect_err(key);
        assert_eq!(e.kind(), Kind::Invalid);
        assert!(
            e.to_string().contains(key) && e.to_string().contains(expected),
            "{e}"
        );
        assert_eq!(changed.text(), before);
    }
    let mut long = record(STOCK);
    let e = long
        .set(Object::Node, "node.session.cmds_max", "1")
        .expect_err("too small")
        .to_string();
    assert!(e.contains("line ") && e.contains("in test"), "{e}");
    let longest = "u".repeat(255);
    assert_eq!(
        long.set(Object::Node, "node.session.auth.username", &longest),
        Ok(true)
    );
    assert!(
        long.set(Object::Node, "node.session.auth.username", &format!("{longest}u"))
            .is_err()
    );
}

#[test]
fn a_given_value_is_written_in_the_form_of_the_stock_programs() {
    for (key, given, written) in [
        ("node.startup", "Automatic", "automatic"),
        ("node.leading_login", "yes", "Yes"),
        ("node.session.queue_depth", "010", "10"),
        (
            "node.session.auth.chap_algs",
            "sha3-256, SHA256 ,md5",
            "SHA3-256,SHA256,MD5",
        ),
        ("node.conn[0].iscsi.HeaderDigest", "crc32c,none", "CRC32C,None"),
    ] {
        let mut changed = record(STOCK);
        changed.set(Object::Node, key, given).expect(key);
        assert_eq!(changed.get(key), Some(written));
    }
}

#[test]
fn an_unknown_key_is_refused_with_those_like_it() {
    let mut changed = record(STOCK);
    let mut hint = |key: &str| {
        let e = changed.set(Object::Node, key, "1").expect_err(key);
        e.next_step().map(ToString::to_string).unwrap_or_default()
    };
    assert!(hint("node.sesion.queue_depth").contains("node.session.queue_depth"));
    assert!(hint("queue_depth").contains("node.session.queue_depth"));
    assert_eq!(hint("x"), "");
    let e = changed
        .set(Object::Node, "discovery.sendtargets.reopen_max", "1")
        .expect_err("of discovery");
    assert!(e.to_string().contains("sendtargets"), "{e}");
    assert!(changed.set(Object::Node, "a = b\nc", "1").is_err());
    assert_eq!(changed.text(), STOCK);
}

#[test]
fn what_a_record_is_found_by_stays_for_whoever_sets_and_not_for_whoever_makes() {
    let mut changed = record(STOCK);
    for key in [
        "node.name",
        "node.tpgt",
        "node.conn[0].address",
        "node.conn[0].port",
        "node.discovery_type",
    ] {
        let said = changed.get(key).expect(key).to_owned();
        assert_eq!(changed.set(Object::Node, key, &said), Ok(false));
        assert!(
            changed
                .set(Object::Node, key, "7")
                .is_err_and(|e| e.to_string().contains("found by it")),
            "{key}"
        );
        assert!(changed.set(Object::Node, key, "").is_err(), "{key}");
    }
    assert_eq!(
        changed.put(Object::Node, "node.discovery_type", "send_targets"),
        Ok(true)
    );
}

#[test]
fn an_interface_that_is_bound_in_one_way_is_not_bound_in_the_other() {
    let mut bound = Record::interface("eth.x", "tcp", Version::BASE);
    assert_eq!(bound.set(Object::Iface, "iface.net_ifacename", "eth0"), Ok(true));
    assert_eq!(bound.set(Object::Iface, "iface.net_ifacename", "eth1"), Ok(true));
    let e = bound
        .set(Object::Iface, "iface.hwaddress", "00:0e:1e:04:93:92")
        .expect_err("bound");
    assert!(e.to_string().contains("bound by iface.net_ifacename"), "{e}");
    assert_eq!(bound.set(Object::Iface, "iface.hwaddress", ""), Ok(false));
    assert_eq!(bound.set(Object::Iface, "iface.net_ifacename", ""), Ok(true));
    assert_eq!(
        bound.set(Object::Iface, "iface.hwaddress", "00:0e:1e:04:93:92"),
        Ok(true)
    );

    let mut made = record(include_str!("written/iface-auto4.txt"));
    assert_eq!(
        made.get("iface.net_ifacename"),
        Some("default"),
        "which binds nothing"
    );
    assert_eq!(
        made.set(Object::Iface, "iface.hwaddress", "00:0e:1e:04:93:92"),
        Ok(true)
    );
}

#[test]
fn a_secret_goes_in_as_it_is_or_not_at_all() {
    let mut changed = record(STOCK);
    let key = "node.session.auth.password";
    let secret = Secret::new(*b"correct horse battery = #").expect("a secret");
    assert_eq!(changed.set_secret(Object::Node, key, &secret), Ok(true));
    assert_eq!(record(changed.bytes()).secret(key), Some(secret));
    for bad in [
        &b"correct horse battery "[..],
        b"correct horse\nbattery",
        b"correct horse \xff",
    ] {
        let bad = Secret::new(bad).expect("a secret");
        let e = changed
            .set_secret(Object::Node, key, &bad)
            .expect_err("not to be held");
        assert!(!format!("{e:?}").contains("horse"));
    }
    assert!(changed.text().contains("battery = #\n"));
}

/// Some value of a kind.
fn value(kind: ValueKind) -> BoxedStrategy<String> {
    let number = |min: i64, max: i64| (min..=max).prop_map(|n| n.to_string()).boxed();
    let text = |max: usize| {
        let inside =
            "[!-~]([ -~]{0,60}[!-~])?".prop_filter("what stands for nothing", |text| text != "<empty>");
        inside
            .prop_map(move |text| {
                text.get(..text.len().min(max))
                    .unwrap_or_default()
                    .trim()
                    .to_owned()
            })
            .boxed()
    };
    match kind {
        ValueKind::Text { max } | ValueKind::Secret { max } => text(max),
        ValueKind::Number { min, max, .. } | ValueKind::ZeroOr { min, max, .. } => number(min, max),
        ValueKind::PowerOfTwo { .. } => (1..11u32).prop_map(|n| (1 << n).to_string()).boxed(),
        ValueKind::Choice(words) => proptest::sample::select(words).prop_map(str::to_owned).boxed(),
        ValueKind::Words(words) => proptest::sample::select(words)
            .prop_map(|word| word.0.to_owned())
            .boxed(),
        ValueKind::YesNo => proptest::sample::select(&["Yes", "No"][..])
            .prop_map(str::to_owned)
            .boxed(),
        ValueKind::Address | ValueKind::Host => {
            any::<std::net::IpAddr>().prop_map(|ip| ip.to_string()).boxed()
        }
        ValueKind::Mac => Just("00:0e:1e:04:93:92".to_owned()).boxed(),
        ValueKind::Name => "iqn\\.2026-11\\.test:[a-z0-9.:-]{1,30}".boxed(),
        ValueKind::Algorithms => Just("SHA256,MD5".to_owned()).boxed(),
    }
}

/// A key of records of targets and a value of it.
fn assignment() -> impl Strategy<Value = (&'static Key, String)> {
    let keys: Vec<_> = TABLE.iter().filter(|key| key.objects.has(Object::Node)).collect();
    proptest::sample::select(keys).prop_flat_map(|key| value(key.kind).prop_map(move |value| (key, value)))
}

/// A line that somebody might have put into a record.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        assignment().prop_map(|(key, value)| format!("{} = {value}\n", key.name)),
        assignment().prop_map(|(key, value)| format!("\t{}  =\t{value} \r\n", key.name)),
        "# ?[ -~]{0,40}\n",
        "node\\.later\\.[a-z]{1,8} = [!-~]{1,20}\n",
        "[ -~]{0,40}\n",
        Just("\n".to_owned()),
    ]
}

proptest! {
    #[test]
    fn what_is_set_is_read_and_nothing_else_changes(
        lines in proptest::collection::vec(line(), 0..40),
        (key, given) in assignment(),
    ) {
        let text = format!("# BEGIN RECORD 2.1.8\n{}# END RECORD\n", lines.concat());
        let old = Record::parse("any", text.as_bytes()).expect("whole");
        prop_assert_eq!(&old.text(), &text);
        let mut new = old.clone();
        let changed = new.put(Object::Node, key.name, &given);
        prop_assert!(changed.is_ok(), "{} = {}: {:?}", key.name, given, changed);
        prop_assert_eq!(changed == Ok(false), old == new);
        if key.kind.is_secret() {
            prop_assert_eq!(new.secret(key.name), Some(Secret::stored(given.as_bytes())));
        } else {
            prop_assert_eq!(new.get(key.name), Some(&*given));
        }
        // Read again it is the same, and every other key says what it said.
        let again = Record::parse("again", new.bytes()).expect("whole");
        prop_assert_eq!(&again, &new);
        for other in TABLE.iter().filter(|other| other.name != key.name && key.twin != Some(other.name)) {
            prop_assert_eq!(old.said(other.name).map(|said| said.1), new.said(other.name).map(|said| said.1));
        }
        let many = text.lines().count();
        prop_assert!((many..=many + 1).contains(&new.text().lines().count()));
        // Taken away again, only its lines are gone.
        new.put(Object::Node, key.name, "").expect("any key goes");
        prop_assert_eq!(new.said(key.name), None);
    }

    #[test]
    fn no_value_can_break_a_line(key in proptest::sample::select(TABLE), value in any::<String>()) {
        let mut record = Record::new(Object::Node, Version::BASE);
        if record.put(Object::Node, key.name, &value).is_ok() {
            prop_assert!(record.text().lines().count() <= 3, "{:?}", record.text());
            prop_assert_eq!(Record::parse("again", record.bytes()), Ok(record));
        }
    }
}
