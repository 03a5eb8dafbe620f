//! Targets out of lists of objects.

use std::net::SocketAddr;

use proptest::prelude::*;

use super::list;
use crate::{
    isns::{Answer, Attributes, BadValue, LeftOut, Limits, More, Objects, PortField, Portal, Tag, Why},
    names::BadName,
};

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn read_within(limits: Limits, with: impl FnOnce(&mut Attributes)) -> Answer {
    let mut objects = Objects::new(limits);
    objects.take(&list(with));
    objects.finish()
}

fn read(with: impl FnOnce(&mut Attributes)) -> Answer {
    read_within(Limits::default(), with)
}

trait Said {
    fn node(&mut self, name: &str) -> &mut Self;
    fn portal(&mut self, at: &str) -> &mut Self;
    fn group(&mut self, node: &str, at: &str, tag: Option<u32>) -> &mut Self;
    fn bare(&mut self, tag: u32) -> &mut Self;
}

impl Said for Attributes {
    fn node(&mut self, name: &str) -> &mut Self {
        self.text(Tag::ISCSI_NAME, name).number(Tag::NODE_TYPE, 1)
    }

    fn portal(&mut self, text: &str) -> &mut Self {
        let at = at(text);
        self.address(Tag::PORTAL_ADDRESS, at.ip());
        self.number(Tag::PORTAL_PORT, PortField::tcp(at.port()).into())
    }

    fn group(&mut self, node: &str, text: &str, tag: Option<u32>) -> &mut Self {
        let at = at(text);
        self.text(Tag::PG_NAME, node).address(Tag::PG_ADDRESS, at.ip());
        self.number(Tag::PG_PORT, PortField::tcp(at.port()).into());
        match tag {
            Some(tag) => self.number(Tag::PG_TAG, tag),
            None => self,
        }
    }

    fn bare(&mut self, tag: u32) -> &mut Self {
        self.number(Tag::PG_TAG, tag)
    }
}

/// `name portal,tag portal` of each target.
fn told(answer: &Answer) -> Vec<String> {
    let portal = |p: &Portal| match p.tag {
        Some(tag) => format!("{},{tag}", p.at),
        None => p.at.to_string(),
    };
    let target = |t: &crate::isns::Target| {
        let portals: Vec<String> = t.portals.iter().map(portal).collect();
        format!("{} {}", t.name, portals.join(" "))
    };
    answer.targets.iter().map(target).collect()
}

#[test]
fn groups_with_keys_tie_nodes_and_portals() {
    let answer = read(|b| {
        b.node("iqn.a").text(Tag::ISCSI_ALIAS, "the disk");
        b.portal("10.0.0.1:3260")
            .portal("[fd00::1]:3261")
            .portal("10.0.0.3:3260")
            .portal("10.0.0.4:3260");
        b.group("iqn.a", "10.0.0.1:3260", Some(1))
            .group("iqn.a", "[fd00::1]:3261", Some(2));
        // Without a tag the portal is not for the node; a portal that was not listed is one.
        b.group("IQN.A", "10.0.0.3:3260", None)
            .group("iqn.a", "10.0.0.5:3260", Some(3));
        b.node("iqn.b")
            .portal("10.0.0.1:3260")
            .group("iqn.b", "10.0.0.1:3260", Some(7));
    });
    assert_eq!(
        told(&answer),
        [
            "iqn.a 10.0.0.1:3260,1 [fd00::1]:3261,2 10.0.0.4:3260 10.0.0.5:3260,3",
            "iqn.b 10.0.0.1:3260,7"
        ]
    );
    assert_eq!(answer.targets[0].alias.as_deref(), Some("the disk"));
    assert_eq!(
        (answer.targets[1].alias.as_deref(), answer.more),
        (None, More::default())
    );
}

#[test]
fn bare_tags_are_of_the_portals_in_their_order() {
    // Behind each portal, behind all of them, one for all, too few to know.
    let answer = read(|b| {
        b.node("iqn.a")
            .portal("10.0.0.1:1")
            .bare(1)
            .portal("10.0.0.2:1")
            .bare(2);
        b.node("iqn.b")
            .portal("10.0.0.1:1")
            .portal("10.0.0.2:1")
            .bare(1)
            .bare(2);
        b.node("iqn.c").portal("10.0.0.1:1").portal("10.0.0.2:1").bare(5);
        b.node("iqn.d")
            .portal("10.0.0.1:1")
            .portal("10.0.0.2:1")
            .portal("10.0.0.3:1")
            .bare(5)
            .bare(6);
        b.node("iqn.e").portal("10.0.0.1:1").bare(70_000);
    });
    assert_eq!(
        told(&answer),
        [
            "iqn.a 10.0.0.1:1,1 10.0.0.2:1,2",
            "iqn.b 10.0.0.1:1,1 10.0.0.2:1,2",
            "iqn.c 10.0.0.1:1,5 10.0.0.2:1,5",
            "iqn.d 10.0.0.1:1 10.0.0.2:1 10.0.0.3:1",
            "iqn.e 10.0.0.1:1",
        ]
    );
}

#[test]
fn what_cannot_be_used_is_left_out_and_spoils_nothing_else() {
    let answer = read(|b| {
        b.node("not a name").portal("10.0.0.1:1");
        b.push(Tag::ISCSI_NAME, &[0xff; 4]).portal("10.0.0.1:1");
        b.ask(Tag::ISCSI_NAME).portal("10.0.0.1:1");
        b.node("iqn.lost");
        b.node("iqn.half")
            .address(Tag::PORTAL_ADDRESS, at("10.0.0.1:1").ip());
        b.node("iqn.udp").portal("10.0.0.1:1");
        b.address(Tag::PORTAL_ADDRESS, at("10.0.0.2:1").ip())
            .number(Tag::PORTAL_PORT, 0x1_0001);
        b.node("iqn.short")
            .push(Tag::PORTAL_ADDRESS, &[10, 0, 0, 1])
            .number(Tag::PORTAL_PORT, 1);
        // An initiator that was not asked for.
        b.text(Tag::ISCSI_NAME, "iqn.host")
            .number(Tag::NODE_TYPE, 2)
            .portal("10.0.0.9:1");
        // The port that iSCSI has; a node that is told twice; a portal twice.
        b.node("iqn.good")
            .address(Tag::PORTAL_ADDRESS, at("10.0.0.1:1").ip())
            .number(Tag::PORTAL_PORT, 0);
        b.node("IQN.good").portal("10.0.0.1:3260").portal("10.0.0.2:3260");
    });
    assert_eq!(
        told(&answer),
        ["iqn.udp 10.0.0.1:1", "iqn.good 10.0.0.1:3260 10.0.0.2:3260"]
    );
    let short = BadValue::Length {
        tag: Tag::PORTAL_ADDRESS,
        len: 4,
    };
    let expected = [
        ("not a name", Why::Name(BadName::Blank)),
        (
            "\u{fffd}\u{fffd}\u{fffd}\u{fffd}",
            Why::Unreadable(BadValue::NotText(Tag::ISCSI_NAME)),
        ),
        ("", Why::Name(BadName::Empty)),
        ("iqn.half", Why::HalfPortal),
        ("iqn.udp", Why::Udp(at("10.0.0.2:1"))),
        ("iqn.short", Why::Portal(short)),
        ("iqn.lost", Why::NoPortal),
    ];
    let expected = expected.map(|(target, why)| LeftOut {
        target: target.into(),
        why,
    });
    assert_eq!(answer.left_out, expected);
}

#[test]
fn limits_are_told_when_they_are_reached() {
    let limits = Limits {
        targets: 2,
        portals: 2,
        left_out: 1,
    };
    let answer = read_within(limits, |b| {
        b.node("bad name").node("worse name");
        b.node("iqn.a")
            .portal("10.0.0.1:1")
            .portal("10.0.0.2:1")
            .portal("10.0.0.3:1");
        b.node("iqn.b");
        for n in 1..4 {
            b.group("iqn.b", &format!("10.0.0.{n}:1"), Some(1));
        }
        b.node("iqn.c").portal("10.0.0.1:1").node("iqn.d");
    });
    assert_eq!(
        told(&answer),
        ["iqn.a 10.0.0.1:1 10.0.0.2:1", "iqn.b 10.0.0.1:1,1 10.0.0.2:1,1"]
    );
    assert_eq!(
        answer.more,
        More {
            targets: 2,
            portals: 2,
            left_out: 1
        }
    );
    assert!(!answer.more.is_nothing());
}

proptest! {
    #[test]
    fn any_list_is_read_within_the_limits(
        all in proptest::collection::vec((prop_oneof![30u32..36, 14u32..19, 47u32..53], proptest::collection::vec(0u8..4, 0..9)), 0..60),
    ) {
        let limits = Limits { targets: 3, portals: 2, left_out: 2 };
        let answer = read_within(limits, |b| {
            for (tag, value) in &all {
                b.push(Tag(*tag), value);
            }
        });
        prop_assert!(answer.targets.len() <= 3 && answer.left_out.len() <= 2);
        prop_assert!(answer.targets.iter().all(|t| (1..=4).contains(&t.portals.len())));
    }
}
