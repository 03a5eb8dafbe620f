//! A hostile iSNS server: a client and a listener get anything, cut anywhere. What is taken apart is what messages put together again,
//! limits are kept, every request ends once, and nothing is kept of a stream that is no iSNS.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use super::{books::INITIATOR, script::Script};
use crate::{
    IscsiName,
    isns::{
        Client, Config, Done, Event, Limits, Listener, Message, NodeType, Receiver, Registration, Request,
        ScnBitmap, Served, Ticket,
    },
};

/// What a receiver of messages keeps.
const LIMIT: usize = 4 << 10;
const LIMITS: Limits = Limits {
    targets: 4,
    portals: 3,
    left_out: 2,
};

/// The body.
pub fn isns(input: &[u8]) {
    let mut script = Script::new(input);
    #[allow(clippy::disallowed_methods, reason = "an origin for virtual time")]
    let now = Instant::now();
    match script.byte() % 3 {
        0 => frames(script),
        1 => notices(script, now),
        _ => World::new(now).run(script),
    }
}

/// Messages survive being put together again, in PDUs of any length.
fn frames(mut script: Script<'_>) {
    let cut = usize::from(script.byte()) + 1;
    let most = usize::from(script.byte());
    let mut receiver = Receiver::new(LIMIT);
    for piece in script.take(usize::MAX).chunks(cut) {
        receiver.feed(piece);
        while let Ok(Some(message)) = receiver.poll() {
            again(&message, most);
        }
        // A PDU that is not whole, and what is kept of messages.
        assert!(receiver.held() <= LIMIT + (1 << 16) + 4096 + 24);
    }
}

fn again(message: &Message, most: usize) {
    let mut wire = Vec::new();
    message.encode(most, &mut wire).unwrap();
    let mut receiver = Receiver::new(LIMIT);
    receiver.feed(&wire);
    assert_eq!(receiver.poll().as_ref().map(Option::as_ref), Ok(Some(message)));
    for attribute in &message.body {
        let _ = (
            attribute.text(),
            attribute.number(),
            attribute.long(),
            attribute.address(),
        );
    }
}

fn notices(mut script: Script<'_>, now: Instant) {
    let mut listener = Listener::new(name());
    while !script.is_empty() {
        let piece = script.piece();
        listener.handle_input(now, piece);
        while listener.poll().is_some() {}
        if script.flag() {
            listener.sent(listener.output().len());
        }
    }
    if let Some(at) = listener.poll_timeout() {
        listener.handle_timeout(at);
        assert!(listener.is_over() && listener.poll_timeout().is_none());
    }
}

fn name() -> IscsiName {
    INITIATOR.parse().unwrap()
}

struct World {
    client: Client,
    now: Instant,
    open: BTreeSet<Ticket>,
    /// What the client asked last, for answers that fit.
    asked: Option<Message>,
    heard: Receiver,
}

impl World {
    fn new(now: Instant) -> Self {
        let mut config = Config::new(name(), Duration::from_secs(5), 1);
        config.limits = LIMITS;
        config.message_limit = LIMIT;
        Self {
            client: Client::new(config),
            now,
            open: BTreeSet::new(),
            asked: None,
            heard: Receiver::new(1 << 20),
        }
    }

    fn run(mut self, mut script: Script<'_>) {
        while !script.is_empty() {
            match script.byte() % 4 {
                0 => self.ask(&mut script),
                1 => {
                    let piece = script.piece();
                    self.client.handle_input(self.now, piece);
                }
                2 => self.answer(&mut script),
                _ => self.wait(),
            }
            self.settle();
        }
        self.client.closed();
        self.settle();
        assert!(self.open.is_empty(), "never ended: {:?}", self.open);
        assert!(self.client.is_over() && self.client.poll_timeout().is_none());
    }

    fn ask(&mut self, script: &mut Script<'_>) {
        let request = match script.byte() % 6 {
            0 => Request::Targets,
            1 => Request::Walk,
            2 => Request::Register(registration(script.byte())),
            3 => Request::Deregister { entity: None },
            4 => Request::Subscribe(ScnBitmap::OF_TARGETS),
            _ => Request::Refresh,
        };
        let ticket = self.client.submit(self.now, request);
        self.open.insert(ticket);
    }

    /// Anything as the answer to what was asked: a status, then attributes.
    fn answer(&mut self, script: &mut Script<'_>) {
        let Some(asked) = &self.asked else { return };
        let payload = script.piece();
        let len = u16::try_from(payload.len() & !3).unwrap();
        let mut wire = Vec::new();
        for field in [1, asked.function.response().0, len, 0x4c00, asked.xid, 0] {
            wire.extend_from_slice(&field.to_be_bytes());
        }
        wire.extend_from_slice(payload.get(..len.into()).unwrap());
        self.client.handle_input(self.now, &wire);
    }

    fn wait(&mut self) {
        if let Some(at) = self.client.poll_timeout() {
            assert!(at >= self.now);
            self.now = at;
            self.client.handle_timeout(at);
        }
    }

    fn settle(&mut self) {
        self.heard.feed(self.client.output());
        self.client.sent(usize::MAX);
        while let Some(message) = self.heard.poll().unwrap() {
            if !message.function.is_response() {
                self.asked = Some(message);
            }
        }
        while let Some(event) = self.client.poll() {
            let Event::Ended(ticket, result) = event else {
                continue;
            };
            assert!(self.open.remove(&ticket), "{ticket:?} ended twice");
            if let Ok(Done::Targets(answer)) = result {
                assert!(answer.targets.len() <= LIMITS.targets && answer.left_out.len() <= LIMITS.left_out);
                let most = 2 * LIMITS.portals;
                assert!(
                    answer
                        .targets
                        .iter()
                        .all(|t| (1..=most).contains(&t.portals.len()))
                );
            }
        }
        assert_eq!(self.client.poll_timeout().is_none(), self.open.is_empty());
    }
}

fn registration(choice: u8) -> Registration {
    let portal = |n: u8| Served {
        tag: (choice & 4 != 0).then_some(u16::from(n)),
        ..Served::at(([192, 0, 2, n], 3260).into())
    };
    Registration {
        entity: (choice & 1 != 0).then(|| "host.example".to_owned()),
        kind: NodeType::INITIATOR,
        alias: None,
        period: None,
        portals: (1..=choice >> 5).map(portal).collect(),
    }
}
