//! Logins of this host's own, over its own TCP, to learn what drivers do not pass on: why a target refuses the adapter, what a portal lists.
//!
//! This asks the same portal the same way, as far as the host can reach it, and logs out at once: with [`crate::initiator`]. Owns what the answer
//! means for an adapter. Must not know when to ask. Source: RFC 7143 §11.13.5 (login status).

use std::net::SocketAddr;

use iscsi::IscsiName;
use iscsi::address::{Host, TargetAddress};
use iscsi::initiator::{DiscoveredTarget, FailureKind, LoginFailure};
use iscsi::names::MAX_NAME;

use crate::backend::{
    ChapRecord, ListOutcome, ListProbe, ListedPortal, ListedTarget, LoginProbe, ProbeOutcome, Refusal,
};
use crate::deadline::Deadline;
use crate::ids::{Portal, why_not};
use crate::initiator::{Account, Answered, Chap, Login, Said, Source, ask};
use crate::model::LoginFailureType;

/// Logs in as the probe says; every wait ends at the deadline.
pub(super) fn run(probe: &LoginProbe, deadline: Deadline) -> ProbeOutcome {
    let target = match probe.target.parse::<IscsiName>() {
        Ok(name) => name,
        Err(why) => {
            return ProbeOutcome::Refused(Refusal::other(format!(
                "no login can carry the target's name: {why}"
            )));
        }
    };
    let answered = question(
        &probe.initiator,
        Some(target),
        probe.portal,
        probe.chap.as_ref(),
        deadline,
    );
    match (&answered.said, answered.md5_alone) {
        // A target that sends on has taken the login.
        (Said::LoggedIn | Said::Targets(_) | Said::Redirected { .. }, false) => ProbeOutcome::Accepted,
        (Said::LoggedIn | Said::Targets(_) | Said::Redirected { .. }, true) => ProbeOutcome::AcceptedMd5Alone,
        _ => nothing(answered),
    }
}

/// Asks for the targets of a portal; every wait ends at the deadline.
pub(super) fn list(probe: &ListProbe, deadline: Deadline) -> ListOutcome {
    let answered = question(
        &probe.initiator,
        None,
        probe.portal,
        probe.chap.as_ref(),
        deadline,
    );
    match answered.said {
        Said::Targets(listing) => {
            let nameless = listing.unusable_names.into_iter().map(nameless);
            ListOutcome::Listed(listing.targets.into_iter().map(listed).chain(nameless).collect())
        }
        _ => ListOutcome::Not(nothing(answered)),
    }
}

fn question(
    initiator: &str,
    target: Option<IscsiName>,
    portal: SocketAddr,
    chap: Option<&(ChapRecord, Option<ChapRecord>)>,
    deadline: Deadline,
) -> Answered {
    let account = |record: &ChapRecord| Account {
        name: record.username.clone(),
        secret: record.secret.clone(),
    };
    let login = Login {
        chap: chap.map(|(out, back)| Chap {
            outgoing: account(out),
            incoming: back.as_ref().map(account),
        }),
        ..Login::new(initiator, target)
    };
    ask(&login, portal, &Source::default(), deadline)
}

/// What a question came to that brought nothing.
fn nothing(answered: Answered) -> ProbeOutcome {
    let refusal = answered.refusal();
    match answered.said {
        Said::LoginFailed(why) if Said::is_silence(why) => ProbeOutcome::Silent(why.to_string()),
        Said::LoginFailed(why) => ProbeOutcome::Refused(Refusal {
            why: refusal.unwrap_or_else(|| why.to_string()),
            kind: kind(&why),
        }),
        Said::NoList(why) => ProbeOutcome::Refused(Refusal::other(why.to_string())),
        Said::Redirected { to, .. } => {
            ProbeOutcome::Refused(Refusal::other(format!("the portal sends on to {to}")))
        }
        Said::LoggedIn | Said::Targets(_) => {
            ProbeOutcome::Silent("it took the login and did not answer SendTargets".to_owned())
        }
        Said::Unreachable(why) => ProbeOutcome::Unreachable(why),
        Said::Silent(why) => ProbeOutcome::Silent(why),
        Said::Unknown(why) => ProbeOutcome::Unknown(why),
    }
}

/// The kind of a failure, as management interfaces have it.
fn kind(why: &LoginFailure) -> LoginFailureType {
    match (why, why.kind()) {
        // Our side does not believe the target, or has nothing in common with it.
        (LoginFailure::Chap(_) | LoginFailure::NoAuthMethod, _) => LoginFailureType::LoginAuthenticateFail,
        (_, FailureKind::Authentication | FailureKind::Authorization) => LoginFailureType::LoginAuthFail,
        (_, FailureKind::Negotiation) => LoginFailureType::LoginNegotiateFail,
        _ => LoginFailureType::LoginOtherFail,
    }
}

/// A listed target, with what an adapter makes of its portals.
fn listed(target: DiscoveredTarget) -> ListedTarget {
    let portal = |address: TargetAddress| ListedPortal {
        text: address.to_string(),
        at: usable(&address),
    };
    let unreadable = |text: String| ListedPortal {
        text,
        at: Err("it is no portal".to_owned()),
    };
    ListedTarget {
        name: target.name.to_string(),
        portals: target
            .addresses
            .into_iter()
            .map(portal)
            .chain(target.unusable.into_iter().map(unreadable))
            .collect(),
    }
}

/// A target whose name nothing can carry.
fn nameless(name: String) -> ListedTarget {
    ListedTarget {
        name,
        portals: vec![ListedPortal {
            text: "n/a".to_owned(),
            at: Err(format!(
                "its name cannot be carried: 1 to {MAX_NAME} bytes of UTF-8 without blanks and control characters can"
            )),
        }],
    }
}

fn usable(address: &TargetAddress) -> Result<Portal, String> {
    let ip = match &address.host {
        Host::Ip(ip) => *ip,
        Host::Scoped(_, zone) => {
            return Err(format!(
                "it is link-local, and its scope {zone} is the other side's"
            ));
        }
        Host::Name(_) => return Err("it is a name, and adapters resolve no names".to_owned()),
    };
    match why_not(ip) {
        Some(why) => Err(why.to_owned()),
        None => Ok(Portal {
            address: ip,
            port: address.port,
            tag: address.tag,
        }),
    }
}
