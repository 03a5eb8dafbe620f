//! PDUs of user space between the login engine and a client of the kernel.
//!
//! Owns the waiting. How bytes become messages and messages bytes is the product's ([`Carrier`]).

use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use driver_sys::netlink::Event as Kernel;
use hba::session::flow::Carrier;
use iscsi::initiator::{Config, Event};

use crate::netlink::Client;

/// How long a target may take to answer a PDU.
const PATIENCE: Duration = Duration::from_secs(60);

/// The engine of one connection on the kernel's connection `sid`, `cid`.
#[derive(Debug)]
pub struct Courier {
    sid: u32,
    cid: u32,
    carrier: Carrier,
}

impl Courier {
    /// Starts the login.
    #[must_use]
    pub fn new(sid: u32, cid: u32, config: Config) -> Self {
        Self {
            sid,
            cid,
            carrier: Carrier::new(sid, cid, config, Instant::now()),
        }
    }

    /// Carries PDUs until the engine tells something.
    ///
    /// # Errors
    /// The kernel refuses a PDU, reports an error of the connection, or nothing comes in time.
    pub fn next(&mut self, client: &mut Client) -> Result<Event> {
        loop {
            if let Some(event) = self.carrier.poll_event() {
                return Ok(event);
            }
            while let Some(request) = self.carrier.poll_request(Instant::now()) {
                client.ask(&request)?;
            }
            let (sid, cid) = (self.sid, self.cid);
            let ours = move |event: &Kernel| match event {
                Kernel::RecvPdu { sid: s, cid: c, .. } | Kernel::ConnError { sid: s, cid: c, .. } => {
                    (*s, *c) == (sid, cid)
                }
                _ => false,
            };
            match client.event("a PDU of the target", PATIENCE, ours)? {
                Kernel::RecvPdu { pdu, .. } => self.carrier.received(Instant::now(), &pdu)?,
                other => bail!("the connection failed: {other:?}"),
            }
        }
    }
}

impl Deref for Courier {
    type Target = Carrier;

    fn deref(&self) -> &Carrier {
        &self.carrier
    }
}

impl DerefMut for Courier {
    fn deref_mut(&mut self) -> &mut Carrier {
        &mut self.carrier
    }
}
