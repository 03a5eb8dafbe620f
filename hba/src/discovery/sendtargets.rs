//! SendTargets in software: this host asks a portal for its targets, over its own TCP.
//!
//! Owns the shell around a [`Quest`] and what is told of its end. Must not know records, nor what becomes of the answer. Source: RFC 7143 appendix C.

use std::net::{SocketAddr, SocketAddrV6};

use iscsi::address::TargetAddress;
use iscsi::initiator::FailureKind;

use super::answer::Hop;
use super::heard::Heard;
use super::quest::{Next, Quest, Verdict};
use super::resolve::Resolver;
use crate::deadline::Deadline;
use crate::error::{Error, Kind, Result, Status};
use crate::initiator::{Answered, Login, Said, Source, ask as ask_one};
use crate::message::Message;
use crate::step::Step;

/// Where we are sent on is followed so often, as the peer does where a record says nothing else.
pub const REDIRECT_MAX: u32 = 8;

/// A question for the targets of a portal.
#[derive(Debug, Clone)]
pub struct Asking {
    /// Whom to ask; a name is looked up, and all of its addresses are tried.
    pub portal: TargetAddress,
    /// As whom, and with what.
    pub login: Login,
    /// Where the question goes out.
    pub source: Source,
    /// How often being sent on is followed.
    pub redirect_max: u32,
}

/// A portal's answer.
#[derive(Debug, Clone)]
pub struct Listed {
    /// What it names.
    pub heard: Heard,
    /// Who answered at last.
    pub by: SocketAddr,
    /// Where we were sent on.
    pub hops: Vec<Hop>,
    /// Remarks on the way: addresses that did not answer, portals that moved for good.
    pub remarks: Vec<Message>,
}

/// Asks; every wait ends at the deadline.
///
/// # Errors
/// [`Kind::Failed`] with who refused and why, or that nobody answered and what became of each address; [`Kind::Interrupted`].
pub fn ask(asking: &Asking, resolver: &Resolver<'_>, deadline: Deadline) -> Result<Listed> {
    let tried = format!("ask {} for its targets", asking.portal);
    let over = asking.source.device.as_deref();
    let mut quest = Quest::new(
        &asking.portal,
        over,
        asking.redirect_max,
        asking.login.patience,
        deadline.instant(),
    );
    let verdict = loop {
        let now = std::time::Instant::now();
        match quest.next(now) {
            Next::Resolve { name, until } => {
                let limit = deadline.at_most(until.saturating_duration_since(now));
                quest.resolved(resolver(&name, limit));
            }
            Next::Ask { at, zone, until } => {
                let limit = deadline.at_most(until.saturating_duration_since(now));
                quest.answered(match with_zone(at, zone.as_deref()) {
                    Ok(at) => ask_one(&asking.login, at, &asking.source, limit),
                    Err(why) => Answered::from(Said::Unreachable(why)),
                });
            }
            Next::Done(verdict) => break verdict,
        }
        if deadline.stopped() {
            return Err(Error::new(Kind::Interrupted, tried).answered("the end was asked for"));
        }
    };
    let remarks = remarks(asking, &quest, &verdict);
    match verdict {
        Verdict::Listed {
            listing, by, zone, ..
        } => Ok(Listed {
            heard: Heard::of_listing(listing, by, zone.as_deref()),
            by,
            hops: quest.hops().to_vec(),
            remarks,
        }),
        verdict => Err(refused(asking, &quest, &verdict, &tried)),
    }
}

/// A link-local address is one of a link.
fn with_zone(at: SocketAddr, zone: Option<&str>) -> std::result::Result<SocketAddr, String> {
    match (at, zone) {
        (SocketAddr::V6(v6), Some(zone)) if v6.ip().is_unicast_link_local() => {
            let scope = nix::net::if_::if_nametoindex(zone)
                .map_err(|_| format!("there is no network device {}", zone.escape_debug()))?;
            Ok(SocketAddrV6::new(*v6.ip(), v6.port(), 0, scope).into())
        }
        (SocketAddr::V6(v6), None) if v6.ip().is_unicast_link_local() && v6.scope_id() == 0 => {
            Err("it is link-local: say of which link, as fe80::1%eth0".to_owned())
        }
        _ => Ok(at),
    }
}

fn remarks(asking: &Asking, quest: &Quest, verdict: &Verdict) -> Vec<Message> {
    let mut remarks = Vec::new();
    let Verdict::Listed { md5_alone, .. } = verdict else {
        return remarks;
    };
    for (at, why) in quest.tried() {
        remarks.push(format!("{} did not answer at {at}: {why}", asking.portal).into());
    }
    for hop in quest.hops() {
        let (how, next) = if hop.permanent {
            ("moved for good", "; ask there from now on")
        } else {
            ("moved for this time", "")
        };
        remarks.push(format!("{} {how}: it sends on to {}{next}", hop.from, hop.to).into());
    }
    if *md5_alone {
        remarks.push("the portal refuses every list of CHAP algorithms but MD5 alone".into());
    }
    remarks
}

fn refused(asking: &Asking, quest: &Quest, verdict: &Verdict, tried: &str) -> Error {
    let on_the_way = quest
        .hops()
        .iter()
        .map(|hop| format!("{} sends on to {}; ", hop.from, hop.to))
        .collect::<String>();
    let failed = Error::new(Kind::Failed, tried);
    match verdict {
        Verdict::Refused { by, why, failure } => {
            let error = failed
                .with_status(Status::LoginFailed)
                .answered(format!("{on_the_way}refused: {by} says: {why}"));
            let kind = failure.map(|why| why.kind());
            match (kind, asking.login.chap.is_some()) {
                (Some(FailureKind::Authentication), false) => error.hint(
                    Message::from("ask with the account that the portal wants: ").then(Step::WithAccount),
                ),
                (Some(FailureKind::Authentication), true) => {
                    error.hint("look at names and secrets on both sides, and at the CHAP algorithms")
                }
                (Some(FailureKind::Authorization), _) => {
                    error.hint("the portal does not know this initiator's name: let it in there")
                }
                _ => error,
            }
        }
        Verdict::Astray(why) => failed
            .with_status(Status::ConnectionFailed)
            .answered(format!("sent on: {why}")),
        Verdict::Listed { .. } | Verdict::Nobody => {
            let each: Vec<String> = quest
                .tried()
                .iter()
                .map(|(at, why)| format!("{at}: {why}"))
                .collect();
            failed
                .with_status(Status::ConnectionFailed)
                .answered(format!("no answer: {on_the_way}{}", each.join("; ")))
                .hint("look whether the portal is up and a route leads there; an iscsi portal's port is 3260 mostly")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

    use super::*;

    fn asking(portal: &str) -> Asking {
        Asking {
            portal: portal.parse().expect("a portal"),
            login: Login::new("iqn.2026-11.org.example:host", None),
            source: Source::default(),
            redirect_max: REDIRECT_MAX,
        }
    }

    fn soon() -> Deadline {
        Deadline::after(Duration::from_secs(60))
    }

    fn nobody() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        listener.local_addr().expect("its address")
    }

    #[test]
    fn nobody_answers_is_told_with_every_address_of_the_name() {
        let port = nobody().port();
        let both = |name: &str, _: Deadline| {
            assert_eq!(name, "storage.example");
            Ok(vec![
                "127.0.0.1".parse().expect("v4"),
                "127.0.0.2".parse().expect("v4"),
            ])
        };
        let error =
            ask(&asking(&format!("storage.example:{port}")), &both, soon()).expect_err("nobody is there");
        let said = error.answer().unwrap_or_default();
        assert!(said.starts_with("no answer: "), "{said}");
        for at in ["127.0.0.1", "127.0.0.2"] {
            assert!(said.contains(&format!("{at}:{port}: ")), "{said}");
        }
        assert_eq!(error.status(), Status::ConnectionFailed);
    }

    #[test]
    fn a_link_local_portal_needs_its_link() {
        let resolver = |_: &str, _: Deadline| Err("not asked".to_owned());
        let error = ask(&asking("[fe80::1]:3260"), &resolver, soon()).expect_err("which link");
        assert!(error.to_string().contains("say of which link"), "{error}");
        let error = ask(&asking("[fe80::1%no-such-dev]:3260"), &resolver, soon()).expect_err("no link");
        assert!(
            error.to_string().contains("no network device no-such-dev"),
            "{error}"
        );
    }
}
