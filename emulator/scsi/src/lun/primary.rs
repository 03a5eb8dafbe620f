//! Primary commands of a logical unit: INQUIRY, MODE SENSE and SELECT, REQUEST SENSE, REPORT SUPPORTED OPERATION CODES.

use super::unit::{Call, LogicalUnit, Outcome, Whom};
use crate::cdb::{Inquiry, ModeSelect, ModeSense, OpcodeReport, ReportSupportedOpcodes};
use crate::data_in::DataIn;
use crate::opcode::{self, Opcode};
use crate::sense::{AdditionalSense, Sense, SenseKey};
use crate::target_port::TargetPorts;
use crate::{inquiry, mode, param};

impl LogicalUnit {
    pub(super) fn inquiry(&self, request: &Inquiry, call: &mut Call<'_>) -> Outcome {
        let data = match request.page {
            None => inquiry::standard(&self.config, call.ports.grouped()),
            Some(page) => {
                let port = call.ports.find(call.port.target_port);
                inquiry::vpd::page(page, self, port).ok_or(Sense::cdb_field(2, 7))?
            }
        };
        Ok(param::answer(call.data_in, &data, request.allocation))
    }

    pub(super) fn mode_sense(&self, request: &ModeSense, call: &mut Call<'_>) -> Outcome {
        let unit = mode::Unit {
            blocks: self.blocks(),
            block_size: self.block_size,
            read_only: self.read_only(),
            control: self.control,
        };
        let data = mode::sense(request, &unit)?;
        Ok(param::answer(call.data_in, &data, request.allocation))
    }

    pub(super) fn mode_select(&mut self, request: &ModeSelect, call: &mut Call<'_>) -> Outcome {
        if request.list_len == 0 {
            return Ok(0);
        }
        let list = call.data_out.get(..request.list_len);
        let list = list.ok_or(Sense::illegal(AdditionalSense::PARAMETER_LIST_LENGTH_ERROR))?;
        let unit = mode::Unit {
            blocks: self.blocks(),
            block_size: self.block_size,
            read_only: self.read_only(),
            control: self.control,
        };
        let control = mode::select(request.ten, list, &unit)?;
        if control != self.control {
            self.control = control;
            call.attentions
                .push((Whom::Others, AdditionalSense::MODE_PARAMETERS_CHANGED));
        }
        Ok(request.list_len as u64)
    }

    pub(super) fn report_opcodes(&self, request: &ReportSupportedOpcodes, call: &mut Call<'_>) -> Outcome {
        let data = match request.report {
            OpcodeReport::All => self.all_opcodes(request.timeouts, call.ports),
            OpcodeReport::One {
                code,
                service_action,
                either,
            } => self.one_opcode(code, service_action, either, request.timeouts, call.ports)?,
        };
        Ok(param::answer(call.data_in, &data, request.allocation))
    }

    fn all_opcodes(&self, timeouts: bool, ports: &TargetPorts) -> Vec<u8> {
        let mut data = vec![0; 4];
        for entry in opcode::TABLE.iter().filter(|entry| self.has(entry, ports)) {
            let flags = u8::from(entry.service_action.is_some()) | if timeouts { 2 } else { 0 };
            data.extend_from_slice(&[entry.code, 0]);
            data.extend_from_slice(&entry.service_action.unwrap_or(0).to_be_bytes());
            data.extend_from_slice(&[0, flags]);
            data.extend_from_slice(&(entry.cdb_len() as u16).to_be_bytes());
            if timeouts {
                push_timeouts(&mut data, entry);
            }
        }
        let len = (data.len() - 4) as u32;
        data[..4].copy_from_slice(&len.to_be_bytes());
        data
    }

    fn one_opcode(
        &self,
        code: u8,
        action: Option<u16>,
        either: bool,
        timeouts: bool,
        ports: &TargetPorts,
    ) -> Result<Vec<u8>, Sense> {
        let mut entries = opcode::by_code(code)
            .iter()
            .filter(|entry| self.has(entry, ports))
            .peekable();
        // A mismatch between the way of asking and the command is the request's fault; an unknown command is an answer.
        if let Some(first) = entries.peek()
            && !either
            && first.service_action.is_some() != action.is_some()
        {
            return Err(Sense::cdb_field(2, 2));
        }
        let found = entries.find(|entry| entry.service_action.is_none() || entry.service_action == action);
        let ctdp = if timeouts { 0x80 } else { 0 };
        let Some(entry) = found else {
            return Ok(vec![0, 0x01, 0, 0]);
        };
        let mut data = vec![0, ctdp | 0x03];
        data.extend_from_slice(&(entry.cdb_len() as u16).to_be_bytes());
        data.extend_from_slice(entry.usage);
        if let (Some(action), Some(byte)) = (entry.service_action, data.get_mut(5)) {
            // The usage map names the service action itself (SPC-4 §6.35.3).
            *byte = *byte & !0x1f | action as u8;
        }
        if timeouts {
            push_timeouts(&mut data, entry);
        }
        Ok(data)
    }
}

/// Appends the command timeouts descriptor (SPC-4 §6.35.4).
fn push_timeouts(data: &mut Vec<u8>, entry: &Opcode) {
    data.extend_from_slice(&[0, 10, 0, 0]);
    data.extend_from_slice(&entry.nominal.to_be_bytes());
    data.extend_from_slice(&entry.timeout.to_be_bytes());
}

/// Parameter data of REQUEST SENSE: what is pending, or nothing.
pub(crate) fn request_sense(
    pending: Option<Sense>,
    descriptor: bool,
    allocation: usize,
    data_in: &mut dyn DataIn,
) -> u64 {
    let sense = pending.unwrap_or(Sense::new(SenseKey::NoSense, AdditionalSense::NONE));
    let data = if descriptor {
        sense.to_descriptor()
    } else {
        sense.to_fixed()
    };
    param::answer(data_in, &data, allocation)
}
