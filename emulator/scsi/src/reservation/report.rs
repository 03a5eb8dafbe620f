//! PERSISTENT RESERVE IN: parameter data (SPC-4 §6.15).

use super::{Kind, Registration, Reservations};
use crate::opcode::code;

/// PTPL_C (persistence through power loss), SIP_C (SPEC_I_PT), ATP_C (ALL_TG_PT).
const CAPABLE: u8 = 0x0c;
const PTPL_CAPABLE: u8 = 0x01;
const PTPL_ACTIVE: u8 = 0x01;
/// TMV, ALLOW COMMANDS 0: nothing said.
const TYPE_MASK_VALID: u8 = 0x80;

impl Reservations {
    /// The complete parameter data of a service action of the table.
    pub(crate) fn report(&self, action: u16, can_keep: bool) -> Vec<u8> {
        match action {
            code::SA_REPORT_CAPABILITIES => self.capabilities(can_keep),
            code::SA_READ_RESERVATION => self.with_header(self.reservation()),
            code::SA_READ_FULL_STATUS => self.with_header(self.full_status()),
            _ => self.with_header(self.registered.iter().flat_map(|r| r.key.to_be_bytes()).collect()),
        }
    }

    fn with_header(&self, body: Vec<u8>) -> Vec<u8> {
        let mut data = self.generation.to_be_bytes().to_vec();
        data.extend_from_slice(&(body.len() as u32).to_be_bytes());
        data.extend_from_slice(&body);
        data
    }

    fn reservation(&self) -> Vec<u8> {
        let Some(holder) = &self.holder else {
            return Vec::new();
        };
        let key = holder
            .port
            .as_ref()
            .and_then(|port| self.key_of(port))
            .unwrap_or(0);
        let mut body = key.to_be_bytes().to_vec();
        body.extend_from_slice(&[0, 0, 0, 0, 0, holder.kind as u8, 0, 0]);
        body
    }

    fn full_status(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for Registration { port, key } in &self.registered {
            body.extend_from_slice(&key.to_be_bytes());
            let (held, kind) = match &self.holder {
                Some(holder) if self.holds(port) => (1, holder.kind as u8),
                _ => (0, 0),
            };
            body.extend_from_slice(&[0, 0, 0, 0, held, kind, 0, 0, 0, 0]);
            body.extend_from_slice(&port.target_port.to_be_bytes());
            let id = port.transport_id();
            body.extend_from_slice(&(id.len() as u32).to_be_bytes());
            body.extend_from_slice(&id);
        }
        body
    }

    fn capabilities(&self, can_keep: bool) -> Vec<u8> {
        let mut mask = [0u8; 2];
        for kind in Kind::ALL {
            let bit = kind as u8;
            mask[usize::from(bit / 8)] |= 1 << (bit % 8);
        }
        let kept = if self.keep { PTPL_ACTIVE } else { 0 };
        let able = CAPABLE | if can_keep { PTPL_CAPABLE } else { 0 };
        vec![0, 8, able, TYPE_MASK_VALID | kept, mask[0], mask[1], 0, 0]
    }
}
