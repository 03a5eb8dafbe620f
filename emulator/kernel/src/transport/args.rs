//! What a callback gets that is more than a number: lists of parameters, pings.
//!
//! Must not know a driver. Source: `scsi_transport_iscsi.c` (`iscsi_set_iface_params`, `iscsi_set_chap`, `iscsi_set_flashnode_param`,
//! `iscsi_send_ping`).

use driver_sys::netlink::Destination;
use driver_sys::netlink::code::IfaceType;
use nix::errno::Errno;

/// Parameters of a message as a driver's own walk finds them: those before the first that is refused, then the refusal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Params<'a, A> {
    list: &'a [A],
    fault: Option<Errno>,
}

impl<'a, A> Params<'a, A> {
    /// A list, and what stands in the place of the next one.
    pub(crate) const fn new(list: &'a [A], fault: Option<Errno>) -> Self {
        Self { list, fault }
    }

    /// One after the other.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Result<&'a A, Errno>> + use<'a, A> {
        self.list.iter().map(Ok).chain(self.fault.map(Err))
    }
}

/// A ping as the class hands it on.
pub(crate) struct Ping {
    /// `iface_num`.
    pub(crate) iface_num: u32,
    /// `iface_type`.
    pub(crate) iface_type: IfaceType,
    /// `payload_size`.
    pub(crate) size: u32,
    /// `pid`: given back with the answer.
    pub(crate) pid: u32,
    /// Whom.
    pub(crate) to: Destination,
}
