//! What of the tree is there before any host: classes, buses, the modules and their parameters, the transport.
//!
//! Source: a dump of a stock 6.1 kernel; `scsi_transport_iscsi.c` (`iscsi_transport_init`), `ql4_os.c` (`module_param`).

use std::io;

use super::{Kernel, TRANSPORT_HANDLE};
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

impl Kernel {
    pub(super) fn make_fixed_tree(&mut self) -> io::Result<()> {
        self.tree.dir("bus")?;
        self.tree.add(
            Object::plain("bus/iscsi_flashnode")
                .subdir("devices")
                .subdir("drivers")
                .wo("drivers_probe")
                .wo("uevent")
                .rw("drivers_autoprobe", "1"),
        )?;
        for dir in DIRS {
            self.tree.dir(dir)?;
        }
        let disable_sysfs_boot = u8::from(self.config.disable_sysfs_boot).to_string();
        self.tree.add(
            Object::plain("module/qla4xxx")
                .ro("version", "5.04.00-k6")
                .ro("initstate", "live")
                .ro("parameters/ql4xmdcapmask", "0")
                .rw("parameters/ql4xextended_error_logging", "0")
                .rw("parameters/ql4xqfulltracking", "1")
                .rw("parameters/ql4xenablemsix", "1")
                .rw("parameters/ql4xdontresethba", "0")
                .ro("parameters/ql4xsess_recovery_tmo", "120")
                .rw("parameters/ql4xmaxqdepth", "32")
                .rw("parameters/ql4xdisablesysfsboot", disable_sysfs_boot)
                .rw("parameters/ql4xenablemd", "1"),
        )?;
        self.tree.add(
            Object::plain("module/scsi_transport_iscsi")
                .ro("version", "2.0-870")
                .ro("initstate", "live")
                .ro("refcnt", "2")
                .subdir("holders")
                .rw("parameters/debug_conn", "0")
                .rw("parameters/debug_session", "0")
                .link("holders/qla4xxx", "module/qla4xxx"),
        )?;
        self.tree.add(
            Object::class("devices/virtual/iscsi_transport/qla4xxx", "iscsi_transport", None)
                .ro("handle", TRANSPORT_HANDLE.to_string())
                .ro("caps", "0x48b8"),
        )
    }
}
