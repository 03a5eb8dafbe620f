//! A logical unit and the dispatch of commands to their families.

use std::collections::BTreeSet;
use std::fmt;

use super::config::LunConfig;
use super::medium::Medium;
use crate::cdb::Cdb;
use crate::sense::{AdditionalSense, Sense, SenseKey};
use crate::unit_attention::NexusId;

/// A direct-access block device.
pub struct LogicalUnit {
    pub(super) config: LunConfig,
    pub(super) medium: Box<dyn Medium>,
    pub(super) block_size: u32,
    stopped: bool,
    prevented: BTreeSet<NexusId>,
}

/// One command for a logical unit, with its data.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) nexus: NexusId,
    pub(crate) data_out: &'a [u8],
    pub(crate) data_in: &'a mut Vec<u8>,
    /// No more than this many bytes go back.
    pub(crate) data_in_max: usize,
}

/// Bytes that the command moves in its direction, before the transport's own limit; or why it failed.
pub(crate) type Outcome = Result<u64, Sense>;

impl LogicalUnit {
    /// A logical unit over a medium. What does not fill a whole block at the end of the medium is not used.
    #[must_use]
    pub fn new(config: LunConfig, medium: Box<dyn Medium>) -> Self {
        let block_size = config.checked_block_size();
        Self {
            config,
            medium,
            block_size,
            stopped: false,
            prevented: BTreeSet::new(),
        }
    }

    /// Identity.
    #[must_use]
    pub const fn config(&self) -> &LunConfig {
        &self.config
    }

    /// Logical block length in bytes.
    #[must_use]
    pub const fn block_size(&self) -> u32 {
        self.block_size
    }

    /// Capacity in logical blocks.
    #[must_use]
    pub fn blocks(&self) -> u64 {
        self.medium.size() / u64::from(self.block_size)
    }

    /// Writes are refused.
    #[must_use]
    pub fn read_only(&self) -> bool {
        self.config.read_only || self.medium.read_only()
    }

    /// Everything a hard reset or power-on forgets.
    pub fn reset(&mut self) {
        self.stopped = false;
        self.prevented.clear();
    }

    pub(crate) fn nexus_lost(&mut self, nexus: NexusId) {
        self.prevented.remove(&nexus);
    }

    pub(crate) fn execute(&mut self, cdb: &Cdb, call: &mut Call<'_>) -> Outcome {
        if self.stopped && needs_ready(cdb) {
            return Err(Sense::new(
                SenseKey::NotReady,
                AdditionalSense::INITIALIZING_COMMAND_REQUIRED,
            ));
        }
        match *cdb {
            Cdb::TestUnitReady => Ok(0),
            // A pending unit attention has been reported by the device before this point.
            Cdb::RequestSense {
                descriptor,
                allocation,
            } => Ok(super::primary::request_sense(
                None,
                descriptor,
                allocation,
                call.data_in,
            )),
            Cdb::Inquiry(inquiry) => self.inquiry(&inquiry, call),
            Cdb::ModeSense(mode_sense) => self.mode_sense(&mode_sense, call),
            Cdb::ReportSupportedOpcodes(report) => self.report_opcodes(&report, call),
            Cdb::StartStopUnit(request) => {
                if request.power_condition == 0 {
                    if request.load_eject {
                        // Nothing can be ejected.
                        return Err(Sense::cdb_field(4, 1));
                    }
                    if !request.start {
                        self.medium.flush().map_err(super::MediumError::sense)?;
                    }
                    self.stopped = !request.start;
                }
                Ok(0)
            }
            Cdb::PreventAllow(prevent) => {
                if prevent {
                    self.prevented.insert(call.nexus);
                } else {
                    self.prevented.remove(&call.nexus);
                }
                Ok(0)
            }
            Cdb::ReadCapacity10 => self.read_capacity_10(call),
            Cdb::ReadCapacity16(allocation) => self.read_capacity_16(allocation, call),
            Cdb::Read(transfer) => self.read(&transfer, call),
            Cdb::Write(transfer) => self.write(&transfer, call),
            Cdb::Verify(verify) => self.verify(&verify, call),
            Cdb::SynchronizeCache(range) => self.synchronize_cache(range),
            Cdb::WriteSame(write_same) => self.write_same(&write_same, call),
            Cdb::Unmap(unmap) => self.unmap(&unmap, call),
            // Of the device, not of one logical unit.
            Cdb::ReportLuns { .. } => Err(Sense::illegal(AdditionalSense::INVALID_OPCODE)),
        }
    }
}

/// Commands that a stopped logical unit refuses.
const fn needs_ready(cdb: &Cdb) -> bool {
    matches!(
        cdb,
        Cdb::TestUnitReady
            | Cdb::ReadCapacity10
            | Cdb::ReadCapacity16(_)
            | Cdb::Read(_)
            | Cdb::Write(_)
            | Cdb::Verify(_)
            | Cdb::SynchronizeCache(_)
            | Cdb::WriteSame(_)
            | Cdb::Unmap(_)
    )
}

impl fmt::Debug for LogicalUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogicalUnit")
            .field("config", &self.config)
            .field("blocks", &self.blocks())
            .field("stopped", &self.stopped)
            .finish_non_exhaustive()
    }
}
