//! An endpoint: a TCP connection that the adapter makes.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use driver_sys::netlink::{Request, Return};
use nix::errno::Errno;

use crate::netlink::Client;

/// How long one request to look at an endpoint waits. The kernel looks at nothing else meanwhile.
const LOOK: Duration = Duration::from_millis(20);

/// Begins to connect through a host; the endpoint's handle.
///
/// # Errors
/// The kernel refuses.
pub fn connect(client: &mut Client, host_no: u32, portal: SocketAddr) -> Result<u64> {
    let asked = client.ask(&Request::EpConnectThroughHost {
        host_no,
        non_blocking: true,
        to: portal.into(),
    })?;
    let Return::Endpoint { handle } = asked else {
        bail!("EP_CONNECT answered {asked:?}");
    };
    Ok(handle)
}

/// Waits until an endpoint is connected.
///
/// # Errors
/// It failed, or is not connected in time.
pub fn connected(client: &mut Client, endpoint: u64, limit: Duration) -> Result<()> {
    let end = Instant::now() + limit;
    let timeout_ms = u32::try_from(LOOK.as_millis()).context("a short time")?;
    loop {
        match client.ask(&Request::EpPoll { endpoint, timeout_ms })? {
            Return::Code(1) => return Ok(()),
            Return::Code(0) if Instant::now() < end => {}
            other => bail!("the endpoint is not connected after {limit:?}: {other:?}"),
        }
    }
}

/// Gives an endpoint up. The kernel knows none any more whose connection was stopped (`iscsi_if_stop_conn` disconnects it); a daemon
/// asks all the same.
///
/// # Errors
/// The kernel refuses for another reason.
pub fn disconnect(client: &mut Client, endpoint: u64) -> Result<()> {
    match client.ask(&Request::EpDisconnect { endpoint }) {
        Err(error) if error.downcast_ref() == Some(&Errno::EINVAL) => Ok(()),
        other => other.map(drop),
    }
}
