//! A port: its host, its netdev, its numbers, what state the adapter is in.
//!
//! Source: `bnx2i.h` (`struct bnx2i_hba`, `ADAPTER_STATE_*`), `bnx2i_iscsi.c` (`bnx2i_alloc_hba`, `bnx2i_adapter_ready`),
//! `cnic.c` (`cnic_uio_open`, `cnic_uio_close`).

use std::net::IpAddr;

use super::cids::Cids;
use super::sizes::Sizes;
use super::stop::Stop;
use crate::config::OffloadPort;

/// `ISCSI_MAX_CONNS_PER_HBA`.
pub(super) const MAX_CONNS: u16 = 128;

/// A port.
pub(super) struct Port {
    /// Host number.
    pub(super) no: u32,
    /// Name of the network device.
    pub(super) netdev: String,
    /// MAC address of the network device.
    pub(super) mac: [u8; 6],
    /// MAC address that iSCSI uses (`cnic->mac_addr`).
    pub(super) iscsi_mac: [u8; 6],
    /// The device's MTU.
    pub(super) mtu: u16,
    /// VLAN of the route to everything.
    pub(super) vlan_id: u16,
    /// Networks that the kernel reaches over the device.
    pub(super) routes: Vec<(IpAddr, u8)>,
    /// Connections that the card's licence allows.
    pub(super) licensed: u16,
    /// The sizes of its queues.
    pub(super) sizes: Sizes,
    /// Free numbers of connections.
    pub(super) cids: Cids,
    /// Endpoints that have asked for a path, the oldest first (`ep_active_list`).
    pub(super) active: Vec<u64>,
    /// `ADAPTER_STATE_UP`.
    pub(super) up: bool,
    /// `ADAPTER_STATE_GOING_DOWN`, and how far that is.
    pub(super) stop: Option<Stop>,
    /// A cable is in.
    pub(super) carrier: bool,
    /// Somebody has its L2 ring open (`uio_dev`).
    pub(super) ring: bool,
}

impl Port {
    /// One that is up.
    pub(super) fn new(config: &OffloadPort) -> Self {
        Self {
            no: config.host,
            netdev: config.netdev.clone(),
            mac: config.mac,
            iscsi_mac: config.iscsi_mac(),
            mtu: config.mtu,
            vlan_id: config.vlan_id,
            routes: config.routes(),
            licensed: config.connections.min(MAX_CONNS),
            sizes: Sizes::default(),
            cids: Cids::new(MAX_CONNS),
            active: Vec::new(),
            up: true,
            stop: None,
            carrier: true,
            ring: false,
        }
    }

    /// Somebody opens its L2 ring; whether he may: the device is up and nobody has it open (`cnic_uio_open`).
    pub(super) fn open_ring(&mut self) -> bool {
        let free = self.runs() && !self.ring;
        self.ring |= free;
        free
    }

    /// Whether its device is up.
    pub(super) fn runs(&self) -> bool {
        self.up && self.stop.is_none()
    }

    /// Whether it takes new connections (`bnx2i_adapter_ready`).
    pub(super) fn ready(&self) -> bool {
        self.runs() && self.carrier
    }
}
