//! PDUs of user space between the login engine and the kernel.
//!
//! Owns how the engine's bytes become SEND_PDU and what RECV_PDU brings becomes bytes again. The kernel numbers the PDUs that it
//! sends itself, tags and CmdSN: an answer gets back the tag that its question had. Source: `libiscsi.c`, `iscsi_prep_mgmt_task`,
//! `__iscsi_conn_send_pdu`; `bnx2i_hwi.c`, `bnx2i_process_login_resp`, `bnx2i_process_text_resp`.

use std::io::IoSlice;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use driver_sys::netlink::{Bytes, Event as Kernel, Pdu, Request};
use iscsi::initiator::{Config, Event, Initiator};
use iscsi::pdu::BHS_LEN;

use crate::netlink::Client;

/// How long a target may take to answer a PDU.
const PATIENCE: Duration = Duration::from_secs(60);

/// The engine of one connection on the kernel's connection `sid`, `cid`.
pub struct Courier {
    sid: u32,
    cid: u32,
    /// The engine, to be told what to do.
    pub engine: Initiator,
    asked: Option<[u8; 4]>,
    /// StatSN of the next PDU of the target.
    exp_stat_sn: u32,
}

impl Courier {
    /// Starts the login.
    #[must_use]
    pub fn new(sid: u32, cid: u32, config: Config) -> Self {
        Self {
            sid,
            cid,
            engine: Initiator::new(config, Instant::now()),
            asked: None,
            exp_stat_sn: 0,
        }
    }

    /// The StatSN that is expected next.
    #[must_use]
    pub const fn exp_stat_sn(&self) -> u32 {
        self.exp_stat_sn
    }

    /// Carries PDUs until the engine tells something.
    ///
    /// # Errors
    /// The kernel refuses a PDU, reports an error of the connection, or nothing comes in time.
    pub fn next(&mut self, client: &mut Client) -> Result<Event> {
        loop {
            if let Some(event) = self.engine.poll_event() {
                return Ok(event);
            }
            self.send(client)?;
            let (sid, cid) = (self.sid, self.cid);
            let ours = move |event: &Kernel| match event {
                Kernel::RecvPdu { sid: s, cid: c, .. } | Kernel::ConnError { sid: s, cid: c, .. } => {
                    (*s, *c) == (sid, cid)
                }
                _ => false,
            };
            match client.event("a PDU of the target", PATIENCE, ours)? {
                Kernel::RecvPdu { pdu, .. } => self.received(&pdu)?,
                other => bail!("the connection failed: {other:?}"),
            }
        }
    }

    fn send(&mut self, client: &mut Client) -> Result<()> {
        let mut slices: Vec<IoSlice<'_>> = Vec::new();
        self.engine.write_slices(&mut slices);
        let bytes = slices
            .iter()
            .map(|slice| &**slice)
            .collect::<Vec<&[u8]>>()
            .concat();
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (header, after) = rest.split_at_checked(BHS_LEN).context("half a header")?;
            let length = data_length(header)?;
            let (data, after) = after
                .split_at_checked(length.next_multiple_of(4))
                .context("half a data segment")?;
            self.asked = Some(tag(header)?);
            let pdu = Pdu {
                header: Bytes::new(header),
                // The kernel pads.
                data: Bytes::new(data.get(..length).unwrap_or(data)),
            };
            client.ask(&Request::SendPdu {
                sid: self.sid,
                cid: self.cid,
                pdu,
            })?;
            rest = after;
        }
        self.engine.sent(Instant::now(), bytes.len());
        Ok(())
    }

    fn received(&mut self, pdu: &Pdu) -> Result<()> {
        let (header, data) = (pdu.header.as_slice(), pdu.data.as_slice());
        let length = data_length(header)?;
        let mut bytes = header.to_vec();
        if let (Some(tag), Some(place)) = (self.asked, bytes.get_mut(16..20)) {
            place.copy_from_slice(&tag);
        }
        let stat_sn = header.get(24..28).context("a header")?;
        self.exp_stat_sn = u32::from_be_bytes(stat_sn.try_into()?).wrapping_add(1);
        bytes.extend_from_slice(data.get(..length).context("less data than the header says")?);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let slot = self.engine.read_slot();
            let n = slot.len().min(rest.len());
            let (now, after) = rest.split_at(n);
            slot[..n].copy_from_slice(now);
            self.engine.received(Instant::now(), n);
            rest = after;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Courier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Courier")
            .field("sid", &self.sid)
            .finish_non_exhaustive()
    }
}

fn data_length(header: &[u8]) -> Result<usize> {
    let [a, b, c] = header.get(5..8).context("a header")?.try_into()?;
    Ok(u32::from_be_bytes([0, a, b, c]) as usize)
}

fn tag(header: &[u8]) -> Result<[u8; 4]> {
    Ok(header.get(16..20).context("a header")?.try_into()?)
}
