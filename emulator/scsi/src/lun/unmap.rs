//! WRITE SAME, UNMAP, GET LBA STATUS and SANITIZE (SBC-3 §4.7, §5.6, §5.24, §5.28, §5.44).

use super::limits::{MAX_LBA_DESCRIPTORS, MAX_UNMAP_BLOCKS, MAX_UNMAP_DESCRIPTORS, MAX_WRITE_SAME};
use super::medium::{Extent, MediumError};
use super::unit::{Call, LogicalUnit, Outcome};
use crate::cdb::{GetLbaStatus, Range, Sanitize, Unmap, WriteSame};
use crate::param::{self, be};
use crate::sense::{AdditionalSense, Sense};

impl LogicalUnit {
    pub(super) fn write_same(&mut self, request: &WriteSame, call: &mut Call<'_>) -> Outcome {
        let block = u64::from(self.block_size);
        self.in_range(request.range)?;
        self.writable()?;
        if request.unmap && !self.config.thin {
            return Err(Sense::cdb_field(1, 3).into());
        }
        let blocks = u64::from(request.range.blocks);
        // WSNZ: a length of zero does not mean "to the end".
        if blocks == 0 || blocks > MAX_WRITE_SAME / block {
            return Err(Sense::illegal(AdditionalSense::INVALID_FIELD_IN_CDB).into());
        }
        let bytes = blocks * block;
        let offset = request.range.lba * block;
        let zeros;
        let pattern = if request.no_data {
            if !call.data_out.is_empty() {
                return Err(Sense::cdb_field(1, 0).into());
            }
            zeros = vec![0; block as usize];
            &zeros[..]
        } else if call.data_out.len() as u64 == block {
            call.data_out
        } else {
            return Err(Sense::illegal(AdditionalSense::INVALID_FIELD_IN_CDB).into());
        };
        // UNMAP asks for deallocation, which is allowed only where the blocks then read as the one sent (LBPRZ 1).
        let unmap = request.unmap && pattern.iter().all(|byte| *byte == 0);
        match Some(pattern).filter(|_| !unmap) {
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
            return Err(Sense::illegal(AdditionalSense::PARAMETER_LIST_LENGTH_ERROR).into());
        }
        let described = be(list, 2, 2) as usize;
        let descriptors = list.get(8..).unwrap_or_default();
        let descriptors = descriptors
            .get(..described)
            .unwrap_or(descriptors)
            .chunks_exact(16);
        if descriptors.len() > MAX_UNMAP_DESCRIPTORS as usize {
            return Err(Sense::parameter_field(2).into());
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
            return Err(Sense::illegal(AdditionalSense::INVALID_FIELD_IN_PARAMETER_LIST).into());
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

    pub(super) fn get_lba_status(&mut self, request: &GetLbaStatus, call: &mut Call<'_>) -> Outcome {
        let blocks = self.blocks();
        if request.lba >= blocks {
            let sense = Sense::illegal(AdditionalSense::LBA_OUT_OF_RANGE);
            return Err(sense.with_information(request.lba).into());
        }
        let room = request.allocation.saturating_sub(8) / 16;
        let mut found: Vec<(u64, u64, Extent)> = Vec::new();
        let mut lba = request.lba;
        // Bounded, however small the pieces that the medium tells of.
        for _ in 0..4 * MAX_LBA_DESCRIPTORS {
            if lba >= blocks {
                break;
            }
            let (count, extent) = self.run(lba, blocks - lba)?;
            let full = found.len() >= room.clamp(1, MAX_LBA_DESCRIPTORS);
            match found.last_mut() {
                // A descriptor counts blocks in 32 bits.
                Some((_, before, kind)) if *kind == extent && *before + count <= u64::from(u32::MAX) => {
                    *before += count;
                }
                _ if full => break,
                _ => found.push((lba, count, extent)),
            }
            lba += count;
        }
        let mut data = ((found.len() * 16 + 4) as u32).to_be_bytes().to_vec();
        data.extend_from_slice(&[0; 4]);
        for (lba, count, extent) in found {
            data.extend_from_slice(&lba.to_be_bytes());
            data.extend_from_slice(&(count as u32).to_be_bytes());
            data.extend_from_slice(&[u8::from(extent == Extent::Hole), 0, 0, 0]);
        }
        Ok(param::answer(call.data_in, &data, request.allocation))
    }

    /// Blocks from `lba` on that are alike; at least one, at most what one descriptor can say.
    fn run(&mut self, lba: u64, limit: u64) -> Result<(u64, Extent), Sense> {
        let block = u64::from(self.block_size);
        let (bytes, extent) = self
            .medium
            .extent(lba * block, limit * block)
            .map_err(MediumError::sense)?;
        let limit = limit.min(u64::from(u32::MAX));
        Ok(match (extent, bytes / block) {
            // A block is deallocated if all of it is.
            (Extent::Hole, 0) => (1, Extent::Mapped),
            (Extent::Hole, whole) => (whole.min(limit), Extent::Hole),
            (Extent::Mapped, _) => (bytes.div_ceil(block).clamp(1, limit), Extent::Mapped),
        })
    }

    pub(super) fn sanitize(&mut self, request: Sanitize) -> Outcome {
        if request == Sanitize::BlockErase {
            self.writable()?;
            self.medium
                .discard(0, self.medium.size())
                .map_err(MediumError::sense)?;
            self.medium.flush().map_err(MediumError::sense)?;
        }
        Ok(0)
    }
}

const PATTERN_STEP: u64 = 256 << 10;
