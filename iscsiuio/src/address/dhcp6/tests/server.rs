//! A server with one address, which can be told to lie.

use std::net::Ipv6Addr;

use dhcproto::Encodable;
use dhcproto::v6::{
    DhcpOption, DhcpOptions, IAAddr, IANA, Message, MessageType, OptionCode, Status, StatusCode,
};

use super::{ADDRESS, IAID, SERVER, named};

/// What a server says.
pub(super) struct Server {
    pub(super) silent: bool,
    pub(super) rapid: bool,
    /// What it says of the whole message, and of the association.
    pub(super) status: Status,
    pub(super) of_association: Status,
    /// What it does not answer.
    pub(super) deaf: Vec<MessageType>,
    pub(super) id: Vec<u8>,
    pub(super) iaid: u32,
    pub(super) times: (u32, u32),
    /// Addresses with their preferred and valid lifetimes.
    pub(super) addresses: Vec<(Ipv6Addr, u32, u32)>,
    pub(super) options: Vec<DhcpOption>,
    pub(super) twist: fn(&mut Message),
    pub(super) bend: fn(&mut Vec<u8>),
    pub(super) declined: Vec<Ipv6Addr>,
    pub(super) released: Vec<Ipv6Addr>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            silent: false,
            rapid: false,
            status: Status::Success,
            of_association: Status::Success,
            deaf: Vec::new(),
            id: SERVER.to_vec(),
            iaid: IAID,
            times: (1000, 2000),
            addresses: vec![(ADDRESS, 3000, 4000)],
            options: Vec::new(),
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

    pub(super) fn giving(address: Ipv6Addr, preferred: u32, valid: u32) -> Self {
        Self {
            addresses: vec![(address, preferred, valid)],
            ..Self::default()
        }
    }

    pub(super) fn timing(renew: u32, rebind: u32) -> Self {
        Self {
            times: (renew, rebind),
            ..Self::default()
        }
    }

    pub(super) fn lying(twist: fn(&mut Message)) -> Self {
        Self {
            twist,
            ..Self::default()
        }
    }

    pub(super) fn bending(bend: fn(&mut Vec<u8>)) -> Self {
        Self {
            bend,
            ..Self::default()
        }
    }

    /// What it says to a message.
    pub(super) fn answer(&mut self, request: &Message) -> Vec<Vec<u8>> {
        let kind = request.msg_type();
        match kind {
            MessageType::Decline if !self.silent => self.declined.extend(named(request)),
            MessageType::Release if !self.silent => self.released.extend(named(request)),
            _ => {}
        }
        if self.silent || self.deaf.contains(&kind) {
            return Vec::new();
        }
        // What was asked of another server.
        if let Some(DhcpOption::ServerId(id)) = request.opts().get(OptionCode::ServerId)
            && *id != self.id
        {
            return Vec::new();
        }
        vec![match kind {
            MessageType::Solicit if self.rapid => self.say(MessageType::Reply, request),
            MessageType::Solicit => self.say(MessageType::Advertise, request),
            _ => self.say(MessageType::Reply, request),
        }]
    }

    /// An answer of this kind.
    pub(super) fn say(&self, kind: MessageType, request: &Message) -> Vec<u8> {
        let mut message = Message::new_with_id(kind, request.xid());
        let options = message.opts_mut();
        options.insert(request.opts().get(OptionCode::ClientId).unwrap().clone());
        options.insert(DhcpOption::ServerId(self.id.clone()));
        if self.status != Status::Success {
            options.insert(status(self.status));
        }
        if self.rapid {
            options.insert(DhcpOption::RapidCommit);
        }
        let confirm = request.msg_type() == MessageType::Confirm;
        if self.status == Status::Success && !confirm {
            let mut opts: DhcpOptions = self
                .addresses
                .iter()
                .map(|(addr, preferred_life, valid_life)| {
                    DhcpOption::IAAddr(IAAddr {
                        addr: *addr,
                        preferred_life: *preferred_life,
                        valid_life: *valid_life,
                        opts: DhcpOptions::new(),
                    })
                })
                .collect();
            if self.of_association != Status::Success {
                opts = [status(self.of_association)].into_iter().collect();
            }
            let (t1, t2) = self.times;
            options.insert(DhcpOption::IANA(IANA {
                id: self.iaid,
                t1,
                t2,
                opts,
            }));
        }
        for option in &self.options {
            options.insert(option.clone());
        }
        (self.twist)(&mut message);
        let mut bytes = message.to_vec().unwrap();
        (self.bend)(&mut bytes);
        bytes
    }
}

pub(super) fn status(status: Status) -> DhcpOption {
    DhcpOption::StatusCode(StatusCode {
        status,
        msg: String::from("in words"),
    })
}
