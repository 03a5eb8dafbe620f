//! Vendor commands of a host's bsg device, as far as the class looks at them.
//!
//! Source: `scsi_transport_iscsi.c` (`iscsi_bsg_host_dispatch`), `scsi_bsg_iscsi.h`, `block/bsg-lib.c`.

use driver_sys::bsg::MAX_PAYLOAD;
use nix::errno::Errno;

use super::{Class, LowLevelDriver};

/// `ISCSI_BSG_HST_VENDOR`.
const HST_VENDOR: u32 = 0x8000_00ff;
/// Bytes of a message code and a vendor id before the vendor's words.
const HEAD: usize = 12;
/// Bytes of the kernel's room for a reply; all of them come back unless the driver says otherwise.
const ROOM: usize = 96;

/// A request as the ioctl gives it.
pub(crate) struct BsgRequest<'a> {
    /// `iscsi_bsg_request`.
    pub(crate) request: &'a [u8],
    /// Outgoing payload.
    pub(crate) payload: &'a [u8],
    /// Room for the incoming payload.
    pub(crate) room: usize,
}

/// What the ioctl gives back.
#[derive(Default)]
pub(crate) struct BsgAnswer {
    /// Errno of the ioctl itself, 0 or positive.
    pub(crate) errno: i32,
    /// `iscsi_bsg_reply` and what the driver put behind it.
    pub(crate) reply: Vec<u8>,
    /// Incoming payload.
    pub(crate) payload: Vec<u8>,
}

impl BsgAnswer {
    fn refused(errno: Errno) -> Self {
        let code = errno as i32;
        Self {
            errno: code,
            reply: (-code).to_ne_bytes().to_vec(),
            payload: Vec::new(),
        }
    }

    /// There is no such device.
    pub(crate) fn no_device() -> Self {
        Self::not_queued(Errno::ENODEV)
    }

    /// The request did not get as far as the class: no reply.
    fn not_queued(errno: Errno) -> Self {
        Self {
            errno: errno as i32,
            ..Self::default()
        }
    }

    /// The driver is done: the SCSI result, and what it read. `behind` is what it put behind the reply, which says how long that is.
    pub(crate) fn done(result: u32, payload: Vec<u8>, behind: Option<&[u8]>) -> Self {
        let mut reply = result.to_ne_bytes().to_vec();
        reply.extend_from_slice(&(payload.len() as u32).to_ne_bytes());
        match behind {
            Some(bytes) => reply.extend_from_slice(bytes),
            None => reply.resize(ROOM, 0),
        }
        Self {
            errno: 0,
            reply,
            payload,
        }
    }
}

/// A packet on `bsg/iscsi_hostN` of one of the driver's hosts.
pub(crate) fn request(
    class: &mut Class,
    driver: &mut dyn LowLevelDriver,
    no: u32,
    r: &BsgRequest<'_>,
) -> BsgAnswer {
    let word = |at: usize| {
        r.request
            .get(at..at + 4)
            .map_or(0, |b| u32::from_ne_bytes([b[0], b[1], b[2], b[3]]))
    };
    // The block layer's queue has no limits of its own.
    if r.payload.len().max(r.room) > MAX_PAYLOAD {
        return BsgAnswer::not_queued(Errno::EINVAL);
    }
    // The class wants at least the message code, and the whole head of a vendor message.
    if r.request.len() < 4 {
        return BsgAnswer::refused(Errno::ENOMSG);
    }
    if word(0) != HST_VENDOR {
        return BsgAnswer::refused(Errno::EBADR);
    }
    if u64::from(word(4)) | u64::from(word(8)) << 32 != driver.vendor_id() {
        return BsgAnswer::refused(Errno::ESRCH);
    }
    let Some(words) = r.request.get(HEAD..) else {
        return BsgAnswer::refused(Errno::ENOMSG);
    };
    match driver.bsg_request(class, no, words, r) {
        Ok(answer) => answer,
        Err(errno) => BsgAnswer::refused(errno),
    }
}
