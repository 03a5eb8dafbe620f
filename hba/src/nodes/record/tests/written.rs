//! New records beside those that the stock programs of three versions wrote with the iscsid.conf that they ship.

use std::fmt::Write;

use super::super::*;
use super::record;
use crate::nodes::key;
use crate::nodes::key::TABLE;
use crate::nodes::{Conf, DEFAULT_IFACE, NodeId, Portal, iface};

macro_rules! written {
    ($($name:literal),*) => { [$(($name, include_str!(concat!("written/", $name, ".txt")))),*] };
}

/// A configuration that says what is shipped.
fn shipped(version: &str) -> Conf {
    let mut text = String::new();
    for key in TABLE {
        if let Some(value) = key.shipped_default {
            writeln!(text, "{} = {value}", key.name).expect("text");
        }
    }
    let conf =
        Conf::parse("shipped", text.as_bytes(), &mut |warning| panic!("{warning}")).expect("a configuration");
    conf.for_version(version.parse().expect("a version"))
}

fn node(address: &str, port: u16, tag: u16, iface: &str) -> NodeId {
    NodeId {
        target: "iqn.2026-11.test:a".parse().expect("a name"),
        portal: Portal {
            address: address.to_owned(),
            port,
            tag: Some(tag),
        },
        iface: iface.to_owned(),
    }
}

#[test]
fn new_records_of_targets_are_those_of_the_stock_programs() {
    for (name, stock) in written!("node-2.1.8", "node-2.1.11", "node-2.1.13") {
        let conf = shipped(&name["node-".len()..]);
        let id = node("127.0.0.1", 3260, 1, DEFAULT_IFACE);
        for iface in [
            Record::unbound(),
            iface::built_in(DEFAULT_IFACE).expect("built in"),
        ] {
            assert_eq!(Record::node(&id, &iface, &conf).text(), stock, "{name}");
        }
    }
}

#[test]
fn new_records_of_discovery_are_those_of_the_stock_programs() {
    for (name, stock) in written!("sendtargets-2.1.8", "sendtargets-2.1.11", "sendtargets-2.1.13") {
        let conf = shipped(&name["sendtargets-".len()..]);
        assert_eq!(
            Record::send_targets("192.168.1.9", 3260, &conf).text(),
            stock,
            "{name}"
        );
    }
    for (name, stock) in written!("isns-2.1.8", "isns-2.1.11", "isns-2.1.13") {
        let conf = shipped(&name["isns-".len()..]);
        assert_eq!(Record::isns("192.168.1.9", 3205, &conf).text(), stock, "{name}");
    }
}

#[test]
fn new_records_of_interfaces_are_those_of_the_stock_programs() {
    for (name, stock) in written!("iface-2.1.8", "iface-2.1.11", "iface-2.1.13") {
        let version = name["iface-".len()..].parse().expect("a version");
        assert_eq!(Record::interface("eth.x", "tcp", version).text(), stock, "{name}");
    }
}

#[test]
fn an_interface_of_either_family_comes_into_records_of_targets_as_the_stock_program_copies_it() {
    let conf = shipped("2.1.13");
    for (name, iface, stock) in [
        (
            "four",
            include_str!("written/iface-four.txt"),
            include_str!("written/node-four.txt"),
        ),
        (
            "six",
            include_str!("written/iface-six.txt"),
            include_str!("written/node-six.txt"),
        ),
        (
            "qla4xxx.00:c0:dd:11:22:35.ipv4.0",
            include_str!("written/iface-auto4.txt"),
            include_str!("written/node-auto4.txt"),
        ),
        (
            "qla4xxx.00:c0:dd:11:22:35.ipv6.0",
            include_str!("written/iface-auto6.txt"),
            include_str!("written/node-auto6.txt"),
        ),
    ] {
        let iface = record(iface);
        let id = node("fd00::1", 3261, 7, name);
        assert_eq!(Record::node(&id, &iface, &conf).text(), stock, "{name}");
        assert_eq!(iface.remarks(Object::Iface), [], "{name}");
        assert_eq!(record(stock).remarks(Object::Node), [], "{name}");
    }
}

#[test]
fn a_record_that_the_stock_program_made_for_an_adapter_is_read_whole() {
    let (four, six) = (
        record(include_str!("written/iface-auto4.txt")),
        record(include_str!("written/iface-auto6.txt")),
    );
    assert_eq!(six.remarks(Object::Iface), []);
    assert_eq!(four.remarks(Object::Iface), []);
    assert_eq!(
        (four.checked("iface.mtu"), six.get("iface.router_autocfg")),
        (Ok(Some("1500")), Some("Unknown"))
    );
    for record in [four, six] {
        let name = record.get("iface.iscsi_ifacename").expect("a name");
        assert!(name.parse::<iface::AutoName>().is_ok(), "{name}");
        let kept = record.get("iface.ipaddress");
        let family = iface::family(name, kept);
        let keys = record.pairs().filter_map(|(key, _)| key::find(key)?.family());
        assert!(keys.into_iter().all(|its| its == family));
    }
}

#[test]
fn keys_that_are_set_one_by_one_in_any_order_stand_where_the_stock_program_writes_them() {
    for (name, object, stock) in [
        ("four", Object::Iface, include_str!("written/iface-four.txt")),
        ("six", Object::Iface, include_str!("written/iface-six.txt")),
        ("four", Object::Node, include_str!("written/node-four.txt")),
        (
            "st",
            Object::SendTargets,
            include_str!("written/sendtargets-2.1.13.txt"),
        ),
        ("isns", Object::Isns, include_str!("written/isns-2.1.13.txt")),
    ] {
        let stock = record(stock);
        let pairs: Vec<_> = stock.pairs().collect();
        for step in [1, 7, pairs.len() - 1] {
            let mut made = Record::new(object, Version(2, 1, 13));
            for n in 0..pairs.len() {
                // Steps that share no divisor with the length come to each; those that do miss some, which the backward pass sets.
                let (key, value) = pairs[n * step % pairs.len()];
                made.put(object, key, value).expect(key);
            }
            for (key, value) in pairs.iter().rev() {
                made.put(object, key, value).expect(key);
            }
            assert_eq!(made.text(), stock.text(), "{name} {object} {step}");
        }
    }
}

#[test]
fn of_an_interface_counts_what_it_says_and_of_iscsid_conf_the_rest() {
    let text = "iface.mtu = 9000\niface.transport_name = iser\niface.header_digest = enable\nnode.name = iqn.2026-11.test:no\n\
                node.tpgt = 7\nnode.conn[0].port = 99\nnode.discovery_type = fw\ndiscovery.startup = automatic\n\
                node.session.auth.chap_algs = SHA256 , MD5\nnode.session.auth.username = u\nnode.session.auth.password = p w\n\
                node.startup = onboot\nnode.conn[0].startup = automatic\nnode.session.initial_cmdsn = 4\n";
    let conf = Conf::parse("conf", text.as_bytes(), &mut |_| {}).expect("a configuration");
    let id = node("127.0.0.1", 3260, 1, DEFAULT_IFACE);
    let unbound = Record::node(&id, &Record::unbound(), &conf);
    for (key, value) in [
        ("iface.mtu", "9000"),
        ("iface.transport_name", "iser"),
        ("iface.header_digest", "enable"),
        ("node.name", "iqn.2026-11.test:a"),
        ("node.tpgt", "1"),
        ("node.conn[0].port", "3260"),
        ("node.discovery_type", "static"),
        ("node.session.auth.chap_algs", "SHA256,MD5"),
        ("node.session.auth.username", "u"),
        ("node.startup", "onboot"),
        ("node.conn[0].startup", "automatic"),
        ("node.session.initial_cmdsn", "4"),
    ] {
        assert_eq!(unbound.get(key), Some(value), "{key}");
    }
    assert_eq!(
        unbound
            .secret("node.session.auth.password")
            .expect("a secret")
            .expose(),
        b"p w"
    );
    assert_eq!(
        Record::send_targets("h", 3260, &conf).get("discovery.startup"),
        Some("manual")
    );

    let built_in = iface::built_in(DEFAULT_IFACE).expect("built in");
    let bound = Record::node(&id, &built_in, &conf);
    assert_eq!(
        (bound.get("iface.transport_name"), bound.get("iface.mtu")),
        (Some("tcp"), Some("9000"))
    );
}
