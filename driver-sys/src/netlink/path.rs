//! Path requests of the kernel and their answers (bnx2i-class adapters).
//!
//! Source: `iscsi_if.h`, `struct iscsi_path`; `cnic.c`, `cnic_cm_req_path`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use zerocopy::IntoBytes;
use zeroize::Zeroizing;

use super::body::{Body, Payload};
use super::raw::{iscsi_path, member};

/// Source and destination of a path, of one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathAddrs {
    /// IPv4.
    V4 {
        /// Our address.
        src: Ipv4Addr,
        /// The target's address.
        dst: Ipv4Addr,
    },
    /// IPv6.
    V6 {
        /// Our address.
        src: Ipv6Addr,
        /// The target's address.
        dst: Ipv6Addr,
    },
    /// `ip_addr_len` is neither 4 nor 16: no address (an update that reports failure has 0).
    None {
        /// `ip_addr_len`.
        len: u32,
    },
}

impl PathAddrs {
    /// As the kernel asks (`cnic.c`, `cnic_send_nlmsg`): for a destination, without a source.
    #[must_use]
    pub const fn to(dst: IpAddr) -> Self {
        match dst {
            IpAddr::V4(dst) => Self::V4 {
                src: Ipv4Addr::UNSPECIFIED,
                dst,
            },
            IpAddr::V6(dst) => Self::V6 {
                src: Ipv6Addr::UNSPECIFIED,
                dst,
            },
        }
    }
}

/// A path: what the kernel asks for, and the answer with the MAC addresses filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path {
    /// The kernel's handle; the answer repeats it.
    pub handle: u64,
    /// MAC address of the next hop.
    pub mac: [u8; 6],
    /// The MAC address known before.
    pub mac_old: [u8; 6],
    /// Addresses.
    pub addrs: PathAddrs,
    /// VLAN ID.
    pub vlan_id: u16,
    /// Path MTU in bytes.
    pub pmtu: u16,
}

impl Path {
    /// Our address.
    #[must_use]
    pub fn src(&self) -> Option<IpAddr> {
        match self.addrs {
            PathAddrs::V4 { src, .. } => Some(src.into()),
            PathAddrs::V6 { src, .. } => Some(src.into()),
            PathAddrs::None { .. } => None,
        }
    }

    /// The target's address.
    #[must_use]
    pub fn dst(&self) -> Option<IpAddr> {
        match self.addrs {
            PathAddrs::V4 { dst, .. } => Some(dst.into()),
            PathAddrs::V6 { dst, .. } => Some(dst.into()),
            PathAddrs::None { .. } => None,
        }
    }
}

impl<M> Payload<M> for Path {
    fn write(&self, _: &mut M) -> Zeroizing<Vec<u8>> {
        let mut raw = iscsi_path {
            handle: self.handle,
            mac_addr: self.mac,
            mac_addr_old: self.mac_old,
            vlan_id: self.vlan_id,
            pmtu: self.pmtu,
            ..Default::default()
        };
        match self.addrs {
            PathAddrs::V4 { src, dst } => {
                raw.ip_addr_len = 4;
                raw.src[..4].copy_from_slice(&src.octets());
                raw.dst[..4].copy_from_slice(&dst.octets());
            }
            PathAddrs::V6 { src, dst } => {
                raw.ip_addr_len = 16;
                raw.src = src.octets();
                raw.dst = dst.octets();
            }
            PathAddrs::None { len } => raw.ip_addr_len = len,
        }
        raw.as_bytes().to_vec().into()
    }

    fn read(_: &M, body: &mut Body<'_>) -> Self {
        // The row says how many bytes there must be.
        let raw: iscsi_path = member(body.bytes());
        let v4 = |b: [u8; 16]| Ipv4Addr::new(b[0], b[1], b[2], b[3]);
        let addrs = match raw.ip_addr_len {
            4 => PathAddrs::V4 {
                src: v4(raw.src),
                dst: v4(raw.dst),
            },
            16 => PathAddrs::V6 {
                src: raw.src.into(),
                dst: raw.dst.into(),
            },
            len => PathAddrs::None { len },
        };
        Self {
            handle: raw.handle,
            mac: raw.mac_addr,
            mac_old: raw.mac_addr_old,
            addrs,
            vlan_id: raw.vlan_id,
            pmtu: raw.pmtu,
        }
    }
}
