//! SCSI commands, task management and pass-through PDUs of a port.
//!
//! Owns the checks before a session sees them. A command for a DDB that is known but not logged in is taken and completed
//! at once, as the hardware does. Source: `ql4_iocb.c` `qla4xxx_send_command_to_isp`, `qla4xxx_send_passthru0`; `ql4_mbx.c`
//! `qla4xxx_abort_task`, `qla4xxx_reset_lun`, `qla4xxx_reset_target`.

use driver_sys::hw::ddb::DdbState;

use super::port::{Ctx, Phase, Port};
use super::session::Session;
use super::{Completion, Event, Io, IoDone, IoTag, MboxError, Passthrough, PassthroughDone, Residual};

/// Most commands one session has under way.
const MAX_IOS: usize = 1024;

impl Port {
    pub(super) fn submit_io(&mut self, cx: &mut Ctx<'_>, io: Io) -> Result<IoTag, (MboxError, Io)> {
        if self.phase != Phase::Running {
            let error = MboxError::command(format!("port {} is not initialized", self.number));
            return Err((error, io));
        }
        self.next_tag = self.next_tag.wrapping_add(1);
        let tag = IoTag(self.next_tag);
        let index = io.ddb;
        let refused = match self.active(index) {
            None => Some(Completion::DeviceUnavailable),
            Some(session) if session.logging_out() => Some(Completion::DeviceLoggedOut),
            Some(session) if session.ios() >= MAX_IOS => Some(Completion::QueueFull),
            Some(_) => None,
        };
        match (refused, self.active(index)) {
            (None, Some(session)) => {
                session.submit(cx.now, tag, io);
                self.settle(cx, index);
            }
            (refused, _) => {
                // SAM: TASK SET FULL goes with a full queue.
                let completion = refused.unwrap_or(Completion::DeviceUnavailable);
                let scsi_status = if completion == Completion::QueueFull {
                    0x28
                } else {
                    0
                };
                cx.out.event(
                    self.number,
                    Event::IoDone(IoDone {
                        tag,
                        ddb: index,
                        completion,
                        scsi_status,
                        sense: Vec::new(),
                        residual: Residual::None,
                        transferred: 0,
                        buffer: io.buffer,
                    }),
                );
            }
        }
        Ok(tag)
    }

    pub(super) fn submit_passthrough(&mut self, cx: &mut Ctx<'_>, pdu: Passthrough) -> Result<(), MboxError> {
        let (index, handle) = (pdu.ddb, pdu.handle);
        match self.active(index) {
            Some(session) => {
                session.passthrough(cx.now, pdu)?;
                self.settle(cx, index);
            }
            None => cx.out.event(
                self.number,
                Event::PassthroughDone(PassthroughDone {
                    handle,
                    ddb: index,
                    answer: Err(Completion::DeviceUnavailable),
                }),
            ),
        }
        Ok(())
    }

    pub(super) fn abort_task(&mut self, cx: &mut Ctx<'_>, index: u16, tag: IoTag) -> Result<(), MboxError> {
        let now = cx.now;
        self.manage(cx, index, |session| session.abort(now, tag))
    }

    pub(super) fn lun_reset(&mut self, cx: &mut Ctx<'_>, index: u16, lun: [u8; 8]) -> Result<(), MboxError> {
        let now = cx.now;
        self.manage(cx, index, |session| session.reset_lun(now, lun))
    }

    pub(super) fn target_reset(&mut self, cx: &mut Ctx<'_>, index: u16) -> Result<(), MboxError> {
        let now = cx.now;
        self.manage(cx, index, |session| session.reset_target(now))
    }

    fn manage(
        &mut self,
        cx: &mut Ctx<'_>,
        index: u16,
        act: impl FnOnce(&mut Session) -> Result<(), MboxError>,
    ) -> Result<(), MboxError> {
        let session = self
            .active(index)
            .ok_or_else(|| MboxError::not_logged_in(index))?;
        act(session)?;
        self.settle(cx, index);
        Ok(())
    }

    fn active(&mut self, index: u16) -> Option<&mut Session> {
        let ddb = self.ddbs.get_mut(index)?;
        if ddb.state == DdbState::SessionActive {
            ddb.session.as_deref_mut()
        } else {
            None
        }
    }
}
