//! Whatever the kernel sends: an answer to one socket, or a multicast.

use super::error::DecodeError;
use super::event::Event;
use super::frame::{self, Header};
use super::reply::Reply;

/// A message from the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Unicast: somebody's answer, for this socket.
    Reply(Reply),
    /// Multicast: `nlmsg_type` 0.
    Event(Header, Event),
}

impl Message {
    /// Decodes one packet: `nlmsg_type` 0 is an event, anything else answers the request of that number.
    ///
    /// # Errors
    /// [`DecodeError`] for a packet that is too short, or whose lengths contradict each other.
    pub fn decode(packet: &[u8]) -> Result<Self, DecodeError> {
        let (header, payload) = frame::split(packet)?;
        if header.nlmsg_type == 0 {
            let event = Event::from_parts(&header, payload)?;
            return Ok(Self::Event(header, event));
        }
        Ok(Self::Reply(Reply::from_header(header)))
    }

    /// The message again.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Reply(reply) => reply.encode(),
            Self::Event(header, event) => event.encode(header.transport_handle()),
        }
    }
}
