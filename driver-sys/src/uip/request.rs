//! What a client asks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::record::{get, put};
use super::{Command, Header, IfaceRecord, UipError};

/// Offsets in a ping's payload: the record is followed by a `sockaddr_storage`, a size and a pointer of the sender's.
const FAMILY: usize = IfaceRecord::SIZE;
const V4: usize = FAMILY + 4;
const V6: usize = FAMILY + 8;
const LENGTH: usize = FAMILY + 128;

const AF_INET: u16 = libc::AF_INET as u16;
const AF_INET6: u16 = libc::AF_INET6 as u16;

/// A ping: `iscsid_uip_ping_t`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PingRequest {
    /// Through which interface.
    pub iface: IfaceRecord,
    /// Whom.
    pub to: IpAddr,
    /// Bytes of payload.
    pub size: u32,
}

impl PingRequest {
    /// Bytes of the payload.
    pub const SIZE: usize = IfaceRecord::SIZE + 128 + 4 + 4 + 8;

    fn encode(&self) -> Result<Vec<u8>, UipError> {
        let mut bytes = self.iface.encode()?;
        bytes.resize(Self::SIZE, 0);
        match self.to {
            IpAddr::V4(to) => {
                put(&mut bytes, FAMILY, &AF_INET.to_ne_bytes());
                put(&mut bytes, V4, &to.octets());
            }
            IpAddr::V6(to) => {
                put(&mut bytes, FAMILY, &AF_INET6.to_ne_bytes());
                put(&mut bytes, V6, &to.octets());
            }
        }
        let size = i32::try_from(self.size).map_err(|_| UipError::PingSize(i32::MIN))?;
        put(&mut bytes, LENGTH, &size.to_ne_bytes());
        Ok(bytes)
    }

    fn decode(bytes: &[u8]) -> Result<Self, UipError> {
        if bytes.len() != Self::SIZE {
            return Err(UipError::Size {
                what: "a ping",
                need: Self::SIZE,
                have: bytes.len(),
            });
        }
        let to = match u16::from_ne_bytes(get(bytes, FAMILY)) {
            AF_INET => Ipv4Addr::from(get::<4>(bytes, V4)).into(),
            AF_INET6 => Ipv6Addr::from(get::<16>(bytes, V6)).into(),
            other => return Err(UipError::Family(other)),
        };
        let size = i32::from_ne_bytes(get(bytes, LENGTH));
        Ok(Self {
            iface: IfaceRecord::decode(bytes.get(..IfaceRecord::SIZE).unwrap_or_default())?,
            to,
            size: u32::try_from(size).map_err(|_| UipError::PingSize(size))?,
        })
    }
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Bring an interface up.
    Iface(IfaceRecord),
    /// Ping through an interface.
    Ping(PingRequest),
}

impl Request {
    /// What is asked.
    #[must_use]
    pub const fn command(&self) -> Command {
        match self {
            Self::Iface(_) => Command::GetIface,
            Self::Ping(_) => Command::Ping,
        }
    }

    /// The message, with its header.
    ///
    /// # Errors
    /// [`UipError::Long`], [`UipError::PingSize`].
    pub fn encode(&self) -> Result<Vec<u8>, UipError> {
        let payload = match self {
            Self::Iface(record) => record.encode()?,
            Self::Ping(ping) => ping.encode()?,
        };
        let header = Header {
            command: self.command(),
            payload_len: u32::try_from(payload.len()).unwrap_or(u32::MAX),
        };
        Ok([&header.encode()[..], &payload].concat())
    }

    /// Decodes exactly the payload of a command.
    ///
    /// # Errors
    /// [`UipError`].
    pub fn decode(command: Command, payload: &[u8]) -> Result<Self, UipError> {
        match command {
            Command::GetIface => IfaceRecord::decode(payload).map(Self::Iface),
            Command::Ping => PingRequest::decode(payload).map(Self::Ping),
            Command::Unknown(raw) => Err(UipError::Command(raw)),
        }
    }
}
