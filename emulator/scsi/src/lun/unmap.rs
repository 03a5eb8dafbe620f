//! WRITE SAME and UNMAP (SBC-3 §5.28, §5.44).

use super::limits::{MAX_UNMAP_BLOCKS, MAX_UNMAP_DESCRIPTORS, MAX_WRITE_SAME};
use super::medium::MediumError;
use super::unit::{Call, LogicalUnit, Outcome};
use crate::cdb::{Range, Unmap, WriteSame};
use crate::param::be;
use crate::sense::{AdditionalSense, Sense};

impl LogicalUnit {
    pub(super) fn write_same(&mut self, request: &WriteSame, call: &mut Call<'_>) -> Outcome {
        let block = u64::from(self.block_size);
        self.in_range(request.range)?;
        self.writable()?;
        let bytes = u64::from(request.range.blocks) * block;
        // WSNZ: a length of zero does not mean "to the end".
        if bytes == 0 || bytes > MAX_WRITE_SAME {
            return Err(Sense::illegal(AdditionalSense::INVALID_FIELD_IN_CDB));
        }
        let offset = request.range.lba * block;
        let pattern = match (request.no_data, call.data_out.get(..block as usize)) {
            (true, _) => None,
            (false, Some(pattern)) => Some(pattern).filter(|p| p.iter().any(|byte| *byte != 0)),
            (false, None) => return Err(Sense::illegal(AdditionalSense::INVALID_FIELD_IN_CDB)),
        };
        match pattern {
            None => self.medium.discard(offset, bytes).map_err(MediumError::sense)?,
            Some(pattern) => {
                let step = bytes.min(PATTERN_STEP.max(block) / block * block);
                let copies = pattern.repeat((step / block) as usize);
                let mut done = 0;
                while done < bytes {
                    let step = (bytes - done).min(step);
                    let from = copies.get(..step as usize).unwrap_or_default();
                    self.medium
                        .write_at(offset + done, from)
                        .map_err(MediumError::sense)?;
                    done += step;
                }
            }
        }
        Ok(if request.no_data { 0 } else { block })
    }

    pub(super) fn unmap(&mut self, request: &Unmap, call: &mut Call<'_>) -> Outcome {
        self.writable()?;
        let sent = request.list_len as u64;
        if request.list_len == 0 {
            return Ok(0);
        }
        let list = call.data_out.get(..request.list_len).unwrap_or(call.data_out);
        if list.len() < 8 {
            return Err(Sense::illegal(AdditionalSense::PARAMETER_LIST_LENGTH_ERROR));
        }
        let described = be(list, 2, 2) as usize;
        let descriptors = list.get(8..).unwrap_or_default();
        let descriptors = descriptors
            .get(..described)
            .unwrap_or(descriptors)
            .chunks_exact(16);
        if descriptors.len() > MAX_UNMAP_DESCRIPTORS as usize {
            return Err(Sense::parameter_field(2));
        }
        let ranges: Vec<Range> = descriptors
            .map(|d| Range {
                lba: be(d, 0, 8),
                blocks: be(d, 8, 4) as u32,
            })
            .collect();
        let mut total = 0u64;
        for range in &ranges {
            self.in_range(*range)?;
            total += u64::from(range.blocks);
        }
        if total > u64::from(MAX_UNMAP_BLOCKS) {
            return Err(Sense::illegal(AdditionalSense::INVALID_FIELD_IN_PARAMETER_LIST));
        }
        let block = u64::from(self.block_size);
        for range in ranges.iter().filter(|r| r.blocks != 0) {
            let discarded = self
                .medium
                .discard(range.lba * block, u64::from(range.blocks) * block);
            discarded.map_err(MediumError::sense)?;
        }
        Ok(sent)
    }
}

const PATTERN_STEP: u64 = 256 << 10;
