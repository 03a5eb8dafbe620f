//! What the client says: messages to bytes (RFC 8415, sections 18.2 and 21).

use std::net::{Ipv6Addr, SocketAddr};

use dhcproto::Encodable;
use dhcproto::v6::{
    CLIENT_PORT, DhcpOption, DhcpOptions, IAAddr, IANA, Message, MessageType, ORO, OptionCode, SERVER_PORT,
};

use crate::address::Datagram;

/// All servers and relays of the link (RFC 8415, section 7.1).
const SERVERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);

/// Who speaks.
#[derive(Clone)]
pub(super) struct Speaker {
    /// DUID-LL: hardware type and address (RFC 8415, section 11.4).
    pub(super) client_id: [u8; 10],
    pub(super) iaid: u32,
    /// Our link-local address.
    pub(super) source: Ipv6Addr,
}

/// A message to servers.
#[derive(Clone, Copy)]
pub(super) enum Request<'a> {
    Solicit {
        wanted: Option<Ipv6Addr>,
    },
    /// REQUEST.
    Ask {
        address: Ipv6Addr,
        server: &'a [u8],
    },
    Confirm {
        address: Ipv6Addr,
    },
    Renew {
        address: Ipv6Addr,
        server: &'a [u8],
    },
    Rebind {
        address: Ipv6Addr,
    },
    Decline {
        address: Ipv6Addr,
        server: &'a [u8],
    },
    Release {
        address: Ipv6Addr,
        server: &'a [u8],
    },
}

impl Speaker {
    pub(super) fn new(mac: [u8; 6], iaid: u32) -> Self {
        let [a, b, c, d, e, f] = mac;
        Self {
            client_id: [0, 3, 0, 1, a, b, c, d, e, f],
            iaid,
            source: Ipv6Addr::UNSPECIFIED,
        }
    }

    /// The datagram; `None` when it cannot be encoded, which is told. `elapsed` is in hundredths of a second.
    pub(super) fn say(&self, request: Request<'_>, xid: [u8; 3], elapsed: u16) -> Option<Datagram> {
        use Request::{Ask, Confirm, Decline, Rebind, Release, Renew, Solicit};
        let (kind, address, server) = match request {
            Solicit { wanted } => (MessageType::Solicit, wanted, None),
            Ask { address, server } => (MessageType::Request, Some(address), Some(server)),
            Confirm { address } => (MessageType::Confirm, Some(address), None),
            Renew { address, server } => (MessageType::Renew, Some(address), Some(server)),
            Rebind { address } => (MessageType::Rebind, Some(address), None),
            Decline { address, server } => (MessageType::Decline, Some(address), Some(server)),
            Release { address, server } => (MessageType::Release, Some(address), Some(server)),
        };
        let mut message = Message::new_with_id(kind, xid);
        let options = message.opts_mut();
        options.insert(DhcpOption::ClientId(self.client_id.to_vec()));
        if let Some(server) = server {
            options.insert(DhcpOption::ServerId(server.to_vec()));
        }
        options.insert(DhcpOption::ElapsedTime(elapsed));
        let addresses: DhcpOptions = address
            .map(|addr| {
                DhcpOption::IAAddr(IAAddr {
                    addr,
                    preferred_life: 0,
                    valid_life: 0,
                    opts: DhcpOptions::new(),
                })
            })
            .into_iter()
            .collect();
        options.insert(DhcpOption::IANA(IANA {
            id: self.iaid,
            t1: 0,
            t2: 0,
            opts: addresses,
        }));
        if matches!(request, Solicit { .. }) {
            options.insert(DhcpOption::RapidCommit);
        }
        if !matches!(request, Confirm { .. } | Decline { .. } | Release { .. }) {
            let opts = vec![OptionCode::SolMaxRt];
            options.insert(DhcpOption::ORO(ORO { opts }));
        }
        match message.to_vec() {
            Ok(payload) => Some(Datagram {
                source: SocketAddr::from((self.source, CLIENT_PORT)),
                destination: SocketAddr::from((SERVERS, SERVER_PORT)),
                payload,
            }),
            Err(error) => {
                tracing::error!(%error, "a DHCPv6 message cannot be encoded");
                None
            }
        }
    }
}
