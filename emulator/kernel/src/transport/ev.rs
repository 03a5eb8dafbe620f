//! The 56-byte `iscsi_uevent` as the kernel reads a request and writes an answer into it.
//!
//! Owns the offsets that the kernel side needs. The kernel answers in the requester's own bytes, so everything that is not
//! set here is echoed. Source: `iscsi_if.h` (`struct iscsi_uevent`), `scsi_transport_iscsi.c` (`iscsi_if_rx`).

use nix::errno::Errno;

/// `ISCSI_KEVENT_IF_ERROR`.
const IF_ERROR: u32 = driver_sys::netlink::code::IF_ERROR;
/// Length of `nlmsghdr`.
pub(crate) const HDR: usize = 16;
/// Length of `iscsi_uevent`.
pub(crate) const LEN: usize = 56;

/// Netlink group of iscsid.
pub(crate) const GROUP_ISCSID: u32 = 1;

/// Message types from user space.
pub(crate) mod uevent {
    use driver_sys::netlink::code::Uevent;

    pub(crate) const CREATE_SESSION: u16 = Uevent::CreateSession.raw();
    pub(crate) const DESTROY_SESSION: u16 = Uevent::DestroySession.raw();
    pub(crate) const CREATE_CONN: u16 = Uevent::CreateConn.raw();
    pub(crate) const DESTROY_CONN: u16 = Uevent::DestroyConn.raw();
    pub(crate) const BIND_CONN: u16 = Uevent::BindConn.raw();
    pub(crate) const SET_PARAM: u16 = Uevent::SetParam.raw();
    pub(crate) const START_CONN: u16 = Uevent::StartConn.raw();
    pub(crate) const STOP_CONN: u16 = Uevent::StopConn.raw();
    pub(crate) const SEND_PDU: u16 = Uevent::SendPdu.raw();
    pub(crate) const GET_STATS: u16 = Uevent::GetStats.raw();
    pub(crate) const EP_CONNECT: u16 = Uevent::EpConnect.raw();
    pub(crate) const EP_POLL: u16 = Uevent::EpPoll.raw();
    pub(crate) const EP_DISCONNECT: u16 = Uevent::EpDisconnect.raw();
    pub(crate) const TGT_DSCVR: u16 = Uevent::TgtDscvr.raw();
    pub(crate) const SET_HOST_PARAM: u16 = Uevent::SetHostParam.raw();
    pub(crate) const UNBIND_SESSION: u16 = Uevent::UnbindSession.raw();
    pub(crate) const CREATE_BOUND_SESSION: u16 = Uevent::CreateBoundSession.raw();
    pub(crate) const EP_CONNECT_THROUGH_HOST: u16 = Uevent::EpConnectThroughHost.raw();
    pub(crate) const PATH_UPDATE: u16 = Uevent::PathUpdate.raw();
    pub(crate) const SET_IFACE_PARAMS: u16 = Uevent::SetIfaceParams.raw();
    pub(crate) const PING: u16 = Uevent::Ping.raw();
    pub(crate) const GET_CHAP: u16 = Uevent::GetChap.raw();
    pub(crate) const DELETE_CHAP: u16 = Uevent::DeleteChap.raw();
    pub(crate) const SET_FLASHNODE_PARAMS: u16 = Uevent::SetFlashnodeParams.raw();
    pub(crate) const NEW_FLASHNODE: u16 = Uevent::NewFlashnode.raw();
    pub(crate) const DEL_FLASHNODE: u16 = Uevent::DelFlashnode.raw();
    pub(crate) const LOGIN_FLASHNODE: u16 = Uevent::LoginFlashnode.raw();
    pub(crate) const LOGOUT_FLASHNODE: u16 = Uevent::LogoutFlashnode.raw();
    pub(crate) const LOGOUT_FLASHNODE_SID: u16 = Uevent::LogoutFlashnodeSid.raw();
    pub(crate) const SET_CHAP: u16 = Uevent::SetChap.raw();
    pub(crate) const GET_HOST_STATS: u16 = Uevent::GetHostStats.raw();
    pub(crate) const DESTROY_SESSION_ASYNC: u16 = Uevent::DestroySessionAsync.raw();
}

/// Message types from the kernel.
pub(crate) mod kevent {
    use driver_sys::netlink::code::Kevent;

    pub(crate) const CONN_ERROR: u32 = Kevent::ConnError.raw();
    pub(crate) const DESTROY_SESSION: u32 = Kevent::SessionDestroyed.raw();
    pub(crate) const UNBIND_SESSION: u32 = Kevent::SessionUnbound.raw();
    pub(crate) const CREATE_SESSION: u32 = Kevent::SessionCreated.raw();
    pub(crate) const CONN_LOGIN_STATE: u32 = Kevent::ConnLoginState.raw();
    pub(crate) const HOST_EVENT: u32 = Kevent::HostEvent.raw();
    pub(crate) const PING_COMP: u32 = Kevent::PingComplete.raw();
}

/// Where the request's union and the answer's union begin.
const U: usize = 16;
const R: usize = 40;

/// A request being worked on; its event bytes become the answer.
#[derive(Clone)]
pub(crate) struct Message {
    /// `nlmsg_type`.
    pub(crate) kind: u16,
    ev: [u8; LEN],
    /// What follows the event, as long as `nlmsg_len` says.
    pub(crate) payload: Vec<u8>,
}

impl Message {
    /// Reads one packet; `None` when the kernel would not even look at it.
    pub(crate) fn parse(packet: &[u8]) -> Option<Self> {
        let len = u32::from_ne_bytes(packet.get(..4)?.try_into().ok()?) as usize;
        if len < HDR + LEN || packet.len() < len {
            return None;
        }
        let kind = u16::from_ne_bytes(packet[4..6].try_into().ok()?);
        let ev = packet[HDR..HDR + LEN].try_into().ok()?;
        Some(Self {
            kind,
            ev,
            payload: packet[HDR + LEN..len].to_vec(),
        })
    }

    fn u32_at(&self, at: usize) -> u32 {
        u32::from_ne_bytes([self.ev[at], self.ev[at + 1], self.ev[at + 2], self.ev[at + 3]])
    }

    fn u64_at(&self, at: usize) -> u64 {
        u64::from(self.u32_at(at)) | u64::from(self.u32_at(at + 4)) << 32
    }

    /// `transport_handle`.
    pub(crate) fn handle(&self) -> u64 {
        self.u64_at(8)
    }

    /// The n-th 32-bit member of the request's union.
    pub(crate) fn arg(&self, n: usize) -> u32 {
        self.u32_at(U + 4 * n)
    }

    /// The n-th 64-bit member of the request's union.
    pub(crate) fn arg64(&self, n: usize) -> u64 {
        self.u64_at(U + 8 * n)
    }

    /// A 16-bit member at a byte offset of the request's union.
    pub(crate) fn arg16(&self, at: usize) -> u16 {
        u16::from_ne_bytes([self.ev[U + at], self.ev[U + at + 1]])
    }

    /// Sets the n-th 32-bit member of the answer's union.
    pub(crate) fn answer(&mut self, n: usize, value: u32) {
        self.ev[R + 4 * n..R + 4 * n + 4].copy_from_slice(&value.to_ne_bytes());
    }

    /// Sets the first 64-bit member of the answer's union.
    pub(crate) fn answer64(&mut self, value: u64) {
        self.ev[R..R + 8].copy_from_slice(&value.to_ne_bytes());
    }

    /// The unicast answer: the request's event, with type and `iferror` overwritten when it failed.
    pub(crate) fn reply(mut self, result: Result<(), Errno>) -> Vec<u8> {
        if let Err(errno) = result {
            self.ev[0..4].copy_from_slice(&IF_ERROR.to_ne_bytes());
            self.ev[4..8].copy_from_slice(&(-(errno as i32)).to_ne_bytes());
        }
        packet(self.kind, &self.ev, &[])
    }
}

/// A message with header.
fn packet(kind: u16, ev: &[u8; LEN], payload: &[u8]) -> Vec<u8> {
    let len = HDR + LEN + payload.len();
    let mut out = Vec::with_capacity(len.next_multiple_of(4));
    out.extend_from_slice(&(len as u32).to_ne_bytes());
    out.extend_from_slice(&kind.to_ne_bytes());
    out.extend_from_slice(&[0; 10]);
    out.extend_from_slice(ev);
    out.extend_from_slice(payload);
    out
}

/// An event of the kernel, `nlmsg_type` 0: the answer's union holds `r`, the request's union holds `u`.
pub(crate) fn event(kind: u32, handle: u64, u: &[u32], r: &[u32], payload: &[u8]) -> Vec<u8> {
    let mut ev = [0u8; LEN];
    ev[0..4].copy_from_slice(&kind.to_ne_bytes());
    ev[8..16].copy_from_slice(&handle.to_ne_bytes());
    for (i, v) in u.iter().enumerate().take(6) {
        ev[U + 4 * i..U + 4 * i + 4].copy_from_slice(&v.to_ne_bytes());
    }
    for (i, v) in r.iter().enumerate().take(4) {
        ev[R + 4 * i..R + 4 * i + 4].copy_from_slice(&v.to_ne_bytes());
    }
    packet(0, &ev, payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Vec<u8> {
        let mut ev = [0u8; LEN];
        ev[4..8].copy_from_slice(&[9, 9, 9, 9]);
        packet(36, &ev, b"ipv4\0")
    }

    #[test]
    fn an_answer_echoes_the_request_and_only_an_error_changes_type_and_iferror() {
        let m = Message::parse(&request()).expect("message");
        assert_eq!(m.payload, b"ipv4\0");
        let ok = m.clone().reply(Ok(()));
        assert_eq!(ok.len(), 72);
        assert_eq!(&ok[16 + 4..16 + 8], &[9, 9, 9, 9]);
        let bad = m.reply(Err(Errno::EIO));
        assert_eq!(u32::from_ne_bytes(bad[16..20].try_into().expect("4")), 103);
        assert_eq!(i32::from_ne_bytes(bad[20..24].try_into().expect("4")), -5);
        assert_eq!(u16::from_ne_bytes(bad[4..6].try_into().expect("2")), 36);
    }

    #[test]
    fn truncated_or_lying_packets_are_not_looked_at() {
        let whole = request();
        for cut in 0..whole.len() {
            assert!(Message::parse(&whole[..cut]).is_none(), "{cut}");
        }
        let mut short = whole;
        short[0..4].copy_from_slice(&71u32.to_ne_bytes());
        assert!(Message::parse(&short).is_none());
    }
}
