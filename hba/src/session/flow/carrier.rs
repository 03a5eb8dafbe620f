//! PDUs of user space between the login engine and the kernel.
//!
//! Owns how the engine's bytes become SEND_PDU, and what RECV_PDU brings becomes bytes again. The kernel numbers the PDUs that it sends itself,
//! tags and CmdSN: an answer gets back the tag that its question had. Must not know sockets nor clocks. Source: `libiscsi.c`,
//! `iscsi_prep_mgmt_task`, `__iscsi_conn_send_pdu`; `bnx2i_hwi.c`, `bnx2i_process_login_resp`, `bnx2i_process_text_resp`.

use std::fmt;
use std::io::IoSlice;
use std::time::Instant;

use driver_sys::netlink::{Bytes, Pdu, Request};
use iscsi::initiator::{Config, Event, Initiator};
use iscsi::pdu::{BHS_LEN, Bhs};
use zerocopy::IntoBytes as _;
use zeroize::Zeroizing;

/// The engine of one connection on the kernel's connection `sid`, `cid`.
pub struct Carrier {
    sid: u32,
    cid: u32,
    /// The engine, to be told what to do.
    pub engine: Initiator,
    /// What the engine wants sent and was not asked for yet.
    waiting: Zeroizing<Vec<u8>>,
    asked: Option<u32>,
    exp_stat_sn: u32,
}

/// A PDU of the kernel that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the kernel handed over less of a PDU than its header says")]
pub struct Cut;

impl Carrier {
    /// Starts the login.
    #[must_use]
    pub fn new(sid: u32, cid: u32, config: Config, now: Instant) -> Self {
        Self {
            sid,
            cid,
            engine: Initiator::new(config, now),
            waiting: Zeroizing::default(),
            asked: None,
            exp_stat_sn: 0,
        }
    }

    /// The StatSN that is expected next.
    #[must_use]
    pub const fn exp_stat_sn(&self) -> u32 {
        self.exp_stat_sn
    }

    /// What the engine tells.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.engine.poll_event()
    }

    /// The next PDU for the kernel to send.
    pub fn poll_request(&mut self, now: Instant) -> Option<Request> {
        if self.waiting.is_empty() {
            self.take(now);
        }
        let header = Bhs::from_array(*self.waiting.first_chunk::<BHS_LEN>()?);
        let length = header.data_len();
        // The kernel pads.
        let data = self.waiting.get(BHS_LEN..BHS_LEN + length)?;
        let pdu = Pdu {
            header: Bytes::new(header.as_bytes()),
            data: Bytes::new(data),
        };
        self.asked = Some(header.itt.get());
        let end = (BHS_LEN + length.next_multiple_of(4)).min(self.waiting.len());
        let rest = Zeroizing::new(self.waiting.split_off(end));
        self.waiting = rest;
        Some(Request::SendPdu {
            sid: self.sid,
            cid: self.cid,
            pdu,
        })
    }

    fn take(&mut self, now: Instant) {
        let mut slices: Vec<IoSlice<'_>> = Vec::new();
        self.engine.write_slices(&mut slices);
        let all = slices.iter().map(|slice| &**slice).collect::<Vec<&[u8]>>();
        self.waiting = all.concat().into();
        self.engine.sent(now, self.waiting.len());
    }

    /// A PDU of the target came.
    ///
    /// # Errors
    /// It is shorter than it says.
    pub fn received(&mut self, now: Instant, pdu: &Pdu) -> Result<(), Cut> {
        let mut header = bhs(pdu)?;
        let data = pdu.data.as_slice().get(..header.data_len()).ok_or(Cut)?;
        if let Some(tag) = self.asked {
            header.itt = tag.into();
        }
        let [.., a, b, c, d] = *header.rest.first_chunk::<8>().ok_or(Cut)?;
        self.exp_stat_sn = u32::from_be_bytes([a, b, c, d]).wrapping_add(1);
        let mut bytes = Zeroizing::new(header.as_bytes().to_vec());
        bytes.extend_from_slice(data);
        let padded = bytes.len().next_multiple_of(4);
        bytes.resize(padded, 0);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let slot = self.engine.read_slot();
            let n = slot.len().min(rest.len());
            let (now_in, after) = rest.split_at(n);
            slot[..n].copy_from_slice(now_in);
            self.engine.received(now, n);
            rest = after;
        }
        Ok(())
    }
}

/// The header of a PDU that the kernel handed over.
pub(super) fn bhs(pdu: &Pdu) -> Result<Bhs, Cut> {
    let bytes = pdu.header.as_slice().first_chunk::<BHS_LEN>().ok_or(Cut)?;
    Ok(Bhs::from_array(*bytes))
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carrier")
            .field("sid", &self.sid)
            .finish_non_exhaustive()
    }
}
