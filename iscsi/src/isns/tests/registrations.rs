//! Registrations, and servers that refuse them.

use super::{Pair, SOURCE, list, texts};
use crate::isns::{
    Attributes, Done, Event, Failure, Flags, Function, Inquiries, Message, NodeType, RegisteredAs,
    Registration, Request, Served, Status, Tag,
};

fn wanted(entity: Option<&str>, tags: &[Option<u16>]) -> Registration {
    let portal = |(n, tag): (usize, &Option<u16>)| Served {
        tag: *tag,
        ..Served::at(format!("10.0.0.{}:3260", n + 1).parse().unwrap())
    };
    Registration {
        entity: entity.map(str::to_owned),
        kind: NodeType::INITIATOR,
        alias: Some("host".to_owned()),
        period: None,
        portals: tags.iter().enumerate().map(portal).collect(),
    }
}

fn tags(message: &Message) -> Vec<u32> {
    message.body.iter().map(|a| a.tag.0).collect()
}

fn registered(event: Event) -> RegisteredAs {
    match event {
        Event::Ended(_, Ok(Done::Registered(done))) => done,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_registration_lists_entity_portals_and_node_in_the_order_of_the_rfc() {
    let mut pair = Pair::new();
    let mut wanted = wanted(Some("host.example"), &[None]);
    wanted.period = Some(600);
    wanted.portals[0].notices = Some(4000);
    wanted.portals[0].inquiries = Some(Inquiries {
        interval: 60,
        port: 4001,
    });
    let asked = pair.ask(Request::Register(wanted));
    assert_eq!(
        (asked.function, asked.flags),
        (Function::DEV_ATTR_REG, Flags::CLIENT)
    );
    assert_eq!(tags(&asked), [32, 1, 0, 1, 2, 6, 16, 17, 19, 20, 23, 32, 33, 34]);
    assert_eq!(
        texts(&asked.body, Tag::ENTITY_ID),
        ["host.example", "host.example"]
    );
    pair.answer(
        &asked,
        Status::SUCCESS,
        list(|b| {
            b.text(Tag::ENTITY_ID, "host.example").delimiter();
            b.text(Tag::ENTITY_ID, "host.example")
                .number(Tag::REGISTRATION_PERIOD, 300)
                .number(Tag::ESI_INTERVAL, 90);
        }),
    );
    let done = registered(pair.event().unwrap());
    assert_eq!((done.period, done.interval), (Some(300), Some(90)));
    assert!(!done.from_scratch && !done.no_inquiries);
}

#[test]
fn an_entity_without_a_name_gets_one_and_each_group_a_message() {
    let mut pair = Pair::new();
    let asked = pair.ask(Request::Register(wanted(
        None,
        &[Some(1), Some(2), Some(1), None],
    )));
    let mut seen = Vec::new();
    let done = registered(pair.serve(asked, |asked| {
        seen.push((tags(asked), texts(&asked.body, Tag::ENTITY_ID)));
        let key = |b: &mut Attributes| {
            b.text(Tag::ENTITY_ID, "isns:7").delimiter();
        };
        (Status::SUCCESS, list(key))
    }));
    assert_eq!(done.entity.as_deref(), Some("isns:7"));
    let none = ["", ""].map(str::to_owned).to_vec();
    let given = ["isns:7", "isns:7"].map(str::to_owned).to_vec();
    let portals = [16, 17].repeat(4);
    let whole = [&[32, 1, 0, 1, 2][..], &portals, &[32, 33, 34, 51, 49, 50, 49, 50]].concat();
    assert_eq!(
        seen,
        [(whole, none), (vec![32, 1, 0, 1, 32, 33, 34, 51, 49, 50], given)]
    );
}

#[test]
fn what_cannot_be_updated_is_registered_from_scratch_once() {
    for (entity, key) in [(Some("host.example"), Tag::ENTITY_ID), (None, Tag::ISCSI_NAME)] {
        for second in [Status::SUCCESS, Status::INVALID_UPDATE] {
            let mut pair = Pair::new();
            let asked = pair.ask(Request::Register(wanted(entity, &[None])));
            let mut seen = Vec::new();
            let event = pair.serve(asked, |asked| {
                seen.push((asked.function, asked.flags.contains(Flags::REPLACE)));
                let status = match seen.len() {
                    1 => Status::INVALID_UPDATE,
                    2 => {
                        let out = asked.operating().next().unwrap();
                        assert_eq!((out.tag, out.text()), (key, Ok(entity.unwrap_or(SOURCE))));
                        Status::NO_SUCH_ENTRY
                    }
                    _ => second,
                };
                (status, Attributes::new())
            });
            let (reg, out) = (Function::DEV_ATTR_REG, Function::DEV_DEREG);
            assert_eq!(seen, [(reg, false), (out, false), (reg, true)]);
            match second {
                Status::SUCCESS => assert!(registered(event).from_scratch),
                status => assert!(matches!(
                    event,
                    Event::Ended(_, Err(Failure::Refused { status: s, .. })) if s == status
                )),
            }
        }
    }
}

#[test]
fn a_server_that_inquires_nothing_is_not_asked_to() {
    let mut pair = Pair::new();
    let mut wanted = wanted(None, &[None]);
    wanted.portals[0].inquiries = Some(Inquiries {
        interval: 60,
        port: 4001,
    });
    let asked = pair.ask(Request::Register(wanted));
    let done = registered(pair.serve(asked, |asked| {
        let status = if tags(asked).contains(&20) {
            Status::ESI_NOT_AVAILABLE
        } else {
            Status::SUCCESS
        };
        (status, Attributes::new())
    }));
    assert!(done.no_inquiries);
}

#[test]
fn an_entity_or_the_node_alone_is_taken_out() {
    for (entity, tag, text) in [
        (Some("isns:7".to_owned()), Tag::ENTITY_ID, "isns:7"),
        (None, Tag::ISCSI_NAME, SOURCE),
    ] {
        let mut pair = Pair::new();
        let asked = pair.ask(Request::Deregister { entity });
        assert_eq!(tags(&asked), [32, 0, tag.0]);
        assert_eq!(asked.operating().next().unwrap().text(), Ok(text));
        pair.answer(&asked, Status::SUCCESS, Attributes::new());
        assert!(matches!(pair.event(), Some(Event::Ended(_, Ok(Done::Done)))));
    }
}
