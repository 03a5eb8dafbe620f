//! One connection: bytes between a TCP stream and the engine, until it has said what was asked.
//!
//! Owns the loop and its waits. Must not know what the engine's words are about.

use std::io::{ErrorKind, IoSlice, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use iscsi::LinkLoss;
use iscsi::address::TargetAddress;
use iscsi::initiator::{Config, Event, Initiator, Listing, LoginFailure, TextFailure};

use crate::deadline::Deadline;

/// What the other side said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It took the login, and that was all it was asked, or all it answered.
    LoggedIn,
    /// Its targets.
    Targets(Listing),
    /// It sends us on.
    Redirected {
        /// For good.
        permanent: bool,
        /// Where to.
        to: TargetAddress,
    },
    /// There was no login.
    LoginFailed(LoginFailure),
    /// It took the login and gives no list.
    NoList(TextFailure),
    /// There was no connection.
    Unreachable(String),
    /// There was one, and nothing came of it in time.
    Silent(String),
    /// It was not asked.
    Unknown(String),
}

impl Said {
    /// Whether a login ended without an answer as iSCSI has it.
    #[must_use]
    pub const fn is_silence(why: LoginFailure) -> bool {
        matches!(
            why,
            LoginFailure::TimedOut | LoginFailure::Link(_) | LoginFailure::Frame(_)
        )
    }
}

pub(super) fn talk(mut stream: TcpStream, config: Config, deadline: Deadline) -> Said {
    let lists = config.target_name.is_none();
    let mut engine = Initiator::new(config, Instant::now());
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
                        Err(why) => Said::NoList(why),
                    });
                    engine.logout(Instant::now());
                }
                Event::LoginFailed(why) => return Said::LoginFailed(why),
                Event::Redirected { permanent, address } => {
                    return Said::Redirected {
                        permanent,
                        to: address,
                    };
                }
                Event::LoggedOut { .. } | Event::Dropped(_) if said.is_some() => return ended(said, ""),
                _ => {}
            }
        }
        if let Err(error) = flush(&mut stream, &mut engine) {
            engine.closed(Instant::now(), LinkLoss::Reset);
            return ended(said, &error.to_string());
        }
        let left = deadline.remaining();
        if left.is_zero() {
            return ended(said, "it takes the connection and does not answer in time");
        }
        // The engine's own limits count, too.
        let own = engine
            .poll_timeout()
            .map(|at| at.saturating_duration_since(Instant::now()));
        let wait = own.map_or(left, |own| own.min(left)).max(SHORTEST);
        if stream.set_read_timeout(Some(wait)).is_err() {
            return ended(said, "it takes the connection and does not answer in time");
        }
        match stream.read(engine.read_slot()) {
            Ok(0) => return ended(said, "it closes the connection during login"),
            Ok(n) => engine.received(Instant::now(), n),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                engine.handle_timeout(Instant::now());
            }
            Err(error) => return ended(said, &error.to_string()),
        }
    }
}

/// A wait of zero would last for ever.
const SHORTEST: std::time::Duration = std::time::Duration::from_millis(1);

fn ended(said: Option<Said>, why: &str) -> Said {
    said.unwrap_or_else(|| Said::Silent(why.to_owned()))
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
