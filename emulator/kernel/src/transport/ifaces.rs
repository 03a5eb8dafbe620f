//! Interfaces of a host: their names and objects.
//!
//! Which there are and what they read is the driver's. Source: `scsi_transport_iscsi.c` (`iscsi_create_iface`,
//! `iscsi_destroy_iface`, `iscsi_iface_attr_is_visible`).

use super::{Class, LowLevelDriver, attrs};
use crate::tree::Object;

/// An interface of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfaceKind {
    /// `ipv4-iface-H-0`.
    V4,
    /// `ipv6-iface-H-N`.
    V6(u8),
}

impl IfaceKind {
    /// The name of its object.
    fn name(self, host: u32) -> String {
        match self {
            Self::V4 => format!("ipv4-iface-{host}-0"),
            Self::V6(n) => format!("ipv6-iface-{host}-{n}"),
        }
    }
}

impl Class {
    fn iface_path(&self, host: u32, iface: IfaceKind) -> String {
        format!("{}/iscsi_iface/{}", self.host_path(host), iface.name(host))
    }

    /// An interface of a host appears, unless it is there.
    pub(crate) fn create_iface(&mut self, driver: &mut dyn LowLevelDriver, host: u32, iface: IfaceKind) {
        let path = self.iface_path(host, iface);
        if self.env.tree.contains(&path) {
            return;
        }
        let values = attrs::iface(self, driver, host, iface);
        let object = Object::class(path, "iscsi_iface", Some(self.host_path(host)));
        let object = values.into_iter().fold(object, |o, (n, v)| o.ro(n, v));
        self.env.show("interface", object);
    }

    /// Writes what may have changed of an interface, if it is there.
    pub(crate) fn refresh_iface(&mut self, driver: &mut dyn LowLevelDriver, host: u32, iface: IfaceKind) {
        let path = self.iface_path(host, iface);
        if self.env.tree.contains(&path) {
            let values = attrs::iface(self, driver, host, iface);
            self.env.write_all("interface", &path, values);
        }
    }

    /// An interface of a host goes, if it is there.
    pub(crate) fn destroy_iface(&mut self, host: u32, iface: IfaceKind) {
        let path = self.iface_path(host, iface);
        if self.env.tree.contains(&path) {
            self.env.hide("interface", &path);
        }
    }
}
