//! Commands of sg clients: sent, waiting while the session is away, answered, timed out.
//!
//! Source: `sg.c`, `scsi_lib.c` (`scsi_prep_state_check`), `ql4_isr.c` (`qla4xxx_status_entry`).

use std::time::Instant;

use isp4xxx::fw::{Direction, IoDone, Residual};

use super::{ClientId, IoOwner, Kernel, Out};
use crate::midlayer::{DeviceState, MAX_WAITING, Waiting, cached_answer, did};

/// SAM status.
const GOOD: u8 = 0;

/// An answer to an sg client.
struct SgAnswer<'a> {
    errno: i32,
    status: u8,
    host: u32,
    sense: &'a [u8],
    data: &'a [u8],
    residual: u32,
}

impl Kernel {
    pub(super) fn sg_done(&mut self, waiting: &Waiting, done: IoDone) {
        let host = did::of(done.completion);
        let residual = match done.residual {
            Residual::Underflow(n) => n,
            Residual::None | Residual::Overflow(_) => 0,
        };
        let data = done.buffer.into_vec();
        let data = if waiting.direction == 2 {
            &data[..done.transferred.min(data.len())]
        } else {
            &[][..]
        };
        let answer = SgAnswer {
            errno: 0,
            status: done.scsi_status,
            host,
            sense: &done.sense,
            data,
            residual,
        };
        self.answer_sg(waiting.client, &answer);
    }

    fn answer_sg(&mut self, client: ClientId, a: &SgAnswer<'_>) {
        if self.cancelled.remove(&client) {
            return;
        }
        let mut out = Vec::with_capacity(24 + a.sense.len() + a.data.len());
        out.extend_from_slice(&a.errno.to_ne_bytes());
        for v in [
            u32::from(a.status),
            a.host,
            a.sense.len() as u32,
            a.data.len() as u32,
            a.residual,
        ] {
            out.extend_from_slice(&v.to_ne_bytes());
        }
        out.extend_from_slice(a.sense);
        out.extend_from_slice(a.data);
        self.out.push_back(Out::To(client, out));
    }

    pub(super) fn sg_fails(&mut self, client: ClientId, host: u32) {
        self.answer_sg(
            client,
            &SgAnswer {
                errno: 0,
                status: 0,
                host,
                sense: &[],
                data: &[],
                residual: 0,
            },
        );
    }

    /// A command of an sg client for the unit `H:C:T:L`; the unit's number in `waiting` is filled in here.
    pub(crate) fn sg(&mut self, now: Instant, name: &str, mut waiting: Waiting) {
        use nix::errno::Errno;
        self.now = now;
        let found = self.sessions.values().find_map(|s| {
            s.devices
                .iter()
                .find(|(_, d)| d.name == name)
                .map(|(lun, d)| (s.sid, *lun, d.state))
        });
        let known = !waiting.cdb.is_empty() && waiting.cdb.len() <= 16 && waiting.direction <= 2;
        match found {
            None => self.sg_refused(waiting.client, Errno::ENODEV),
            Some(_) if !known => self.sg_refused(waiting.client, Errno::EINVAL),
            Some((sid, lun, state)) => {
                waiting.lun = lun;
                let held = self.holds_commands(sid);
                match state {
                    DeviceState::Running if held => self.hold_sg(sid, waiting),
                    DeviceState::Running => self.send_sg(sid, waiting),
                    DeviceState::Blocked => self.queue_sg(sid, waiting),
                    DeviceState::TransportOffline | DeviceState::Offline => {
                        self.sg_fails(waiting.client, did::NO_CONNECT);
                    }
                }
            }
        }
        self.settle(now);
    }

    fn sg_refused(&mut self, client: ClientId, errno: nix::errno::Errno) {
        let answer = SgAnswer {
            errno: errno as i32,
            status: 0,
            host: 0,
            sense: &[],
            data: &[],
            residual: 0,
        };
        self.answer_sg(client, &answer);
    }

    fn send_sg(&mut self, sid: u32, waiting: Waiting) {
        let direction = match waiting.direction {
            1 => Direction::Write,
            2 => Direction::Read,
            _ => Direction::None,
        };
        let Waiting { lun, cdb, .. } = &waiting;
        let (lun, cdb) = (*lun, cdb.clone());
        let mut waiting = waiting;
        let data = std::mem::take(&mut waiting.data);
        let owner = IoOwner::Sg { sid, waiting };
        if let Err(IoOwner::Sg { waiting, .. }) = self.submit(sid, lun, &cdb, direction, data, owner) {
            // The connection went between the look and the send.
            self.sg_fails(waiting.client, did::TRANSPORT_DISRUPTED);
        }
    }

    /// The session is away: what is known is answered at once, the rest waits in a bounded queue.
    fn queue_sg(&mut self, sid: u32, waiting: Waiting) {
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        let luns: Vec<u64> = s.devices.keys().copied().collect();
        let cached = s
            .devices
            .get(&waiting.lun)
            .and_then(|d| cached_answer(d, &luns, &waiting.cdb));
        if let Some(data) = cached {
            let residual = waiting.data.len().saturating_sub(data.len()) as u32;
            let data = &data[..data.len().min(waiting.data.len())];
            self.answer_sg(
                waiting.client,
                &SgAnswer {
                    errno: 0,
                    status: GOOD,
                    host: did::OK,
                    sense: &[],
                    data,
                    residual,
                },
            );
        } else {
            self.hold_sg(sid, waiting);
        }
    }

    /// A command waits for its session, or for its host's recovery.
    fn hold_sg(&mut self, sid: u32, waiting: Waiting) {
        match self.sessions.get_mut(&sid) {
            Some(s) if s.waiting.len() < MAX_WAITING => s.waiting.push_back(waiting),
            _ => self.sg_fails(waiting.client, did::REQUEUE),
        }
    }

    /// The session is back, or given up: what waited goes on, or fails.
    pub(super) fn release_waiting(&mut self, sid: u32) {
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        let queue = std::mem::take(&mut s.waiting);
        let held = self.holds_commands(sid);
        for waiting in queue {
            let running = self
                .sessions
                .get(&sid)
                .and_then(|s| s.devices.get(&waiting.lun))
                .is_some_and(|d| d.state == DeviceState::Running);
            if running && held {
                self.hold_sg(sid, waiting);
            } else if running {
                self.send_sg(sid, waiting);
            } else {
                self.sg_fails(waiting.client, did::NO_CONNECT);
            }
        }
    }

    /// Commands that took too long: waiting ones fail, running ones go to their host's ladder.
    pub(super) fn command_timers(&mut self) {
        let now = self.now;
        let mut late = Vec::new();
        for s in self.sessions.values_mut() {
            s.waiting.retain(|w| {
                let keep = w.until > now;
                if !keep {
                    late.push(w.client);
                }
                keep
            });
        }
        for client in late {
            self.sg_fails(client, did::TIME_OUT);
        }
        self.commands_late();
    }
}
