//! A SCSI host: its objects, its ladder, which driver it belongs to.
//!
//! Source: `scsi_sysfs.c` (`scsi_sysfs_shost_attrs`), `hosts.c` (`scsi_add_host`).

use std::io;

use super::{MidLayer, Recovery};
use crate::env::Env;
use crate::tree::Object;

/// A host.
pub(super) struct Host {
    /// `proc_name` of its driver.
    pub(super) driver: &'static str,
    /// Path of `hostN`.
    pub(super) path: String,
    /// Commands that took too long.
    pub(super) recovery: Recovery,
}

/// The objects of a host as every driver has them: `hostN` and its `scsi_host`; the driver adds what is its own.
pub(crate) fn host_objects(driver: &str, no: u32, path: &str) -> (Object, Object) {
    let device = Object::bus(path, "scsi", "scsi_host");
    let shost = Object::class(format!("{path}/scsi_host/host{no}"), "scsi_host", Some(path))
        .ro("active_mode", "Initiator")
        .ro("supported_mode", "Initiator")
        .ro("host_busy", "0")
        .ro("nr_hw_queues", "1")
        .ro("proc_name", driver)
        .ro("prot_capabilities", "0")
        .ro("prot_guard_type", "0")
        .ro("sg_prot_tablesize", "0")
        .ro("unique_id", "0")
        .ro("use_blk_mq", "1")
        .rw("eh_deadline", "off")
        .rw("state", "running")
        .wo("host_reset")
        .wo("scan");
    (device, shost)
}

impl MidLayer {
    /// Shows a host of a driver.
    ///
    /// # Errors
    /// The tree cannot show it; nothing of the host is kept then.
    pub(crate) fn add_host(
        &mut self,
        env: &mut Env,
        driver: &'static str,
        no: u32,
        [device, shost]: [Object; 2],
    ) -> io::Result<()> {
        let path = device.path().to_owned();
        env.tree.add(device)?;
        env.tree.add(shost)?;
        let host = Host {
            driver,
            path,
            recovery: Recovery::default(),
        };
        self.hosts.insert(no, host);
        Ok(())
    }

    /// A host is gone.
    pub(crate) fn remove_host(&mut self, no: u32) {
        self.hosts.remove(&no);
        self.io.retain(|(host, _), _| *host != no);
    }

    /// The hosts of a driver.
    pub(crate) fn hosts_of(&self, driver: &str) -> Vec<u32> {
        let mine = self.hosts.iter().filter(|(_, h)| h.driver == driver);
        mine.map(|(no, _)| *no).collect()
    }

    /// The host whose object this is, or that it lies in.
    pub(crate) fn host_at(&self, object: &str) -> Option<u32> {
        let within = |path: &str| {
            object
                .strip_prefix(path)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        self.hosts
            .iter()
            .find(|(_, h)| within(&h.path))
            .map(|(no, _)| *no)
    }
}
