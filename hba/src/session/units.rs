//! Logical units that come, go, and change under their number.
//!
//! Source: SPC (sense 06/3F/0E, VPD page 83h); kernel `scsi_error.c` tells of it and does nothing; the driver of the legacy kind scanned.

use std::collections::BTreeMap;
use std::time::Instant;

use super::effect::Effect;
use super::id::SessionId;
use super::remembered::MAX_UNITS;
use super::supervisor::Supervisor;
use super::told::Event;
use super::wanted::Luns;

impl Supervisor {
    /// A target tells it once for each unit and each path: they are looked for when it is quiet.
    pub(super) fn luns_changed(&mut self, now: Instant, id: SessionId) {
        let calm = now + self.config.calm;
        let Some(one) = self.sessions.get_mut(&id) else {
            return;
        };
        if !one.wanted.kind.has_devices() {
            return;
        }
        if one.wanted.luns == Luns::Auto {
            one.scan_at.get_or_insert(calm);
        }
        self.event(id, Event::LunsChanged);
    }

    pub(super) fn scan_due(&mut self, now: Instant, id: SessionId) {
        let Some(one) = self.sessions.get_mut(&id) else {
            return;
        };
        if one.scan_at.is_none_or(|at| at > now) {
            return;
        }
        one.scan_at = None;
        if let Some(sid) = one.sid.filter(|_| one.leaving.is_none()) {
            if one.state.is_up() {
                self.out.push(Effect::Scan { sid, remove: true });
            } else {
                // It is looked at when it is back.
                one.deleted = true;
            }
        }
    }

    /// What a scan found.
    pub(super) fn units(&mut self, sid: u32, found: &[(u64, String)]) {
        let id = self.by_sid.get(&sid).copied();
        let Some((id, one)) = id.and_then(|id| self.sessions.get_mut(&id).map(|one| (id, one))) else {
            self.strays += 1;
            return;
        };
        let now: BTreeMap<u64, String> = found
            .iter()
            .take(MAX_UNITS)
            .map(|(lun, name)| (*lun, name.chars().take(256).collect()))
            .collect();
        let before = std::mem::take(&mut one.units);
        let mut kept = now.clone();
        let mut told = Vec::new();
        let mut held = Vec::new();
        for (lun, is) in &now {
            match before.get(lun) {
                None => told.push(Event::UnitCame(*lun)),
                // Who does not tell its name now is not another one for that.
                Some(was) if is.is_empty() && !was.is_empty() => {
                    kept.insert(*lun, was.clone());
                }
                Some(was) if !was.is_empty() && was != is => {
                    // The old name stays: the number is not reused until somebody says so.
                    kept.insert(*lun, was.clone());
                    held.push(*lun);
                    told.push(Event::UnitReplaced {
                        lun: *lun,
                        was: was.clone(),
                        is: is.clone(),
                    });
                }
                Some(_) => {}
            }
        }
        let vanished = before.keys().filter(|lun| !now.contains_key(lun));
        told.extend(vanished.map(|lun| Event::UnitVanished(*lun)));
        let changed = kept != before;
        one.units = kept;
        for lun in held {
            self.out.push(Effect::HoldUnit { sid, lun });
        }
        if changed {
            self.remember(id);
        }
        for event in told {
            self.event(id, event);
        }
    }
}
