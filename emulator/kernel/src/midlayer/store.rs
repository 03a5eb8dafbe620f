//! Writing attributes of hosts and units: what each write does, which errno refuses it.
//!
//! Source: `scsi_sysfs.c` (`store_scan`, `sdev_store_delete`, `store_state_field`, `store_shost_state`).

use nix::errno::Errno;

use super::device::DeviceState;
use super::{MidLayer, Ticket};
use crate::env::Env;

/// How far a write has come that the kernel takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stored {
    /// It is done.
    Done,
    /// The writer waits for these scans.
    Scans(Vec<(u32, Ticket)>),
    /// The writer waits until this host is back from its reset.
    Reset(u32),
}

impl MidLayer {
    /// A write to `scan` of a host: `C T L` with `-` for any: `- - -`. It lasts until the targets are scanned, those that are away left out.
    ///
    /// # Errors
    /// `ENODEV` for an object of no host, `EINVAL` for other text.
    pub(crate) fn store_scan(&mut self, object: &str, text: &str) -> Result<Stored, Errno> {
        let host = self.host_at(object).ok_or(Errno::ENODEV)?;
        let words: Vec<&str> = text.split_whitespace().collect();
        let [channel, id, lun] = words[..] else {
            return Err(Errno::EINVAL);
        };
        let number = |w: &str| {
            if w == "-" {
                Ok(None)
            } else {
                parse_number(w).map(Some).ok_or(Errno::EINVAL)
            }
        };
        let (channel, id, lun) = (number(channel)?, number(id)?, number(lun)?);
        if channel.is_some_and(|c| c != 0) {
            return Ok(Stored::Done);
        }
        let hit: Vec<u32> = self
            .targets
            .iter()
            .filter(|(_, t)| t.host == host && t.online())
            .filter(|(_, t)| id.is_none() || t.id.map(u64::from) == id)
            .map(|(sid, _)| *sid)
            .collect();
        let scans = hit
            .into_iter()
            .filter_map(|sid| Some((sid, self.start_scan(sid, lun)?)));
        Ok(Stored::Scans(scans.collect()))
    }

    /// A write to `delete` of a unit.
    ///
    /// # Errors
    /// `ENODEV` for an object of no unit.
    pub(crate) fn store_delete(&mut self, env: &mut Env, object: &str) -> Result<(), Errno> {
        let (sid, lun) = self.device_at(object).ok_or(Errno::ENODEV)?;
        self.remove_device(env, sid, lun);
        Ok(())
    }

    /// A write to `rescan` of a unit: it lasts until the unit has been looked at.
    ///
    /// # Errors
    /// `ENODEV` for an object of no unit.
    pub(crate) fn store_rescan(&mut self, object: &str) -> Result<Stored, Errno> {
        let (sid, lun) = self.device_at(object).ok_or(Errno::ENODEV)?;
        Ok(self.looked_at(sid, lun))
    }

    fn looked_at(&mut self, sid: u32, lun: u64) -> Stored {
        match self.look_again(sid, lun) {
            Some(ticket) => Stored::Scans(vec![(sid, ticket)]),
            None => Stored::Done,
        }
    }

    /// A write to `state` of a unit or a host: only what a hand may do, and only from there. A unit that comes back to work is looked at.
    ///
    /// # Errors
    /// `EINVAL` for a state that it does not go to.
    pub(crate) fn store_state(&mut self, env: &mut Env, object: &str, text: &str) -> Result<Stored, Errno> {
        let Some((sid, lun)) = self.device_at(object) else {
            // A host's state: only what it is already.
            return if text == "running" {
                Ok(Stored::Done)
            } else {
                Err(Errno::EINVAL)
            };
        };
        let state = match text {
            "running" => DeviceState::Running,
            "offline" => DeviceState::Offline,
            _ => return Err(Errno::EINVAL),
        };
        let devices = self.targets.get_mut(&sid).map(|t| &mut t.devices);
        let d = devices.and_then(|d| d.get_mut(&lun)).ok_or(Errno::ENODEV)?;
        let before = d.state;
        if !matches!(before, DeviceState::Running | DeviceState::Offline) {
            return Err(Errno::EINVAL);
        }
        d.state = state;
        env.write("device", &format!("{}/state", d.path), state.name());
        if (before, state) == (DeviceState::Offline, DeviceState::Running) {
            return Ok(self.looked_at(sid, lun));
        }
        Ok(Stored::Done)
    }

    /// A write to `queue_depth` of a unit (`sdev_store_queue_depth`, `scsi_change_queue_depth`).
    ///
    /// # Errors
    /// `EINVAL` for what is no number from 1 to what the host takes.
    pub(crate) fn store_queue_depth(&mut self, env: &mut Env, object: &str, text: &str) -> Result<(), Errno> {
        let depth = leading_number(text, parse_number).filter(|depth| (1..=CAN_QUEUE).contains(depth));
        let depth = depth.ok_or(Errno::EINVAL)?;
        let shown = depth.min(MAX_DEPTH).to_string();
        env.write("device", &format!("{object}/queue_depth"), &shown);
        Ok(())
    }

    /// A write to `timeout` of a unit, in seconds (`sdev_store_timeout`): text without a number leaves it to chance there, and as it is here.
    ///
    /// # Errors
    /// None.
    pub(crate) fn store_timeout(&mut self, env: &mut Env, object: &str, text: &str) {
        if let Some(seconds) = leading_number(text, |t| t.parse().ok()) {
            env.write("device", &format!("{object}/timeout"), &seconds.to_string());
        }
    }

    /// A write to `eh_timeout` of a unit, in seconds (`sdev_store_eh_timeout`).
    ///
    /// # Errors
    /// `EINVAL` for what is no number.
    pub(crate) fn store_eh_timeout(&mut self, env: &mut Env, object: &str, text: &str) -> Result<(), Errno> {
        let seconds: u32 = text.trim_end().parse().map_err(|_| Errno::EINVAL)?;
        env.write("device", &format!("{object}/eh_timeout"), &seconds.to_string());
        Ok(())
    }

    fn device_at(&self, object: &str) -> Option<(u32, u64)> {
        self.targets.iter().find_map(|(sid, t)| {
            let mut devices = t.devices.iter();
            let found = devices.find(|(_, d)| d.path == object);
            found.map(|(lun, _)| (*sid, *lun))
        })
    }
}

/// `can_queue` of the host (`MAX_SRBS`).
const CAN_QUEUE: u64 = 1024;
/// Deepest queue of a unit (`scsi_device_max_queue_depth`).
const MAX_DEPTH: u64 = 1024;

/// The number at the beginning of a text, as `sscanf` and `simple_strtoul` find one: what follows it counts for nothing.
fn leading_number(text: &str, parse: impl Fn(&str) -> Option<u64>) -> Option<u64> {
    let text = text.trim_start();
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(text.len());
    (1..=end).rev().find_map(|end| parse(&text[..end]))
}

/// Decimal, octal or hexadecimal, as `simple_strtoul` with base 0.
pub(crate) fn parse_number(text: &str) -> Option<u64> {
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        u64::from_str_radix(hex, 16).ok()
    } else if text.len() > 1 && text.starts_with('0') {
        u64::from_str_radix(text, 8).ok()
    } else {
        text.parse().ok()
    }
}
