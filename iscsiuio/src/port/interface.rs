//! One interface: its stack, and the addresses that its configuration asks for.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use super::{
    AddressStatus, Configured, InterfaceConfig, InterfaceStatus, Ipv4Source, NeighbourStatus, PortConfig,
};
use crate::stack::{Address, Neighbour, NoWay, Route, Stack, StackConfig, Way};

/// An interface of a port.
pub(super) struct Interface {
    pub(super) config: InterfaceConfig,
    pub(super) stack: Stack,
    mtu: u16,
}

impl Interface {
    pub(super) fn new(port: &PortConfig, config: InterfaceConfig) -> Self {
        let mtu = config.mtu.unwrap_or(port.mtu).clamp(1280, port.mtu.max(1280));
        let mut stack = Stack::new(StackConfig {
            mac: port.mac,
            vlan: config.vlan,
            mtu,
            seed: port.seed,
        });
        if let Ipv4Source::Static {
            address,
            prefix,
            gateway,
        } = config.v4
        {
            let (addresses, routes) = fixed(address, prefix, gateway);
            stack.set(&addresses, &routes);
        }
        Self { config, stack, mtu }
    }

    pub(super) fn configured(&self) -> Configured {
        if self.stack.addresses().is_empty() {
            Configured::Failed
        } else {
            Configured::Ready
        }
    }

    /// The way to `destination`; `None`: it may come, addresses are being acquired.
    pub(super) fn way(&self, destination: IpAddr, source: Option<IpAddr>) -> Option<Result<Way, NoWay>> {
        match self.stack.way(destination, source) {
            Err(NoWay::Address | NoWay::Route) if self.configured() == Configured::Acquiring => None,
            way => Some(way),
        }
    }

    /// Largest packet to `destination` over `way`, when the kernel proposes `proposed` (0: nothing).
    pub(super) fn path_mtu(&self, proposed: u16) -> u16 {
        match self.config.mtu {
            None if proposed > 0 => proposed,
            _ => self.mtu,
        }
    }

    pub(super) fn status(&self, now: Instant) -> InterfaceStatus {
        InterfaceStatus {
            config: self.config.clone(),
            state: self.configured(),
            addresses: self
                .stack
                .addresses()
                .iter()
                .map(|a| AddressStatus {
                    address: a.address,
                    prefix: a.prefix,
                    duplicate: false,
                    valid: None,
                })
                .collect(),
            routers: Vec::new(),
            leases: Vec::new(),
            neighbours: self
                .stack
                .neighbours(now)
                .into_iter()
                .map(|Neighbour { address, mac, age }| NeighbourStatus { address, mac, age })
                .collect(),
        }
    }
}

/// VLAN ID of a configuration; 0: untagged.
pub(super) fn vlan_id(config: &InterfaceConfig) -> u16 {
    config.vlan.map_or(0, |v| v.id)
}

fn fixed(address: Ipv4Addr, prefix: u8, gateway: Option<Ipv4Addr>) -> (Vec<Address>, Vec<Route>) {
    let on_link = Route {
        destination: address.into(),
        prefix,
        gateway: None,
    };
    let default = gateway.map(|g| Route {
        destination: Ipv4Addr::UNSPECIFIED.into(),
        prefix: 0,
        gateway: Some(g.into()),
    });
    let address = Address {
        address: address.into(),
        prefix,
        preferred: true,
    };
    (
        vec![address],
        [Some(on_link), default].into_iter().flatten().collect(),
    )
}
