//! A network helper that is played: it finds everybody, whatever is asked.
//!
//! For endpoints whose targets are on loopback, of which a real helper resolves no address. Owns the ring and the answers.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use driver_sys::netlink::code::GROUP_UIP;
use driver_sys::netlink::{Event, PathAddrs, Request};
use driver_sys::port::{PortError, Seqpacket};

use crate::lab::READY;
use crate::netlink::Client;

/// Everybody's MAC address.
const MAC: [u8; 6] = [2, 0, 0, 0, 0, 0x50];
/// How often it looks whether it is to end.
const LOOK: Duration = Duration::from_millis(50);

/// A helper, as long as this is kept.
#[derive(Debug)]
#[must_use = "the helper ends with it"]
pub struct Played {
    end: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Opens the ring of a host, and answers path requests until the endpoint is gone: everybody is at one MAC address, and we are at
/// 127.0.0.1.
///
/// # Errors
/// The endpoint has no such ring.
pub fn play(endpoint: &Path, host: u32) -> Result<Played> {
    let ring = Seqpacket::connect(
        endpoint.join(format!("l2/iscsi_host{host}")),
        Instant::now() + READY,
    )
    .with_context(|| format!("no ring of host{host}"))?;
    let mut client = Client::listening(endpoint, "bnx2i", GROUP_UIP)?;
    // Whoever has an answer, be it a refusal, is heard and hears from now on.
    let _ = client.ask(&Request::GetHostStats { host_no: host });
    let end = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&end);
    let thread = thread::spawn(move || {
        let _ring = ring;
        while !over.load(Ordering::Relaxed) {
            if answer(&mut client).is_err() {
                break;
            }
        }
    });
    Ok(Played {
        end,
        thread: Some(thread),
    })
}

/// Answers the next path request, if one comes soon.
fn answer(client: &mut Client) -> Result<()> {
    let asked = client.event("a path request", LOOK, |event| {
        matches!(event, Event::PathRequest { .. })
    });
    let (host_no, mut path) = match asked {
        Ok(Event::PathRequest { host_no, path }) => (host_no, path),
        Ok(_) => return Ok(()),
        Err(error) if matches!(error.downcast_ref(), Some(PortError::Timeout { .. })) => return Ok(()),
        Err(error) => return Err(error),
    };
    path.mac = MAC;
    if let PathAddrs::V4 { dst, .. } = path.addrs {
        let src = [127, 0, 0, 1].into();
        path.addrs = PathAddrs::V4 { src, dst };
    }
    client.ask(&Request::PathUpdate { host_no, path }).map(drop)
}

impl Drop for Played {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
