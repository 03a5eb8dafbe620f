//! Runs actors on one reactor: select, then a synchronous apply.
//!
//! Owns the order of calls. It must not know what an actor does.

use std::io;
use std::time::Instant;

use crate::reactor::{Reactor, Ready};

/// Something that lives on the reactor: it owns descriptors and deadlines and reacts to both without blocking.
pub trait Actor {
    /// One of the actor's descriptors is ready. Tokens it no longer knows are to be ignored.
    fn ready(&mut self, reactor: &mut Reactor, now: Instant, ready: Ready);

    /// When [`Actor::tick`] is wanted at the latest; `None` when only readiness matters.
    fn deadline(&self) -> Option<Instant>;

    /// Called when the deadline has passed, and once after every batch of readiness, so that an actor can flush.
    fn tick(&mut self, reactor: &mut Reactor, now: Instant);

    /// The actor has nothing more to do and the loop may end.
    fn finished(&self) -> bool {
        false
    }
}

/// Waits once (until `limit` at the latest) and lets every actor react. Actor `i` of the slice owns tokens of owner `i`.
///
/// # Errors
/// Only what the reactor itself answers.
pub fn turn(
    reactor: &mut Reactor,
    actors: &mut [&mut dyn Actor],
    limit: Option<Instant>,
    batch: &mut Vec<Ready>,
) -> io::Result<()> {
    let deadline = actors
        .iter()
        .filter_map(|actor| actor.deadline())
        .chain(limit)
        .min();
    reactor.wait(deadline, batch)?;
    let now = Instant::now();
    for ready in batch.iter().copied() {
        if let Some(actor) = actors.get_mut(ready.token.owner() as usize) {
            actor.ready(reactor, now, ready);
        }
    }
    for actor in actors.iter_mut() {
        if !batch.is_empty() || actor.deadline().is_some_and(|at| at <= now) {
            actor.tick(reactor, now);
        }
    }
    Ok(())
}

/// Turns the loop until one actor says that it is finished.
///
/// # Errors
/// Only what the reactor itself answers.
pub fn run(reactor: &mut Reactor, actors: &mut [&mut dyn Actor]) -> io::Result<()> {
    let mut batch = Vec::new();
    while !actors.iter().any(|actor| actor.finished()) {
        turn(reactor, actors, None, &mut batch)?;
    }
    Ok(())
}
