//! Primary commands of a logical unit: INQUIRY, MODE SENSE, REQUEST SENSE, REPORT SUPPORTED OPERATION CODES.

use super::unit::{Call, LogicalUnit, Outcome};
use crate::cdb::{Inquiry, ModeSense, OpcodeReport, ReportSupportedOpcodes};
use crate::opcode::{self, Opcode};
use crate::sense::{AdditionalSense, Sense, SenseKey};
use crate::{inquiry, mode, param};

impl LogicalUnit {
    pub(super) fn inquiry(&self, request: &Inquiry, call: &mut Call<'_>) -> Outcome {
        let data = match request.page {
            None => inquiry::standard(&self.config),
            Some(page) => inquiry::vpd::page(page, self).ok_or(Sense::cdb_field(2, 7))?,
        };
        Ok(param::answer(call.data_in, &data, request.allocation))
    }

    pub(super) fn mode_sense(&self, request: &ModeSense, call: &mut Call<'_>) -> Outcome {
        let unit = mode::Unit {
            blocks: self.blocks(),
            block_size: self.block_size,
            read_only: self.read_only(),
        };
        let data = mode::sense(request, &unit)?;
        Ok(param::answer(call.data_in, &data, request.allocation))
    }

    pub(super) fn report_opcodes(&self, request: &ReportSupportedOpcodes, call: &mut Call<'_>) -> Outcome {
        let data = match request.report {
            OpcodeReport::All => all_opcodes(request.timeouts),
            OpcodeReport::One {
                code,
                service_action,
                either,
            } => one_opcode(code, service_action, either, request.timeouts)?,
        };
        Ok(param::answer(call.data_in, &data, request.allocation))
    }
}

/// Parameter data of REQUEST SENSE: what is pending, or nothing.
pub(crate) fn request_sense(
    pending: Option<Sense>,
    descriptor: bool,
    allocation: usize,
    data_in: &mut Vec<u8>,
) -> u64 {
    let sense = pending.unwrap_or(Sense::new(SenseKey::NoSense, AdditionalSense::NONE));
    let data = if descriptor {
        sense.to_descriptor()
    } else {
        sense.to_fixed()
    };
    param::answer(data_in, &data, allocation)
}

/// A command timeouts descriptor that names no timeouts.
const NO_TIMEOUTS: [u8; 12] = [0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

fn all_opcodes(timeouts: bool) -> Vec<u8> {
    let mut data = vec![0; 4];
    for entry in opcode::TABLE {
        let flags = u8::from(entry.service_action.is_some()) | if timeouts { 2 } else { 0 };
        data.extend_from_slice(&[entry.code, 0]);
        data.extend_from_slice(&entry.service_action.unwrap_or(0).to_be_bytes());
        data.extend_from_slice(&[0, flags]);
        data.extend_from_slice(&(entry.cdb_len() as u16).to_be_bytes());
        if timeouts {
            data.extend_from_slice(&NO_TIMEOUTS);
        }
    }
    let len = (data.len() - 4) as u32;
    data[..4].copy_from_slice(&len.to_be_bytes());
    data
}

fn one_opcode(code: u8, action: Option<u16>, either: bool, timeouts: bool) -> Result<Vec<u8>, Sense> {
    let has_actions = opcode::by_code(code).any(|e| e.service_action.is_some());
    let known = opcode::by_code(code).next().is_some();
    // A mismatch between the way of asking and the command is the request's fault; an unknown command is an answer.
    if known && !either && has_actions != action.is_some() {
        return Err(Sense::cdb_field(2, 2));
    }
    let found: Option<&Opcode> =
        opcode::by_code(code).find(|e| e.service_action.is_none() || e.service_action == action);
    let ctdp = if timeouts { 0x80 } else { 0 };
    let Some(entry) = found else {
        return Ok(vec![0, 0x01, 0, 0]);
    };
    let mut data = vec![0, ctdp | 0x03];
    data.extend_from_slice(&(entry.cdb_len() as u16).to_be_bytes());
    data.extend_from_slice(entry.usage);
    if timeouts {
        data.extend_from_slice(&NO_TIMEOUTS);
    }
    Ok(data)
}
