//! Writing attributes: what each write does, which errno refuses it.
//!
//! Source: `scsi_sysfs.c` (`store_scan`, `store_host_reset`, `sdev_store_delete`, `store_state_field`),
//! `scsi_transport_iscsi.c` (`store_priv_session_recovery_tmo`), `lib/kobject_uevent.c` (`kobject_synth_uevent`).

use std::time::Instant;

use nix::errno::Errno;

use super::Kernel;
use crate::midlayer::DeviceState;

impl Kernel {
    /// A write to an attribute; `path` is relative to `sys`.
    pub(crate) fn store(&mut self, now: Instant, path: &str, value: &[u8]) -> Result<(), Errno> {
        self.now = now;
        let result = self.store_attr(path.trim_matches('/'), value);
        self.settle(now);
        result
    }

    fn store_attr(&mut self, path: &str, value: &[u8]) -> Result<(), Errno> {
        let (full, writable) = match self.tree.resolve(path) {
            Some((full, attr)) => (full, attr.writable),
            None => return Err(Errno::ENOENT),
        };
        if !writable {
            return Err(Errno::EACCES);
        }
        let text = String::from_utf8_lossy(value);
        let text = text.trim_end_matches(['\n', '\0']);
        let (object, name) = full.rsplit_once('/').ok_or(Errno::ENOENT)?;
        match name {
            "scan" => self.store_scan(object, text),
            "host_reset" => self.store_host_reset(object, text),
            "recovery_tmo" => self.store_recovery_tmo(object, text),
            "delete" => {
                let (sid, lun) = self.device_at(object).ok_or(Errno::ENODEV)?;
                self.remove_device(sid, lun);
                Ok(())
            }
            "rescan" => {
                let (sid, lun) = self.device_at(object).ok_or(Errno::ENODEV)?;
                self.recheck_capacity(sid, lun);
                Ok(())
            }
            "state" => self.store_state(object, text),
            "uevent" => self.store_uevent(object, text),
            "fw_dump" => Err(Errno::EINVAL),
            _ => self.store_plain(&full, text),
        }
    }

    /// `H C T L` with `-` for any: `- - -`.
    fn store_scan(&mut self, object: &str, text: &str) -> Result<(), Errno> {
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
            .sessions
            .values()
            .filter(|s| s.host == host && s.online())
            .filter(|s| id.is_none() || s.target_id.map(u64::from) == id)
            .map(|s| s.sid)
            .collect();
        for sid in hit {
            self.start_scan(sid, lun);
        }
        Ok(())
    }

    fn store_host_reset(&mut self, object: &str, text: &str) -> Result<(), Errno> {
        let host = self.host_at(object).ok_or(Errno::ENODEV)?;
        match text.trim() {
            "adapter" | "firmware" => {
                if self.param("ql4xdontresethba") != "0" {
                    return Err(Errno::EPERM);
                }
                self.recover_adapter(host);
                Ok(())
            }
            _ => Err(Errno::EINVAL),
        }
    }

    pub(super) fn param(&self, name: &str) -> String {
        let at = format!("module/qla4xxx/parameters/{name}");
        self.tree
            .resolve(&at)
            .map(|(_, a)| String::from_utf8_lossy(&a.value).trim().to_owned())
            .unwrap_or_default()
    }

    fn store_recovery_tmo(&mut self, object: &str, text: &str) -> Result<(), Errno> {
        let sid: u32 = object
            .rsplit_once("/session")
            .and_then(|(_, n)| n.parse().ok())
            .ok_or(Errno::ENODEV)?;
        let s = self.sessions.get_mut(&sid).ok_or(Errno::ENODEV)?;
        if !s.online() {
            return Err(Errno::EBUSY);
        }
        s.recovery_tmo = if text.starts_with("off") {
            -1
        } else {
            // The kernel reads as far as digits go; anything behind them is refused.
            if text.is_empty() {
                0
            } else {
                parse_number(text).ok_or(Errno::EINVAL)? as i32
            }
        };
        s.recovery_override = true;
        self.refresh_session(sid);
        Ok(())
    }

    fn store_state(&mut self, object: &str, text: &str) -> Result<(), Errno> {
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
        let s = self.sessions.get_mut(&sid).ok_or(Errno::ENODEV)?;
        let online = s.online();
        let d = s.devices.get_mut(&lun).ok_or(Errno::ENODEV)?;
        if state == DeviceState::Running && !online {
            return Err(Errno::EINVAL);
        }
        d.state = state;
        let path = format!("{}/state", d.path);
        let done = self.tree.set(&path, &format!("{}\n", state.name())).map(|_| ());
        self.tree_done("device", done);
        Ok(())
    }

    fn store_uevent(&mut self, object: &str, text: &str) -> Result<(), Errno> {
        let action = text.split_whitespace().next().unwrap_or_default();
        let Some(action) = [
            "add", "remove", "change", "move", "online", "offline", "bind", "unbind",
        ]
        .into_iter()
        .find(|a| *a == action) else {
            return Err(Errno::EINVAL);
        };
        self.tree.synthesize(object, action);
        Ok(())
    }

    /// Tunables that change nothing but themselves.
    fn store_plain(&mut self, full: &str, text: &str) -> Result<(), Errno> {
        let Some((_, attr)) = self.tree.resolve(full) else {
            return Err(Errno::ENOENT);
        };
        let numeric = String::from_utf8_lossy(&attr.value).trim().parse::<i64>().is_ok();
        if numeric && text.trim().parse::<i64>().is_err() {
            return Err(Errno::EINVAL);
        }
        self.tree
            .set(full, &format!("{}\n", text.trim()))
            .map(|_| ())
            .map_err(|_| Errno::EIO)
    }

    fn host_at(&self, object: &str) -> Option<usize> {
        self.hosts
            .iter()
            .position(|h| object.starts_with(&format!("{}/", h.path)))
    }

    fn device_at(&self, object: &str) -> Option<(u32, u64)> {
        self.sessions.values().find_map(|s| {
            s.devices
                .iter()
                .find(|(_, d)| d.path == object)
                .map(|(lun, _)| (s.sid, *lun))
        })
    }
}

/// Decimal, octal or hexadecimal, as `simple_strtoul` with base 0.
fn parse_number(text: &str) -> Option<u64> {
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        u64::from_str_radix(hex, 16).ok()
    } else if text.len() > 1 && text.starts_with('0') {
        u64::from_str_radix(text, 8).ok()
    } else {
        text.parse().ok()
    }
}
