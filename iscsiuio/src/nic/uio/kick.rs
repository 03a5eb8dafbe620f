//! Telling qedi to send what is in the buffer: a path update with a handle of its own.
//!
//! Source: `qedi.h` (`QEDI_PATH_HANDLE`), `qedi_iscsi.c` (`qedi_set_path`), `scsi_transport_iscsi.c` (`iscsi_if_rx`: the answer is
//! there when the message is sent).

use std::io;
use std::time::Duration;

use driver_sys::netlink::{Path, PathAddrs, Port, Reply, Request};
use driver_sys::port::Until;

use super::qedi::Transmit;

/// `QEDI_PATH_HANDLE`.
const HANDLE: u64 = 0xf_e000_0000;
/// How long the kernel may take.
const LIMIT: Duration = Duration::from_secs(1);

/// A socket to tell the driver by.
pub struct Kick {
    port: Box<dyn Port>,
    /// The transport's handle.
    transport: u64,
    host: u32,
}

impl Kick {
    /// Of a host of the transport.
    pub fn new(port: Box<dyn Port>, transport: u64, host: u32) -> Self {
        Self {
            port,
            transport,
            host,
        }
    }
}

impl Transmit for Kick {
    fn transmit(&mut self, vlan: u16) -> io::Result<()> {
        let path = Path {
            handle: HANDLE,
            mac: [0; 6],
            mac_old: [0; 6],
            addrs: PathAddrs::None { len: 0 },
            vlan_id: vlan,
            pmtu: 0,
        };
        let request = Request::PathUpdate {
            host_no: self.host,
            path,
        };
        let message = request.encode(self.transport, self.port.pid());
        let until = Until::after(LIMIT);
        self.port.send_until(&message, until).map_err(io::Error::other)?;
        let answer = self
            .port
            .recv_until(until, "the answer to a frame")
            .map_err(io::Error::other)?;
        let reply = Reply::decode(&answer).map_err(io::Error::other)?;
        reply.result().map(drop).map_err(io::Error::from)
    }
}
