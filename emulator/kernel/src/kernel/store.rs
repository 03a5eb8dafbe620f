//! Writes to sysfs attributes: whether class, mid layer or driver takes one, and which the kernel's core answers itself.
//!
//! Source: `fs/kernfs/file.c`, `lib/kobject_uevent.c` (`kobject_synth_uevent`), `scsi_sysfs.c` (`store_host_reset`),
//! `scsi_transport_iscsi.c` (`store_priv_session_recovery_tmo`).

use std::time::Instant;

use nix::errno::Errno;

use super::Kernel;
use crate::transport::Class;

impl Kernel {
    /// A write to an attribute; `path` is relative to `sys`.
    ///
    /// # Errors
    /// What the kernel's `store` answers; `ENOENT` and `EACCES` for what cannot be written.
    pub(crate) fn store(&mut self, now: Instant, path: &str, value: &[u8]) -> Result<(), Errno> {
        self.at(now);
        let result = self.store_attr(path.trim_matches('/'), value);
        self.settle(now);
        result
    }

    fn store_attr(&mut self, path: &str, value: &[u8]) -> Result<(), Errno> {
        let (full, writable) = match self.class.env.tree.resolve(path) {
            Some((full, attr)) => (full, attr.writable),
            None => return Err(Errno::ENOENT),
        };
        if !writable {
            return Err(Errno::EACCES);
        }
        let text = String::from_utf8_lossy(value);
        let text = text.trim_end_matches(['\n', '\0']);
        let (object, name) = full.rsplit_once('/').ok_or(Errno::ENOENT)?;
        let Class { env, scsi, .. } = &mut self.class;
        match name {
            "scan" => scsi.store_scan(object, text),
            "delete" => scsi.store_delete(env, object),
            "rescan" => scsi.store_rescan(object),
            "state" => scsi.store_state(env, object, text),
            "host_reset" => self.store_host_reset(object, text),
            "recovery_tmo" => {
                let sid = object.rsplit_once("/session").and_then(|(_, n)| n.parse().ok());
                self.class.store_recovery_tmo(sid.ok_or(Errno::ENODEV)?, text)
            }
            "uevent" => self.store_uevent(object, text),
            "fw_dump" => Err(Errno::EINVAL),
            _ => self.store_plain(&full, text),
        }
    }

    fn store_host_reset(&mut self, object: &str, text: &str) -> Result<(), Errno> {
        let host = self.class.scsi.host_at(object).ok_or(Errno::ENODEV)?;
        let handle = self.class.handle_of(host).ok_or(Errno::ENODEV)?;
        let driver = self.drivers.by_handle(handle).ok_or(Errno::ENODEV)?;
        driver.host_reset(&mut self.class, host, text.trim())
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
        self.class.env.tree.synthesize(object, action);
        Ok(())
    }

    /// Tunables that change nothing but themselves.
    fn store_plain(&mut self, full: &str, text: &str) -> Result<(), Errno> {
        let tree = &mut self.class.env.tree;
        let Some((_, attr)) = tree.resolve(full) else {
            return Err(Errno::ENOENT);
        };
        let numeric = String::from_utf8_lossy(&attr.value).trim().parse::<i64>().is_ok();
        if numeric && text.trim().parse::<i64>().is_err() {
            return Err(Errno::EINVAL);
        }
        tree.set(full, &format!("{}\n", text.trim()))
            .map(|_| ())
            .map_err(|_| Errno::EIO)
    }
}
