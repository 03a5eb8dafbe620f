//! What the rooms of iSNS keep to, each where it is used.

mod answers;
mod bytes;
mod clients;
mod frames;
mod notices;
mod registrations;
mod tables;

use std::time::{Duration, Instant};

use super::{Attributes, Client, Config, Event, Flags, Message, Receiver, Request, Status, Tag};
use crate::IscsiName;

const SOURCE: &str = "iqn.2026-01.example:host";
const WITHIN: Duration = Duration::from_secs(5);

fn name(text: &str) -> IscsiName {
    text.parse().unwrap()
}

#[allow(clippy::disallowed_methods, reason = "an origin for virtual time")]
fn origin() -> Instant {
    Instant::now()
}

/// A client and what a server is to it.
struct Pair {
    client: Client,
    server: Receiver,
    now: Instant,
}

impl Pair {
    fn new() -> Self {
        Self::with(Config::new(name(SOURCE), WITHIN, 7))
    }

    fn with(config: Config) -> Self {
        Self {
            client: Client::new(config),
            server: Receiver::new(1 << 20),
            now: origin(),
        }
    }

    fn ask(&mut self, request: Request) -> Message {
        self.client.submit(self.now, request);
        self.heard().expect("a request")
    }

    /// The next message of the client.
    fn heard(&mut self) -> Option<Message> {
        let bytes = self.client.output().to_vec();
        self.client.sent(bytes.len());
        self.server.feed(&bytes);
        self.server.poll().unwrap()
    }

    fn say(&mut self, message: &Message) {
        let mut bytes = Vec::new();
        message.encode(65532, &mut bytes).unwrap();
        self.client.handle_input(self.now, &bytes);
    }

    fn answer(&mut self, to: &Message, status: Status, body: Attributes) {
        self.say(&to.answered(Flags::SERVER, status, body));
    }

    fn event(&mut self) -> Option<Event> {
        self.client.poll()
    }

    /// Answers everything by `serve` until the request has ended.
    fn serve(
        &mut self,
        mut asked: Message,
        mut serve: impl FnMut(&Message) -> (Status, Attributes),
    ) -> Event {
        for _ in 0..100_000 {
            let (status, body) = serve(&asked);
            self.answer(&asked, status, body);
            if let Some(event) = self.event() {
                return event;
            }
            asked = self.heard().expect("neither an end nor a request");
        }
        panic!("it never ends");
    }
}

/// A list made by `with`.
fn list(with: impl FnOnce(&mut Attributes)) -> Attributes {
    let mut body = Attributes::new();
    with(&mut body);
    body
}

/// Texts of an attribute among others.
fn texts<'a>(of: impl IntoIterator<Item = super::Attribute<'a>>, tag: Tag) -> Vec<String> {
    of.into_iter()
        .filter(|a| a.tag == tag)
        .map(|a| a.text().unwrap().to_owned())
        .collect()
}
