//! Flash nodes: their objects, and NEW, SET, DEL with the driver's rules.
//!
//! Source: `ql4_os.c` (`qla4xxx_sysfs_ddb_*`), `scsi_transport_iscsi.c`
//! (`iscsi_new_flashnode` and the others).

use driver_sys::hw::ddb::{DDB_DELETED_COOKIE, MAX_PRST_DEV_DB_ENTRIES};
use driver_sys::hw::raw::dev_db_entry;
use driver_sys::netlink::Attr;
use driver_sys::netlink::params::{FlashnodeParam, Param as _};
use isp4xxx::flash::Area;
use isp4xxx::fw::{Command, DdbDefaults, Reply};
use nix::errno::Errno;

use super::Qla4xxx;
use super::flashnode::Flashnode;
use crate::transport::{Class, Params};

type Values = Vec<(&'static str, String)>;

impl Qla4xxx {
    /// Objects for every valid DDB in flash (`qla4xxx_sysfs_ddb_export`).
    pub(super) fn export_flashnodes(&mut self, class: &mut Class, host: usize) {
        for index in 0..self.flash_ddbs() {
            if self.hosts[host].flashnodes.contains_key(&index) {
                continue;
            }
            if let Some(entry) = self.flash_ddb(host, index) {
                let boot = self.hosts[host].boot.contains(&Some(index));
                let node = Flashnode::from_entry(&entry, true, boot);
                // It is in flash, whether the tree has room for it or not.
                let values = self.node_values(host, &node);
                class.show_flashnode(self.hosts[host].no, index, values);
                self.hosts[host].flashnodes.insert(index, node);
            }
        }
    }

    fn flash_ddbs(&self) -> u16 {
        self.card.chip().max_flash_ddbs.min(MAX_PRST_DEV_DB_ENTRIES)
    }

    /// A valid DDB in flash (`qla4xxx_flashdb_by_index`).
    pub(super) fn flash_ddb(&mut self, host: usize, index: u16) -> Option<dev_db_entry> {
        let entry: Option<dev_db_entry> = self.read_record(host, Area::Ddb, index);
        entry.filter(dev_db_entry::is_valid)
    }

    pub(super) fn default_ddb(&mut self, host: usize, v6: bool) -> Option<dev_db_entry> {
        let which = if v6 { DdbDefaults::Ipv6 } else { DdbDefaults::Ipv4 };
        match self.mbox(host, Command::GetDatabaseEntryDefaults(which)) {
            Ok(Reply::DdbDefaults(d)) => Some(*d),
            _ => None,
        }
    }

    /// What the objects of a node read: its session's and its connection's.
    fn node_values(&mut self, host: usize, node: &Flashnode) -> (Values, Values) {
        let chap = if node.uses_chap() {
            self.uni_chap(host, node.chap_index() as u16)
        } else {
            None
        };
        (node.session_attrs(|_| chap.clone()), node.conn_attrs())
    }

    /// Writes what may have changed of a node's objects.
    fn refresh_node(&mut self, class: &mut Class, host: usize, index: u16) {
        let Some(node) = self.hosts[host].flashnodes.get(&index).cloned() else {
            return;
        };
        let values = self.node_values(host, &node);
        class.refresh_flashnode(self.hosts[host].no, index, values);
    }

    /// Nodes show name and secret of CHAP entries: they are written again when the table changes.
    pub(super) fn refresh_flashnodes(&mut self, class: &mut Class, host: usize) {
        let with_chap: Vec<u16> = self.hosts[host]
            .flashnodes
            .iter()
            .filter(|(_, n)| n.uses_chap())
            .map(|(i, _)| *i)
            .collect();
        for index in with_chap {
            self.refresh_node(class, host, index);
        }
    }

    /// Takes every node object away; the next probe shows what flash holds.
    pub(super) fn forget_flashnodes(&mut self, class: &mut Class, host: usize) {
        let all: Vec<u16> = self.hosts[host].flashnodes.keys().copied().collect();
        for index in all {
            self.hide_node(class, host, index);
        }
    }

    fn hide_node(&mut self, class: &mut Class, host: usize, index: u16) {
        self.hosts[host].flashnodes.remove(&index);
        class.destroy_flashnode(self.hosts[host].no, index);
    }

    /// The port and the index of a node that there is.
    pub(super) fn node_of(&self, no: u32, index: u32) -> Result<(usize, u16), Errno> {
        let host = self.port_of(no)?;
        let index = u16::try_from(index).map_err(|_| Errno::ENODEV)?;
        if self.hosts[host].flashnodes.contains_key(&index) {
            Ok((host, index))
        } else {
            Err(Errno::ENODEV)
        }
    }

    /// A fresh node, volatile until it is set.
    pub(super) fn new_node(&mut self, class: &mut Class, no: u32, kind: &[u8]) -> Result<u32, Errno> {
        let host = self.port_of(no)?;
        let kind = kind.get(..4).map(<[u8]>::to_ascii_lowercase);
        let v6 = match kind.as_deref() {
            Some(b"ipv4") => false,
            Some(b"ipv6") => true,
            _ => return Err(Errno::EIO),
        };
        if self.hosts[host].flashnodes.values().any(|n| !n.persistent) {
            return Err(Errno::EIO);
        }
        // 0 and 1 are the boot targets'.
        let index = (2..self.flash_ddbs())
            .find(|i| self.flash_ddb(host, *i).is_none())
            .ok_or(Errno::EIO)?;
        let entry = self.default_ddb(host, v6).ok_or(Errno::EIO)?;
        // Whatever fails on the way, the driver answers with this.
        let node = Flashnode::from_entry(&entry, false, false);
        let values = self.node_values(host, &node);
        let shown = class.create_flashnode(no, index, values);
        if shown.is_err() {
            class.env.done("flash node", shown);
            return Err(Errno::EIO);
        }
        self.hosts[host].flashnodes.insert(index, node);
        Ok(u32::from(index))
    }

    /// Changes a node, then writes it to flash.
    pub(super) fn set_node(
        &mut self,
        class: &mut Class,
        no: u32,
        index: u32,
        params: Params<'_, Attr<FlashnodeParam>>,
    ) -> Result<(), Errno> {
        let (host, index) = self.node_of(no, index)?;
        let mut result = Ok(());
        let h = &mut self.hosts[host];
        let exists = |i: u16| {
            h.chap_list
                .entries()
                .get(usize::from(i))
                .is_some_and(super::chap::is_uni)
        };
        if let Some(node) = h.flashnodes.get_mut(&index) {
            for attr in params.iter() {
                result = attr.and_then(|attr| node.set(attr.param.code(), attr.value.as_slice(), exists));
                if result.is_err() {
                    break;
                }
            }
        }
        let result = result.and_then(|()| self.apply_flashnode(host, index));
        self.refresh_node(class, host, index);
        result
    }

    /// Writes a node to flash (`qla4xxx_sysfs_ddb_apply`).
    fn apply_flashnode(&mut self, host: usize, index: u16) -> Result<(), Errno> {
        let Some(node) = self.hosts[host].flashnodes.get(&index).cloned() else {
            return Err(Errno::ENODEV);
        };
        let default = self.default_ddb(host, node.is_v6()).ok_or(Errno::EPERM)?;
        self.write_record(host, Area::Ddb, index, &node.to_entry(&default))
            .map_err(|_| Errno::EIO)?;
        if let Some(node) = self.hosts[host].flashnodes.get_mut(&index) {
            node.persistent = true;
        }
        Ok(())
    }

    /// Takes a node out of flash.
    pub(super) fn del_node(&mut self, class: &mut Class, no: u32, index: u32) -> Result<(), Errno> {
        let (host, index) = self.node_of(no, index)?;
        let node = &self.hosts[host].flashnodes[&index];
        if node.boot {
            return Err(Errno::EPERM);
        }
        if node.persistent {
            let mut entry = dev_db_entry::default();
            entry.cookie.set(DDB_DELETED_COOKIE);
            let written = self.write_record(host, Area::Ddb, index, &entry);
            // The driver does not look whether the write went well.
            if written.is_err() && !self.config.quirks {
                return Err(Errno::EIO);
            }
        }
        self.hide_node(class, host, index);
        Ok(())
    }
}
