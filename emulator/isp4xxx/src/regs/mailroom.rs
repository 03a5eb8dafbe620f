//! What the out-mailboxes hold, and when: one thing at a time, in the order in which the stock driver can take it.
//!
//! Owns the completion rule. The driver sets its "do not poll" flag after it has rung the doorbell, so a completion that comes
//! earlier is lost and the command waits a minute: complete [`SETTLE`] after the driver's trailing `ctrl_status` read, and raise
//! the same completion once more after [`REPEAT`] if no new doorbell came. Events wait until the command under way is done, unless
//! that has to wait for a target.
//! Source: `ql4_mbx.c` `qla4xxx_mailbox_command` (non-poll branch), `ql4_isr.c` `qla4xxx_isr_decode_mailbox`.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long after the driver's last look a command completes.
pub(super) const SETTLE: Duration = Duration::from_millis(4);
/// How long until a completion is raised again. Not sooner: on a machine so loaded that the driver's thread has not yet run after
/// the first, the second makes `mbx_intr_comp` count two, and the driver takes its next command for one that timed out. Not later: a
/// command whose completion was lost takes this long.
pub(super) const REPEAT: Duration = Duration::from_millis(900);
/// Most events that wait; older ones are dropped (the driver's own queue is as long).
const MAX_EVENTS: usize = 512;

/// Eight mailbox registers.
pub(super) type Mailboxes = [u32; 8];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Raised {
    Event,
    Completion,
    Repeat,
}

/// The command under way.
#[derive(Debug)]
struct Pending {
    /// Its answer; `None` while somebody else has to answer first.
    answer: Option<Mailboxes>,
    /// When it completes at the earliest.
    due: Instant,
    /// The driver has had its look.
    looked: bool,
}

/// The out-mailboxes of a function.
#[derive(Debug, Default)]
pub(super) struct Mailroom {
    out: Mailboxes,
    raised: Option<Raised>,
    pending: Option<Pending>,
    repeat: Option<(Mailboxes, Instant)>,
    events: VecDeque<Mailboxes>,
}

impl Mailroom {
    /// The out-mailboxes.
    pub(super) fn out(&self) -> &Mailboxes {
        &self.out
    }

    /// Something waits to be read and acknowledged.
    pub(super) fn raised(&self) -> bool {
        self.raised.is_some()
    }

    /// The firmware has booted: it says so at once.
    pub(super) fn booted(&mut self, answer: Mailboxes) {
        *self = Self {
            out: answer,
            raised: Some(Raised::Completion),
            ..Self::default()
        };
    }

    /// A command came; this will be its answer, or one that is given with [`Mailroom::answer`].
    pub(super) fn command(&mut self, now: Instant, answer: Option<Mailboxes>) {
        if self.raised == Some(Raised::Repeat) {
            // It would be taken for the answer of this command.
            self.raised = None;
        }
        self.repeat = None;
        self.pending = Some(Pending {
            answer,
            due: now + SETTLE,
            looked: false,
        });
    }

    /// The answer of a command that had none yet.
    pub(super) fn answer(&mut self, now: Instant, answer: Mailboxes) {
        if let Some(pending) = &mut self.pending {
            pending.answer = Some(answer);
            pending.due = pending.due.max(now);
        }
    }

    /// The driver read `ctrl_status`.
    pub(super) fn looked(&mut self, now: Instant) {
        if let Some(pending) = &mut self.pending
            && !pending.looked
        {
            pending.due = now + SETTLE;
            pending.looked = true;
        }
    }

    /// An event of the firmware.
    pub(super) fn event(&mut self, event: Mailboxes) {
        if self.events.len() >= MAX_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    /// The driver has read the out-mailboxes.
    pub(super) fn acknowledged(&mut self, now: Instant) {
        if self.raised.take() == Some(Raised::Completion) {
            self.repeat = Some((self.out, now + REPEAT));
        }
    }

    /// Raises what is due. Only a driver that waits for interrupts gets repeats: one that polls sees the first.
    pub(super) fn advance(&mut self, now: Instant, interrupts: bool) {
        if self.raised.is_some() {
            return;
        }
        if let Some(Pending {
            answer: Some(answer),
            due,
            ..
        }) = self.pending
        {
            if due <= now {
                self.pending = None;
                self.raise(Raised::Completion, answer);
            }
        } else if let Some(event) = self.events.pop_front() {
            self.raise(Raised::Event, event);
        } else if let Some((answer, due)) = self.repeat
            && due <= now
        {
            self.repeat = None;
            if interrupts {
                self.raise(Raised::Repeat, answer);
            }
        }
    }

    /// When [`Mailroom::advance`] is wanted.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        if self.raised.is_some() {
            return None;
        }
        match (&self.pending, &self.repeat) {
            (Some(pending), _) => pending.answer.map(|_| pending.due),
            (None, repeat) => repeat.as_ref().map(|(_, due)| *due),
        }
    }

    fn raise(&mut self, what: Raised, out: Mailboxes) {
        self.out = out;
        self.raised = Some(what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "an instant to begin with")]
    fn start() -> Instant {
        Instant::now()
    }

    const DONE: Mailboxes = [0x4000, 0, 0, 0, 0, 0, 0, 0];
    const LINK: Mailboxes = [0x8010, 0, 0, 0, 0, 0, 0, 0];

    #[test]
    fn a_completion_comes_after_the_drivers_look_and_once_more_when_nothing_follows() {
        let mut room = Mailroom::default();
        let start = start();
        room.command(start, Some(DONE));
        room.event(LINK);
        let looked = start + Duration::from_millis(3);
        room.looked(looked);
        room.looked(looked + Duration::from_millis(2));
        room.advance(start + SETTLE, true);
        assert!(!room.raised());
        assert_eq!(room.poll_timeout(), Some(looked + SETTLE));
        let due = looked + SETTLE;
        room.advance(due, true);
        assert_eq!((room.raised(), room.out()), (true, &DONE));
        room.acknowledged(due);
        room.advance(due, true);
        assert_eq!((room.raised(), room.out()), (true, &LINK));
        room.acknowledged(due);
        room.advance(due + REPEAT, true);
        assert_eq!((room.raised(), room.out()), (true, &DONE));
        room.acknowledged(due + REPEAT);
        assert_eq!(room.poll_timeout(), None);
    }

    #[test]
    fn a_doorbell_takes_a_repeat_back() {
        let mut room = Mailroom::default();
        let start = start();
        room.command(start, Some(DONE));
        room.advance(start + SETTLE, true);
        room.acknowledged(start);
        room.advance(start + REPEAT, true);
        assert!(room.raised());
        room.command(start + REPEAT, Some([0x4005, 1, 2, 3, 4, 5, 6, 7]));
        assert!(!room.raised());
        room.advance(start + REPEAT + SETTLE, true);
        assert_eq!(room.out()[0], 0x4005);
    }

    #[test]
    fn a_driver_that_polls_gets_no_repeat() {
        let mut room = Mailroom::default();
        let start = start();
        room.command(start, Some(DONE));
        room.advance(start + SETTLE, false);
        room.acknowledged(start);
        room.advance(start + REPEAT, false);
        assert!(!room.raised());
        assert_eq!(room.poll_timeout(), None);
    }

    #[test]
    fn events_pass_a_command_that_waits_for_somebody_else() {
        let mut room = Mailroom::default();
        let start = start();
        room.command(start, None);
        room.looked(start);
        room.event(LINK);
        assert_eq!(room.poll_timeout(), None);
        room.advance(start + SETTLE, true);
        assert_eq!((room.raised(), room.out()), (true, &LINK));
        room.acknowledged(start + SETTLE);
        room.advance(start + REPEAT * 2, true);
        assert!(!room.raised(), "nothing to say before the answer");
        let answered = start + REPEAT * 3;
        room.answer(answered, DONE);
        assert_eq!(room.poll_timeout(), Some(answered));
        room.advance(answered, true);
        assert_eq!((room.raised(), room.out()), (true, &DONE));
        room.answer(answered, LINK);
        assert_eq!(room.out(), &DONE, "an answer to nothing is nothing");
    }
}
