//! What servers say unasked, over a client's connection and over their own.

use super::{Pair, SOURCE, list, name, origin};
use crate::isns::{
    Attributes, Change, Changes, Event, Flags, FrameError, Function, Inquiry, Listener, Message, Notice,
    Receiver, Request, ScnBitmap, Status, Tag, WHOLE_WITHIN,
};

fn server(function: Function, body: Attributes) -> Message {
    Message {
        flags: Flags::SERVER,
        ..Message::request(function, 99, body)
    }
}

fn change(to: &str) -> Message {
    server(
        Function::SCN,
        list(|b| {
            b.text(Tag::ISCSI_NAME, to).long(Tag::TIMESTAMP, 1_800_000_000);
            b.number(Tag::SCN_BITMAP, ScnBitmap::ADDED.bits())
                .text(Tag::ISCSI_NAME, "iqn.a");
            b.number(Tag::SCN_BITMAP, ScnBitmap::REMOVED.bits())
                .text(Tag::ISCSI_NAME, "iqn.b");
            b.number(Tag::DD_ID, 4).text(Tag::ISCSI_NAME, "no name");
        }),
    )
}

fn changes() -> Notice {
    Notice::Changes(Changes {
        at: Some(1_800_000_000),
        changes: vec![
            Change {
                what: ScnBitmap::ADDED,
                node: name("iqn.a"),
            },
            Change {
                what: ScnBitmap::REMOVED,
                node: name("iqn.b"),
            },
        ],
        more: 1,
    })
}

/// A listener that took messages, and its answers.
fn heard(messages: &[Message]) -> (Listener, Vec<Message>) {
    let mut listener = Listener::new(name(SOURCE));
    for message in messages {
        let mut wire = Vec::new();
        message.encode(8, &mut wire).unwrap();
        listener.handle_input(origin(), &wire);
    }
    let mut receiver = Receiver::new(1 << 20);
    receiver.feed(listener.output());
    let answers = std::iter::from_fn(|| receiver.poll().unwrap()).collect();
    (listener, answers)
}

#[test]
fn changes_are_told_and_answered() {
    let (mut listener, answers) = heard(&[change(SOURCE)]);
    assert_eq!((listener.poll(), listener.poll()), (Some(changes()), None));
    let body = list(|b| {
        b.text(Tag::ISCSI_NAME, SOURCE);
    });
    assert_eq!(
        answers,
        [change(SOURCE).answered(Flags::CLIENT, Status::SUCCESS, body)]
    );
}

#[test]
fn notices_for_others_and_of_other_kinds_are_refused() {
    let nobody = server(Function::SCN, Attributes::new());
    let query = server(Function::DEV_ATTR_QRY, Attributes::new());
    let heartbeat = server(Function::HEARTBEAT, Attributes::new());
    let answer = server(Function(0x8001), Attributes::new()).answered(
        Flags::SERVER,
        Status::SUCCESS,
        Attributes::new(),
    );
    let (mut listener, answers) = heard(&[change("iqn.other"), nobody, heartbeat, answer, query]);
    let codes: Vec<_> = answers.iter().filter_map(|a| a.status).collect();
    assert_eq!(
        codes,
        [
            Status::NO_SUCH_ENTRY,
            Status::MESSAGE_FORMAT,
            Status::NOT_SUPPORTED
        ]
    );
    assert!(listener.poll().is_none() && !listener.is_over());
}

#[test]
fn an_inquiry_gets_its_attributes_back() {
    let inquiry = server(
        Function::ESI,
        list(|b| {
            b.long(Tag::TIMESTAMP, 5).text(Tag::ENTITY_ID, "isns:7");
            b.address(Tag::PORTAL_ADDRESS, [10, 0, 0, 1].into())
                .number(Tag::PORTAL_PORT, 860);
        }),
    );
    let (mut listener, answers) = heard(std::slice::from_ref(&inquiry));
    let told = Inquiry {
        at: Some(5),
        entity: "isns:7".into(),
        portal: Some(([10, 0, 0, 1], 860).into()),
    };
    assert_eq!(listener.poll(), Some(Notice::Inquiry(told)));
    assert_eq!(
        answers,
        [inquiry.answered(Flags::CLIENT, Status::SUCCESS, inquiry.body.clone())]
    );
}

#[test]
fn a_client_hears_notices_between_a_question_and_its_answer() {
    let mut pair = Pair::new();
    let asked = pair.ask(Request::Refresh);
    pair.say(&change(SOURCE));
    assert_eq!(pair.event(), Some(Event::Notice(changes())));
    assert_eq!(pair.heard().map(|m| m.function), Some(Function(0x8008)));
    pair.answer(&asked, Status::SUCCESS, Attributes::new());
    assert!(matches!(pair.event(), Some(Event::Ended(_, Ok(_)))));
}

#[test]
fn a_notice_that_does_not_end_is_given_up() {
    let now = origin();
    let mut listener = Listener::new(name(SOURCE));
    let mut wire = Vec::new();
    change(SOURCE).encode(8, &mut wire).unwrap();
    listener.handle_input(now, &wire[..30]);
    assert_eq!(listener.poll_timeout(), Some(now + WHOLE_WITHIN));
    // A byte now and then does not move the end.
    listener.handle_input(now + WHOLE_WITHIN / 2, &wire[30..31]);
    listener.handle_timeout(now + WHOLE_WITHIN);
    assert!(listener.is_over() && listener.poll_timeout().is_none());
}

#[test]
fn rubbish_closes_the_connection() {
    let mut listener = Listener::new(name(SOURCE));
    listener.handle_input(origin(), b"GET / HTTP/1.0\r\n\r\n");
    assert_eq!(
        (listener.is_over(), listener.why()),
        (true, Some(FrameError::Version(0x4745)))
    );
    listener.handle_input(origin(), &[0; 20]);
    assert!(listener.output().is_empty() && listener.poll().is_none());
}

#[test]
fn a_server_that_takes_no_answers_is_let_go() {
    let mut listener = Listener::new(name(SOURCE));
    let mut wire = Vec::new();
    server(
        Function::ESI,
        list(|b| {
            b.push(Tag::PORTAL_CERTIFICATE, &vec![0; 60_000]);
        }),
    )
    .encode(65532, &mut wire)
    .unwrap();
    for _ in 0..1000 {
        listener.handle_input(origin(), &wire);
        assert!(listener.output().len() < 3 << 20);
        while listener.poll().is_some() {}
    }
    assert!(listener.is_over());
}
