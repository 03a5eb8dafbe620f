//! Portals as they are configured: where to listen, which group, how many connections; and portals that are only announced.
//!
//! Owns their text, `ADDR:PORT[,TAG][,connections=N]`. Must not know sockets. Source: RFC 7143 §4.4.1 (portal groups), §13.9 (tags).

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use iscsi::number;

/// The portal group of a portal that names none.
pub const FIRST_GROUP: u16 = 1;

/// A portal to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portal {
    /// Address and port; port 0 lets the system choose.
    pub at: SocketAddr,
    /// Its portal group tag.
    pub group: u16,
    /// Connections at once; beyond that a login is refused with status 03/02. `None`: as many as the target takes.
    pub connections: Option<usize>,
}

impl From<SocketAddr> for Portal {
    fn from(at: SocketAddr) -> Self {
        Self {
            at,
            group: FIRST_GROUP,
            connections: None,
        }
    }
}

/// Not `ADDR:PORT[,TAG][,connections=N]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPortal {
    /// The address.
    #[error("{0:?} is no address with a port (127.0.0.1:3260, [fd00::1]:3260)")]
    Address(String),
    /// The tag.
    #[error("{0:?} is neither a portal group tag (0 to 65535) nor connections=N")]
    Option(String),
}

impl FromStr for Portal {
    type Err = BadPortal;

    fn from_str(text: &str) -> Result<Self, BadPortal> {
        let mut words = text.split(',');
        let address = words.next().unwrap_or_default();
        let at: SocketAddr = address
            .parse()
            .map_err(|_| BadPortal::Address(address.to_owned()))?;
        let mut portal = Self::from(at);
        for word in words {
            let bad = || BadPortal::Option(word.to_owned());
            match word.split_once('=') {
                None => portal.group = number::parse_tag(word).ok_or_else(bad)?,
                Some(("connections", count)) => {
                    let count: u32 = number::parse(count).ok_or_else(bad)?;
                    portal.connections = Some(count as usize);
                }
                Some(_) => return Err(bad()),
            }
        }
        Ok(portal)
    }
}

impl fmt::Display for Portal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            at,
            group,
            connections,
        } = self;
        write!(f, "{at},{group}")?;
        connections.map_or(Ok(()), |count| write!(f, ",connections={count}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portal_is_read_and_written() {
        for (given, written) in [
            ("127.0.0.1:3260", "127.0.0.1:3260,1"),
            ("127.0.0.1:0,2", "127.0.0.1:0,2"),
            ("[::1]:3261,0x10,connections=4", "[::1]:3261,16,connections=4"),
            ("127.0.0.1:3260,connections=0", "127.0.0.1:3260,1,connections=0"),
        ] {
            let portal: Portal = given.parse().unwrap();
            assert_eq!(portal.to_string(), written);
            assert_eq!(written.parse(), Ok(portal));
        }
        for bad in [
            "",
            "127.0.0.1",
            "host:3260",
            "127.0.0.1:3260,x",
            "127.0.0.1:3260,65536",
            "127.0.0.1:3260,size=1",
        ] {
            assert!(bad.parse::<Portal>().is_err(), "{bad}");
        }
    }
}
