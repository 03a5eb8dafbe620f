//! A SCSI target device: its logical units, the nexuses that use them, and what is owed to each.
//!
//! Owns the LUN map, REPORT LUNS, unit attentions and resets. Must not know how tasks are transported or queued: the transport
//! aborts its own tasks and tells the device with [`Device::reset_unit`] and its kin. Source: SAM-5, SPC-4 §6.33.

mod copy;

use std::collections::BTreeMap;

use crate::cdb::{Cdb, RawCdb};
use crate::data_in::DataIn;
use crate::lun::{Call, Failure, LogicalUnit, Lun, Whom, request_sense};
use crate::opcode::Access;
use crate::port::PortId;
use crate::sense::{AdditionalSense, Sense};
use crate::status::Status;
use crate::target_port::{AccessState, TargetPorts};
use crate::unit_attention::{NexusId, UnitAttentions};
use crate::{inquiry, param};

/// One command from a transport.
#[derive(Debug)]
pub struct Request<'a> {
    /// Who asks.
    pub nexus: NexusId,
    /// Whom.
    pub lun: Lun,
    /// The CDB; longer than needed is fine.
    pub cdb: &'a [u8],
    /// All data that came with it.
    pub data_out: &'a [u8],
    /// The initiator takes no more than this many bytes.
    pub data_in_max: usize,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status byte.
    pub status: Status,
    /// Why, for CHECK CONDITION.
    pub sense: Option<Sense>,
    /// Bytes that the command moves in its direction, however much the initiator allowed: the base of residual counts.
    pub transfer: u64,
    /// The control mode page asks for sense data in descriptor format.
    pub descriptor_sense: bool,
}

impl Response {
    const fn good(transfer: u64) -> Self {
        Self {
            status: Status::Good,
            sense: None,
            transfer,
            descriptor_sense: false,
        }
    }

    /// The sense data as it goes to the initiator; empty if there is none.
    #[must_use]
    pub fn sense_bytes(&self) -> Vec<u8> {
        match (&self.sense, self.descriptor_sense) {
            (None, _) => Vec::new(),
            (Some(sense), false) => sense.to_fixed(),
            (Some(sense), true) => sense.to_descriptor(),
        }
    }

    const fn check(sense: Sense) -> Self {
        Self {
            status: Status::CheckCondition,
            sense: Some(sense),
            transfer: 0,
            descriptor_sense: false,
        }
    }

    const fn conflict() -> Self {
        Self {
            status: Status::ReservationConflict,
            sense: None,
            transfer: 0,
            descriptor_sense: false,
        }
    }
}

#[derive(Debug)]
struct Slot {
    unit: LogicalUnit,
    attentions: UnitAttentions,
}

/// The logical units of a target.
#[derive(Debug, Default)]
pub struct Device {
    slots: BTreeMap<u16, Slot>,
    nexuses: BTreeMap<NexusId, PortId>,
    ports: TargetPorts,
    /// Nexuses whose tasks of a unit a command of another nexus has ended.
    aborted: Vec<(Lun, NexusId)>,
}

impl Device {
    /// A device without logical units.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds (or replaces) a logical unit; every nexus is told that the list has changed. Numbers over [`Lun::MAX`] cannot be
    /// addressed and are given back.
    ///
    /// # Errors
    /// The logical unit itself, if it cannot have that number.
    #[expect(clippy::result_large_err, reason = "the unit is handed back whole")]
    pub fn add(&mut self, number: u16, unit: LogicalUnit) -> Result<(), LogicalUnit> {
        if number > Lun::MAX {
            return Err(unit);
        }
        let mut attentions = UnitAttentions::default();
        for nexus in self.nexuses.keys() {
            attentions.attach(*nexus);
        }
        self.slots.insert(number, Slot { unit, attentions });
        self.luns_changed();
        Ok(())
    }

    /// Takes a logical unit away; every nexus is told that the list has changed.
    pub fn remove(&mut self, number: u16) -> Option<LogicalUnit> {
        let slot = self.slots.remove(&number)?;
        self.luns_changed();
        Some(slot.unit)
    }

    /// The numbers in use.
    pub fn numbers(&self) -> impl Iterator<Item = u16> {
        self.slots.keys().copied()
    }

    /// A logical unit.
    #[must_use]
    pub fn unit(&self, number: u16) -> Option<&LogicalUnit> {
        self.slots.get(&number).map(|slot| &slot.unit)
    }

    /// The ports through which the units are reached. Nobody is told: it is for a device that is being set up.
    pub fn set_ports(&mut self, ports: TargetPorts) {
        self.ports = ports;
    }

    /// The ports through which the units are reached.
    #[must_use]
    pub const fn ports(&self) -> &TargetPorts {
        &self.ports
    }

    /// Puts a group of target ports into another state; every nexus is told (ASYMMETRIC ACCESS STATE CHANGED). False if there is no
    /// such group.
    pub fn set_access(&mut self, group: u16, state: AccessState) -> bool {
        let changed = self.ports.set_state(group, state);
        if changed == Some(true) {
            for slot in self.slots.values_mut() {
                slot.attentions.raise(AdditionalSense::ACCESS_STATE_CHANGED, None);
            }
        }
        changed.is_some()
    }

    /// A nexus appears whose ports do not matter: persistent reservations know it by its number.
    pub fn attach(&mut self, nexus: NexusId) {
        self.attach_port(nexus, PortId::new(&format!("nexus-{}", nexus.0), 1));
    }

    /// A nexus appears. Persistent reservations belong to its ports and outlive it.
    pub fn attach_port(&mut self, nexus: NexusId, port: PortId) {
        self.nexuses.insert(nexus, port);
        for slot in self.slots.values_mut() {
            slot.attentions.attach(nexus);
        }
    }

    /// A nexus is gone, and what it held with it.
    pub fn detach(&mut self, nexus: NexusId) {
        self.nexuses.remove(&nexus);
        for slot in self.slots.values_mut() {
            slot.attentions.detach(nexus);
            slot.unit.nexus_lost(nexus);
        }
    }

    /// LOGICAL UNIT RESET. The transport has aborted the unit's tasks. False if there is no such unit.
    pub fn reset_unit(&mut self, lun: Lun) -> bool {
        let Some(slot) = lun.number().and_then(|number| self.slots.get_mut(&number)) else {
            return false;
        };
        slot.unit.reset();
        slot.attentions.raise(AdditionalSense::DEVICE_RESET, None);
        true
    }

    /// TARGET RESET: every unit is reset.
    pub fn reset_all(&mut self) {
        for slot in self.slots.values_mut() {
            slot.unit.reset();
            slot.attentions.raise(AdditionalSense::POWER_ON_RESET, None);
        }
    }

    /// CLEAR TASK SET by `by`: the others whose tasks the transport aborted are told so. False if there is no such unit.
    pub fn task_set_cleared(&mut self, lun: Lun, by: NexusId) -> bool {
        let Some(slot) = lun.number().and_then(|number| self.slots.get_mut(&number)) else {
            return false;
        };
        slot.attentions.raise(AdditionalSense::COMMANDS_CLEARED, Some(by));
        true
    }

    /// Tasks that a PREEMPT AND ABORT has ended since this was last asked: all of a nexus for a unit. The transport aborts them.
    pub fn take_aborted(&mut self) -> Vec<(Lun, NexusId)> {
        std::mem::take(&mut self.aborted)
    }

    /// Whether there is such a unit.
    #[must_use]
    pub fn has(&self, lun: Lun) -> bool {
        lun.number()
            .is_some_and(|number| self.slots.contains_key(&number))
    }

    /// Carries out one command. Data for the initiator is left in `data_in`, whose old contents are lost.
    pub fn execute(&mut self, request: &Request<'_>, data_in: &mut dyn DataIn) -> Response {
        let raw = RawCdb::new(request.cdb);
        let access = raw.as_ref().map_or(Access::Always, |raw| raw.opcode.access);
        let entry = raw.as_ref().ok().map(|raw| raw.opcode);
        let parsed = raw.and_then(|raw| Cdb::read(&raw));
        if let Ok(Cdb::ReportLuns { select, allocation }) = parsed {
            let response = self.report_luns(select, allocation, data_in);
            for slot in self.slots.values_mut() {
                slot.attentions
                    .clear(request.nexus, AdditionalSense::REPORTED_LUNS_CHANGED);
            }
            return response;
        }
        let number = request.lun.number();
        let Some((number, slot)) = number.and_then(|number| Some((number, self.slots.get_mut(&number)?)))
        else {
            return nobody_home(parsed.ok().as_ref(), data_in);
        };
        if let Ok(Cdb::RequestSense {
            descriptor,
            allocation,
        }) = parsed
            && let pending @ Some(_) = slot.attentions.take(request.nexus)
        {
            return Response::good(request_sense(pending, descriptor, allocation, data_in));
        }
        let descriptor_sense = slot.unit.descriptor_sense();
        let check = |sense| Response {
            descriptor_sense,
            ..Response::check(sense)
        };
        // READ overwrites what a reused buffer holds; clearing it first would cost a second pass over it.
        if !matches!(parsed, Ok(Cdb::Read(_))) {
            data_in.clear();
        }
        if !matches!(parsed, Ok(Cdb::Inquiry(_)))
            && let Some(attention) = slot.attentions.take(request.nexus)
        {
            data_in.clear();
            return check(attention);
        }
        let cdb = match parsed {
            Ok(cdb) if entry.is_none_or(|entry| slot.unit.has(entry, &self.ports)) => cdb,
            Ok(_) => return check(Sense::illegal(AdditionalSense::INVALID_OPCODE)),
            Err(error) => {
                data_in.clear();
                return check(error.sense());
            }
        };
        let stranger;
        let port = match self.nexuses.get(&request.nexus) {
            Some(port) => port,
            None => {
                stranger = PortId::new("", 1);
                &stranger
            }
        };
        if let Some(sense) = self.ports.refuses(port.target_port, &cdb) {
            data_in.clear();
            return check(sense);
        }
        if slot.unit.conflicts(&cdb, access, request.nexus, port) {
            data_in.clear();
            return Response::conflict();
        }
        let (outcome, status) = if let Cdb::ExtendedCopy(copy) = &cdb {
            let outcome = self.extended_copy(number, request.nexus, copy, request.data_out);
            (outcome, Status::Good)
        } else {
            let mut call = Call {
                nexus: request.nexus,
                port,
                ports: &self.ports,
                data_out: request.data_out,
                data_in,
                data_in_max: request.data_in_max,
                status: Status::Good,
                attentions: Vec::new(),
                aborted: Vec::new(),
            };
            let outcome = slot.unit.execute(&cdb, &mut call);
            let (status, attentions, aborted) = (call.status, call.attentions, call.aborted);
            if !attentions.is_empty() || !aborted.is_empty() {
                self.spread(number, request.nexus, attentions, &aborted);
            }
            (outcome, status)
        };
        match outcome {
            Ok(transfer) => Response {
                status,
                ..Response::good(transfer)
            },
            Err(failure) => {
                data_in.clear();
                match failure {
                    Failure::Sense(sense) => check(sense),
                    Failure::Conflict => Response::conflict(),
                }
            }
        }
    }

    /// What one command means for other nexuses.
    fn spread(
        &mut self,
        number: u16,
        nexus: NexusId,
        attentions: Vec<(Whom, AdditionalSense)>,
        aborted: &[PortId],
    ) {
        let Some(slot) = self.slots.get_mut(&number) else {
            return;
        };
        for (whom, what) in attentions {
            match whom {
                Whom::Others => slot.attentions.raise(what, Some(nexus)),
                Whom::Port(wanted) => {
                    for (other, _) in self.nexuses.iter().filter(|(_, port)| **port == wanted) {
                        slot.attentions.raise_for(*other, what);
                    }
                }
            }
        }
        let Some(lun) = Lun::from_number(number) else {
            return;
        };
        for (other, _) in self.nexuses.iter().filter(|(_, port)| aborted.contains(port)) {
            self.aborted.push((lun, *other));
        }
    }

    fn luns_changed(&mut self) {
        for slot in self.slots.values_mut() {
            slot.attentions
                .raise(AdditionalSense::REPORTED_LUNS_CHANGED, None);
        }
    }

    fn report_luns(&self, select: u8, allocation: usize, data_in: &mut dyn DataIn) -> Response {
        data_in.clear();
        if allocation < 16 {
            return Response::check(Sense::cdb_field(6, 7));
        }
        let luns: Vec<Lun> = match select {
            0x00 | 0x02 => self
                .slots
                .keys()
                .filter_map(|number| Lun::from_number(*number))
                .collect(),
            // There are no well-known logical units.
            0x01 => Vec::new(),
            _ => return Response::check(Sense::cdb_field(2, 7)),
        };
        let mut data = vec![0; 8];
        data[..4].copy_from_slice(&((luns.len() * 8) as u32).to_be_bytes());
        for lun in luns {
            data.extend_from_slice(&lun.0);
        }
        Response::good(param::answer(data_in, &data, allocation))
    }
}

/// A number without a logical unit answers INQUIRY and REQUEST SENSE, and refuses the rest (SPC-4 §4.6.1 and §6.6.1).
fn nobody_home(cdb: Option<&Cdb>, data_in: &mut dyn DataIn) -> Response {
    data_in.clear();
    let missing = Sense::illegal(AdditionalSense::LUN_NOT_SUPPORTED);
    match cdb {
        Some(Cdb::Inquiry(request)) if request.page.is_none() => {
            Response::good(param::answer(data_in, &inquiry::nobody(), request.allocation))
        }
        Some(Cdb::RequestSense {
            descriptor,
            allocation,
        }) => Response::good(request_sense(Some(missing), *descriptor, *allocation, data_in)),
        _ => Response::check(missing),
    }
}

#[cfg(test)]
mod tests;
