//! A daemon's part, as a script orders it: endpoints and sessions of user space.
//!
//! Owns the words of the orders and what of them is written down. How a session is made is [`crate::offload`]'s.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use driver_sys::endpoint::Endpoint;
use driver_sys::netlink::code::GROUP_ISCSID;
use driver_sys::netlink::{Event, Request, Return};
use nix::errno::Errno;

use super::{Class, Setup};
use crate::netlink::Client;
use crate::offload::{Session, Wanted, endpoint};

const PATIENCE: Duration = Duration::from_secs(60);
/// How long one look at an endpoint takes.
const LOOK_MS: u32 = 20;

/// What a daemon is to do. What it makes has a name, and its number stands in the place of `$NAME` from then on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    verb: Verb,
    name: String,
    /// Where to, if that is not the target.
    to: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Connect,
    Connected,
    Disconnect,
    Login,
    Lost,
    Recover,
    End,
}

impl Verb {
    const ALL: [(&'static str, Self); 7] = [
        ("connect", Self::Connect),
        ("connected", Self::Connected),
        ("disconnect", Self::Disconnect),
        ("login", Self::Login),
        ("lost", Self::Lost),
        ("recover", Self::Recover),
        ("end", Self::End),
    ];
}

impl Act {
    /// What it makes or uses is called so.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Reads `VERB NAME [ADDRESS:PORT]`.
    ///
    /// # Errors
    /// It is nothing that a daemon does.
    pub fn parse(words: &[String]) -> Result<Self> {
        let (verb, name, to) = match words {
            [verb, name] => (verb, name, None),
            [verb, name, to] if verb == "connect" => (verb, name, Some(to.clone())),
            _ => bail!("a daemon's order is VERB NAME"),
        };
        let known = Verb::ALL.iter().find(|(word, _)| word == verb);
        let (_, verb) = *known.with_context(|| format!("a daemon does not {verb}"))?;
        Ok(Self {
            verb,
            name: name.clone(),
            to,
        })
    }
}

/// The daemon.
#[derive(Debug)]
pub(super) struct Daemon {
    client: Client,
    host: u32,
    endpoints: BTreeMap<String, u64>,
    sessions: BTreeMap<String, Session>,
}

impl Daemon {
    pub(super) fn start(endpoint: &Endpoint, class: Class, host: u32) -> Result<Self> {
        Ok(Self {
            client: Client::on(endpoint, class.name(), GROUP_ISCSID)?,
            host,
            endpoints: BTreeMap::new(),
            sessions: BTreeMap::new(),
        })
    }

    /// Does it: what the kernel answered, and the number of what is called so now.
    pub(super) fn act(&mut self, setup: &Setup, act: &Act) -> Result<(String, Option<String>)> {
        let name = &act.name;
        match act.verb {
            Verb::Connect => {
                let portal = act.to.as_deref().map_or(Ok(setup.portal), str::parse)?;
                match endpoint::connect(&mut self.client, self.host, portal) {
                    Ok(handle) => {
                        self.endpoints.insert(name.clone(), handle);
                        Ok(("Ok".to_owned(), Some(handle.to_string())))
                    }
                    refused => said(refused.map(drop)),
                }
            }
            Verb::Connected => self.connected(name),
            Verb::Disconnect => {
                let endpoint = self.endpoint(name)?;
                self.endpoints.remove(name);
                said(self.client.ask(&Request::EpDisconnect { endpoint }).map(drop))
            }
            Verb::Login => {
                let wanted = Wanted::plain(self.host, setup.portal, &setup.target)?;
                match Session::login(&mut self.client, wanted) {
                    Ok(session) => {
                        let sid = session.sid.to_string();
                        self.sessions.insert(name.clone(), session);
                        Ok(("Ok".to_owned(), Some(sid)))
                    }
                    refused => said(refused.map(drop)),
                }
            }
            Verb::Lost => {
                let sid = self.session(name)?.sid;
                let of = |event: &Event| matches!(event, Event::ConnError { sid: of, .. } if *of == sid);
                match self.client.event("an error of the connection", PATIENCE, of)? {
                    Event::ConnError { error, .. } => Ok((format!("{error:?}"), None)),
                    other => bail!("{other:?} is no error"),
                }
            }
            Verb::Recover => {
                let session = self.sessions.get_mut(name);
                let session = session.with_context(|| format!("there is no session {name}"))?;
                said(session.recover(&mut self.client))
            }
            Verb::End => {
                let session = self.sessions.remove(name);
                let session = session.with_context(|| format!("there is no session {name}"))?;
                said(session.end(&mut self.client))
            }
        }
    }

    /// What EP_POLL says once it says something. A failure is -1, whatever it was: EPERM.
    fn connected(&mut self, name: &str) -> Result<(String, Option<String>)> {
        let (endpoint, end) = (self.endpoint(name)?, Instant::now() + PATIENCE);
        let poll = Request::EpPoll {
            endpoint,
            timeout_ms: LOOK_MS,
        };
        loop {
            match self.client.ask(&poll) {
                Ok(Return::Code(0)) if Instant::now() < end => {}
                Ok(code) => return Ok((format!("{code:?}"), None)),
                refused => return said(refused.map(drop)),
            }
        }
    }

    fn endpoint(&self, name: &str) -> Result<u64> {
        let there = self.endpoints.get(name).copied();
        there.with_context(|| format!("there is no endpoint {name}"))
    }

    fn session(&self, name: &str) -> Result<&Session> {
        let there = self.sessions.get(name);
        there.with_context(|| format!("there is no session {name}"))
    }
}

/// That the kernel took it, or its errno. Anything else is no answer of a kernel.
fn said(answer: Result<()>) -> Result<(String, Option<String>)> {
    match answer {
        Ok(()) => Ok(("Ok".to_owned(), None)),
        Err(error) => match error.downcast_ref::<Errno>() {
            Some(errno) => Ok((format!("Err({errno:?})"), None)),
            None => Err(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Act> {
        Act::parse(&text.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn orders_of_a_daemon_are_read_and_the_rest_is_refused() {
        let connect = parsed("connect EP 127.0.0.1:9").unwrap();
        assert_eq!(
            (connect.verb, connect.to.as_deref()),
            (Verb::Connect, Some("127.0.0.1:9"))
        );
        for (word, verb) in Verb::ALL {
            assert_eq!(parsed(&format!("{word} SID")).unwrap().verb, verb);
        }
        for text in ["login", "sleep SID", "login SID 127.0.0.1:9", ""] {
            assert!(parsed(text).is_err(), "{text:?}");
        }
    }
}
