//! The steps of a login, each begun when the one before is answered.
//!
//! Owns their order and what each asks. A socket or an endpoint comes first: a portal that does not answer makes no session. Source: open-iscsi
//! `usr/initiator.c` (`session_conn_poll`, `setup_full_feature_phase`), `usr/initiator_common.c`.

use std::time::{Duration, Instant};

use driver_sys::netlink::code::{ConnState, Uevent};
use driver_sys::netlink::{Attr, Bytes, Request, Return};
use iscsi::address::TargetAddress;
use iscsi::initiator::Event;
use nix::errno::Errno;

use super::carrier::Carrier;
use super::event::{Failure, FlowEvent, Redirected, Step, Unreached, Up};
use super::machine::{Action, CID, Flow, Stage};
use super::params;
use crate::quirks::driver::Flow as By;

const CMDS_MAX: u16 = 128;
const QUEUE_DEPTH: u16 = 32;
/// Where the kernel's count of commands begins.
const FIRST_CMD_SN: u32 = 1;
/// How long one look at an endpoint waits, in milliseconds. The kernel does nothing else meanwhile.
const LOOK_MS: u32 = 1;
/// How soon an endpoint is looked at again.
const AGAIN: Duration = Duration::from_millis(10);

impl Flow {
    /// Tells the host what it has to know.
    pub(super) fn prepare(&mut self) {
        (self.stage, self.prepared) = (Stage::Prepare, true);
        let Some(host_no) = self.attempt.link.host else {
            return;
        };
        let set = self.attempt.link.prepare.iter().map(|(param, value)| {
            let attr = Attr::new(*param, Bytes::c_text(value));
            Request::SetHostParam { host_no, attr }
        });
        self.queue = set.collect();
    }

    /// Begins what comes after a stage that has nothing more to ask; whether there is anything.
    pub(super) fn advance(&mut self, now: Instant) -> bool {
        match self.stage {
            Stage::Halt if !self.prepared => self.prepare(),
            Stage::Halt | Stage::Prepare => self.dial(now),
            Stage::Login => return self.pump(now),
            Stage::Params => {
                self.stage = Stage::Start;
                let sid = self.made.sid.unwrap_or_default();
                self.ask(Request::StartConn { sid, cid: CID });
            }
            Stage::Adapter if self.let_in => self.up(),
            Stage::Undo => return self.back(),
            _ => return false,
        }
        true
    }

    /// How long the target may take.
    fn patience(&self, now: Instant) -> Option<Instant> {
        let seconds = self.attempt.login.times.login;
        Some(now + Duration::from_secs(seconds.into()))
    }

    fn dial(&mut self, now: Instant) {
        self.stage = Stage::Dial;
        self.deadline = self.patience(now);
        let (to, non_blocking) = (self.portal.into(), true);
        match (self.attempt.link.flow, self.attempt.link.host) {
            (By::Socket, _) => self.out.push_back(Action::Dial(self.portal)),
            (_, None) => self.ask(Request::EpConnect { non_blocking, to }),
            (_, Some(host_no)) => self.ask(Request::EpConnectThroughHost {
                host_no,
                non_blocking,
                to,
            }),
        }
    }

    /// A connection to the target is there.
    pub(super) fn reached(&mut self) {
        let (initial_cmdsn, cmds_max, queue_depth) = (FIRST_CMD_SN, CMDS_MAX, QUEUE_DEPTH);
        if self.made.sid.is_some() {
            self.bind();
            return;
        }
        self.stage = Stage::Session;
        self.ask(match self.made.endpoint {
            Some(endpoint) => Request::CreateBoundSession {
                endpoint,
                initial_cmdsn,
                cmds_max,
                queue_depth,
            },
            None => Request::CreateSession {
                initial_cmdsn,
                cmds_max,
                queue_depth,
            },
        });
    }

    fn bind(&mut self) {
        self.stage = Stage::Bind;
        let request = Request::BindConn {
            sid: self.made.sid.unwrap_or_default(),
            cid: CID,
            endpoint: self.made.endpoint.unwrap_or_default(),
            is_leading: true,
        };
        self.ask_with(request, self.made.socket);
    }

    /// A request of this stage was answered.
    pub(super) fn done(&mut self, now: Instant, kind: Uevent, result: Result<Return, Errno>) {
        match (self.stage, result) {
            (Stage::Params, Err(Errno::ENOSYS)) => self.unset.extend(self.setting),
            (Stage::Dial | Stage::EpPoll, Err(errno)) => self.fail(Failure::Transport {
                step: Step::Connect,
                why: Unreached::Endpoint(errno),
            }),
            (_, Err(errno)) => {
                let (step, request) = (self.step(), kind);
                self.fail(Failure::Kernel { step, request, errno });
            }
            (Stage::Dial, Ok(_)) => self.look(),
            (Stage::EpPoll, Ok(Return::Code(0))) => self.look = Some(now + AGAIN),
            (Stage::EpPoll, Ok(_)) => self.reached(),
            (Stage::Session, Ok(_)) => {
                self.stage = Stage::Conn;
                let sid = self.made.sid.unwrap_or_default();
                self.ask(Request::CreateConn { sid, cid: CID });
            }
            (Stage::Conn, Ok(_)) => self.bind(),
            (Stage::Bind, Ok(_)) => self.log_in(now),
            (Stage::Start, Ok(_)) if self.attempt.link.flow == By::Adapter => {
                self.stage = Stage::Adapter;
                self.deadline = self.patience(now);
            }
            (Stage::Start, Ok(_)) => self.up(),
            (_, Ok(_)) => {}
        }
    }

    /// Looks whether the endpoint is connected.
    pub(super) fn look(&mut self) {
        self.stage = Stage::EpPoll;
        self.look = None;
        let (endpoint, timeout_ms) = (self.made.endpoint.unwrap_or_default(), LOOK_MS);
        self.ask(Request::EpPoll { endpoint, timeout_ms });
    }

    fn log_in(&mut self, now: Instant) {
        if self.attempt.link.flow == By::Adapter {
            self.set_params();
            return;
        }
        self.stage = Stage::Login;
        self.deadline = self.patience(now);
        let sid = self.made.sid.unwrap_or_default();
        match self.attempt.login.config(FIRST_CMD_SN, self.md5_alone) {
            Ok(config) => self.carrier = Some(Carrier::new(sid, CID, config, now)),
            Err(why) => self.fail(Failure::Secret(why)),
        }
    }

    /// Takes what the engine tells, and has sent what it wants sent; whether anything came of it.
    fn pump(&mut self, now: Instant) -> bool {
        let Some(carrier) = self.carrier.as_mut() else {
            return false;
        };
        let Some(event) = carrier.poll_event() else {
            let request = carrier.poll_request(now);
            let any = request.is_some();
            request.into_iter().for_each(|request| self.ask(request));
            return any;
        };
        match event {
            Event::LoggedIn(agreed) => {
                self.agreed = Some(agreed);
                self.set_params();
            }
            Event::LoginFailed(why) if why.is_about_algorithms() && self.may_fall_back() => {
                self.md5_alone = true;
                self.halt();
            }
            Event::LoginFailed(why) => self.fail(Failure::Login(why)),
            Event::Redirected { permanent, address } => self.elsewhere(permanent, address),
            _ => {}
        }
        true
    }

    fn may_fall_back(&self) -> bool {
        let listed = self.attempt.login.chap.as_ref();
        !self.md5_alone && listed.is_some_and(|chap| chap.algorithms.is_empty())
    }

    /// The target sent us elsewhere.
    fn elsewhere(&mut self, permanent: bool, address: TargetAddress) {
        let (times, all) = self.redirected.map_or((0, true), |r| (r.times, r.permanent));
        if times >= self.attempt.login.redirects {
            self.fail(Failure::Redirects(times, address));
            return;
        }
        let Some(portal) = address.socket_addr() else {
            self.fail(Failure::ToName(address));
            return;
        };
        self.portal = portal;
        self.redirected = Some(Redirected {
            times: times + 1,
            permanent: all && permanent,
        });
        self.halt();
    }

    fn set_params(&mut self) {
        self.stage = Stage::Params;
        self.deadline = None;
        let (sid, cid) = (self.made.sid.unwrap_or_default(), CID);
        let known = params::Known {
            attempt: &self.attempt,
            persistent: match self.redirected {
                Some(Redirected { permanent: true, .. }) => self.portal,
                _ => self.attempt.portal,
            },
            agreed: self.agreed.as_deref(),
            exp_stat_sn: self.carrier.as_ref().map_or(0, Carrier::exp_stat_sn),
        };
        let set = params::of(&known).into_iter();
        self.queue = set.map(|attr| Request::SetParam { sid, cid, attr }).collect();
    }

    /// What the adapter tells of its login.
    pub(super) fn login_state(&mut self, state: ConnState) {
        match (self.stage, state) {
            (Stage::Start | Stage::Adapter, ConnState::LoggedIn) => self.let_in = true,
            (Stage::Start | Stage::Adapter, ConnState::Free | ConnState::CleanupWait) => {
                self.fail(Failure::Adapter(state));
            }
            _ => {}
        }
    }

    fn up(&mut self) {
        self.stage = Stage::Up;
        self.deadline = None;
        self.carrier = None;
        let up = Up {
            sid: self.made.sid.unwrap_or_default(),
            cid: CID,
            host: self.made.host,
            endpoint: self.made.endpoint,
            portal: self.portal,
            redirected: self.redirected,
            agreed: self.agreed.take(),
            unset: std::mem::take(&mut self.unset),
        };
        self.tell(FlowEvent::Up(Box::new(up)));
    }
}
