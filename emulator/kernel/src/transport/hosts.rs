//! The class's objects of a host: `iscsi_host`, its bsg device, its flash nodes.
//!
//! What they read is the driver's. Source: `scsi_transport_iscsi.c` (`iscsi_setup_host`, `iscsi_bsg_host_add`,
//! `iscsi_create_flashnode_sess`, `iscsi_create_flashnode_conn`).

use std::io;

use super::attrs::{self, Values};
use super::class::ClassHost;
use super::{Class, LowLevelDriver};
use crate::tree::Object;

impl Class {
    /// A host of a driver appears: its objects of the mid layer, then those of the class. One with a bsg device takes vendor
    /// commands; `bsg_minor` is the device's number.
    ///
    /// # Errors
    /// The tree cannot show it.
    pub(crate) fn add_host(
        &mut self,
        driver: &mut dyn LowLevelDriver,
        no: u32,
        objects: [Object; 2],
        bsg_minor: Option<usize>,
    ) -> io::Result<()> {
        let path = objects[0].path().to_owned();
        self.scsi.add_host(&mut self.env, driver.name(), no, objects)?;
        let host = ClassHost {
            handle: driver.handle(),
            path: path.clone(),
            bsg: bsg_minor.is_some(),
        };
        self.hosts.insert(no, host);
        let ihost = Object::class(format!("{path}/iscsi_host/host{no}"), "iscsi_host", Some(&path));
        let ihost = attrs::host(self, driver, no)
            .into_iter()
            .fold(ihost, |o, (n, v)| o.shown(n, v));
        self.env.tree.add(ihost)?;
        if let Some(minor) = bsg_minor {
            let bsg = Object::class(format!("{path}/bsg/iscsi_host{no}"), "bsg", Some(&path))
                .env("MAJOR", "248")
                .env("MINOR", &minor.to_string())
                .env("DEVNAME", &format!("bsg/iscsi_host{no}"))
                .ro("dev", format!("248:{minor}"));
            self.env.tree.add(bsg)?;
        }
        Ok(())
    }

    /// The number of a host that is about to be added: the lowest that is free, from `first` on (`scsi_host_alloc`).
    pub(crate) fn free_host(&self, first: u32) -> Option<u32> {
        (first..=u32::MAX).find(|no| !self.hosts.contains_key(no))
    }

    /// A host goes; its sessions are gone already (`iscsi_host_remove`, `scsi_remove_host`).
    pub(crate) fn remove_host(&mut self, no: u32) {
        if let Some(host) = self.hosts.remove(&no) {
            self.scsi.remove_host(no);
            self.env.hide("host", &host.path);
        }
    }

    /// The hosts that have a bsg device.
    pub(crate) fn bsg_hosts(&self) -> Vec<u32> {
        self.hosts
            .iter()
            .filter(|(_, h)| h.bsg)
            .map(|(no, _)| *no)
            .collect()
    }

    /// Path of `hostN`.
    pub(super) fn host_path(&self, host: u32) -> &str {
        self.hosts.get(&host).map_or("", |h| &h.path)
    }

    /// Writes what may have changed of a host's `iscsi_host`.
    pub(crate) fn refresh_host(&mut self, driver: &mut dyn LowLevelDriver, no: u32) {
        let values = attrs::host(self, driver, no);
        let at = format!("{}/iscsi_host/host{no}", self.host_path(no));
        self.env.write_shown("host", &at, values);
    }

    fn flashnode_paths(&self, host: u32, index: u16) -> (String, String) {
        let session = format!("{}/flashnode_sess-{host}:{index}", self.host_path(host));
        let conn = format!("{session}/flashnode_conn-{host}:{index}:0");
        (session, conn)
    }

    fn flashnode_objects(&self, host: u32, index: u16, (session, conn): (Values, Values)) -> [Object; 2] {
        let (path, conn_path) = self.flashnode_paths(host, index);
        // A kernel shows the secret to everybody; nobody needs that.
        let sess = Object::bus(path, "iscsi_flashnode", "iscsi_flashnode_sess_dev_type")
            .ro_all(session, &["password"]);
        let bus = Object::bus(conn_path, "iscsi_flashnode", "iscsi_flashnode_conn_dev_type");
        let conn = conn.into_iter().fold(bus, |o, (n, v)| o.ro(n, v));
        [sess, conn]
    }

    /// A flash node of a host appears, now or as soon as the tree has room: values of its session and its connection.
    pub(crate) fn show_flashnode(&mut self, host: u32, index: u16, values: (Values, Values)) {
        for object in self.flashnode_objects(host, index, values) {
            self.env.show("flash node", object);
        }
    }

    /// A new flash node of a host appears; both objects or none of them.
    ///
    /// # Errors
    /// The tree cannot show it.
    pub(crate) fn create_flashnode(
        &mut self,
        host: u32,
        index: u16,
        values: (Values, Values),
    ) -> io::Result<()> {
        let (path, _) = self.flashnode_paths(host, index);
        let [sess, conn] = self.flashnode_objects(host, index, values);
        self.env.tree.add(sess)?;
        self.env.tree.add(conn).inspect_err(|_| {
            let _ = self.env.tree.remove(&path);
        })
    }

    /// Writes what may have changed of a flash node.
    pub(crate) fn refresh_flashnode(&mut self, host: u32, index: u16, (session, conn): (Values, Values)) {
        let (path, conn_path) = self.flashnode_paths(host, index);
        self.env.write_all("flash node", &path, session);
        self.env.write_all("flash node", &conn_path, conn);
    }

    /// A flash node of a host goes.
    pub(crate) fn destroy_flashnode(&mut self, host: u32, index: u16) {
        let (path, _) = self.flashnode_paths(host, index);
        self.env.hide("flash node", &path);
    }
}
