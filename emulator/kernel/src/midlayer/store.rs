//! Writing attributes of hosts and units: what each write does, which errno refuses it.
//!
//! Source: `scsi_sysfs.c` (`store_scan`, `sdev_store_delete`, `store_state_field`, `store_shost_state`).

use nix::errno::Errno;

use super::MidLayer;
use super::device::DeviceState;
use crate::env::Env;

impl MidLayer {
    /// A write to `scan` of a host: `H C T L` with `-` for any: `- - -`.
    ///
    /// # Errors
    /// `ENODEV` for an object of no host, `EINVAL` for other text.
    pub(crate) fn store_scan(&mut self, object: &str, text: &str) -> Result<(), Errno> {
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
            return Ok(());
        }
        let hit: Vec<u32> = self
            .targets
            .iter()
            .filter(|(_, t)| t.host == host && t.online())
            .filter(|(_, t)| id.is_none() || t.id.map(u64::from) == id)
            .map(|(sid, _)| *sid)
            .collect();
        for sid in hit {
            self.start_scan(sid, lun);
        }
        Ok(())
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

    /// A write to `rescan` of a unit.
    ///
    /// # Errors
    /// `ENODEV` for an object of no unit.
    pub(crate) fn store_rescan(&mut self, object: &str) -> Result<(), Errno> {
        let (sid, lun) = self.device_at(object).ok_or(Errno::ENODEV)?;
        self.recheck_capacity(sid, lun);
        Ok(())
    }

    /// A write to `state` of a unit or a host.
    ///
    /// # Errors
    /// `EINVAL` for a state that it does not go to.
    pub(crate) fn store_state(&mut self, env: &mut Env, object: &str, text: &str) -> Result<(), Errno> {
        let Some((sid, lun)) = self.device_at(object) else {
            // A host's state: only what it is already.
            return if text == "running" {
                Ok(())
            } else {
                Err(Errno::EINVAL)
            };
        };
        let state = match text {
            "running" => DeviceState::Running,
            "offline" => DeviceState::Offline,
            _ => return Err(Errno::EINVAL),
        };
        let t = self.targets.get_mut(&sid).ok_or(Errno::ENODEV)?;
        let online = t.online();
        let d = t.devices.get_mut(&lun).ok_or(Errno::ENODEV)?;
        if state == DeviceState::Running && !online {
            return Err(Errno::EINVAL);
        }
        d.state = state;
        env.write("device", &format!("{}/state", d.path), state.name());
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
