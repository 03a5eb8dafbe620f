//! What the client says: messages to bytes (RFC 2131, section 4.3.6 and table 5).

use std::net::{Ipv4Addr, SocketAddr};

use dhcproto::Encodable;
use dhcproto::v4::{
    CLIENT_PORT, DhcpOption, Flags, MIN_PACKET_SIZE, Message, MessageType, OptionCode, SERVER_PORT,
};

use crate::address::Datagram;

/// What is asked for.
const WANTED: [OptionCode; 6] = [
    OptionCode::SubnetMask,
    // Before the router: a client that reads both says so in this order (RFC 3442).
    OptionCode::ClasslessStaticRoute,
    OptionCode::Router,
    OptionCode::InterfaceMtu,
    OptionCode::Renewal,
    OptionCode::Rebinding,
];

/// Largest message that is asked for: what an Ethernet frame carries without a jumbo MTU.
const LARGEST: u16 = 1500;

/// Who speaks.
#[derive(Clone)]
pub(super) struct Speaker {
    pub(super) mac: [u8; 6],
    /// Hardware type and address, as the peer sends it: a reservation by MAC address finds us.
    pub(super) client_id: [u8; 7],
    pub(super) mtu: u16,
}

/// A message to a server.
#[derive(Clone, Copy)]
pub(super) enum Request {
    Discover {
        wanted: Option<Ipv4Addr>,
    },
    /// For an offer.
    Select {
        address: Ipv4Addr,
        server: Ipv4Addr,
    },
    /// For a lease that may be still ours.
    Reboot {
        address: Ipv4Addr,
    },
    /// To the server that gave the lease.
    Renew {
        address: Ipv4Addr,
        server: Ipv4Addr,
    },
    /// To any server.
    Rebind {
        address: Ipv4Addr,
    },
    Decline {
        address: Ipv4Addr,
        server: Ipv4Addr,
    },
    Release {
        address: Ipv4Addr,
        server: Ipv4Addr,
    },
}

impl Speaker {
    pub(super) fn new(mac: [u8; 6], mtu: u16) -> Self {
        let [a, b, c, d, e, f] = mac;
        Self {
            mac,
            client_id: [1, a, b, c, d, e, f],
            mtu,
        }
    }

    /// The datagram; `None` when it cannot be encoded, which is told.
    pub(super) fn say(&self, request: Request, xid: u32, secs: u16) -> Option<Datagram> {
        use Request::{Decline, Discover, Rebind, Reboot, Release, Renew, Select};
        let none = Ipv4Addr::UNSPECIFIED;
        let (kind, source, to) = match request {
            Discover { .. } => (MessageType::Discover, none, Ipv4Addr::BROADCAST),
            Select { .. } | Reboot { .. } => (MessageType::Request, none, Ipv4Addr::BROADCAST),
            Renew { address, server } => (MessageType::Request, address, server),
            Rebind { address } => (MessageType::Request, address, Ipv4Addr::BROADCAST),
            Decline { .. } => (MessageType::Decline, none, Ipv4Addr::BROADCAST),
            Release { address, server } => (MessageType::Release, address, server),
        };
        let mut message = Message::new_with_id(xid, source, none, none, none, &self.mac);
        // Without an address nothing of a datagram but a broadcast is sure to reach us.
        let answered = matches!(request, Discover { .. } | Select { .. } | Reboot { .. });
        message.set_secs(secs).set_flags(if answered {
            Flags::default().set_broadcast()
        } else {
            Flags::default()
        });

        let options = message.opts_mut();
        options.insert(DhcpOption::MessageType(kind));
        options.insert(DhcpOption::ClientIdentifier(self.client_id.to_vec()));
        match request {
            Discover { wanted } => {
                if let Some(address) = wanted {
                    options.insert(DhcpOption::RequestedIpAddress(address));
                }
            }
            Select { address, server } | Decline { address, server } => {
                options.insert(DhcpOption::RequestedIpAddress(address));
                options.insert(DhcpOption::ServerIdentifier(server));
            }
            Reboot { address } => {
                options.insert(DhcpOption::RequestedIpAddress(address));
            }
            Release { server, .. } => {
                options.insert(DhcpOption::ServerIdentifier(server));
            }
            Renew { .. } | Rebind { .. } => {}
        }
        if !matches!(request, Decline { .. } | Release { .. }) {
            options.insert(DhcpOption::ParameterRequestList(WANTED.to_vec()));
            options.insert(DhcpOption::MaxMessageSize(self.mtu.min(LARGEST)));
        }

        let mut payload = match message.to_vec() {
            Ok(payload) => payload,
            Err(error) => {
                tracing::error!(%error, "a DHCP message cannot be encoded");
                return None;
            }
        };
        // What BOOTP knew; there are relays that drop less.
        payload.resize(payload.len().max(MIN_PACKET_SIZE), 0);
        Some(Datagram {
            source: SocketAddr::from((source, CLIENT_PORT)),
            destination: SocketAddr::from((to, SERVER_PORT)),
            payload,
        })
    }
}
