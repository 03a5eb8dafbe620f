//! RECEIVE COPY RESULTS (SPC-4 §6.18, §6.20). The copying itself is the device's business: it may be between two units.

use super::limits::{MAX_COPY_DESCRIPTORS, MAX_COPY_SEGMENT, MAX_COPY_SEGMENTS, MAX_COPY_TARGETS};
use super::medium::MediumError;
use super::unit::{Call, Failure, LogicalUnit, Outcome};
use crate::cdb::{Range, ReceiveCopyResults};
use crate::inquiry::vpd;
use crate::opcode::Access;
use crate::param;
use crate::port::PortId;
use crate::sense::Sense;
use crate::unit_attention::NexusId;

/// Descriptor type codes of EXTENDED COPY.
pub(crate) mod codes {
    /// Segment: block device to block device.
    pub(crate) const BLOCK_TO_BLOCK: u8 = 0x02;
    /// Copy target: identification descriptor.
    pub(crate) const IDENTIFICATION: u8 = 0xe4;
}

impl LogicalUnit {
    /// Whether a reservation keeps a copy off.
    pub(crate) fn refuses(&self, access: Access, nexus: NexusId, port: &PortId) -> bool {
        self.reservations.conflicts(access, nexus, port)
    }

    /// Whether a designator of the device identification page means this unit.
    pub(crate) fn is_designated(&self, code_set: u8, kind: u8, name: &[u8]) -> bool {
        match (code_set, kind) {
            (vpd::BINARY, vpd::NAA) => name == self.config.naa.to_bytes(),
            // A copy target descriptor has room for 20 bytes only.
            (vpd::ASCII, vpd::T10) => {
                let t10 = vpd::t10_name(&self.config);
                name == t10.get(..20.min(t10.len())).unwrap_or_default()
            }
            _ => false,
        }
    }

    /// Where blocks are that can be read.
    pub(crate) fn place(&self, lba: u64, blocks: u64) -> Result<u64, Failure> {
        self.ready()?;
        self.in_range(Range {
            lba,
            blocks: blocks as u32,
        })?;
        Ok(lba * u64::from(self.block_size))
    }

    /// Where blocks are that can be written.
    pub(crate) fn place_to_write(&self, lba: u64, blocks: u64) -> Result<u64, Failure> {
        self.writable()?;
        self.place(lba, blocks)
    }

    /// Reads bytes whose place has been checked.
    pub(crate) fn fetch(&mut self, offset: u64, into: &mut [u8]) -> Result<(), Failure> {
        Ok(self.medium.read_at(offset, into).map_err(MediumError::sense)?)
    }

    /// Writes bytes whose place has been checked.
    pub(crate) fn store(&mut self, offset: u64, from: &[u8]) -> Result<(), Failure> {
        Ok(self.medium.write_at(offset, from).map_err(MediumError::sense)?)
    }

    pub(super) fn receive_copy_results(&self, request: &ReceiveCopyResults, call: &mut Call<'_>) -> Outcome {
        match *request {
            ReceiveCopyResults::OperatingParameters { allocation } => {
                Ok(param::answer(call.data_in, &operating_parameters(), allocation))
            }
            ReceiveCopyResults::Status { list_id, allocation } => {
                let found = self
                    .copies
                    .iter()
                    .find(|copy| (copy.nexus, copy.list_id) == (call.nexus, list_id));
                let copy = found.ok_or(Sense::cdb_field(2, 7))?;
                // Completed with or without errors; TRANSFER COUNT in blocks of the destination.
                let mut data = vec![0, 0, 0, 8, if copy.failed { 2 } else { 1 }];
                data.extend_from_slice(&copy.segments.to_be_bytes());
                data.push(0xf1);
                data.extend_from_slice(&copy.blocks.to_be_bytes());
                Ok(param::answer(call.data_in, &data, allocation))
            }
        }
    }
}

fn operating_parameters() -> Vec<u8> {
    let mut data = vec![0; 44];
    data[4] = 0x01; // SNLID: a list identifier is not needed
    data[8..10].copy_from_slice(&(MAX_COPY_TARGETS as u16).to_be_bytes());
    data[10..12].copy_from_slice(&(MAX_COPY_SEGMENTS as u16).to_be_bytes());
    data[12..16].copy_from_slice(&(MAX_COPY_DESCRIPTORS as u32).to_be_bytes());
    data[16..20].copy_from_slice(&(MAX_COPY_SEGMENT as u32).to_be_bytes());
    data[36] = 1; // MAXIMUM CONCURRENT COPIES
    data[37] = 9; // DATA SEGMENT GRANULARITY: 512 bytes
    data[43] = 2; // IMPLEMENTED DESCRIPTOR LIST LENGTH
    data.extend_from_slice(&[codes::BLOCK_TO_BLOCK, codes::IDENTIFICATION]);
    let len = (data.len() - 4) as u32;
    data[..4].copy_from_slice(&len.to_be_bytes());
    data
}
