//! Socket addresses as EP_CONNECT, TGT_DSCVR and PING carry them: a C `struct sockaddr`.
//!
//! Source: `iscsi_if.h` users in `scsi_transport_iscsi.c` (`dst_addr`); `struct sockaddr_in`, `struct sockaddr_in6`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use super::error::{DecodeError, take};

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
    pub(crate) fn encode(&self) -> Vec<u8> {
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

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let head: &[u8; MIN] =
            take("socket address", bytes, MIN)?
                .first_chunk()
                .ok_or(DecodeError::Short {
                    what: "socket address",
                    need: MIN,
                    have: bytes.len(),
                })?;
        let [f0, f1, p0, p1, a, b, c, d, ..] = *head;
        let (family, port) = (u16::from_ne_bytes([f0, f1]), u16::from_be_bytes([p0, p1]));
        if family == AF_INET {
            return Ok(Self::Inet(
                SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), port).into(),
            ));
        }
        if family == AF_INET6 {
            let rest = take("IPv6 socket address", bytes, V6)?;
            let ip: [u8; 16] = rest
                .get(8..24)
                .and_then(|s| s.try_into().ok())
                .unwrap_or_default();
            let scope: [u8; 4] = rest
                .get(24..28)
                .and_then(|s| s.try_into().ok())
                .unwrap_or_default();
            let flow = u32::from_be_bytes([a, b, c, d]);
            let addr = SocketAddrV6::new(Ipv6Addr::from(ip), port, flow, u32::from_ne_bytes(scope));
            return Ok(Self::Inet(addr.into()));
        }
        Ok(Self::Other {
            family,
            data: bytes.get(2..).unwrap_or_default().to_vec(),
        })
    }
}
