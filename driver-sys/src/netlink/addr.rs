//! Socket addresses as EP_CONNECT, TGT_DSCVR and PING carry them: a C `struct sockaddr`.
//!
//! Source: `iscsi_if.h` users in `scsi_transport_iscsi.c` (`dst_addr`); `struct sockaddr_in`, `struct sockaddr_in6`.

use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};

use zeroize::Zeroizing;

use super::body::{Body, Payload};
use super::error::DecodeError;

const AF_INET: u16 = libc::AF_INET as u16;
const AF_INET6: u16 = libc::AF_INET6 as u16;
/// The kernel refuses fewer bytes (`sizeof(struct sockaddr)`).
const MIN: usize = 16;
const V6: usize = 28;

/// A destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// IPv4 or IPv6.
    Inet(SocketAddr),
    /// Another family; the bytes after the family are kept (at least 14).
    Other {
        /// `sa_family`.
        family: u16,
        /// `sa_data` and what follows.
        data: Vec<u8>,
    },
}

impl From<SocketAddr> for Destination {
    fn from(addr: SocketAddr) -> Self {
        Self::Inet(addr)
    }
}

impl From<IpAddr> for Destination {
    /// With port 0.
    fn from(addr: IpAddr) -> Self {
        Self::Inet(SocketAddr::new(addr, 0))
    }
}

impl Destination {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(V6);
        match self {
            Self::Inet(SocketAddr::V4(a)) => {
                out.extend_from_slice(&AF_INET.to_ne_bytes());
                out.extend_from_slice(&a.port().to_be_bytes());
                out.extend_from_slice(&a.ip().octets());
                out.resize(MIN, 0);
            }
            Self::Inet(SocketAddr::V6(a)) => {
                out.extend_from_slice(&AF_INET6.to_ne_bytes());
                out.extend_from_slice(&a.port().to_be_bytes());
                out.extend_from_slice(&a.flowinfo().to_be_bytes());
                out.extend_from_slice(&a.ip().octets());
                out.extend_from_slice(&a.scope_id().to_ne_bytes());
            }
            Self::Other { family, data } => {
                out.extend_from_slice(&family.to_ne_bytes());
                out.extend_from_slice(data);
                out.resize(out.len().max(MIN), 0);
            }
        }
        out
    }

    /// An address of a family that is known, if its bytes are there; the scope of an IPv6 address may be missing.
    fn inet(bytes: &[u8]) -> Option<SocketAddr> {
        fn at<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
            bytes.get(offset..)?.first_chunk().copied()
        }
        let port = u16::from_be_bytes(at(bytes, 2)?);
        match u16::from_ne_bytes(at(bytes, 0)?) {
            AF_INET => Some(SocketAddrV4::new(at::<4>(bytes, 4)?.into(), port).into()),
            AF_INET6 => {
                let flow = u32::from_be_bytes(at(bytes, 4)?);
                let scope = at(bytes, 24).map_or(0, u32::from_ne_bytes);
                Some(SocketAddrV6::new(at::<16>(bytes, 8)?.into(), port, flow, scope).into())
            }
            _ => None,
        }
    }
}

impl<M> Payload<M> for Destination {
    fn write(&self, _: &mut M) -> Zeroizing<Vec<u8>> {
        self.encode().into()
    }

    fn read(_: &M, body: &mut Body<'_>) -> Self {
        let bytes = body.bytes();
        let family = bytes.first_chunk().map_or(0, |b| u16::from_ne_bytes(*b));
        if family == AF_INET6 && bytes.len() < V6 {
            body.odd(DecodeError::Short {
                what: "IPv6 socket address",
                need: V6,
                have: bytes.len(),
            });
        }
        Self::inet(bytes).map_or_else(
            || Self::Other {
                family,
                data: bytes.get(2..).unwrap_or_default().to_vec(),
            },
            Self::Inet,
        )
    }
}
