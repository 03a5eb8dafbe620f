//! A network helper that is played: it finds everybody, whatever is asked.
//!
//! For endpoints whose targets are on loopback, of which a real helper resolves no address. Owns the ring and the answers.

use std::path::Path;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};
use driver_sys::netlink::code::GROUP_UIP;
use driver_sys::netlink::{Event, PathAddrs, Request};
use driver_sys::port::Seqpacket;

use crate::lab::READY;
use crate::netlink::Client;

/// Everybody's MAC address.
const MAC: [u8; 6] = [2, 0, 0, 0, 0, 0x50];

/// Opens the ring of a host, and answers path requests until the endpoint is gone: everybody is at one MAC address, and we are at
/// 127.0.0.1.
///
/// # Errors
/// The endpoint has no such ring.
pub fn play(endpoint: &Path, host: u32) -> Result<()> {
    let ring = Seqpacket::connect(
        endpoint.join(format!("l2/iscsi_host{host}")),
        Instant::now() + READY,
    )
    .with_context(|| format!("no ring of host{host}"))?;
    let mut client = Client::listening(endpoint, "bnx2i", GROUP_UIP)?;
    thread::spawn(move || {
        let _ring = ring;
        while let Ok(Event::PathRequest { host_no, mut path }) =
            client.event("a path request", READY * 60, |event| {
                matches!(event, Event::PathRequest { .. })
            })
        {
            path.mac = MAC;
            if let PathAddrs::V4 { dst, .. } = path.addrs {
                let src = [127, 0, 0, 1].into();
                path.addrs = PathAddrs::V4 { src, dst };
            }
            if client.ask(&Request::PathUpdate { host_no, path }).is_err() {
                break;
            }
        }
    });
    Ok(())
}
