//! READ, WRITE, VERIFY, SYNCHRONIZE CACHE, READ CAPACITY (SBC-3 clause 5).

use super::medium::MediumError;
use super::unit::{Call, LogicalUnit, Outcome};
use crate::cdb::{Range, Transfer, Verify};
use crate::param;
use crate::sense::{AdditionalSense, Sense, SenseKey};

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
        data.extend_from_slice(&[0, 0, THIN, 0]);
        data.resize(32, 0);
        Ok(param::answer(call.data_in, &data, allocation))
    }

    pub(super) fn read(&mut self, transfer: &Transfer, call: &mut Call<'_>) -> Outcome {
        let (offset, bytes) = self.checked(transfer.range)?;
        let wanted = usize::try_from(bytes).unwrap_or(usize::MAX).min(call.data_in_max);
        // Stale contents of a reused buffer are overwritten below; only growth is zeroed.
        call.data_in.resize(wanted, 0);
        if let Err(error) = self.medium.read_at(offset, call.data_in) {
            call.data_in.clear();
            return Err(error.sense().with_information(transfer.range.lba));
        }
        Ok(bytes)
    }

    pub(super) fn write(&mut self, transfer: &Transfer, call: &mut Call<'_>) -> Outcome {
        let (offset, bytes) = self.checked(transfer.range)?;
        self.writable()?;
        // The initiator may send less than the CDB says; whole blocks of it are written.
        let given =
            (call.data_out.len() as u64).min(bytes) / u64::from(self.block_size) * u64::from(self.block_size);
        let data = call.data_out.get(..given as usize).unwrap_or_default();
        let failed = |error: MediumError| error.sense().with_information(transfer.range.lba);
        self.medium.write_at(offset, data).map_err(failed)?;
        if transfer.force_unit_access {
            self.medium.flush().map_err(failed)?;
        }
        Ok(bytes)
    }

    pub(super) fn verify(&mut self, verify: &Verify, call: &mut Call<'_>) -> Outcome {
        let (offset, bytes) = self.checked(verify.range)?;
        let block = u64::from(self.block_size);
        let (sent, given) = match verify.byte_check {
            0 => (0, &[][..]),
            1 => (bytes, call.data_out),
            _ if bytes == 0 => (0, &[][..]),
            _ => (block, call.data_out),
        };
        if (given.len() as u64) < sent {
            return Err(Sense::illegal(AdditionalSense::INVALID_FIELD_IN_CDB));
        }
        let mut stored = vec![0; bytes.min(VERIFY_STEP) as usize];
        let mut done = 0;
        while done < bytes {
            let step = (bytes - done).min(VERIFY_STEP) as usize;
            let stored = &mut stored[..step];
            let lba = verify.range.lba + done / block;
            self.medium
                .read_at(offset + done, stored)
                .map_err(|e| e.sense().with_information(lba))?;
            let differs = stored
                .iter()
                .enumerate()
                .find(|(i, byte)| match verify.byte_check {
                    0 => false,
                    1 => given.get(done as usize + i) != Some(byte),
                    _ => given.get(i % block as usize) != Some(byte),
                });
            if let Some((i, _)) = differs {
                let sense = Sense::new(SenseKey::Miscompare, AdditionalSense::MISCOMPARE_DURING_VERIFY);
                return Err(sense.with_information(done + i as u64));
            }
            done += step as u64;
        }
        Ok(sent)
    }

    pub(super) fn synchronize_cache(&mut self, range: Range) -> Outcome {
        self.in_range(range)?;
        self.medium.flush().map_err(MediumError::sense)?;
        Ok(0)
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
        if self.read_only() {
            Err(MediumError::ReadOnly.sense())
        } else {
            Ok(())
        }
    }
}

const VERIFY_STEP: u64 = 256 << 10;
