//! The frame that all messages share: `nlmsghdr`, `iscsi_uevent`, payload.
//!
//! Owns splitting and joining; must not know what a body means. Source: `scsi_transport_iscsi.c`, `iscsi_if_rx`.

use netlink_packet_core::{Emitable, NetlinkBuffer, NetlinkHeader};
use zerocopy::{FromBytes, IntoBytes};

use super::code::MIN_MESSAGE;
use super::error::DecodeError;
use super::raw::iscsi_uevent;

/// What stands before a message's payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Header {
    /// `nlmsg_type`: the request's number, or 0 for what the kernel multicasts.
    pub nlmsg_type: u16,
    /// `nlmsg_flags`; nobody looks at it.
    pub flags: u16,
    /// `nlmsg_seq`; nobody looks at it.
    pub seq: u32,
    /// `nlmsg_pid`: port ID of the sender, 0 is the kernel.
    pub pid: u32,
    /// The body with its unions, as received.
    pub uevent: iscsi_uevent,
}

impl Header {
    /// `iscsi_uevent.type`.
    #[must_use]
    pub fn event(&self) -> u32 {
        self.uevent.r#type
    }

    /// `iscsi_uevent.iferror` as the negative errno it is. Senders of requests leave rubbish in it, and the kernel
    /// hands the rubbish back with a success: only a negative value means something.
    #[must_use]
    pub fn iferror(&self) -> i32 {
        i32::from_ne_bytes(self.uevent.iferror.to_ne_bytes())
    }

    /// `iscsi_uevent.transport_handle`.
    #[must_use]
    pub fn transport_handle(&self) -> u64 {
        self.uevent.transport_handle
    }
}

/// Splits one packet. Bytes beyond `nlmsg_len` are ignored, as the kernel does.
pub(crate) fn split(packet: &[u8]) -> Result<(Header, &[u8]), DecodeError> {
    if packet.len() < MIN_MESSAGE {
        return Err(DecodeError::Short {
            what: "message",
            need: MIN_MESSAGE,
            have: packet.len(),
        });
    }
    let buffer = NetlinkBuffer::new(packet);
    let claimed = usize::try_from(buffer.length()).unwrap_or(usize::MAX);
    if claimed < MIN_MESSAGE || claimed > packet.len() {
        return Err(DecodeError::Length {
            what: "message",
            claimed,
            have: packet.len(),
        });
    }
    let body = buffer.payload();
    let (uevent, payload) = iscsi_uevent::read_from_prefix(body).map_err(|_| DecodeError::Short {
        what: "message",
        need: MIN_MESSAGE,
        have: packet.len(),
    })?;
    let header = Header {
        nlmsg_type: buffer.message_type(),
        flags: buffer.flags(),
        seq: buffer.sequence_number(),
        pid: buffer.port_number(),
        uevent,
    };
    Ok((header, payload))
}

/// Joins a message; `nlmsg_len` counts the payload without padding, the packet is not padded.
pub(crate) fn join(nlmsg_type: u16, pid: u32, uevent: &iscsi_uevent, payload: &[u8]) -> Vec<u8> {
    let total = MIN_MESSAGE + payload.len();
    let mut header = NetlinkHeader::default();
    header.length = u32::try_from(total).unwrap_or(u32::MAX);
    header.message_type = nlmsg_type;
    header.port_number = pid;
    // All the room at once: a payload may be secret, and a packet that moves leaves it behind.
    let mut packet = Vec::with_capacity(total);
    packet.resize(header.buffer_len(), 0);
    header.emit(&mut packet);
    packet.extend_from_slice(uevent.as_bytes());
    packet.extend_from_slice(payload);
    packet
}

/// Rounds up to the four bytes that netlink aligns to.
pub(crate) fn align(len: usize) -> usize {
    len.next_multiple_of(4)
}
