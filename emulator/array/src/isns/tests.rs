//! The server's rules, without sockets.

use std::net::SocketAddr;

use iscsi::isns::{Attributes, Flags, Function, Message, NodeType, PortField, ScnBitmap, Status, Tag};

use super::deliver::notices;
use super::registry::{Changed, Registry};
use super::{IsnsFault, IsnsTarget, WORDS};

const HOST: &str = "iqn.host";

fn message(function: Function, with: impl FnOnce(&mut Attributes)) -> Message {
    let mut body = Attributes::new();
    body.text(Tag::ISCSI_NAME, HOST);
    with(&mut body);
    Message::request(function, 1, body)
}

fn portal(b: &mut Attributes, at: &str) {
    let at: SocketAddr = at.parse().unwrap();
    b.address(Tag::PORTAL_ADDRESS, at.ip());
    b.number(Tag::PORTAL_PORT, PortField::tcp(at.port()).into());
}

/// Registers `HOST` with a portal that hears notices.
fn host(registry: &mut Registry) -> Vec<Changed> {
    let asked = message(Function::DEV_ATTR_REG, |b| {
        b.text(Tag::ENTITY_ID, "e").delimiter().text(Tag::ENTITY_ID, "e");
        portal(b, "10.0.0.1:3260");
        b.number(Tag::SCN_PORT, 4000);
        b.text(Tag::ISCSI_NAME, HOST)
            .number(Tag::NODE_TYPE, NodeType::all().bits());
    });
    registry.register(&asked, true).ok().unwrap().changed
}

fn subscribe(registry: &mut Registry, bitmap: ScnBitmap) -> Status {
    let asked = message(Function::SCN_REG, |b| {
        b.text(Tag::ISCSI_NAME, HOST)
            .delimiter()
            .number(Tag::SCN_BITMAP, bitmap.bits());
    });
    registry
        .subscribe(&asked)
        .map_or_else(|status| status, |o| o.status)
}

#[test]
fn every_fault_survives_its_text_and_stands_in_the_guide() {
    let guide = include_str!("../../../../docs/guide/isns.md");
    for word in WORDS {
        let text = word.replace("MILLISECONDS", "250").replace("STATUS", "8");
        assert_eq!(text.parse::<IsnsFault>().unwrap().to_string(), text);
        assert!(guide.contains(&format!("| `{word}` |")), "{word}");
    }
    for bad in ["", "sulk", "slow", "slow x", "refuse", "refuse -1", "circle 1"] {
        assert!(bad.parse::<IsnsFault>().is_err(), "{bad}");
    }
}

#[test]
fn a_target_at_a_portal_is_read() {
    let target: IsnsTarget = "iqn.a:b,[fd00::1]:3261,7".parse().unwrap();
    assert_eq!(
        (target.name.as_str(), target.at.port(), target.tag),
        ("iqn.a:b", 3261, Some(7))
    );
    for bad in [
        "iqn.a",
        "iqn.a,storage.example:3260",
        "two words,10.0.0.1:3260",
        "iqn.a,10.0.0.1:3260,x",
    ] {
        assert!(bad.parse::<IsnsTarget>().is_err(), "{bad}");
    }
}

#[test]
fn registrations_against_the_rules_are_refused_and_leave_nothing() {
    type With = fn(&mut Attributes);
    let cases: [(With, Status); 5] = [
        (
            |b| {
                b.number(Tag::NODE_TYPE, 1);
            },
            Status::MESSAGE_FORMAT,
        ),
        (
            |b| {
                b.number(Tag::PORTAL_PORT, 1);
            },
            Status::MESSAGE_FORMAT,
        ),
        (
            |b| {
                b.text(Tag::ISCSI_NAME, "two words");
            },
            Status::INVALID_REGISTRATION,
        ),
        (
            |b| {
                b.number(Tag::ENTITY_PROTOCOL, 2);
            },
            Status::INVALID_REGISTRATION,
        ),
        (
            |b| {
                portal(b, "10.0.0.1:1");
                b.number(Tag::ESI_PORT, 1);
            },
            Status::ESI_NOT_AVAILABLE,
        ),
    ];
    for (with, status) in cases {
        let mut registry = Registry::default();
        let asked = message(Function::DEV_ATTR_REG, |b| {
            b.delimiter();
            with(b);
        });
        assert_eq!(registry.register(&asked, true).err(), Some(status));
        assert!(registry.nodes().is_empty());
    }
    let mut nobody = message(Function::DEV_ATTR_REG, |_| {});
    nobody.body = Attributes::new();
    assert_eq!(
        Registry::default().register(&nobody, true).err(),
        Some(Status::SOURCE_ABSENT)
    );
}

#[test]
fn what_is_registered_is_updated_or_replaced() {
    let mut registry = Registry::default();
    let what: Vec<_> = host(&mut registry).iter().map(|c| c.what).collect();
    assert_eq!(what, [ScnBitmap::ADDED]);
    // Nobody makes himself a control node.
    assert!(!registry.nodes()[0].1.kind.contains(NodeType::CONTROL));
    let what: Vec<_> = host(&mut registry).iter().map(|c| c.what).collect();
    assert_eq!(what, [ScnBitmap::UPDATED]);
    let mut asked = message(Function::DEV_ATTR_REG, |b| {
        b.text(Tag::ENTITY_ID, "e")
            .delimiter()
            .text(Tag::ISCSI_NAME, "iqn.other");
    });
    assert_eq!(
        registry.register(&asked, false).err(),
        Some(Status::INVALID_UPDATE)
    );
    asked.flags |= Flags::REPLACE;
    let what: Vec<_> = registry
        .register(&asked, false)
        .ok()
        .unwrap()
        .changed
        .iter()
        .map(|c| c.what)
        .collect();
    assert_eq!(what, [ScnBitmap::REMOVED, ScnBitmap::ADDED]);
}

#[test]
fn changes_are_told_to_who_wants_to_hear_them() {
    let mut registry = Registry::default();
    assert_eq!(
        subscribe(&mut registry, ScnBitmap::OF_TARGETS),
        Status::SOURCE_UNKNOWN
    );
    host(&mut registry);
    assert_eq!(subscribe(&mut registry, ScnBitmap::OF_TARGETS), Status::SUCCESS);
    let change = |name: &str, kind| Changed {
        what: ScnBitmap::ADDED,
        name: name.parse().unwrap(),
        kind,
    };
    let told = |registry: &Registry, changed: &[Changed]| {
        let all = notices(registry, changed, 7);
        all.first()
            .map(|(to, body)| (*to, body.iter().filter(|a| a.tag == Tag::SCN_BITMAP).count()))
    };
    let at: SocketAddr = "10.0.0.1:4000".parse().unwrap();
    let changed = [
        change("iqn.target", NodeType::TARGET),
        change("iqn.initiator", NodeType::INITIATOR),
        change("IQN.HOST", NodeType::INITIATOR),
    ];
    assert_eq!(told(&registry, &changed), Some((at, 2)));
    assert_eq!(subscribe(&mut registry, ScnBitmap::REMOVED), Status::SUCCESS);
    assert_eq!(told(&registry, &changed), None);
    registry.remove_portal("10.0.0.1:3260".parse().unwrap());
    assert_eq!(subscribe(&mut registry, ScnBitmap::ADDED), Status::SCN_REJECTED);
}
