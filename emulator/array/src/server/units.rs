//! The logical units of a running target: new ones, taken away ones, and what they are made of.
//!
//! A number that served other blocks before gets a new identity, so that no initiator takes the new unit for the old one.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Instant;

use emu_net::reactor::Reactor;
use iscsi::pdu;
use iscsi::target_node::Completion;
use scsi::{AdditionalSense, LogicalUnit, Lun, Sense, Status};

use super::actor::Target;
use super::open::{MAX_LUNS, Open, open_unit};
use crate::control::MAX_PACKET;
use crate::lun::{LunSource, LunSpec};
use crate::unit_order::{UnitLine, UnitOrder};

/// What a number serves, or served last.
#[derive(Debug)]
struct Made {
    spec: LunSpec,
    /// How often the number got other blocks.
    generation: u32,
    /// It serves now (also while a fault hides it).
    there: bool,
}

/// What the units were made of.
#[derive(Debug)]
pub(super) struct Units {
    pub(super) open: Open,
    made: BTreeMap<u16, Made>,
}

impl Units {
    pub(super) fn new(open: Open) -> Self {
        Self {
            open,
            made: BTreeMap::new(),
        }
    }

    /// The identity that the next unit of this number gets.
    pub(super) fn generation(&self, number: u16, spec: &LunSpec) -> u32 {
        match self.made.get(&number) {
            None => 0,
            Some(made) if same_blocks(&made.spec, spec) => made.generation,
            Some(made) => made.generation.saturating_add(1),
        }
    }

    pub(super) fn made(&mut self, number: u16, spec: &LunSpec) {
        let generation = self.generation(number, spec);
        let made = Made {
            spec: spec.clone(),
            generation,
            there: true,
        };
        self.made.insert(number, made);
    }

    fn there(&self) -> usize {
        self.made.values().filter(|made| made.there).count()
    }

    fn has(&self, number: u16) -> bool {
        self.made.get(&number).is_some_and(|made| made.there)
    }

    fn free(&self) -> Option<u16> {
        (0..=Lun::MAX).find(|number| !self.has(*number))
    }
}

/// Memory is empty each time; a file is what it was.
fn same_blocks(old: &LunSpec, new: &LunSpec) -> bool {
    match (&old.source, &new.source) {
        (LunSource::File { path: old, .. }, LunSource::File { path: new, .. }) => old == new,
        _ => false,
    }
}

impl Target {
    /// Carries out an order about units; the answer is what the control socket says.
    pub(super) fn unit_order(
        &mut self,
        reactor: &mut Reactor,
        now: Instant,
        order: UnitOrder,
    ) -> Result<String, String> {
        match order {
            UnitOrder::Add { number, spec } => self.add_unit(number, &spec),
            UnitOrder::Remove(number) => self
                .remove_unit(reactor, now, number)
                .map(|()| number.to_string()),
            UnitOrder::List(from) => Ok(self.list_units(from)),
        }
    }

    fn add_unit(&mut self, number: Option<u16>, spec: &LunSpec) -> Result<String, String> {
        let units = &self.units;
        if units.there() >= MAX_LUNS {
            return Err(format!("a target has at most {MAX_LUNS} logical units"));
        }
        let number = match number {
            Some(number) if number > Lun::MAX => {
                return Err(format!("numbers of logical units end at {}", Lun::MAX));
            }
            Some(number) if units.has(number) => {
                return Err(format!("there is a logical unit {number} already"));
            }
            Some(number) => number,
            None => units.free().ok_or("no number is free")?,
        };
        let generation = units.generation(number, spec);
        let unit = open_unit(&units.open, number, generation, spec).map_err(|error| told(&error))?;
        let unit = unit.ok_or("a missing unit cannot be added")?;
        tracing::info!(number, %spec, "a logical unit appears");
        self.units.made(number, spec);
        let added = self.world.device.add(number, unit);
        added.map_err(|_| "no such number")?;
        Ok(number.to_string())
    }

    fn remove_unit(&mut self, reactor: &mut Reactor, now: Instant, number: u16) -> Result<(), String> {
        let shelved = self.world.shelf.remove(&number);
        let unit = match shelved {
            Some(unit) => unit,
            None => self.take_unit(reactor, now, number)?,
        };
        tracing::info!(number, "a logical unit is gone");
        drop(unit);
        if let Some(made) = self.units.made.get_mut(&number) {
            made.there = false;
        }
        Ok(())
    }

    /// Takes a unit out of the map and ends what it has been asked: what is done is answered now, what never will be is answered
    /// as a command to a unit that is not there. A write whose data is still to come is answered so when it came.
    pub(super) fn take_unit(
        &mut self,
        reactor: &mut Reactor,
        now: Instant,
        number: u16,
    ) -> Result<LogicalUnit, String> {
        let unit = self.world.device.remove(number);
        let unit = unit.ok_or_else(|| format!("there is no logical unit {number}"))?;
        self.for_each(reactor, now, |core| {
            let held = core
                .connection
                .held_tasks(|lun: pdu::Lun| Lun(lun.0).number() == Some(number));
            for task in held {
                let done = core.delayed.iter().position(|(_, id, _)| *id == task);
                let completion = match done.and_then(|at| core.delayed.remove(at)) {
                    Some((_, _, completion)) => completion,
                    None => gone(),
                };
                core.connection.complete(task, completion);
            }
        });
        Ok(unit)
    }

    /// As many lines as an answer takes.
    fn list_units(&self, from: u16) -> String {
        let mut text = String::new();
        for number in self.world.device.numbers().filter(|number| *number >= from) {
            let (Some(unit), Some(made)) = (self.world.device.unit(number), self.units.made.get(&number))
            else {
                continue;
            };
            let line = UnitLine {
                number,
                block_size: unit.block_size(),
                blocks: unit.blocks(),
                read_only: unit.read_only(),
                spec: made.spec.to_string(),
            };
            let line = line.to_string();
            if text.len() + line.len() + ROOM > MAX_PACKET {
                break;
            }
            let _ = write!(text, "\n{line}");
        }
        text
    }
}

/// `ok `, the line's end and a little more.
const ROOM: usize = 16;

/// CHECK CONDITION, LOGICAL UNIT NOT SUPPORTED.
fn gone() -> Completion {
    Completion {
        sense: Sense::illegal(AdditionalSense::LUN_NOT_SUPPORTED).to_fixed(),
        ..Completion::status(Status::CheckCondition.code())
    }
}

/// An error with its causes on one line.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text.replace('\n', " ")
}
