//! Through which port a destination is reached when a connect names no host.
//!
//! Source: `bnx2i_iscsi.c` (`bnx2i_check_route`), `cnic.c` (`cnic_cm_select_dev`).

use std::net::IpAddr;

use super::Bnx2i;

/// `BNX2I_MAX_MTU_SUPPORTED`.
const MAX_MTU: u16 = 9000;

impl Bnx2i {
    /// The port whose device has the most special route, if that port takes connections.
    pub(super) fn check_route(&self, to: IpAddr) -> Option<usize> {
        let ports = self.ports.iter().enumerate();
        let routes = ports.flat_map(|(at, port)| {
            let of_port = port.routes.iter().filter(|(net, bits)| within(to, *net, *bits));
            of_port.map(move |(_, bits)| (*bits, at))
        });
        // Among equals the first device wins.
        let (_, port) = routes.reduce(|best, next| if next.0 > best.0 { next } else { best })?;
        let fit = self.ports[port].ready() && self.ports[port].mtu <= MAX_MTU;
        fit.then_some(port)
    }
}

/// Whether an address lies in a network.
fn within(to: IpAddr, net: IpAddr, bits: u8) -> bool {
    match (to, net) {
        (IpAddr::V4(to), IpAddr::V4(net)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits.min(32))).unwrap_or(0);
            to.to_bits() & mask == net.to_bits() & mask
        }
        (IpAddr::V6(to), IpAddr::V6(net)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits.min(128))).unwrap_or(0);
            to.to_bits() & mask == net.to_bits() & mask
        }
        _ => false,
    }
}
