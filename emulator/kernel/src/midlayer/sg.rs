//! Commands of sg clients: sent, waiting while the target is away, answered, timed out.
//!
//! Source: `sg.c`, `scsi_lib.c` (`scsi_prep_state_check`).

use std::time::Instant;

use nix::errno::Errno;

use super::commands::GOOD;
use super::device::DeviceState;
use super::owner::IoOwner;
use super::{Completed, Direction, Ending, HostTemplate, MidLayer, cache, did};
use crate::env::{ClientId, Env, Out};

/// How many commands wait for one blocked target before more are refused as busy.
const MAX_WAITING: usize = 256;

/// A command of an sg client.
pub(crate) struct Waiting {
    /// Who asked.
    pub(crate) client: ClientId,
    /// Logical unit.
    pub(crate) lun: u64,
    /// The command.
    pub(crate) cdb: Vec<u8>,
    /// 0 none, 1 to the device, 2 from the device.
    pub(crate) direction: u32,
    /// Data to the device, or room for what comes.
    pub(crate) data: Vec<u8>,
    /// When it is given up.
    pub(crate) until: Instant,
}

/// An answer to an sg client.
#[derive(Default)]
struct SgAnswer<'a> {
    errno: i32,
    status: u8,
    host: u32,
    sense: &'a [u8],
    data: &'a [u8],
    residual: u32,
}

impl MidLayer {
    pub(super) fn sg_done(&mut self, env: &mut Env, waiting: &Waiting, done: Completed) {
        let residual = match done.ending {
            Ending::Underrun(n) => n,
            _ => 0,
        };
        let data = if waiting.direction == 2 {
            &done.data[..done.transferred.min(done.data.len())]
        } else {
            &[][..]
        };
        let answer = SgAnswer {
            errno: 0,
            status: done.status,
            host: done.host_byte,
            sense: &done.sense,
            data,
            residual,
        };
        self.answer_sg(env, waiting.client, &answer);
    }

    fn answer_sg(&mut self, env: &mut Env, client: ClientId, a: &SgAnswer<'_>) {
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
        env.push(Out::To(client, out));
    }

    pub(super) fn sg_fails(&mut self, env: &mut Env, client: ClientId, host: u32) {
        let answer = SgAnswer {
            host,
            ..SgAnswer::default()
        };
        self.answer_sg(env, client, &answer);
    }

    /// The host of the unit `H:C:T:L`; none when there is no such unit.
    pub(crate) fn host_of_unit(&self, name: &str) -> Option<u32> {
        let has = |t: &&super::Target| t.devices.values().any(|d| d.name == name);
        self.targets.values().find(has).map(|t| t.host)
    }

    /// A command of an sg client for a unit that nobody has.
    pub(crate) fn no_unit(&mut self, env: &mut Env, client: ClientId) {
        self.sg_refused(env, client, Errno::ENODEV);
    }

    /// A command of an sg client for the unit `H:C:T:L`; the unit's number in `waiting` is filled in here.
    pub(crate) fn sg(
        &mut self,
        env: &mut Env,
        driver: &mut dyn HostTemplate,
        name: &str,
        mut waiting: Waiting,
    ) {
        let found = self.targets.iter().find_map(|(sid, t)| {
            let mut devices = t.devices.iter();
            let unit = devices.find(|(_, d)| d.name == name);
            unit.map(|(lun, d)| (*sid, *lun, d.state))
        });
        let known = !waiting.cdb.is_empty() && waiting.cdb.len() <= 16 && waiting.direction <= 2;
        match found {
            None => self.no_unit(env, waiting.client),
            Some(_) if !known => self.sg_refused(env, waiting.client, Errno::EINVAL),
            Some((sid, lun, state)) => {
                waiting.lun = lun;
                let held = self.holds_commands(sid);
                match state {
                    DeviceState::Running if held => self.hold_sg(env, sid, waiting),
                    DeviceState::Running => self.send_sg(env, driver, sid, waiting),
                    DeviceState::Blocked => self.queue_sg(env, sid, waiting),
                    DeviceState::TransportOffline | DeviceState::Offline => {
                        self.sg_fails(env, waiting.client, did::NO_CONNECT);
                    }
                }
            }
        }
    }

    fn sg_refused(&mut self, env: &mut Env, client: ClientId, errno: Errno) {
        let answer = SgAnswer {
            errno: errno as i32,
            ..SgAnswer::default()
        };
        self.answer_sg(env, client, &answer);
    }

    pub(super) fn send_sg(
        &mut self,
        env: &mut Env,
        driver: &mut dyn HostTemplate,
        sid: u32,
        mut waiting: Waiting,
    ) {
        let direction = match waiting.direction {
            1 => Direction::Write,
            2 => Direction::Read,
            _ => Direction::None,
        };
        let (lun, cdb) = (waiting.lun, waiting.cdb.clone());
        let data = std::mem::take(&mut waiting.data);
        let owner = IoOwner::Sg { sid, waiting };
        let sent = self.submit(env.now, driver, (sid, lun), &cdb, (direction, data), owner);
        if let Err(IoOwner::Sg { waiting, .. }) = sent {
            // The connection went between the look and the send.
            self.sg_fails(env, waiting.client, did::TRANSPORT_DISRUPTED);
        }
    }

    /// The target is away: what is known is answered at once, the rest waits in a bounded queue.
    fn queue_sg(&mut self, env: &mut Env, sid: u32, waiting: Waiting) {
        let Some(t) = self.targets.get_mut(&sid) else {
            return;
        };
        let luns: Vec<u64> = t.devices.keys().copied().collect();
        let cached = t
            .devices
            .get(&waiting.lun)
            .and_then(|d| cache::cached_answer(d, &luns, &waiting.cdb));
        if let Some(data) = cached {
            let residual = waiting.data.len().saturating_sub(data.len()) as u32;
            let answer = SgAnswer {
                errno: 0,
                status: GOOD,
                host: did::OK,
                sense: &[],
                data: &data[..data.len().min(waiting.data.len())],
                residual,
            };
            self.answer_sg(env, waiting.client, &answer);
        } else {
            self.hold_sg(env, sid, waiting);
        }
    }

    /// A command waits for its target, or for its host's recovery.
    pub(super) fn hold_sg(&mut self, env: &mut Env, sid: u32, waiting: Waiting) {
        match self.targets.get_mut(&sid) {
            Some(t) if t.waiting.len() < MAX_WAITING => t.waiting.push_back(waiting),
            _ => self.sg_fails(env, waiting.client, did::REQUEUE),
        }
    }

    /// Commands that took too long: waiting ones fail, running ones go to their host's ladder.
    pub(crate) fn command_timers(&mut self, env: &mut Env) {
        let now = env.now;
        let mut late = Vec::new();
        for t in self.targets.values_mut() {
            t.waiting.retain(|w| {
                let keep = w.until > now;
                if !keep {
                    late.push(w.client);
                }
                keep
            });
        }
        for client in late {
            self.sg_fails(env, client, did::TIME_OUT);
        }
        self.commands_late(env);
        self.show_counts(env);
    }
}
