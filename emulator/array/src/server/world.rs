//! What all connections share: logical units, sessions, faults; and how events become effects.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use iscsi::names;
use iscsi::negotiate::SessionType;
use iscsi::pdu::{self, TmfFunction, TmfResponseCode};
use iscsi::pool::Pool;
use iscsi::target_node::{Command, Completion, Event, SessionInfo, TaskManagement, TmfId, TraceStep};
use scsi::{Device, LogicalUnit, Lun, NexusId, PortId, Request, Status};

use super::client::Core;
use super::nexus::{NexusName, Ports, Session, Sessions};
use super::reply::Reply;

/// Something that one connection's event means for others.
#[derive(Debug)]
pub(super) enum Spill {
    /// The connection's session was replaced by a newer one of the same nexus.
    Close(u64),
    /// Every connection but this one aborts its tasks of the unit (of all units).
    AbortTasks { except: u64, lun: Option<pdu::Lun> },
    /// This connection aborts its tasks of the unit (PREEMPT AND ABORT by another).
    AbortTasksOf { client: u64, lun: pdu::Lun },
    /// Every connection but this one is dropped.
    DropOthers { except: u64 },
    /// The function has taken effect everywhere: its initiator may hear of it.
    Answer {
        client: u64,
        id: TmfId,
        code: TmfResponseCode,
    },
}

/// The shared state of a target.
#[derive(Debug)]
pub(super) struct World {
    pub(super) device: Device,
    pub(super) ports: Ports,
    /// Logical units that a fault took away.
    pub(super) shelf: HashMap<u16, LogicalUnit>,
    sessions: Sessions,
    next_nexus: u64,
    pub(super) delay: Option<Duration>,
    /// Taken from the end: what is pushed last happens first.
    pub(super) spill: Vec<Spill>,
    pub(super) trace: Option<fn(u64, &TraceStep)>,
    /// Memory for read data.
    pool: Pool,
}

impl World {
    pub(super) fn new(mut device: Device, ports: Ports, sessions: Sessions, pool: Pool) -> Self {
        device.set_ports(ports.as_scsi());
        Self {
            device,
            ports,
            shelf: HashMap::new(),
            sessions,
            next_nexus: 0,
            delay: None,
            spill: Vec::new(),
            trace: None,
            pool,
        }
    }

    /// Normal sessions in the full feature phase.
    pub(super) fn sessions(&self) -> usize {
        self.sessions.lock().len()
    }

    /// Carries out everything that a connection has to say.
    pub(super) fn serve(&mut self, core: &mut Core, now: Instant) {
        while let Some(event) = core.connection.poll_event() {
            match event {
                Event::LoggedIn(session) => self.logged_in(core, &session),
                Event::Command(command) => self.command(core, now, command),
                Event::Aborted(task) => core.delayed.retain(|(_, id, _)| *id != task),
                Event::TaskManagement(request) => {
                    let before = self.spill.len();
                    let code = self.task_management(core, &request);
                    if self.spill.len() == before {
                        core.connection.complete_task_management(now, request.id, code);
                    } else {
                        let (client, id) = (core.id, request.id);
                        self.spill.insert(before, Spill::Answer { client, id, code });
                    }
                }
                Event::LoggedOut(reason) => tracing::info!(client = core.id, %reason, "logout"),
                Event::Closed(reason) => {
                    tracing::info!(client = core.id, %reason, "connection ends");
                    core.delayed.clear();
                    self.gone(core);
                }
            }
        }
        if let Some(trace) = self.trace {
            while let Some(step) = core.connection.poll_trace() {
                trace(core.id, &step);
            }
        }
    }

    fn logged_in(&mut self, core: &mut Core, session: &SessionInfo) {
        tracing::info!(client = core.id, initiator = %session.initiator, target = ?session.target, "login");
        if session.session != SessionType::Normal {
            return;
        }
        let target = session.target.as_deref().unwrap_or_default();
        let name = NexusName::new(&session.initiator, session.isid, target, core.group);
        self.next_nexus += 1;
        let nexus = NexusId(self.next_nexus);
        let port = self.port_id(session, core.group);
        let made = Session {
            client: core.id,
            nexus,
        };
        let old = self.sessions.lock().insert(name, made);
        if let Some(old) = old {
            self.device.detach(old.nexus);
            self.spill.push(Spill::Close(old.client));
        }
        self.device.attach_port(nexus, port);
        core.nexus = Some(nexus);
    }

    /// What persistent reservations know the nexus by: initiator name, ISID, and the number of the target port.
    fn port_id(&self, session: &SessionInfo, group: u16) -> PortId {
        let target = session.target.as_deref().unwrap_or_default();
        let initiator = names::key(&session.initiator);
        PortId::new(
            &format!("{initiator},i,0x{}", session.isid),
            self.ports.number(target, group),
        )
    }

    fn gone(&mut self, core: &mut Core) {
        if let Some(nexus) = core.nexus.take() {
            self.sessions.lock().retain(|_, session| session.nexus != nexus);
            self.device.detach(nexus);
        }
    }

    fn command(&mut self, core: &mut Core, now: Instant, command: Command) {
        let Some(nexus) = core.nexus else {
            core.connection
                .complete(command.task, Completion::status(Status::Busy.code()));
            return;
        };
        let task = command.task;
        let completion = self.execute(nexus, command);
        if std::mem::take(&mut core.lose_reply) {
            return;
        }
        match self.delay {
            Some(delay) => core.delayed.push_back((now + delay, task, completion)),
            None => core.connection.complete(task, completion),
        }
    }

    fn execute(&mut self, nexus: NexusId, command: Command) -> Completion {
        let lun = Lun(command.lun.0);
        let data_in_max = command.data_in_max;
        let cdb = command.cdb();
        // The engine's own buffers are one piece.
        let data_out = command
            .data_out
            .as_ref()
            .map_or(&[][..], |buffer| buffer.chunk(0));
        let mut data_in = Reply::new(&self.pool);
        let request = Request {
            nexus,
            lun,
            cdb: &cdb,
            data_out,
            data_in_max,
        };
        let response = self.device.execute(&request, &mut data_in);
        for (lun, nexus) in self.device.take_aborted() {
            let sessions = self.sessions.lock();
            let owner = sessions.values().find(|session| session.nexus == nexus);
            if let Some(client) = owner.map(|session| session.client) {
                self.spill.push(Spill::AbortTasksOf {
                    client,
                    lun: pdu::Lun(lun.0),
                });
            }
        }
        Completion {
            status: response.status.code(),
            sense: response.sense_bytes(),
            data: data_in.into_buffer(),
            transfer: response.transfer,
        }
    }

    /// The connection's own tasks are aborted already; here are the device and the others.
    fn task_management(&mut self, core: &Core, request: &TaskManagement) -> TmfResponseCode {
        let Some(nexus) = core.nexus else {
            return TmfResponseCode::REJECTED;
        };
        let lun = Lun(request.lun.0);
        let others = |lun| Spill::AbortTasks { except: core.id, lun };
        let there = match request.function {
            TmfFunction::ABORT_TASK_SET => self.device.has(lun),
            TmfFunction::CLEAR_TASK_SET => {
                self.spill.push(others(Some(request.lun)));
                self.device.task_set_cleared(lun, nexus)
            }
            TmfFunction::LOGICAL_UNIT_RESET => {
                self.spill.push(others(Some(request.lun)));
                self.device.reset_unit(lun)
            }
            TmfFunction::TARGET_WARM_RESET => {
                self.spill.push(others(None));
                self.device.reset_all();
                true
            }
            TmfFunction::TARGET_COLD_RESET => {
                self.spill.push(Spill::DropOthers { except: core.id });
                self.device.reset_all();
                true
            }
            _ => return TmfResponseCode::NOT_SUPPORTED,
        };
        tracing::info!(client = core.id, function = %request.function, %lun, "task management");
        if there {
            TmfResponseCode::COMPLETE
        } else {
            TmfResponseCode::NO_LUN
        }
    }
}
