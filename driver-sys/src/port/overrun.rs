//! The notice that a slow listener of an emulated kernel gets in place of the messages that it did not read in time.
//!
//! A netlink socket answers ENOBUFS once (netlink(7)); a packet socket cannot, so that it is a packet of its own: a bare `nlmsghdr` of
//! the type that netlink reserves for lost data (`NLMSG_OVERRUN`, netlink.h). It is no uevent either, whose first byte is a letter.

/// `NLMSG_OVERRUN`.
const NLMSG_OVERRUN: u16 = 4;
/// Length of `struct nlmsghdr`.
const LEN: usize = 16;

/// The packet.
pub const NOTICE: [u8; LEN] = notice();

const fn notice() -> [u8; LEN] {
    let (len, kind) = ((LEN as u32).to_ne_bytes(), NLMSG_OVERRUN.to_ne_bytes());
    let mut packet = [0; LEN];
    let mut at = 0;
    while at < 4 {
        packet[at] = len[at];
        at += 1;
    }
    packet[4] = kind[0];
    packet[5] = kind[1];
    packet
}

/// Whether a packet says that messages were lost in its place.
#[must_use]
pub fn is_notice(packet: &[u8]) -> bool {
    packet == NOTICE
}
