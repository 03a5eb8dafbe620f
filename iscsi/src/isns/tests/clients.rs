//! A client and servers of all sorts, in virtual time.

use std::{cell::Cell, net::SocketAddr, time::Duration};

use super::{Pair, SOURCE, WITHIN, list, name, texts};
use crate::isns::{
    Attributes, Config, Done, Event, Failure, Flags, FrameError, Function, Limits, NodeType, Request,
    ScnBitmap, Status, Tag, Ticket,
};

fn one_target(b: &mut Attributes, name: &str) {
    let at: SocketAddr = "10.0.0.1:3260".parse().unwrap();
    b.text(Tag::ISCSI_NAME, name).number(Tag::NODE_TYPE, 1);
    b.address(Tag::PORTAL_ADDRESS, at.ip())
        .number(Tag::PORTAL_PORT, 3260);
}

fn names(event: &Event) -> Vec<&str> {
    match event {
        Event::Ended(_, Ok(Done::Targets(answer))) => {
            answer.targets.iter().map(|t| t.name.as_str()).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn failed(event: Option<Event>) -> Failure {
    match event {
        Some(Event::Ended(_, Err(why))) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn targets_are_asked_for_by_the_initiators_name() {
    let mut pair = Pair::new();
    let asked = pair.ask(Request::Targets);
    assert_eq!(
        (asked.function, asked.xid, asked.flags),
        (Function::DEV_ATTR_QRY, 7, Flags::CLIENT)
    );
    assert_eq!(texts(asked.before_delimiter(), Tag::ISCSI_NAME), [SOURCE]);
    let kind = asked
        .before_delimiter()
        .find(|a| a.tag == Tag::NODE_TYPE)
        .unwrap();
    assert_eq!(kind.number(), Ok(NodeType::TARGET.bits()));
    assert!(asked.operating().all(|a| a.value.is_empty()) && asked.operating().count() == 9);
    pair.answer(
        &asked,
        Status::SUCCESS,
        list(|b| {
            b.number(Tag::NODE_TYPE, 1).delimiter();
            one_target(b, "iqn.a");
            one_target(b, "iqn.b");
        }),
    );
    assert_eq!(names(&pair.event().unwrap()), ["iqn.a", "iqn.b"]);
    assert_eq!((pair.event(), pair.client.poll_timeout()), (None, None));
}

#[test]
fn nothing_to_see_is_an_answer_and_a_refusal_is_none() {
    for (status, empty) in [
        (Status::SUCCESS, true),
        (Status::NO_SUCH_ENTRY, true),
        (Status::SOURCE_UNAUTHORIZED, false),
    ] {
        let mut pair = Pair::new();
        let asked = pair.ask(Request::Targets);
        pair.answer(&asked, status, Attributes::new());
        let event = pair.event().unwrap();
        if empty {
            assert!(names(&event).is_empty());
        } else {
            let function = Function::DEV_ATTR_QRY;
            assert_eq!(failed(Some(event)), Failure::Refused { function, status });
        }
    }
}

#[test]
fn an_answer_with_another_transaction_id_is_none() {
    let mut pair = Pair::new();
    let asked = pair.ask(Request::Targets);
    let mut stray = asked.clone();
    stray.xid ^= 1;
    pair.answer(&stray, Status::SUCCESS, list(|b| one_target(b, "iqn.stray")));
    assert_eq!(pair.event(), None);
    let until = pair.client.poll_timeout().unwrap();
    assert_eq!(until, pair.now + WITHIN);
    pair.client.handle_timeout(until - Duration::from_nanos(1));
    assert_eq!(pair.event(), None);
    pair.client.handle_timeout(until);
    let function = Function::DEV_ATTR_QRY;
    let why = failed(pair.event());
    assert_eq!(why, Failure::NoAnswer { function, strays: 1 });
    assert_eq!(
        why.to_string(),
        "no answer to DevAttrQry, but 1 with another transaction id"
    );
    // The late answer is none to the next question.
    let next = pair.ask(Request::Targets);
    pair.answer(&asked, Status::SUCCESS, list(|b| one_target(b, "iqn.late")));
    pair.answer(&next, Status::SUCCESS, list(|b| one_target(b, "iqn.now")));
    assert_eq!(names(&pair.event().unwrap()), ["iqn.now"]);
}

#[test]
fn the_answer_to_something_else_ends_the_request() {
    let mut pair = Pair::new();
    let mut asked = pair.ask(Request::Targets);
    asked.function = Function::DEV_DEREG;
    pair.answer(&asked, Status::SUCCESS, Attributes::new());
    let (function, got) = (Function::DEV_ATTR_QRY, Function(0x8004));
    assert_eq!(failed(pair.event()), Failure::WrongAnswer { function, got });
}

#[test]
fn a_stream_that_cannot_be_read_ends_everything() {
    let mut pair = Pair::new();
    pair.ask(Request::Targets);
    pair.client.submit(pair.now, Request::Refresh);
    pair.client
        .handle_input(pair.now, b"HTTP/1.1 400 Bad Request\r\n");
    let why = Failure::Frame(FrameError::Version(0x4854));
    assert_eq!((failed(pair.event()), failed(pair.event())), (why, why));
    assert!(pair.client.is_over() && pair.client.output().is_empty() && pair.client.poll_timeout().is_none());
    pair.client.submit(pair.now, Request::Targets);
    assert_eq!(failed(pair.event()), why);
}

#[test]
fn requests_wait_for_each_other_and_not_without_end() {
    let mut pair = Pair::new();
    let first = pair.ask(Request::Subscribe(ScnBitmap::OF_TARGETS));
    assert_eq!(first.function, Function::SCN_REG);
    let bitmap = first.operating().next().unwrap();
    assert_eq!((bitmap.tag, bitmap.number()), (Tag::SCN_BITMAP, Ok(0x5f)));
    let tickets: Vec<Ticket> = (0..17)
        .map(|_| pair.client.submit(pair.now, Request::Unsubscribe))
        .collect();
    assert_eq!(pair.event(), Some(Event::Ended(tickets[16], Err(Failure::Full))));
    assert_eq!(pair.heard(), None);
    pair.answer(&first, Status::SUCCESS, Attributes::new());
    assert!(matches!(
        pair.event(),
        Some(Event::Ended(Ticket(0), Ok(Done::Done)))
    ));
    assert_eq!(pair.heard().unwrap().function, Function::SCN_DEREG);
    pair.client.closed();
    for ticket in &tickets[..16] {
        assert_eq!(pair.event(), Some(Event::Ended(*ticket, Err(Failure::Closed))));
    }
}

/// A server that has nodes in an order and tells the next one.
fn walked(nodes: &[&str], limits: Limits) -> (Event, usize) {
    let mut config = Config::new(name(SOURCE), WITHIN, 1);
    config.limits = limits;
    let mut pair = Pair::with(config);
    let asked = pair.ask(Request::Walk);
    let count = Cell::new(0);
    let event = pair.serve(asked, |asked| {
        count.set(count.get() + 1);
        let key = asked
            .before_delimiter()
            .nth(1)
            .unwrap()
            .text()
            .unwrap()
            .to_owned();
        if asked.function == Function::DEV_ATTR_QRY {
            if key == "iqn.gone" {
                return (Status::NO_SUCH_ENTRY, Attributes::new());
            }
            return (
                Status::SUCCESS,
                list(|b| {
                    b.text(Tag::ISCSI_NAME, &key).delimiter();
                    one_target(b, &key);
                }),
            );
        }
        let next = match nodes.iter().position(|node| *node == key) {
            None => nodes.first(),
            Some(at) => nodes.get(at + 1),
        };
        match next {
            None => (Status::NO_SUCH_ENTRY, Attributes::new()),
            Some(next) => (
                Status::SUCCESS,
                list(|b| {
                    b.text(Tag::ISCSI_NAME, next).delimiter();
                }),
            ),
        }
    });
    (event, count.get())
}

#[test]
fn a_walk_comes_to_every_node_once() {
    let (event, asked) = walked(&["iqn.a", "iqn.gone", "iqn.b"], Limits::default());
    assert_eq!((names(&event), asked), (vec!["iqn.a", "iqn.b"], 7));
}

#[test]
fn a_walk_in_circles_ends() {
    let (event, asked) = walked(&["iqn.a", "iqn.b", "IQN.A", "iqn.c"], Limits::default());
    assert_eq!((failed(Some(event)), asked), (Failure::Endless, 5));
}

#[test]
fn a_walk_ends_at_the_limit_and_says_so() {
    let limits = Limits {
        targets: 2,
        ..Limits::default()
    };
    let (event, _) = walked(&["iqn.a", "iqn.b", "iqn.c", "iqn.d"], limits);
    assert_eq!(names(&event), ["iqn.a", "iqn.b"]);
    assert!(matches!(event, Event::Ended(_, Ok(Done::Targets(answer))) if answer.more.targets == 1));
    // Nodes that are none count, too.
    let bad: Vec<String> = (0..20).map(|n| format!("bad name {n}")).collect();
    let bad: Vec<&str> = bad.iter().map(String::as_str).collect();
    let (event, asked) = walked(&bad, limits);
    assert_eq!((names(&event), asked), (vec![], 9));
}

#[test]
fn a_walk_past_nothing_is_told() {
    let mut pair = Pair::new();
    let asked = pair.ask(Request::Walk);
    pair.answer(&asked, Status::SUCCESS, Attributes::new());
    let (function, tag) = (Function::DEV_GET_NEXT, Tag::ISCSI_NAME);
    assert_eq!(failed(pair.event()), Failure::Misses { function, tag });
}
