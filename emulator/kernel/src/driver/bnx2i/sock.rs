//! A connection as cnic knows it: where to, over which path, how far it got.
//!
//! Source: `cnic_if.h` (`struct cnic_sock`), `cnic.c` (`cnic_offld_prep`, `cnic_cm_set_pg`, `cnic_iscsi_nl_msg_recv`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use driver_sys::netlink::{Path, PathAddrs};

/// What an answer to a path request comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answered {
    /// The chip is to connect.
    Connect,
    /// The chip is to send to another MAC address from now on; there is nothing to do in an emulation.
    Moved,
    /// The endpoint has failed.
    Failed,
    /// It changes nothing.
    Ignored,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Sock {
    /// Where to.
    pub(super) to: SocketAddr,
    /// Our address, as the helper told it.
    pub(super) source: IpAddr,
    /// The next hop's MAC address.
    mac: [u8; 6],
    vlan_id: u16,
    mtu: u16,
    /// `SK_F_CONNECT_START`.
    pub(super) connect_start: bool,
    /// `SK_F_OFFLD_SCHED`: the chip is at work on it.
    pub(super) offld_sched: bool,
    /// `SK_F_OFFLD_COMPLETE`: it is connected.
    pub(super) offld_complete: bool,
    /// `SK_F_PG_OFFLD_COMPLETE`: the chip has a path for it.
    pub(super) pg_complete: bool,
}

impl Sock {
    /// One that is about to ask for its path (`cnic_cm_create`, `cnic_get_route`).
    pub(super) fn new(to: SocketAddr, vlan_id: u16, mtu: u16) -> Self {
        let source = if to.is_ipv4() {
            Ipv4Addr::UNSPECIFIED.into()
        } else {
            Ipv6Addr::UNSPECIFIED.into()
        };
        Self {
            to,
            source,
            mac: [0; 6],
            vlan_id,
            mtu,
            connect_start: true,
            offld_sched: false,
            offld_complete: false,
            pg_complete: false,
        }
    }

    /// What the helper is asked (`cnic_send_nlmsg`): no source address, no MAC address.
    pub(super) fn request(&self, cid: u16) -> Path {
        let addrs = PathAddrs::to(self.to.ip());
        Path {
            handle: u64::from(cid),
            mac: [0; 6],
            mac_old: [0; 6],
            addrs,
            vlan_id: self.vlan_id,
            pmtu: self.mtu,
        }
    }

    /// Takes the helper's answer (`cnic_iscsi_nl_msg_recv`). The kernel looks neither at its destination nor at its MTU; it takes as
    /// many bytes of the source address as the destination's family has, whatever length the message names.
    pub(super) fn answer(&mut self, path: &Path) -> Answered {
        if !self.connect_start {
            return Answered::Ignored;
        }
        self.vlan_id = path.vlan_id;
        self.mac = path.mac;
        if let Some(source) = path.src().filter(|s| s.is_ipv4() == self.to.is_ipv4()) {
            self.source = source;
        }
        if !is_valid_ether_addr(self.mac) {
            if self.offld_sched || self.offld_complete {
                return Answered::Ignored;
            }
            self.connect_start = false;
            return Answered::Failed;
        }
        if self.offld_sched {
            return Answered::Ignored;
        }
        if self.pg_complete {
            return Answered::Moved;
        }
        self.offld_sched = true;
        self.pg_complete = true;
        Answered::Connect
    }

    /// The chip has connected, or has not.
    pub(super) fn connected(&mut self, done: bool) {
        self.offld_sched = false;
        self.offld_complete = done;
    }
}

/// `is_valid_ether_addr`: not a group's, not zero.
fn is_valid_ether_addr(mac: [u8; 6]) -> bool {
    mac[0] & 1 == 0 && mac != [0; 6]
}
