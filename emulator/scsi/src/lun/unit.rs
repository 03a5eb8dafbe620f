//! A logical unit and the dispatch of commands to their families.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;

use super::config::LunConfig;
use super::medium::Medium;
use crate::cdb::Cdb;
use crate::data_in::DataIn;
use crate::mode::Control;
use crate::opcode::{Access, Opcode, code};
use crate::param;
use crate::port::PortId;
use crate::reservation::{ReservationStore, Reservations, SavedError};
use crate::sense::{AdditionalSense, Sense, SenseKey};
use crate::status::Status;
use crate::target_port::TargetPorts;
use crate::unit_attention::NexusId;

/// A direct-access block device.
pub struct LogicalUnit {
    pub(super) config: LunConfig,
    pub(super) medium: Box<dyn Medium>,
    pub(super) block_size: u32,
    pub(super) control: Control,
    pub(super) stopped: bool,
    /// The medium is out (removable units).
    pub(super) ejected: bool,
    pub(super) prevented: BTreeSet<NexusId>,
    pub(super) reservations: Reservations,
    pub(super) store: Option<Box<dyn ReservationStore>>,
    /// The last copies: who, list identifier, segments done, how it ended.
    pub(crate) copies: VecDeque<CopyRecord>,
}

/// What RECEIVE COPY RESULTS can say of a copy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CopyRecord {
    pub(crate) nexus: NexusId,
    pub(crate) list_id: u8,
    pub(crate) segments: u16,
    pub(crate) blocks: u32,
    pub(crate) failed: bool,
}

/// Copies that are remembered.
const COPIES: usize = 16;

/// Who hears of a unit attention.
#[derive(Debug)]
pub(crate) enum Whom {
    /// Every nexus but the one that sent the command.
    Others,
    /// Every nexus of a port.
    Port(PortId),
}

/// One command for a logical unit, with its data.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) nexus: NexusId,
    pub(crate) port: &'a PortId,
    /// The device's target ports.
    pub(crate) ports: &'a TargetPorts,
    pub(crate) data_out: &'a [u8],
    pub(crate) data_in: &'a mut dyn DataIn,
    /// No more than this many bytes go back.
    pub(crate) data_in_max: usize,
    /// The status of success.
    pub(crate) status: Status,
    /// Unit attentions that the command establishes.
    pub(crate) attentions: Vec<(Whom, AdditionalSense)>,
    /// Ports whose tasks the command ends.
    pub(crate) aborted: Vec<PortId>,
}

/// Why a command is not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// CHECK CONDITION.
    Sense(Sense),
    /// RESERVATION CONFLICT.
    Conflict,
}

impl From<Sense> for Failure {
    fn from(sense: Sense) -> Self {
        Self::Sense(sense)
    }
}

/// Bytes that the command moves in its direction, before the transport's own limit; or why it failed.
pub(crate) type Outcome = Result<u64, Failure>;

impl LogicalUnit {
    /// A logical unit over a medium. What does not fill a whole block at the end of the medium is not used.
    #[must_use]
    pub fn new(config: LunConfig, medium: Box<dyn Medium>) -> Self {
        let block_size = config.checked_block_size();
        Self {
            config,
            medium,
            block_size,
            control: Control::default(),
            stopped: false,
            ejected: false,
            prevented: BTreeSet::new(),
            reservations: Reservations::default(),
            store: None,
            copies: VecDeque::new(),
        }
    }

    /// Keeps persistent reservations over a restart (APTPL); `saved` is what the store holds now, empty for nothing.
    ///
    /// # Errors
    /// [`SavedError`] names the line that cannot be read; nothing is restored then.
    pub fn keep_reservations(
        &mut self,
        store: Box<dyn ReservationStore>,
        saved: &str,
    ) -> Result<(), SavedError> {
        self.reservations = Reservations::from_text(saved)?;
        self.store = Some(store);
        Ok(())
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
        self.control.write_protect || self.config.read_only || self.medium.read_only()
    }

    /// D_SENSE of the control mode page.
    pub(crate) const fn descriptor_sense(&self) -> bool {
        self.control.descriptor_sense
    }

    /// Whether this unit has a command of the table: a fully provisioned one gives no blocks up, and groups of ports are reported
    /// where there is more than one.
    pub(crate) fn has(&self, entry: &Opcode, ports: &TargetPorts) -> bool {
        let groups = (code::MAINTENANCE_IN, Some(code::SA_REPORT_TARGET_PORT_GROUPS));
        if (entry.code, entry.service_action) == groups {
            return ports.grouped();
        }
        self.config.thin
            || !matches!(
                (entry.code, entry.service_action),
                (code::UNMAP | code::SANITIZE, _)
                    | (code::SERVICE_ACTION_IN_16, Some(code::SA_GET_LBA_STATUS))
            )
    }

    /// Everything a hard reset or power-on forgets. Persistent reservations are not among it.
    pub fn reset(&mut self) {
        self.stopped = false;
        self.prevented.clear();
        self.control = Control::default();
        self.reservations.reset();
        self.copies.clear();
    }

    pub(crate) fn nexus_lost(&mut self, nexus: NexusId) {
        self.prevented.remove(&nexus);
        self.reservations.nexus_lost(nexus);
        self.copies.retain(|copy| copy.nexus != nexus);
    }

    pub(crate) fn remember_copy(&mut self, record: CopyRecord) {
        self.copies
            .retain(|copy| (copy.nexus, copy.list_id) != (record.nexus, record.list_id));
        if self.copies.len() >= COPIES {
            self.copies.pop_front();
        }
        self.copies.push_back(record);
    }

    /// Whether a reservation of somebody else stands against a command.
    pub(crate) fn conflicts(&self, cdb: &Cdb, access: Access, nexus: NexusId, port: &PortId) -> bool {
        let access = match cdb {
            Cdb::PreventAllow(false) => Access::Always,
            Cdb::StartStopUnit(request)
                if request.start && request.power_condition == 0 && !request.load_eject =>
            {
                Access::Status
            }
            _ => access,
        };
        self.reservations.conflicts(access, nexus, port)
    }

    /// Whether commands that need the medium are carried out now.
    pub(crate) fn ready(&self) -> Result<(), Sense> {
        let missing = match (self.ejected, self.stopped) {
            (true, _) => AdditionalSense::MEDIUM_NOT_PRESENT,
            (_, true) => AdditionalSense::INITIALIZING_COMMAND_REQUIRED,
            _ => return Ok(()),
        };
        Err(Sense::new(SenseKey::NotReady, missing))
    }

    pub(crate) fn execute(&mut self, cdb: &Cdb, call: &mut Call<'_>) -> Outcome {
        if needs_ready(cdb) {
            self.ready()?;
        }
        match *cdb {
            Cdb::TestUnitReady => Ok(0),
            // A pending unit attention has been reported by the device before this point.
            Cdb::RequestSense {
                descriptor,
                allocation,
            } => {
                let pending = self.ready().err();
                Ok(super::primary::request_sense(
                    pending,
                    descriptor,
                    allocation,
                    call.data_in,
                ))
            }
            Cdb::Inquiry(inquiry) => self.inquiry(&inquiry, call),
            Cdb::ModeSense(mode_sense) => self.mode_sense(&mode_sense, call),
            Cdb::ModeSelect(mode_select) => self.mode_select(&mode_select, call),
            Cdb::ReportSupportedOpcodes(report) => self.report_opcodes(&report, call),
            Cdb::ReportTargetPortGroups(request) => {
                let data = call.ports.report(call.port.target_port, request.extended);
                Ok(param::answer(call.data_in, &data, request.allocation))
            }
            Cdb::StartStopUnit(request) => self.start_stop(&request, call),
            Cdb::PreventAllow(prevent) => {
                if prevent {
                    self.prevented.insert(call.nexus);
                } else {
                    self.prevented.remove(&call.nexus);
                }
                Ok(0)
            }
            Cdb::Reserve => {
                let done = self.reservations.reserve_legacy(call.nexus);
                if done { Ok(0) } else { Err(Failure::Conflict) }
            }
            Cdb::Release => {
                let done = self.reservations.release_legacy(call.nexus);
                if done { Ok(0) } else { Err(Failure::Conflict) }
            }
            Cdb::PersistentIn(request) => self.persistent_in(&request, call),
            Cdb::PersistentOut(request) => self.persistent_out(&request, call),
            Cdb::ReadCapacity10 => self.read_capacity_10(call),
            Cdb::ReadCapacity16(allocation) => self.read_capacity_16(allocation, call),
            Cdb::Read(transfer) => self.read(&transfer, call),
            Cdb::Write(transfer) => self.write(&transfer, call),
            Cdb::WriteAtomic(request) => self.write_atomic(&request, call),
            Cdb::WriteAndVerify(request) => self.write_and_verify(&request, call),
            Cdb::CompareAndWrite(request) => self.compare_and_write(&request, call),
            Cdb::OrWrite(request) => self.or_write(&request, call),
            Cdb::Verify(verify) => self.verify(&verify, call),
            Cdb::PreFetch(range) => self.pre_fetch(range, call),
            Cdb::ReadDefectData(request) => Self::read_defect_data(&request, call),
            Cdb::SynchronizeCache(range) => self.synchronize_cache(range),
            Cdb::WriteSame(write_same) => self.write_same(&write_same, call),
            Cdb::Unmap(unmap) => self.unmap(&unmap, call),
            Cdb::GetLbaStatus(request) => self.get_lba_status(&request, call),
            Cdb::Sanitize(request) => self.sanitize(request),
            Cdb::ReceiveCopyResults(request) => self.receive_copy_results(&request, call),
            // Of the device, not of one logical unit.
            Cdb::ReportLuns { .. } | Cdb::ExtendedCopy(_) => {
                Err(Sense::illegal(AdditionalSense::INVALID_OPCODE).into())
            }
        }
    }
}

/// Commands that do not need the medium.
const fn needs_ready(cdb: &Cdb) -> bool {
    !matches!(
        cdb,
        Cdb::RequestSense { .. }
            | Cdb::Inquiry(_)
            | Cdb::ModeSense(_)
            | Cdb::ModeSelect(_)
            | Cdb::ReportSupportedOpcodes(_)
            | Cdb::ReportTargetPortGroups(_)
            | Cdb::StartStopUnit(_)
            | Cdb::PreventAllow(_)
            | Cdb::Reserve
            | Cdb::Release
            | Cdb::PersistentIn(_)
            | Cdb::PersistentOut(_)
            | Cdb::ReceiveCopyResults(_)
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
