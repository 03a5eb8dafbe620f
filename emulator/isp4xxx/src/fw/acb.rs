//! The control block in use and the port's addresses.
//!
//! Owns which addresses a port has and their states. It must not know sessions. Duplicate address detection takes one
//! second; a port that asks for DHCP gets the lease its network has, or waits. With neighbour discovery on, the first IPv6 address is
//! made of the prefix that a router advertises; solicitations end after twelve seconds (RFC 4861 section 10). A router is taken
//! from its advertisement unless one is set by hand. Sources: `ql4_fw.h` `IP_ADDRSTATE_*`, `IPV6_RTRSTATE_*`, `struct addr_ctrl_blk_def`; `ql4_os.c` `qla4xxx_iface_set_param`, `qla4xxx_wait_for_ip_configuration`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use driver_sys::abi::Abi;
use driver_sys::hw::acb::{Ipv4IpOptions, Ipv4TcpOptions, Ipv6AddOptions, Ipv6Options};
use driver_sys::hw::aen::{IpAddrState, Ipv6RouterState};
use driver_sys::hw::raw::{addr_ctrl_blk, addr_ctrl_blk_def};
use zerocopy::IntoBytes;

use super::network::Network;
use super::{Aen, IpWhich};

/// How long duplicate address detection takes.
const DAD: Duration = Duration::from_secs(1);
/// How long a DHCP server takes.
const DHCP: Duration = Duration::from_millis(200);
/// How long a router takes to answer a solicitation.
const ROUTER: Duration = Duration::from_millis(200);
/// How long routers are solicited: three times, four seconds apart.
const SOLICITING: Duration = Duration::from_secs(12);

/// The control block in use.
pub(super) struct Acb {
    pub(super) block: addr_ctrl_blk,
    states: [IpAddrState; 4],
    settles: [Option<Instant>; 4],
    network: Network,
    leased: bool,
    /// A router's advertisement was heard.
    advertised: bool,
}

impl Acb {
    pub(super) fn new(block: addr_ctrl_blk, network: Network) -> Self {
        Self {
            block,
            states: [IpAddrState::Unconfigured; 4],
            settles: [None; 4],
            network,
            leased: false,
            advertised: false,
        }
    }

    /// Takes over the fields SET_ACB carries.
    pub(super) fn merge(&mut self, from: &addr_ctrl_blk) {
        let fields = addr_ctrl_blk_def::FIELDS;
        let ends = fields
            .iter()
            .skip(1)
            .map(|(_, at)| *at)
            .chain([addr_ctrl_blk_def::SIZE]);
        for ((name, at), end) in fields.iter().zip(ends) {
            if !name.starts_with("reserved") && !name.starts_with('_') {
                self.block.as_mut_bytes()[*at..end].copy_from_slice(&from.as_bytes()[*at..end]);
            }
        }
    }

    /// Brings the configured addresses up.
    pub(super) fn enable(&mut self, now: Instant, mut changed: impl FnMut(Aen)) {
        for which in IpWhich::ALL {
            let (state, after) = self.goal(which);
            self.set(which, state, &mut changed);
            self.settles[which as usize] = after.map(|after| now + after);
        }
    }

    /// Takes all addresses down. The IPv4 address is reported in any case: the driver waits for it.
    pub(super) fn disable(&mut self, mut changed: impl FnMut(Aen)) {
        self.settles = [None; 4];
        self.leased = false;
        self.advertised = false;
        for which in IpWhich::ALL {
            if self.state(which) != IpAddrState::Unconfigured || which == IpWhich::Ipv4 {
                self.set(which, IpAddrState::Disabling, &mut changed);
                self.set(which, IpAddrState::Unconfigured, &mut changed);
            }
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.settles.iter().flatten().min().copied()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, mut changed: impl FnMut(Aen)) {
        for which in IpWhich::ALL {
            let settles = &mut self.settles[which as usize];
            if settles.is_some_and(|at| at <= now) {
                *settles = None;
                let next = self.settle(which, now);
                self.set(which, next, &mut changed);
            }
        }
    }

    /// An address has waited long enough: its next state.
    fn settle(&mut self, which: IpWhich, now: Instant) -> IpAddrState {
        match which {
            IpWhich::Ipv4 => {
                if let Some(lease) = self.network.lease.filter(|_| self.wants_dhcp()) {
                    self.block.ipv4_addr = lease.address.octets();
                    self.block.ipv4_subnet = lease.subnet.octets();
                    self.block.ipv4_gw_addr = lease.gateway.octets();
                    self.leased = true;
                }
            }
            // Routers are solicited from the link-local address.
            IpWhich::LinkLocal => self.advertised = self.network.router.is_some(),
            IpWhich::Ipv6Addr0 if self.state(which) == IpAddrState::Acquiring => {
                let Some(advertised) = self.network.router else {
                    return IpAddrState::Unconfigured;
                };
                self.block.ipv6_addr0[..8].copy_from_slice(&advertised.prefix.octets()[..8]);
                self.block.ipv6_addr0[8..].copy_from_slice(&self.block.ipv6_if_id);
                self.settles[which as usize] = Some(now + DAD);
                return IpAddrState::Tentative;
            }
            IpWhich::Ipv6Addr0 | IpWhich::Ipv6Addr1 => {}
        }
        IpAddrState::Preferred
    }

    /// The router's advertised address, if the router is not set by hand.
    fn advertised_router(&self) -> Option<[u8; 16]> {
        let router = self.network.router.filter(|_| self.advertised)?.router.octets();
        // A driver that writes back what it read has not set it.
        let set = self.block.ipv6_dflt_rtr_addr;
        (set == [0; 16] || set == router).then_some(router)
    }

    pub(super) fn state(&self, which: IpWhich) -> IpAddrState {
        self.states[which as usize]
    }

    /// An address is still on its way.
    pub(super) fn configuring(&self) -> bool {
        self.states.contains(&IpAddrState::Acquiring) || self.states.contains(&IpAddrState::Tentative)
    }

    /// DHCP is on, and whether it gave an address.
    pub(super) fn dhcp(&self) -> (bool, bool) {
        (self.wants_dhcp(), self.leased)
    }

    /// The address to reach `to` from, if the port has one of that family.
    pub(super) fn source_for(&self, to: IpAddr) -> Option<IpAddr> {
        let order: &[IpWhich] = match to {
            IpAddr::V4(_) => &[IpWhich::Ipv4],
            IpAddr::V6(to) if to.is_unicast_link_local() => &[IpWhich::LinkLocal],
            // A host without a routable address reaches neighbours from its link-local one.
            IpAddr::V6(_) => &[IpWhich::Ipv6Addr0, IpWhich::Ipv6Addr1, IpWhich::LinkLocal],
        };
        order.iter().find_map(|which| self.usable(*which))
    }

    /// The address, if it may be used.
    pub(super) fn usable(&self, which: IpWhich) -> Option<IpAddr> {
        matches!(
            self.state(which),
            IpAddrState::Preferred | IpAddrState::Deprecated
        )
        .then(|| self.address(which))
    }

    /// The control block as the driver reads it: with the states of the addresses.
    pub(super) fn report(&self) -> addr_ctrl_blk {
        let mut block = self.block;
        let state = |which| self.state(which).raw();
        block.ipv4_addr_state = state(IpWhich::Ipv4);
        block.ipv6_lnk_lcl_addr_state = state(IpWhich::LinkLocal);
        block.ipv6_addr0_state = state(IpWhich::Ipv6Addr0);
        block.ipv6_addr1_state = state(IpWhich::Ipv6Addr1);
        block.ipv6_dflt_rtr_state = if let Some(router) = self.advertised_router() {
            block.ipv6_dflt_rtr_addr = router;
            Ipv6RouterState::Advertised.raw()
        } else if block.ipv6_dflt_rtr_addr == [0; 16] {
            Ipv6RouterState::NoRouter.raw()
        } else {
            Ipv6RouterState::Manual.raw()
        };
        block
    }

    fn set(&mut self, which: IpWhich, new: IpAddrState, changed: &mut impl FnMut(Aen)) {
        let old = std::mem::replace(&mut self.states[which as usize], new);
        if old != new {
            changed(Aen::IpAddrStateChanged { which, old, new });
        }
    }

    fn wants_dhcp(&self) -> bool {
        self.block.ipv4_tcp_flags().contains(Ipv4TcpOptions::DHCP_ENABLE)
            && self
                .block
                .ipv4_ip_flags()
                .contains(Ipv4IpOptions::IPV4_PROTOCOL_ENABLE)
    }

    /// The state an address takes when it is brought up, and how long until it can be used.
    fn goal(&self, which: IpWhich) -> (IpAddrState, Option<Duration>) {
        if which == IpWhich::Ipv4 {
            if !self
                .block
                .ipv4_ip_flags()
                .contains(Ipv4IpOptions::IPV4_PROTOCOL_ENABLE)
            {
                return (IpAddrState::Unconfigured, None);
            }
            if self.wants_dhcp() {
                return (IpAddrState::Acquiring, self.network.lease.map(|_| DHCP));
            }
        } else {
            if !self
                .block
                .ipv6_flags()
                .contains(Ipv6Options::IPV6_PROTOCOL_ENABLE)
            {
                return (IpAddrState::Unconfigured, None);
            }
            let auto = self
                .block
                .ipv6_add_flags()
                .contains(Ipv6AddOptions::AUTOCONFIG_LINK_LOCAL_ADDR);
            if which == IpWhich::LinkLocal && (auto || self.block.ipv6_if_id != [0; 8]) {
                return (IpAddrState::Tentative, Some(DAD));
            }
            let discovery = self
                .block
                .ipv6_add_flags()
                .contains(Ipv6AddOptions::NEIGHBOR_DISCOVERY_ADDR_ENABLE);
            if which == IpWhich::Ipv6Addr0 && discovery {
                let wait = self.network.router.map_or(SOLICITING, |_| DAD + ROUTER);
                return (IpAddrState::Acquiring, Some(wait));
            }
        }
        match self.address(which) {
            IpAddr::V4(address) if address.is_unspecified() => (IpAddrState::Unconfigured, None),
            IpAddr::V4(address) if address.is_multicast() || address.is_broadcast() => {
                (IpAddrState::Invalid, None)
            }
            IpAddr::V4(_) => (IpAddrState::Preferred, None),
            IpAddr::V6(address) if address.is_unspecified() => (IpAddrState::Unconfigured, None),
            IpAddr::V6(address) if address.is_multicast() => (IpAddrState::Invalid, None),
            IpAddr::V6(_) => (IpAddrState::Tentative, Some(DAD)),
        }
    }

    fn address(&self, which: IpWhich) -> IpAddr {
        match which {
            IpWhich::Ipv4 => Ipv4Addr::from(self.block.ipv4_addr).into(),
            IpWhich::LinkLocal => {
                let mut bytes = [0; 16];
                bytes[..2].copy_from_slice(&[0xFE, 0x80]);
                bytes[8..].copy_from_slice(&self.block.ipv6_if_id);
                Ipv6Addr::from(bytes).into()
            }
            IpWhich::Ipv6Addr0 => Ipv6Addr::from(self.block.ipv6_addr0).into(),
            IpWhich::Ipv6Addr1 => Ipv6Addr::from(self.block.ipv6_addr1).into(),
        }
    }
}
