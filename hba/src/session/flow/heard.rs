//! What comes without being asked for: events of the kernel, and the time.

use std::time::Instant;

use driver_sys::netlink::Event;
use driver_sys::netlink::Pdu;
use driver_sys::netlink::code::IscsiErr;
use iscsi::initiator::LoginFailure;

use super::event::{Failure, FlowEvent, Loss, Unreached};
use super::machine::{CID, End, Flow, Stage};
use super::told::{self, Told};

impl Flow {
    /// The kernel tells something of this flow's session.
    pub fn heard(&mut self, now: Instant, event: &Event) {
        match event {
            Event::RecvPdu { cid: CID, pdu, .. } => self.pdu(now, pdu),
            Event::ConnError { cid: CID, error, .. } => self.conn_error(*error),
            Event::ConnLoginState { cid: CID, state, .. } => self.login_state(*state),
            Event::SessionDestroyed { .. } => self.gone(),
            _ => {}
        }
        self.go(now);
    }

    /// The kernel shows the connection failed, after messages of its were lost.
    pub fn seen_lost(&mut self, now: Instant) {
        if self.stage == Stage::Up {
            self.lose(Loss::Seen);
        }
        self.go(now);
    }

    fn pdu(&mut self, now: Instant, pdu: &Pdu) {
        match self.stage {
            Stage::Login => {
                let cut = |_| Failure::Login(LoginFailure::BadField("length"));
                let taken = self.carrier.as_mut().map(|carrier| carrier.received(now, pdu));
                if let Some(Err(why)) = taken.map(|taken| taken.map_err(cut)) {
                    self.fail(why);
                }
            }
            Stage::LogOut => {
                if matches!(told::read(pdu), Told::LoggedOut) {
                    self.end = Some(End::Finish);
                }
            }
            Stage::Params | Stage::Start | Stage::Adapter | Stage::Up => match told::read(pdu) {
                Told::Event(event) => self.tell(event),
                Told::Lost(loss) if self.stage == Stage::Up => self.lose(loss),
                _ => {}
            },
            _ => {}
        }
    }

    fn conn_error(&mut self, error: IscsiErr) {
        match self.stage {
            Stage::Up => self.lose(Loss::Kernel(error)),
            Stage::LogOut => self.end = Some(End::Finish),
            Stage::Login | Stage::Params | Stage::Start | Stage::Adapter => {
                let (step, why) = (self.step(), Unreached::Conn(error));
                self.fail(Failure::Transport { step, why });
            }
            _ => {}
        }
    }

    fn lose(&mut self, loss: Loss) {
        self.stage = Stage::Lost;
        self.tell(FlowEvent::Lost(loss));
    }

    /// Somebody took the session away. An endpoint of ours still goes.
    fn gone(&mut self) {
        (self.made.sid, self.made.conn, self.made.bound) = (None, false, false);
        match self.stage {
            Stage::Undo | Stage::Done => {}
            Stage::Up | Stage::Lost | Stage::LogOut => {
                self.tell(FlowEvent::Gone);
                self.end = Some(End::Finish);
            }
            _ => self.fail(Failure::Transport {
                step: self.step(),
                why: Unreached::Conn(IscsiErr::SessionFailed),
            }),
        }
    }

    /// When [`Flow::handle_timeout`] has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.end.is_some() {
            return self.last.map(|(_, at)| at);
        }
        let engine = self
            .carrier
            .as_ref()
            .and_then(|carrier| carrier.engine.poll_timeout());
        [self.deadline, self.look, engine].into_iter().flatten().min()
    }

    /// It is later.
    pub fn handle_timeout(&mut self, now: Instant) {
        let over = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if self.end.is_some() {
            if over(self.last.map(|(_, at)| at)) && self.pending.is_some() {
                self.answer_lost(now, self.number);
            }
            return;
        }
        if over(self.deadline) {
            self.deadline = None;
            match self.stage {
                Stage::LogOut => self.end = Some(End::Finish),
                _ => self.fail(Failure::TimedOut(self.step())),
            }
        } else if let Some(carrier) = self.carrier.as_mut() {
            carrier.engine.handle_timeout(now);
        }
        if over(self.look) && self.end.is_none() && self.pending.is_none() {
            self.look();
        }
        self.go(now);
    }
}
