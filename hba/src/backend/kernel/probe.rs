//! A login of this host's own, over its own TCP, to learn why the adapter's was refused.
//!
//! Drivers do not pass the target's login status on. This asks the same target the same way, as far as the host can reach it,
//! and logs out at once. Must not know when to ask. Source: RFC 7143 §11.13.5 (login status).

use std::io::{ErrorKind, IoSlice, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use iscsi::chap::{ChapAccount, ChapSecret};
use iscsi::initiator::{Auth, Config, Event, Initiator};
use iscsi::{Isid, LinkLoss};

use crate::backend::{ChapRecord, LoginProbe, ProbeOutcome};
use crate::deadline::Deadline;

/// Logs in as the probe says; every wait ends at the deadline.
pub(super) fn run(probe: &LoginProbe, deadline: Deadline) -> ProbeOutcome {
    let unknown = |why: &str| ProbeOutcome::Unknown(why.to_owned());
    let (Ok(initiator), Ok(target)) = (probe.initiator.parse(), probe.target.parse()) else {
        return unknown("a name is not an iscsi name");
    };
    let mut seed = [0; 32];
    if getrandom::fill(&mut seed).is_err() {
        return unknown("the system gives no random bytes");
    }
    // A session identifier of its own: the adapter's sessions are not touched.
    let [a, b, c, ..] = seed;
    let isid = Isid::from_random(u32::from_be_bytes([0, a, b, c]), PROBE_QUALIFIER);
    let mut config = Config::new(initiator, Some(target), isid, seed);
    if let Some((out, back)) = &probe.chap {
        let (Some(outgoing), incoming) = (account(out), back.as_ref().and_then(account)) else {
            return unknown("the chap entry cannot be used");
        };
        config.auth = Auth::Chap {
            outgoing,
            incoming,
            algorithms: Vec::new(),
            optional: false,
        };
    }
    let left = deadline.remaining();
    if left.is_zero() {
        return unknown("no time was left to ask");
    }
    match TcpStream::connect_timeout(&probe.portal, left) {
        Ok(stream) => talk(stream, Initiator::new(config, Instant::now()), deadline),
        Err(error) => ProbeOutcome::Unreachable(error.to_string()),
    }
}

fn talk(mut stream: TcpStream, mut engine: Initiator, deadline: Deadline) -> ProbeOutcome {
    let mut accepted = false;
    loop {
        while let Some(event) = engine.poll_event() {
            match event {
                Event::LoggedIn(_) => {
                    accepted = true;
                    engine.logout(Instant::now());
                }
                Event::LoginFailed(why) => return ProbeOutcome::Refused(why.to_string()),
                Event::Redirected { .. } => return ProbeOutcome::Accepted,
                Event::LoggedOut { .. } | Event::Dropped(_) if accepted => return ProbeOutcome::Accepted,
                _ => {}
            }
        }
        if let Err(error) = flush(&mut stream, &mut engine) {
            engine.closed(Instant::now(), LinkLoss::Reset);
            return ended(accepted, &error.to_string());
        }
        let left = deadline.remaining();
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return ended(accepted, "the target did not answer in time");
        }
        match stream.read(engine.read_slot()) {
            Ok(0) => return ended(accepted, "the target closed the connection during login"),
            Ok(n) => engine.received(Instant::now(), n),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return ended(accepted, &error.to_string()),
        }
    }
}

fn ended(accepted: bool, why: &str) -> ProbeOutcome {
    if accepted {
        ProbeOutcome::Accepted
    } else {
        ProbeOutcome::Unknown(why.to_owned())
    }
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

/// Tells the probe's session identifier from an adapter's in a target's listing: "pr".
const PROBE_QUALIFIER: u16 = 0x7072;
