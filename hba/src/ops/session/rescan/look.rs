//! What a target lists and what the operating system has of it.

use std::collections::BTreeMap;

use super::super::super::lun;
use crate::backend::LunScope;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::ids::{Hctl, HostNo};
use crate::model::{Lun, UnitChange, UnitFate};

/// Peripheral device types with blocks: disk, and its simplified and zoned kin (SPC-4, table 138).
const WITH_BLOCKS: [u32; 3] = [0x00, 0x0e, 0x14];

/// One session before its scan.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) host: HostNo,
    pub(super) sid: u32,
    /// What the operating system has.
    pub(super) luns: Vec<Lun>,
    /// What the target lists, by number; `None` when nobody could be asked.
    pub(super) listed: Option<Vec<u64>>,
    /// Sizes as the units tell them, by address.
    sizes: BTreeMap<String, u64>,
    /// The place of the target, for units that the operating system does not have.
    target: Option<Hctl>,
}

/// Looks at a session that is up.
pub(super) fn at(ctx: &mut Ctx<'_>, host: HostNo, sid: u32) -> Result<Look> {
    let luns = ctx.backend.luns(LunScope::Session(sid))?;
    let listed = listed(ctx, &luns);
    let sizes = sizes(ctx, &luns, listed.as_deref());
    Ok(Look {
        host,
        sid,
        target: luns.first().and_then(|lun| lun.address.parse().ok()),
        luns,
        listed,
        sizes,
    })
}

/// What the target lists, asked through whichever unit answers.
pub(super) fn listed(ctx: &mut Ctx<'_>, luns: &[Lun]) -> Option<Vec<u64>> {
    luns.iter().find_map(|lun| {
        let hctl = lun.address.parse().ok()?;
        lun::numbers(ctx, hctl)
            .inspect_err(|error| tracing::debug!(%error, "no list of logical units"))
            .ok()
    })
}

/// Sizes of the units that have blocks and are listed.
pub(super) fn sizes(ctx: &mut Ctx<'_>, luns: &[Lun], listed: Option<&[u64]>) -> BTreeMap<String, u64> {
    let mut sizes = BTreeMap::new();
    for unit in luns {
        let Ok(hctl) = unit.address.parse::<Hctl>() else {
            continue;
        };
        let there = listed.is_none_or(|listed| listed.contains(&hctl.lun));
        if !there || !has_blocks(unit) {
            continue;
        }
        // One that does not answer now says nothing of its size.
        if let Ok(capacity) = lun::capacity(ctx, hctl) {
            sizes.insert(unit.address.clone(), capacity.bytes);
        }
    }
    sizes
}

pub(super) fn has_blocks(unit: &Lun) -> bool {
    unit.device_type.is_some_and(|kind| WITH_BLOCKS.contains(&kind)) && unit.block_device.is_some()
}

impl Look {
    /// Units that the target lists no more. Nothing is called gone when nobody could be asked.
    pub(super) fn gone(&self) -> Vec<&Lun> {
        let Some(listed) = &self.listed else {
            return Vec::new();
        };
        self.luns
            .iter()
            .filter(|lun| number(lun).is_some_and(|number| !listed.contains(&number)))
            .collect()
    }

    /// What a scan would come to.
    pub(super) fn foreseen(&self, remove: bool) -> Vec<UnitChange> {
        let mut units = Vec::new();
        for number in self.listed.iter().flatten() {
            if self.luns.iter().all(|lun| self::number(lun) != Some(*number)) {
                units.push(self.unit(&self.address(*number), UnitFate::Found, None, None));
            }
        }
        let fate = if remove { UnitFate::Removed } else { UnitFate::Gone };
        units.extend(
            self.gone()
                .iter()
                .map(|lun| self.unit(&lun.address, fate, Some(lun), None)),
        );
        for lun in &self.luns {
            if let (Some(now), Some(told)) = (lun.size_bytes, self.sizes.get(&lun.address)) {
                units.extend(resized(now, *told).map(|fate| UnitChange {
                    bytes: Some(*told),
                    ..self.unit(&lun.address, fate, Some(lun), None)
                }));
            }
        }
        units
    }

    /// What the scan came to; `after` is what the operating system has now.
    pub(super) fn became(&self, ctx: &mut Ctx<'_>, after: &[Lun], listed: Option<&[u64]>) -> Vec<UnitChange> {
        let find = |all: &[Lun], address: &str| all.iter().find(|lun| lun.address == address).cloned();
        let mut units = Vec::new();
        for lun in after {
            match find(&self.luns, &lun.address) {
                None => units.push(self.unit(&lun.address, UnitFate::Found, None, Some(lun))),
                Some(before) => {
                    let sizes = before.size_bytes.zip(lun.size_bytes);
                    let fate = sizes.and_then(|(before, now)| resized(before, now));
                    units.extend(fate.map(|fate| self.unit(&lun.address, fate, Some(&before), Some(lun))));
                }
            }
        }
        for lun in &self.luns {
            let now = find(after, &lun.address);
            let listed = listed.is_none_or(|all| number(lun).is_none_or(|number| all.contains(&number)));
            match now {
                None => units.push(self.unit(&lun.address, UnitFate::Removed, Some(lun), None)),
                Some(now) if !listed => {
                    units.push(self.unit(&lun.address, UnitFate::Gone, Some(lun), Some(&now)));
                }
                Some(_) => {}
            }
        }
        for number in listed.into_iter().flatten() {
            let address = self.address(*number);
            if !address.is_empty() && after.iter().all(|lun| self::number(lun) != Some(*number)) {
                units.push(self.unit(&address, UnitFate::NotTaken, None, None));
            }
        }
        for (address, told) in sizes(ctx, after, listed) {
            let now = find(after, &address);
            if let Some(lun) = now.filter(|lun| lun.size_bytes.is_some_and(|size| size != told)) {
                units.push(UnitChange {
                    bytes: Some(told),
                    ..self.unit(&address, UnitFate::Stale, Some(&lun), None)
                });
            }
        }
        units.sort_by_key(|unit| unit.address.parse::<Hctl>().ok());
        units
    }

    fn unit(&self, address: &str, fate: UnitFate, before: Option<&Lun>, now: Option<&Lun>) -> UnitChange {
        let device = |lun: &Lun| lun.block_device.clone();
        UnitChange {
            sid: self.sid,
            address: address.to_owned(),
            block_device: now.and_then(device).or_else(|| before.and_then(device)),
            fate,
            bytes_before: before.and_then(|lun| lun.size_bytes),
            bytes: now.and_then(|lun| lun.size_bytes),
        }
    }

    /// Where a unit of the target is, or would be; nothing when the target's place is not known.
    fn address(&self, number: u64) -> String {
        self.target.map_or_else(String::new, |target| {
            Hctl {
                lun: number,
                ..target
            }
            .to_string()
        })
    }
}

fn number(lun: &Lun) -> Option<u64> {
    lun.address.parse::<Hctl>().ok().map(|hctl| hctl.lun)
}

fn resized(before: u64, now: u64) -> Option<UnitFate> {
    match now.cmp(&before) {
        std::cmp::Ordering::Greater => Some(UnitFate::Grown),
        std::cmp::Ordering::Less => Some(UnitFate::Shrunk),
        std::cmp::Ordering::Equal => None,
    }
}
