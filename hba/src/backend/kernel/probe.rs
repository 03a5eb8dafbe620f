//! Logins of this host's own, over its own TCP, to learn what drivers do not pass on: why a target refuses the adapter, what a portal lists.
//!
//! This asks the same portal the same way, as far as the host can reach it, and logs out at once. All CHAP algorithms are offered; targets
//! that refuse every list are asked once more with MD5 alone. Must not know when to ask. Source: RFC 7143 §11.13.5 (login status), §12.1.3
//! (CHAP), appendix C (SendTargets).

use std::io::{ErrorKind, IoSlice, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use iscsi::address::{Host, TargetAddress};
use iscsi::chap::{ChapAccount, ChapAlgorithm, ChapSecret};
use iscsi::initiator::{
    Auth, Config, DiscoveredTarget, Event, FailureKind, Initiator, Listing, LoginFailure,
};
use iscsi::names::MAX_NAME;
use iscsi::{IscsiName, Isid, LinkLoss};

use crate::backend::{
    ChapRecord, ListOutcome, ListProbe, ListedPortal, ListedTarget, LoginProbe, ProbeOutcome, Refusal,
};
use crate::deadline::Deadline;
use crate::ids::{Portal, why_not};
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
    match ask(
        &probe.initiator,
        Some(target),
        probe.portal,
        probe.chap.as_ref(),
        deadline,
    ) {
        (Said::LoggedIn | Said::Targets(_), Offered::All) => ProbeOutcome::Accepted,
        (Said::LoggedIn | Said::Targets(_), Offered::Md5Alone) => ProbeOutcome::AcceptedMd5Alone,
        (Said::Nothing(outcome), _) => outcome,
    }
}

/// Asks for the targets of a portal; every wait ends at the deadline.
pub(super) fn list(probe: &ListProbe, deadline: Deadline) -> ListOutcome {
    match ask(
        &probe.initiator,
        None,
        probe.portal,
        probe.chap.as_ref(),
        deadline,
    )
    .0
    {
        Said::Targets(listing) => {
            let nameless = listing.unusable_names.into_iter().map(nameless);
            ListOutcome::Listed(listing.targets.into_iter().map(listed).chain(nameless).collect())
        }
        Said::LoggedIn => ListOutcome::Not(ProbeOutcome::Silent(
            "it took the login and did not answer SendTargets".to_owned(),
        )),
        Said::Nothing(outcome) => ListOutcome::Not(outcome),
    }
}

/// What the other side said.
enum Said {
    LoggedIn,
    Targets(Listing),
    Nothing(ProbeOutcome),
}

/// With which CHAP algorithms it was asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Offered {
    All,
    Md5Alone,
}

type Chap = (ChapRecord, Option<ChapRecord>);

fn ask(
    initiator: &str,
    target: Option<IscsiName>,
    portal: SocketAddr,
    chap: Option<&Chap>,
    deadline: Deadline,
) -> (Said, Offered) {
    let (said, again) = attempt(initiator, target.clone(), portal, chap, Offered::All, deadline);
    if !(again && chap.is_some()) || deadline.expired() {
        return (said, Offered::All);
    }
    let (second, _) = attempt(initiator, target, portal, chap, Offered::Md5Alone, deadline);
    let all = ChapAlgorithm::list(&ChapAlgorithm::OFFER);
    match (said, second) {
        (Said::Nothing(ProbeOutcome::Refused(first)), Said::Nothing(ProbeOutcome::Refused(second))) => {
            let kind = first.kind;
            let both = if first == second {
                format!("{first}, with the CHAP algorithms {all} and with MD5 alone")
            } else {
                format!("{first} (with the CHAP algorithms {all}), and with MD5 alone {second}")
            };
            (
                Said::Nothing(ProbeOutcome::Refused(Refusal { why: both, kind })),
                Offered::All,
            )
        }
        (first, Said::Nothing(_)) => (first, Offered::All),
        (_, second) => (second, Offered::Md5Alone),
    }
}

/// One connection; says, too, whether another offer may be taken.
fn attempt(
    initiator: &str,
    target: Option<IscsiName>,
    portal: SocketAddr,
    chap: Option<&Chap>,
    offered: Offered,
    deadline: Deadline,
) -> (Said, bool) {
    let unknown = |why: &str| (Said::Nothing(ProbeOutcome::Unknown(why.to_owned())), false);
    let Ok(initiator) = initiator.parse() else {
        return unknown("the adapter's initiator name is no iscsi name");
    };
    let mut seed = [0; 32];
    if getrandom::fill(&mut seed).is_err() {
        return unknown("the system gives no random bytes");
    }
    // A session identifier of its own: the adapter's sessions are not touched.
    let [a, b, c, ..] = seed;
    let isid = Isid::from_random(u32::from_be_bytes([0, a, b, c]), PROBE_QUALIFIER);
    let lists = target.is_none();
    let mut config = Config::new(initiator, target, isid, seed);
    if let Some((out, back)) = chap {
        let (Some(outgoing), incoming) = (account(out), back.as_ref().and_then(account)) else {
            return unknown("the chap entry cannot be used");
        };
        config.auth = Auth::Chap {
            outgoing,
            incoming,
            algorithms: match offered {
                Offered::All => Vec::new(),
                Offered::Md5Alone => ChapAlgorithm::FALLBACK.to_vec(),
            },
            // As the adapter's own discovery: a portal that wants no proof for a list gets none.
            optional: lists,
        };
    }
    let left = deadline.remaining();
    if left.is_zero() {
        return unknown("no time was left to ask");
    }
    match TcpStream::connect_timeout(&portal, left) {
        Ok(stream) => talk(stream, Initiator::new(config, Instant::now()), lists, deadline),
        Err(error) => (Said::Nothing(ProbeOutcome::Unreachable(error.to_string())), false),
    }
}

fn talk(mut stream: TcpStream, mut engine: Initiator, lists: bool, deadline: Deadline) -> (Said, bool) {
    let mut said = None;
    loop {
        while let Some(event) = engine.poll_event() {
            match event {
                Event::LoggedIn(_) => {
                    said = Some(Said::LoggedIn);
                    if lists {
                        engine.send_targets(Instant::now());
                    } else {
                        engine.logout(Instant::now());
                    }
                }
                Event::Targets { result, .. } => {
                    said = Some(match result {
                        Ok(targets) => Said::Targets(targets),
                        Err(why) => Said::Nothing(ProbeOutcome::Refused(Refusal::other(why.to_string()))),
                    });
                    engine.logout(Instant::now());
                }
                Event::LoginFailed(why) => {
                    let other_offer = why.is_about_algorithms();
                    return (Said::Nothing(failed(why)), other_offer);
                }
                Event::Redirected { address, .. } if lists => {
                    return (
                        Said::Nothing(ProbeOutcome::Refused(Refusal::other(format!(
                            "the portal sends on to {address}"
                        )))),
                        false,
                    );
                }
                Event::Redirected { .. } => return (Said::LoggedIn, false),
                Event::LoggedOut { .. } | Event::Dropped(_) if said.is_some() => return ended(said, ""),
                _ => {}
            }
        }
        if let Err(error) = flush(&mut stream, &mut engine) {
            engine.closed(Instant::now(), LinkLoss::Reset);
            return ended(said, &error.to_string());
        }
        let left = deadline.remaining();
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return ended(said, "it takes the connection and does not answer in time");
        }
        match stream.read(engine.read_slot()) {
            Ok(0) => return ended(said, "it closes the connection during login"),
            Ok(n) => engine.received(Instant::now(), n),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return ended(said, &error.to_string()),
        }
    }
}

/// A login that failed: refused, or never answered as iSCSI has it.
fn failed(why: LoginFailure) -> ProbeOutcome {
    match why {
        LoginFailure::TimedOut | LoginFailure::Link(_) | LoginFailure::Frame(_) => {
            ProbeOutcome::Silent(why.to_string())
        }
        _ => ProbeOutcome::Refused(Refusal {
            why: why.to_string(),
            kind: kind(&why),
        }),
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

fn ended(said: Option<Said>, why: &str) -> (Said, bool) {
    let silent = || Said::Nothing(ProbeOutcome::Silent(why.to_owned()));
    (said.unwrap_or_else(silent), false)
}

fn flush(stream: &mut TcpStream, engine: &mut Initiator) -> std::io::Result<()> {
    loop {
        let mut slices: Vec<IoSlice<'_>> = Vec::new();
        engine.write_slices(&mut slices);
        if slices.iter().all(|slice| slice.is_empty()) {
            return Ok(());
        }
        let n = stream.write_vectored(&slices)?;
        engine.sent(Instant::now(), n);
    }
}

fn account(record: &ChapRecord) -> Option<ChapAccount> {
    let secret = ChapSecret::new(record.secret.expose().to_vec()).ok()?;
    Some(ChapAccount {
        name: record.username.clone(),
        secret,
    })
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

/// Tells the probe's session identifier from an adapter's in a target's listing: "pr".
const PROBE_QUALIFIER: u16 = 0x7072;
