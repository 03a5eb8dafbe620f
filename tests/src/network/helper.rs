//! The network helper's daemon on the near machine of a segment.
//!
//! Owns the process and a client of its control socket. Source: open-iscsi's `iscsiuio`, `uip_mgmt_ipc.h`.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::IpAddr;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use driver_sys::uip::{self, IfaceRecord, PingRequest, Reply, Request, Status};

use super::Segment;
use super::segment::start_in;
use crate::lab::READY;
use crate::namespace::Namespace;
use crate::process::{Running, own_binary, until};

/// The name of its log in the segment.
pub const LOG: &str = "iscsiuio.log";

/// Our `iscsiuio`, running.
#[derive(Debug)]
pub struct Helper {
    daemon: Running,
    near: Namespace,
}

impl Helper {
    /// Starts it for the adapters served in `endpoint`. What an earlier one kept beside them is there.
    ///
    /// # Errors
    /// It is not built, or does not get ready.
    pub fn start(segment: &Segment, endpoint: &Path) -> Result<Self> {
        let program = own_binary("iscsiuio")?;
        let args: [&OsStr; 5] = [
            "-f".as_ref(),
            "-d".as_ref(),
            "4".as_ref(),
            "--endpoint".as_ref(),
            endpoint.as_os_str(),
        ];
        let program = program.to_str().context("the path is not UTF-8")?;
        let daemon = start_in(&segment.near, program, &args, &[], "ready", &segment.file(LOG))?;
        let near = segment.near.clone();
        Ok(Self { daemon, near })
    }

    /// The process.
    #[must_use]
    pub const fn daemon(&self) -> &Running {
        &self.daemon
    }

    /// Ends it with SIGKILL.
    pub fn kill(self) {
        drop(self);
    }

    /// Gives an interface record to it, again and again while it says that it is not ready yet, as iscsid does.
    ///
    /// # Errors
    /// It says something else.
    pub fn configure(&self, record: &IfaceRecord) -> Result<()> {
        until(READY, "the interface to be up", || {
            let reply = self.ask(Request::Iface(record.clone()))?;
            match reply.status {
                Status::DeviceUp | Status::Ok => Ok(Some(())),
                Status::DeviceInitializing => Ok(None),
                other => anyhow::bail!("the helper answered {other:?}"),
            }
        })
    }

    /// Has it ping somebody.
    ///
    /// # Errors
    /// It does not answer.
    pub fn ping(&self, iface: IfaceRecord, to: IpAddr, size: u32) -> Result<Reply> {
        self.ask(Request::Ping(PingRequest { iface, to, size }))
    }

    fn ask(&self, request: Request) -> Result<Reply> {
        ask(&self.near, request)
    }
}

/// One request to the control socket of whatever helper there is on a machine's network.
///
/// # Errors
/// Nobody listens or answers.
pub fn ask(machine: &Namespace, request: Request) -> Result<Reply> {
    Ok(Reply::decode(&ask_bytes(machine, request.encode()?)?)?)
}

/// The same in bytes.
///
/// # Errors
/// As [`ask`].
pub fn ask_bytes(machine: &Namespace, request: Vec<u8>) -> Result<[u8; Reply::SIZE]> {
    machine.run(move || {
        let address = SocketAddr::from_abstract_name(uip::NAME)?;
        let mut stream = UnixStream::connect_addr(&address).context("no helper listens")?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.write_all(&request)?;
        let mut bytes = [0; Reply::SIZE];
        stream
            .read_exact(&mut bytes)
            .context("the helper does not answer")?;
        Ok(bytes)
    })?
}
