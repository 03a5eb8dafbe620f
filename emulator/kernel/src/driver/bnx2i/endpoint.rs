//! An endpoint: its state, its number on the port, its connection.
//!
//! Source: `bnx2i.h` (`struct bnx2i_endpoint`, `EP_STATE_*`), `bnx2i_iscsi.c` (`bnx2i_alloc_ep`, `bnx2i_free_ep`, `bnx2i_ep_get_param`),
//! `bnx2i_hwi.c` (`bnx2i_cm_connect_cmpl`, `bnx2i_cm_remote_close`, `bnx2i_cm_remote_abort`).

use std::net::IpAddr;
use std::time::Instant;

use driver_sys::netlink::params::IscsiParam;
use emu_net::hardware::LinkId;
use nix::errno::Errno;

use super::Bnx2i;
use super::sock::Sock;
use crate::text::ip4;
use crate::transport::Class;

/// Where an endpoint stands: those of `EP_STATE_*` in which it can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EpState {
    /// It connects: a path is asked for, or the chip is at it.
    ConnectStart,
    /// It is connected.
    ConnectCompl,
    /// It is not.
    ConnectFailed,
    /// Its session is in full feature phase.
    UlpUpdateCompl,
    /// The peer has closed.
    TcpFinRcvd,
    /// The peer has reset.
    TcpRstRcvd,
    /// Torn down with its port.
    Idle,
}

/// An endpoint.
pub(super) struct Endpoint {
    /// Which port.
    pub(super) port: usize,
    /// The number of its connection on the port (`ep_iscsi_cid`).
    pub(super) cid: u16,
    /// Where it stands.
    pub(super) state: EpState,
    /// When the connect began.
    pub(super) since: Instant,
    /// Its connection (`cm_sk`); none once the port went down.
    pub(super) sock: Option<Sock>,
    /// The chip's name of the connection, while it has one.
    pub(super) link: Option<LinkId>,
    /// The session that it is bound to (`conn`).
    pub(super) sid: Option<u32>,
}

impl Bnx2i {
    /// The endpoint of a connection of the chip.
    pub(super) fn endpoint_on(&self, link: LinkId) -> Option<u64> {
        let mut all = self.endpoints.iter();
        all.find(|(_, e)| e.link == Some(link)).map(|(ep, _)| *ep)
    }

    /// Takes an endpoint away, its number back into the queue (`bnx2i_free_ep`).
    pub(super) fn free_endpoint(&mut self, class: &mut Class, ep: u64) {
        let Some(gone) = self.endpoints.remove(&ep) else {
            return;
        };
        if let Some(sid) = gone.sid {
            self.engine.lib.unbind(sid);
        }
        if let Some(link) = gone.link {
            self.engine.chip.close(link);
        }
        let port = &mut self.ports[gone.port];
        port.cids.give(gone.cid);
        port.active.retain(|active| *active != ep);
        let no = port.no;
        class.destroy_endpoint(ep);
        class.refresh_host(self, no);
    }

    /// What a parameter of an endpoint reads. The driver prints the port in network order and the first four bytes of any address.
    pub(super) fn endpoint_param(&self, ep: u64, param: IscsiParam) -> Result<String, Errno> {
        if !matches!(param, IscsiParam::ConnPort | IscsiParam::ConnAddress) {
            return Err(Errno::ENOSYS);
        }
        let sock = self.endpoints.get(&ep).and_then(|e| e.sock.as_ref());
        let to = sock.ok_or(Errno::ENOTCONN)?.to;
        Ok(match (param, to.ip()) {
            (IscsiParam::ConnPort, _) if self.quirks => to.port().to_be().to_string(),
            (IscsiParam::ConnPort, _) => to.port().to_string(),
            (_, IpAddr::V6(ip)) if self.quirks => ip4(&ip.octets()),
            (_, ip) => ip.to_string(),
        })
    }
}
