//! What the front end gives a session to do: commands, task management, pass-through PDUs.

use super::*;

impl Session {
    pub(in crate::fw) fn submit(&mut self, now: Instant, tag: IoTag, io: Io) {
        let Some(engine) = &mut self.engine else {
            self.events.push_back(SessionEvent::Front(done(
                self.ddb,
                tag,
                Outcome::NotSent,
                io.buffer,
                false,
            )));
            return;
        };
        let command = engine::Command {
            lun: Lun(io.lun),
            cdb: io.cdb.to_vec(),
            direction: match io.direction {
                Direction::None => engine::Direction::None,
                Direction::Read => engine::Direction::Read,
                Direction::Write => engine::Direction::Write,
            },
            expected_length: match io.direction {
                Direction::None => 0,
                _ => u32::try_from(io.buffer.len()).unwrap_or(u32::MAX),
            },
            attribute: match io.attribute {
                TaskAttribute::Simple => pdu::TaskAttribute::SIMPLE,
                TaskAttribute::Ordered => pdu::TaskAttribute::ORDERED,
                TaskAttribute::HeadOfQueue => pdu::TaskAttribute::HEAD_OF_QUEUE,
            },
            buffer: io.buffer,
        };
        let task = engine.submit(now, command);
        self.ios.insert(task, tag);
        self.tasks.insert(tag, task);
    }

    pub(in crate::fw) fn abort(&mut self, now: Instant, tag: IoTag) -> Result<(), MboxError> {
        let task = self.tasks.get(&tag).copied();
        let Some(task) = task else {
            return Err(MboxError::command(format!("I/O {} does not run", tag.0)));
        };
        self.aborting.insert(tag);
        self.manage(now, TmfFunction::ABORT_TASK, Lun::default(), Some((tag, task)));
        Ok(())
    }

    pub(in crate::fw) fn reset_lun(&mut self, now: Instant, lun: [u8; 8]) -> Result<(), MboxError> {
        self.manage(now, TmfFunction::LOGICAL_UNIT_RESET, Lun(lun), None);
        Ok(())
    }

    pub(in crate::fw) fn reset_target(&mut self, now: Instant) -> Result<(), MboxError> {
        self.manage(now, TmfFunction::TARGET_WARM_RESET, Lun::default(), None);
        Ok(())
    }

    fn manage(&mut self, now: Instant, function: TmfFunction, lun: Lun, task: Option<(IoTag, TaskTag)>) {
        if let Some(engine) = &mut self.engine {
            let tmf = engine.task_management(now, function, lun, task.map(|(_, task)| task));
            self.tmfs.insert(tmf, task.map(|(tag, _)| tag));
        }
    }

    /// NOP-Out is the pass-through PDU the engine can carry; others are refused.
    pub(in crate::fw) fn passthrough(&mut self, now: Instant, pdu: Passthrough) -> Result<(), MboxError> {
        let opcode = pdu.header[0] & 0x3F;
        if opcode != pdu::Opcode::NOP_OUT.0 {
            return Err(MboxError::unsupported(format!(
                "pass-through of PDU {opcode:#04x}"
            )));
        }
        if let Some(engine) = &mut self.engine {
            let nop = engine.nop(now);
            self.nops.insert(nop, pdu);
        }
        Ok(())
    }
}
