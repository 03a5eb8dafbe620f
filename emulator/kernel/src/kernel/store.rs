//! Writes to sysfs attributes: whether class, mid layer or driver takes one, and which the kernel's core answers itself.
//!
//! Source: `fs/kernfs/file.c`, `lib/kobject_uevent.c` (`kobject_synth_uevent`), `scsi_sysfs.c` (`store_host_reset`),
//! `scsi_transport_iscsi.c` (`store_priv_session_recovery_tmo`).

use std::time::Instant;

use nix::errno::Errno;

use super::stores::Step;
use super::{ClientId, Kernel, Out};
use crate::midlayer::{Stored, parse_number};
use crate::transport::Class;

impl Kernel {
    /// A write to an attribute; `path` is relative to `sys`. Its errno is sent when it is known; false when the client asks for too much
    /// without waiting for it.
    pub(crate) fn store(&mut self, now: Instant, client: ClientId, path: &str, value: &[u8]) -> bool {
        let taken = self.stores.push(client, path, value);
        self.settle(now);
        taken
    }

    /// Takes the writes as far as they go; `true` when one moved.
    pub(super) fn advance_stores(&mut self) -> bool {
        let mut moved = false;
        for client in self.stores.clients() {
            while let Some(step) = self.stores.first(client) {
                let result = match step {
                    Step::New(path, value) => self.store_attr(path.trim_matches('/'), &value),
                    Step::Waits(stored) => Ok(stored),
                };
                let code = match result {
                    Ok(stored) if self.still(&stored) => {
                        self.stores.wait(client, stored);
                        break;
                    }
                    Ok(_) => 0,
                    Err(errno) => errno as i32,
                };
                self.stores.answered(client);
                self.push(Out::To(client, code.to_ne_bytes().to_vec()));
                moved = true;
            }
        }
        moved
    }

    /// Whether a writer still has something to wait for.
    fn still(&mut self, stored: &Stored) -> bool {
        match stored {
            Stored::Done => false,
            Stored::Scans(scans) => scans.iter().any(|(sid, t)| self.class.scsi.scans_still(*sid, *t)),
            Stored::Reset(host) => {
                let handle = self.class.handle_of(*host);
                let driver = handle.and_then(|handle| self.drivers.by_handle(handle));
                driver.is_some_and(|driver| driver.resetting(*host))
            }
        }
    }

    fn store_attr(&mut self, path: &str, value: &[u8]) -> Result<Stored, Errno> {
        let (full, writable) = match self.class.env.tree.resolve(path) {
            Some((full, attr)) => (full, attr.writable),
            None => return Err(Errno::ENOENT),
        };
        if !writable {
            return Err(Errno::EACCES);
        }
        let line = String::from_utf8_lossy(value);
        let text = line.trim_end_matches(['\n', '\0']);
        let (object, name) = full.rsplit_once('/').ok_or(Errno::ENOENT)?;
        let Class { env, scsi, .. } = &mut self.class;
        match name {
            "scan" => scsi.store_scan(object, text),
            "rescan" => scsi.store_rescan(object),
            // The kernel looks for the newline, too.
            "state" if !line.contains('\n') => Err(Errno::EINVAL),
            "state" => scsi.store_state(env, object, text),
            "host_reset" => self.store_host_reset(object, text),
            _ => self.store_now(&full, object, name, text).map(|()| Stored::Done),
        }
    }

    /// Writes that are done at once.
    fn store_now(&mut self, full: &str, object: &str, name: &str, text: &str) -> Result<(), Errno> {
        let Class { env, scsi, .. } = &mut self.class;
        match name {
            "delete" => scsi.store_delete(env, object),
            "queue_depth" => scsi.store_queue_depth(env, object, text),
            "timeout" => {
                scsi.store_timeout(env, object, text);
                Ok(())
            }
            "eh_timeout" => scsi.store_eh_timeout(env, object, text),
            "recovery_tmo" => {
                let sid = object.rsplit_once("/session").and_then(|(_, n)| n.parse().ok());
                self.class.store_recovery_tmo(sid.ok_or(Errno::ENODEV)?, text)
            }
            "uevent" => self.store_uevent(object, text),
            "fw_dump" => Err(Errno::EINVAL),
            _ if object.ends_with("/parameters") => self.store_parameter(full, text),
            _ => match self.store_host(object, name, text) {
                Some(done) => done,
                None => self.store_plain(full, text),
            },
        }
    }

    /// An attribute of a host that is its driver's.
    fn store_host(&mut self, object: &str, name: &str, text: &str) -> Option<Result<(), Errno>> {
        if !object.contains("/scsi_host/") {
            return None;
        }
        let host = self.class.scsi.host_at(object)?;
        let handle = self.class.handle_of(host)?;
        let driver = self.drivers.by_handle(handle)?;
        driver.store_host(&mut self.class, host, name, text)
    }

    fn store_host_reset(&mut self, object: &str, text: &str) -> Result<Stored, Errno> {
        let host = self.class.scsi.host_at(object).ok_or(Errno::ENODEV)?;
        let handle = self.class.handle_of(host).ok_or(Errno::ENODEV)?;
        let driver = self.drivers.by_handle(handle).ok_or(Errno::ENODEV)?;
        driver.host_reset(&mut self.class, host, text.trim())?;
        Ok(Stored::Reset(host))
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

    /// A parameter of a module that is an `int` (`param_set_int`): any base, shown as a decimal.
    fn store_parameter(&mut self, full: &str, text: &str) -> Result<(), Errno> {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let number = parse_number(digits)
            .and_then(|n| i64::try_from(n).ok())
            .ok_or(Errno::EINVAL)?;
        let number = if text.starts_with('-') { -number } else { number };
        let number = i32::try_from(number).map_err(|_| Errno::ERANGE)?;
        self.class.env.write("parameter", full, &number.to_string());
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
