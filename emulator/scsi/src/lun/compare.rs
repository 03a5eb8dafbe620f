//! Commands that look at what is there before or after they write: VERIFY, WRITE AND VERIFY, COMPARE AND WRITE, ORWRITE (SBC-3
//! clause 5). A buffer of bounded size is all they take, whatever the transfer length.

use super::limits::MAX_COMPARE_AND_WRITE;
use super::medium::MediumError;
use super::unit::{Call, LogicalUnit, Outcome};
use crate::cdb::{Transfer, Verify};
use crate::sense::{AdditionalSense, Sense, SenseKey};

const STEP: u64 = 256 << 10;

/// What the medium must hold.
#[derive(Clone, Copy)]
enum Expected<'a> {
    /// Anything that can be read.
    Readable,
    /// These bytes.
    Bytes(&'a [u8]),
    /// This block, again and again.
    Block(&'a [u8]),
}

impl LogicalUnit {
    pub(super) fn verify(&mut self, verify: &Verify, call: &mut Call<'_>) -> Outcome {
        let (offset, bytes) = self.checked(verify.range)?;
        let block = u64::from(self.block_size);
        let (sent, expected) = match verify.byte_check {
            0 => (0, Expected::Readable),
            1 => (bytes, Expected::Bytes(call.data_out)),
            _ if bytes == 0 => (0, Expected::Readable),
            _ => (block, Expected::Block(call.data_out)),
        };
        if (call.data_out.len() as u64) < sent {
            return Err(Sense::illegal(AdditionalSense::INVALID_FIELD_IN_CDB).into());
        }
        self.compare(offset, bytes, expected)?;
        Ok(sent)
    }

    pub(super) fn write_and_verify(&mut self, request: &Verify, call: &mut Call<'_>) -> Outcome {
        if request.byte_check > 1 {
            return Err(Sense::cdb_field(1, 2).into());
        }
        let through = Transfer {
            range: request.range,
            force_unit_access: true,
        };
        let written = self.write(&through, call)?;
        let (offset, _) = self.checked(request.range)?;
        let data = self.whole_blocks(call.data_out, written);
        let expected = if request.byte_check == 1 {
            Expected::Bytes(data)
        } else {
            Expected::Readable
        };
        self.compare(offset, data.len() as u64, expected)?;
        Ok(written)
    }

    pub(super) fn compare_and_write(&mut self, request: &Transfer, call: &mut Call<'_>) -> Outcome {
        let (offset, bytes) = self.checked(request.range)?;
        self.writable()?;
        if request.range.blocks > u32::from(MAX_COMPARE_AND_WRITE) {
            return Err(Sense::cdb_field(13, 7).into());
        }
        // Half to compare, half to write, and nothing else.
        if call.data_out.len() as u64 != bytes * 2 {
            return Err(Sense::cdb_field(13, 7).into());
        }
        let (compare, write) = call.data_out.split_at(bytes as usize);
        self.compare(offset, bytes, Expected::Bytes(compare))?;
        self.put(offset, write, request)?;
        Ok(bytes * 2)
    }

    pub(super) fn or_write(&mut self, request: &Transfer, call: &mut Call<'_>) -> Outcome {
        let (offset, bytes) = self.checked(request.range)?;
        self.writable()?;
        let data = self.whole_blocks(call.data_out, bytes);
        let mut stored = vec![0; (data.len() as u64).min(STEP) as usize];
        for (i, piece) in data.chunks(STEP as usize).enumerate() {
            let at = offset + i as u64 * STEP;
            let stored = &mut stored[..piece.len()];
            self.medium.read_at(at, stored).map_err(MediumError::sense)?;
            stored.iter_mut().zip(piece).for_each(|(old, new)| *old |= new);
            self.medium.write_at(at, stored).map_err(MediumError::sense)?;
        }
        if request.force_unit_access {
            self.medium.flush().map_err(MediumError::sense)?;
        }
        Ok(bytes)
    }

    /// Reads a range and looks for the first byte that differs.
    fn compare(&mut self, offset: u64, bytes: u64, expected: Expected<'_>) -> Result<(), Sense> {
        let block = u64::from(self.block_size);
        let mut stored = vec![0; bytes.min(STEP) as usize];
        let mut done = 0;
        while done < bytes {
            let step = (bytes - done).min(STEP);
            let stored = &mut stored[..step as usize];
            let at = offset + done;
            self.medium
                .read_at(at, stored)
                .map_err(|error| error.sense().with_information(at / block))?;
            let differs = match expected {
                Expected::Readable => None,
                Expected::Bytes(data) => {
                    let data = data.get(done as usize..).unwrap_or_default();
                    first_difference(stored, data)
                }
                // A step is a multiple of every block size.
                Expected::Block(one) => stored
                    .chunks(block as usize)
                    .enumerate()
                    .find_map(|(i, stored)| first_difference(stored, one).map(|at| at + i * block as usize)),
            };
            if let Some(at) = differs {
                let sense = Sense::new(SenseKey::Miscompare, AdditionalSense::MISCOMPARE_DURING_VERIFY);
                return Err(sense.with_information(done + at as u64));
            }
            done += step;
        }
        Ok(())
    }
}

/// Where `data` stops to be what is stored; data that ends early differs there.
fn first_difference(stored: &[u8], data: &[u8]) -> Option<usize> {
    if data.get(..stored.len()).is_some_and(|data| data == stored) {
        return None;
    }
    (0..stored.len()).find(|i| stored.get(*i) != data.get(*i))
}
