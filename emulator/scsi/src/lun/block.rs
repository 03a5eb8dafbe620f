//! READ, WRITE, PRE-FETCH, SYNCHRONIZE CACHE, READ CAPACITY, READ DEFECT DATA (SBC-3 clause 5).

use super::limits::MAX_ATOMIC_WRITE;
use super::medium::MediumError;
use super::unit::{Call, LogicalUnit, Outcome};
use crate::cdb::{AtomicWrite, DefectData, Range, Transfer};
use crate::param;
use crate::sense::{AdditionalSense, Sense};
use crate::status::Status;

/// Deallocated blocks read as zeros (LBPRZ) and there is provisioning management (LBPME).
const THIN: u8 = 0xc0;

impl LogicalUnit {
    pub(super) fn read_capacity_10(&self, call: &mut Call<'_>) -> Outcome {
        let last = self.blocks().saturating_sub(1);
        let mut data = u32::try_from(last).unwrap_or(u32::MAX).to_be_bytes().to_vec();
        data.extend_from_slice(&self.block_size.to_be_bytes());
        Ok(param::answer(call.data_in, &data, data.len()))
    }

    pub(super) fn read_capacity_16(&self, allocation: usize, call: &mut Call<'_>) -> Outcome {
        let mut data = self.blocks().saturating_sub(1).to_be_bytes().to_vec();
        data.extend_from_slice(&self.block_size.to_be_bytes());
        let thin = if self.config.thin { THIN } else { 0 };
        data.extend_from_slice(&[0, self.config.physical_exponent(), thin, 0]);
        data.resize(32, 0);
        Ok(param::answer(call.data_in, &data, allocation))
    }

    pub(super) fn read(&mut self, transfer: &Transfer, call: &mut Call<'_>) -> Outcome {
        let (offset, bytes) = self.checked(transfer.range)?;
        let wanted = usize::try_from(bytes).unwrap_or(usize::MAX).min(call.data_in_max);
        if let Err(error) = self.medium.read_at(offset, call.data_in.room(wanted)) {
            call.data_in.clear();
            return Err(error.sense().with_information(transfer.range.lba).into());
        }
        Ok(bytes)
    }

    pub(super) fn write(&mut self, transfer: &Transfer, call: &mut Call<'_>) -> Outcome {
        let (offset, bytes) = self.checked(transfer.range)?;
        self.writable()?;
        let data = self.whole_blocks(call.data_out, bytes);
        self.put(offset, data, transfer)?;
        Ok(bytes)
    }

    /// WRITE ATOMIC: one command at a time touches the medium, so that every write is one for all who read.
    pub(super) fn write_atomic(&mut self, request: &AtomicWrite, call: &mut Call<'_>) -> Outcome {
        self.in_range(request.range)?;
        let bytes = u64::from(request.range.blocks) * u64::from(self.block_size);
        if request.boundary != 0 {
            // MAXIMUM ATOMIC BOUNDARY SIZE 0: there are no boundaries.
            return Err(Sense::cdb_field(10, 7).into());
        }
        if bytes > u64::from(MAX_ATOMIC_WRITE) {
            return Err(Sense::cdb_field(12, 7).into());
        }
        let transfer = Transfer {
            range: request.range,
            force_unit_access: request.force_unit_access,
        };
        self.write(&transfer, call)
    }

    /// Writes bytes whose place has been checked.
    pub(super) fn put(&mut self, offset: u64, data: &[u8], transfer: &Transfer) -> Result<(), Sense> {
        let failed = |error: MediumError| error.sense().with_information(transfer.range.lba);
        self.medium.write_at(offset, data).map_err(failed)?;
        if transfer.force_unit_access {
            self.medium.flush().map_err(failed)?;
        }
        Ok(())
    }

    /// The initiator may send less than the CDB says; whole blocks of it are written.
    pub(super) fn whole_blocks<'a>(&self, data: &'a [u8], bytes: u64) -> &'a [u8] {
        let block = u64::from(self.block_size);
        let given = (data.len() as u64).min(bytes) / block * block;
        data.get(..given as usize).unwrap_or_default()
    }

    /// PRE-FETCH: everything is as near as it gets.
    pub(super) fn pre_fetch(&self, range: Range, call: &mut Call<'_>) -> Outcome {
        self.in_range(range)?;
        call.status = Status::ConditionMet;
        Ok(0)
    }

    pub(super) fn synchronize_cache(&mut self, range: Range) -> Outcome {
        self.in_range(range)?;
        self.medium.flush().map_err(MediumError::sense)?;
        Ok(0)
    }

    /// READ DEFECT DATA: the lists asked for are empty.
    pub(super) fn read_defect_data(request: &DefectData, call: &mut Call<'_>) -> Outcome {
        let data: &[u8] = if request.twelve {
            &[0, request.lists, 0, 0, 0, 0, 0, 0]
        } else {
            &[0, request.lists, 0, 0]
        };
        Ok(param::answer(call.data_in, data, request.allocation))
    }

    /// Byte offset and length of a transfer, checked against capacity and the longest transfer.
    pub(super) fn checked(&self, range: Range) -> Result<(u64, u64), Sense> {
        self.in_range(range)?;
        let block = u64::from(self.block_size);
        let bytes = u64::from(range.blocks) * block;
        if bytes > u64::from(self.config.max_transfer) {
            return Err(Sense::illegal(AdditionalSense::INVALID_FIELD_IN_CDB));
        }
        Ok((range.lba * block, bytes))
    }

    pub(super) fn in_range(&self, range: Range) -> Result<(), Sense> {
        match range.lba.checked_add(u64::from(range.blocks)) {
            Some(end) if end <= self.blocks() => Ok(()),
            _ => Err(Sense::illegal(AdditionalSense::LBA_OUT_OF_RANGE).with_information(range.lba)),
        }
    }

    pub(super) fn writable(&self) -> Result<(), Sense> {
        if self.control.write_protect {
            let soft = AdditionalSense::SOFTWARE_WRITE_PROTECTED;
            Err(Sense::new(crate::sense::SenseKey::DataProtect, soft))
        } else if self.read_only() {
            Err(MediumError::ReadOnly.sense())
        } else {
            Ok(())
        }
    }
}
