//! The part of the tree that is there before any host: classes, buses, the class's module, the transports.
//!
//! Source: a dump of a stock 6.1 kernel; `scsi_transport_iscsi.c` (`iscsi_transport_init`, `iscsi_register_transport`).

use std::io;

use super::{Class, LowLevelDriver};
use crate::tree::Object;

const DIRS: &[&str] = &[
    "bus/iscsi_flashnode/devices",
    "bus/iscsi_flashnode/drivers",
    "bus/scsi/devices",
    "bus/scsi/drivers/sd",
    "class/block",
    "class/bsg",
    "class/iscsi_connection",
    "class/iscsi_endpoint",
    "class/iscsi_host",
    "class/iscsi_iface",
    "class/iscsi_session",
    "class/iscsi_transport",
    "class/scsi_device",
    "class/scsi_disk",
    "class/scsi_generic",
    "class/scsi_host",
    "devices/virtual/iscsi_endpoint",
    "firmware",
    "module",
];

impl Class {
    /// Classes, buses and the class's module, which the modules of the `drivers` hold.
    ///
    /// # Errors
    /// The tree cannot be written.
    pub(crate) fn make_fixed_tree(&mut self, drivers: &[&str]) -> io::Result<()> {
        let tree = &mut self.env.tree;
        tree.dir("bus")?;
        tree.add(
            Object::plain("bus/iscsi_flashnode")
                .subdir("devices")
                .subdir("drivers")
                .wo("drivers_probe")
                .wo("uevent")
                .rw("drivers_autoprobe", "1"),
        )?;
        for dir in DIRS {
            tree.dir(dir)?;
        }
        let module = Object::plain("module/scsi_transport_iscsi")
            .ro("version", "2.0-870")
            .ro("initstate", "live")
            .ro("refcnt", (1 + drivers.len()).to_string())
            .subdir("holders")
            .rw("parameters/debug_conn", "0")
            .rw("parameters/debug_session", "0");
        tree.add(drivers.iter().fold(module, |o, driver| {
            o.link(&format!("holders/{driver}"), format!("module/{driver}"))
        }))
    }

    /// A transport appears.
    ///
    /// # Errors
    /// The tree cannot show it.
    pub(crate) fn register_transport(&mut self, driver: &dyn LowLevelDriver) -> io::Result<()> {
        let path = format!("devices/virtual/iscsi_transport/{}", driver.transport_name());
        self.env.tree.add(
            Object::class(path, "iscsi_transport", None)
                .ro("handle", driver.handle().to_string())
                .ro("caps", format!("{:#x}", driver.caps())),
        )
    }
}
