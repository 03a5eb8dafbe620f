//! EXTENDED COPY(LID1) between logical units of one device (SPC-4 §6.4, §6.4.6).
//!
//! Everything is checked before the first block moves. Blocks go through a buffer of bounded size.

use super::Device;
use crate::cdb::ExtendedCopy;
use crate::lun::{CopyRecord, Failure, copy_codes, limits};
use crate::opcode::Access;
use crate::param::be;
use crate::port::PortId;
use crate::sense::{AdditionalSense, Sense, SenseKey};
use crate::unit_attention::NexusId;

const HEADER: usize = 16;
const TARGET_LEN: usize = 32;
const SEGMENT_LEN: usize = 28;
const STEP: u64 = 1 << 20;
/// LIST ID USAGE 11b: no identifier, no status to ask for.
const NO_LIST_ID: u8 = 3;

/// One segment, with the units it runs between.
struct Segment {
    from: u16,
    to: u16,
    source: u64,
    destination: u64,
    blocks: u64,
}

fn illegal(additional: AdditionalSense) -> Failure {
    Failure::Sense(Sense::illegal(additional))
}

/// COPY ABORTED: the copy did not, or not completely, take place.
fn aborted(additional: AdditionalSense) -> Failure {
    Failure::Sense(Sense::new(SenseKey::CopyAborted, additional))
}

impl Device {
    /// Carries out one EXTENDED COPY that unit `number` was sent.
    pub(super) fn extended_copy(
        &mut self,
        number: u16,
        nexus: NexusId,
        request: &ExtendedCopy,
        data: &[u8],
    ) -> Result<u64, Failure> {
        if request.list_len == 0 {
            return Ok(0);
        }
        if request.list_len > HEADER + limits::MAX_COPY_DESCRIPTORS {
            return Err(illegal(AdditionalSense::PARAMETER_LIST_LENGTH_ERROR));
        }
        let data = data
            .get(..request.list_len)
            .filter(|data| data.len() >= HEADER)
            .ok_or_else(|| illegal(AdditionalSense::PARAMETER_LIST_LENGTH_ERROR))?;
        let segments = self.segments(number, data)?;
        let port = self
            .nexuses
            .get(&nexus)
            .cloned()
            .unwrap_or_else(|| PortId::new("", 1));
        let mut record = CopyRecord {
            nexus,
            list_id: data[0],
            segments: 0,
            blocks: 0,
            failed: false,
        };
        let mut outcome = Ok(request.list_len as u64);
        for segment in &segments {
            if let Err(failure) = self.copy(segment, nexus, &port) {
                record.failed = true;
                outcome = Err(failure);
                break;
            }
            record.segments += 1;
            record.blocks = record.blocks.saturating_add(segment.blocks as u32);
        }
        if data[1] >> 3 & 3 != NO_LIST_ID
            && let Some(slot) = self.slots.get_mut(&number)
        {
            slot.unit.remember_copy(record);
        }
        outcome
    }

    /// Reads the descriptors and finds the units that they mean.
    fn segments(&self, number: u16, data: &[u8]) -> Result<Vec<Segment>, Failure> {
        let short = || illegal(AdditionalSense::PARAMETER_LIST_LENGTH_ERROR);
        let target_len = be(data, 2, 2) as usize;
        let segment_len = be(data, 8, 4) as usize;
        if be(data, 12, 4) != 0 {
            return Err(Failure::Sense(Sense::parameter_field(12)));
        }
        let rest = &data[HEADER..];
        let (targets, rest) = rest.split_at_checked(target_len).ok_or_else(short)?;
        let segments = rest.get(..segment_len).ok_or_else(short)?;
        if targets.len() + segments.len() > limits::MAX_COPY_DESCRIPTORS {
            return Err(short());
        }
        if targets.len() > limits::MAX_COPY_TARGETS * TARGET_LEN {
            return Err(illegal(AdditionalSense::TOO_MANY_TARGET_DESCRIPTORS));
        }
        let mut units = Vec::new();
        for target in targets.chunks(TARGET_LEN) {
            if target.first() != Some(&copy_codes::IDENTIFICATION) {
                return Err(illegal(AdditionalSense::UNSUPPORTED_TARGET_DESCRIPTOR));
            }
            if target.len() < TARGET_LEN {
                return Err(short());
            }
            units.push(self.designated(target));
        }
        if segments.len() > limits::MAX_COPY_SEGMENTS * SEGMENT_LEN {
            return Err(illegal(AdditionalSense::TOO_MANY_SEGMENT_DESCRIPTORS));
        }
        let mut found = Vec::new();
        for segment in segments.chunks(SEGMENT_LEN) {
            if segment.first() != Some(&copy_codes::BLOCK_TO_BLOCK) {
                return Err(illegal(AdditionalSense::UNSUPPORTED_SEGMENT_DESCRIPTOR));
            }
            if segment.len() < SEGMENT_LEN {
                return Err(short());
            }
            let unit = |at| {
                let index = be(segment, at, 2) as usize;
                let unit = units.get(index).copied().flatten();
                unit.ok_or_else(|| aborted(AdditionalSense::COPY_TARGET_UNREACHABLE))
            };
            let segment = Segment {
                from: unit(4)?,
                to: unit(6)?,
                source: be(segment, 12, 8),
                destination: be(segment, 20, 8),
                blocks: be(segment, 10, 2),
            };
            // The copy manager is part of one of the two.
            if segment.from != number && segment.to != number {
                return Err(aborted(AdditionalSense::COPY_TARGET_UNREACHABLE));
            }
            found.push(segment);
        }
        Ok(found)
    }

    /// The unit with the designator of an identification descriptor.
    fn designated(&self, target: &[u8]) -> Option<u16> {
        let len = usize::from(*target.get(7)?).min(20);
        let (code_set, kind) = (target.get(4)? & 0x0f, target.get(5)? & 0x0f);
        let name = target.get(8..8 + len)?;
        self.slots
            .iter()
            .find(|(_, slot)| slot.unit.is_designated(code_set, kind, name))
            .map(|(number, _)| *number)
    }

    fn copy(&mut self, segment: &Segment, nexus: NexusId, port: &PortId) -> Result<(), Failure> {
        let failed = |_: Failure| aborted(AdditionalSense::THIRD_PARTY_DEVICE_FAILURE);
        let unreachable = || aborted(AdditionalSense::COPY_TARGET_UNREACHABLE);
        let (source, destination) = {
            let from = &self.slots.get(&segment.from).ok_or_else(unreachable)?.unit;
            let to = &self.slots.get(&segment.to).ok_or_else(unreachable)?.unit;
            if from.refuses(Access::Read, nexus, port) || to.refuses(Access::Write, nexus, port) {
                return Err(Failure::Conflict);
            }
            if from.block_size() != to.block_size() {
                return Err(aborted(AdditionalSense::COPY_TARGET_UNREACHABLE));
            }
            let misplaced = |_: Failure| aborted(AdditionalSense::NONE);
            let source = from.place(segment.source, segment.blocks).map_err(misplaced)?;
            let destination = to
                .place_to_write(segment.destination, segment.blocks)
                .map_err(misplaced)?;
            (source, destination)
        };
        let bytes =
            segment.blocks * u64::from(self.slots.get(&segment.from).map_or(0, |s| s.unit.block_size()));
        let mut buffer = vec![0; bytes.min(STEP) as usize];
        // Within one unit the ranges may overlap: copy from the end then.
        let backwards = segment.from == segment.to && source < destination;
        let mut done = 0;
        while done < bytes {
            let step = (bytes - done).min(STEP);
            let at = if backwards { bytes - done - step } else { done };
            let buffer = &mut buffer[..step as usize];
            let from = self.slots.get_mut(&segment.from).ok_or_else(unreachable)?;
            from.unit.fetch(source + at, buffer).map_err(failed)?;
            let to = self.slots.get_mut(&segment.to).ok_or_else(unreachable)?;
            to.unit.store(destination + at, buffer).map_err(failed)?;
            done += step;
        }
        Ok(())
    }
}
