//! What an adapter's discovery came to: the answer to the question that was asked, and what of it the adapter made nothing of.
//!
//! Owns how the adapter's doing (new sessions) and the portal's list, as this host sees it, are put together to a [`Discovery`]. Must not know how
//! either is had.
//! A driver does not say whether a portal answered, so a session that was there before is never taken for an answer.

use std::net::{IpAddr, SocketAddr};

use super::discover::portal_of;
use super::find::same_address;
use crate::backend::{ListOutcome, ListedTarget, ProbeOutcome};
use crate::discovery::{Answer, ByAdapter, Discovery, LeftOut, Means, Path, PathState, Present, Store};
use crate::error::{Error, Kind, Result, Status};
use crate::ids::{HostNo, Portal};
use crate::message::Message;
use crate::model::Session;
use crate::step::Step;

/// The adapter's side of a discovery.
pub(super) struct Doing {
    /// The port.
    pub(super) host: HostNo,
    /// Sessions that were not there before.
    pub(super) new: Vec<Session>,
    /// Sessions of the port that were.
    pub(super) old: Vec<Session>,
    /// New ones that were ended again: they are excluded, or would have ended others.
    pub(super) ended: Vec<LeftOut>,
    /// Families of addresses that the port can call.
    pub(super) families: Families,
}

/// Families of addresses that a port can call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Families {
    pub(super) v4: bool,
    pub(super) v6: bool,
}

impl Families {
    pub(super) fn have(self, address: IpAddr) -> bool {
        if address.is_ipv4() { self.v4 } else { self.v6 }
    }
}

/// What is known of a discovery: the adapter's doing, and what the portal lists to this host.
pub(super) fn put_together(
    asked: Portal,
    doing: Doing,
    list: ListOutcome,
    tried: &str,
) -> Result<(Discovery, Vec<Message>)> {
    let mut found = Discovery::new(Means::Adapter, asked.to_string(), Answer::Found);
    let mut made = ByAdapter {
        left_out: doing.ended.clone(),
        ..ByAdapter::default()
    };
    let mut remarks = Vec::new();
    match list {
        ListOutcome::Listed(targets) => {
            found.listed = Some(targets.len());
            compare(asked, &doing, &targets, &mut made);
            let named = |s: &&Session| !unlisted(asked, &targets, s);
            made.sessions = doing.new.iter().filter(named).cloned().collect();
            for stray in doing.new.iter().filter(|s| unlisted(asked, &targets, s)) {
                remarks.push(
                    Message::from(format!(
                        "session {} ({}) came up meanwhile, and {asked} does not list it to this host: it may be left of an earlier discovery; ",
                        stray.sid, stray.target_name
                    ))
                    .then(Step::SessionLogout(stray.sid))
                    .then(" ends it"),
                );
            }
            if targets.is_empty() && made.sessions.is_empty() {
                found.answer = Answer::Nothing;
            } else if made.sessions.is_empty() && made.present.is_empty() && doing.ended.is_empty() {
                return Err(unusable(&made.left_out, targets.len(), tried));
            }
        }
        ListOutcome::Not(why) if doing.new.is_empty() && doing.ended.is_empty() => {
            return Err(no_list(&why, &doing, asked, tried));
        }
        ListOutcome::Not(why) => {
            made.sessions = doing.new;
            remarks.push(format!("what the portal lists beside this is not known: {}", told(&why)).into());
        }
    }
    found.adapter = Some(made);
    Ok((found, remarks))
}

/// The paths of an answer, out of what the adapter made of it; `kept` says whether a path is in flash.
pub(super) fn paths(made: &ByAdapter, kept: impl Fn(&str, &str) -> bool) -> Vec<Path> {
    let stored = |path: Path| Path {
        stored: if kept(&path.target, &path.portal) {
            vec![Store::Flash]
        } else {
            Vec::new()
        },
        ..path
    };
    let new = made.sessions.iter().map(|s| {
        let at = portal_of(s).map_or_else(|| "n/a".to_owned(), plain);
        stored(Path::new(&s.target_name, at, PathState::New))
    });
    let present = made
        .present
        .iter()
        .map(|p| stored(Path::new(&p.target, &p.portal, PathState::Found)));
    let left_out = made
        .left_out
        .iter()
        .map(|l| Path::left_out(&l.target, &l.portal, &l.why));
    new.chain(present).chain(left_out).collect()
}

/// Where a target is listed; a target without portals is at the one that was asked.
pub(super) fn places(
    asked: Portal,
    target: &ListedTarget,
) -> Vec<(String, std::result::Result<Portal, String>)> {
    if target.portals.is_empty() {
        return vec![(asked.to_string(), Ok(asked))];
    }
    let place = |p: &crate::backend::ListedPortal| (p.text.clone(), p.at.clone());
    target.portals.iter().map(place).collect()
}

fn goes_to(session: &Session, name: &str, at: Portal) -> bool {
    session.target_name == name
        && session.connections.iter().any(|c| {
            c.persistent_port == Some(at.port)
                && c.persistent_address
                    .as_deref()
                    .is_some_and(|a| same_address(a, &at.address.to_string()))
        })
}

fn unlisted(asked: Portal, targets: &[ListedTarget], session: &Session) -> bool {
    !targets.iter().filter(|t| t.name == session.target_name).any(|t| {
        places(asked, t)
            .into_iter()
            .any(|(_, at)| at.is_ok_and(|at| goes_to(session, &t.name, at)))
    })
}

/// What of the list the adapter has, and what not.
fn compare(asked: Portal, doing: &Doing, targets: &[ListedTarget], found: &mut ByAdapter) {
    for target in targets {
        for (text, at) in places(asked, target) {
            let why = match at {
                Err(why) => why,
                Ok(at) if doing.new.iter().any(|s| goes_to(s, &target.name, at)) => continue,
                Ok(at)
                    if doing
                        .ended
                        .iter()
                        .any(|l| l.target == target.name && l.portal == plain(at)) =>
                {
                    continue;
                }
                Ok(at) => match doing.old.iter().find(|s| goes_to(s, &target.name, at)) {
                    Some(old) => {
                        found.present.push(Present {
                            target: target.name.clone(),
                            portal: plain(at),
                            sid: old.sid,
                            state: old.state.clone(),
                        });
                        continue;
                    }
                    None if !doing.families.have(at.address) => {
                        format!("{} has no {} address", doing.host, family(at.address))
                    }
                    None => format!(
                        "the adapter made no session of it; with the {} it has, its table may be full",
                        doing.new.len() + doing.old.len()
                    ),
                },
            };
            found.left_out.push(LeftOut {
                target: target.name.clone(),
                portal: text,
                why,
                twin: None,
            });
        }
    }
}

/// A portal without its tag.
pub(super) fn plain(at: Portal) -> String {
    SocketAddr::new(at.address, at.port).to_string()
}

pub(super) fn family(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "IPv4" } else { "IPv6" }
}

/// So many of what was left out are named in an error.
const NAMED: usize = 3;

fn unusable(left_out: &[LeftOut], count: usize, tried: &str) -> Error {
    let mut named: Vec<String> = left_out
        .iter()
        .take(NAMED)
        .map(|l| format!("{} at {}: {}", l.target, l.portal, l.why))
        .collect();
    if let Some(more) = left_out.len().checked_sub(NAMED + 1) {
        named.push(format!("and {} more", more + 1));
    }
    let targets = if count == 1 { "1 target" } else { "targets" };
    let targets = if count == 1 {
        targets.to_owned()
    } else {
        format!("{count} {targets}")
    };
    Error::new(Kind::Failed, tried)
        .answered(format!(
            "unusable: the portal lists {targets}, and the adapter can use none: {}",
            named.join("; ")
        ))
        .hint(Message::from("add a target at an address that the adapter reaches: ").then(Step::FlashAdd))
}

/// Why there is no list, in the words of who asked.
pub(super) fn told(why: &ProbeOutcome) -> String {
    match why {
        ProbeOutcome::Refused(why) => format!("asked by this host, it refused: {why}"),
        ProbeOutcome::Unreachable(why) => format!("this host does not reach it: {why}"),
        ProbeOutcome::Silent(why) => {
            format!("asked by this host, something is there and speaks no iscsi: {why}")
        }
        ProbeOutcome::Unknown(why) => format!("this host could not ask: {why}"),
        ProbeOutcome::Accepted | ProbeOutcome::AcceptedMd5Alone => "this host got no list".to_owned(),
    }
}

fn no_list(why: &ProbeOutcome, doing: &Doing, asked: Portal, tried: &str) -> Error {
    let verdict = match why {
        ProbeOutcome::Refused(_) => "refused",
        ProbeOutcome::Unreachable(_) | ProbeOutcome::Silent(_) => "no answer",
        _ => "no answer is known",
    };
    let over = |s: &&Session| {
        s.connections.iter().any(|c| {
            c.persistent_port == Some(asked.port)
                && c.persistent_address
                    .as_deref()
                    .is_some_and(|a| same_address(a, &asked.address.to_string()))
        })
    };
    let before = match doing.old.iter().find(over) {
        Some(old) => format!(
            "; session {} over this portal was there before and tells nothing of it",
            old.sid
        ),
        None => String::new(),
    };
    let status = match why {
        ProbeOutcome::Refused(_) => Status::LoginFailed,
        ProbeOutcome::Unreachable(_) | ProbeOutcome::Silent(_) => Status::ConnectionFailed,
        _ => Status::Failed,
    };
    let error = Error::new(Kind::Failed, tried)
        .with_status(status)
        .answered(format!(
            "{verdict}: the adapter found nothing new, and its driver does not say why; {}{before}",
            told(why)
        ));
    match why {
        ProbeOutcome::Refused(_) => error.hint(
            Message::from("ask with the account that the portal wants: ")
                .then(Step::ChapList)
                .then(" and ")
                .then(Step::WithChap),
        ),
        ProbeOutcome::Silent(_) => {
            error.hint("look what listens there; an iscsi target's port is 3260 mostly")
        }
        _ => error.hint(Step::Ping.then(" tells whether the adapter reaches the address")),
    }
}
