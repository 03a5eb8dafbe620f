//! A server with one address, which can be told to lie.

use std::net::Ipv4Addr;

use dhcproto::Encodable;
use dhcproto::v4::{DhcpOption, Message, MessageType, Opcode, OptionCode};

use super::{ADDRESS, SERVER};

/// What a server says.
pub(super) struct Server {
    pub(super) silent: bool,
    pub(super) nak: bool,
    pub(super) address: Ipv4Addr,
    pub(super) mask: Option<Ipv4Addr>,
    pub(super) options: Vec<DhcpOption>,
    /// Changes an answer before it is sent.
    pub(super) twist: fn(&mut Message),
    /// Changes the bytes of an answer before they are sent.
    pub(super) bend: fn(&mut Vec<u8>),
    pub(super) declined: Vec<Ipv4Addr>,
    pub(super) released: Vec<Ipv4Addr>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            silent: false,
            nak: false,
            address: ADDRESS,
            mask: Some(Ipv4Addr::new(255, 255, 255, 0)),
            options: vec![
                DhcpOption::AddressLeaseTime(3600),
                DhcpOption::Router(vec![SERVER]),
            ],
            twist: |_| (),
            bend: |_| (),
            declined: Vec::new(),
            released: Vec::new(),
        }
    }
}

impl Server {
    pub(super) fn silent() -> Self {
        Self {
            silent: true,
            ..Self::default()
        }
    }

    /// An honest server with this option in the place of the one of its kind.
    pub(super) fn with(option: DhcpOption) -> Self {
        let mut server = Self::default();
        server.set(option);
        server
    }

    /// An honest server whose answers are twisted.
    pub(super) fn lying(twist: fn(&mut Message)) -> Self {
        Self {
            twist,
            ..Self::default()
        }
    }

    /// An honest server whose answers' bytes are bent.
    pub(super) fn bending(bend: fn(&mut Vec<u8>)) -> Self {
        Self {
            bend,
            ..Self::default()
        }
    }

    pub(super) fn set(&mut self, option: DhcpOption) {
        let code = OptionCode::from(&option);
        self.options.retain(|o| OptionCode::from(o) != code);
        self.options.push(option);
    }

    /// What it says to a message.
    pub(super) fn answer(&mut self, request: &Message) -> Vec<Vec<u8>> {
        if self.silent {
            return Vec::new();
        }
        let kind = match request.opts().msg_type().unwrap() {
            MessageType::Discover => MessageType::Offer,
            MessageType::Request if self.nak => MessageType::Nak,
            MessageType::Request => MessageType::Ack,
            MessageType::Decline => {
                let Some(DhcpOption::RequestedIpAddress(a)) =
                    request.opts().get(OptionCode::RequestedIpAddress)
                else {
                    panic!("a decline without an address");
                };
                self.declined.push(*a);
                return Vec::new();
            }
            MessageType::Release => {
                self.released.push(request.ciaddr());
                return Vec::new();
            }
            other => panic!("a client says {other:?}"),
        };
        vec![self.say(kind, request)]
    }

    /// An answer of this kind.
    pub(super) fn say(&self, kind: MessageType, request: &Message) -> Vec<u8> {
        let none = Ipv4Addr::UNSPECIFIED;
        let address = if kind == MessageType::Nak {
            none
        } else {
            self.address
        };
        let mut message = Message::new_with_id(request.xid(), none, address, none, none, request.chaddr());
        message.set_opcode(Opcode::BootReply).set_flags(request.flags());
        let options = message.opts_mut();
        options.insert(DhcpOption::MessageType(kind));
        options.insert(DhcpOption::ServerIdentifier(SERVER));
        if kind != MessageType::Nak {
            options.extend(self.mask.map(DhcpOption::SubnetMask));
            options.extend(self.options.iter().cloned());
        }
        (self.twist)(&mut message);
        let mut bytes = message.to_vec().unwrap();
        (self.bend)(&mut bytes);
        bytes
    }
}

trait Extend {
    fn extend(&mut self, options: impl IntoIterator<Item = DhcpOption>);
}

impl Extend for dhcproto::v4::DhcpOptions {
    fn extend(&mut self, options: impl IntoIterator<Item = DhcpOption>) {
        for option in options {
            self.insert(option);
        }
    }
}
