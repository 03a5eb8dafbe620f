//! A daemon's part of sessions of iscsi_tcp: it connects the socket by itself, and the kernel makes a host for each session.
//!
//! Source: open-iscsi, `usr/initiator.c`, `usr/io.c`; `iscsi_tcp.c`, `iscsi_sw_tcp_conn_bind`.

use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd as _, AsRawFd as _};

use anyhow::{Context, Result, bail, ensure};
use driver_sys::netlink::code::StopFlag;
use driver_sys::netlink::{Request, Return};
use iscsi::initiator::{Config, LoggedIn};

use super::session::{CID, CMDS_MAX, FIRST_CMD_SN, QUEUE_DEPTH, bind, log_in};
use super::{Courier, Wanted};
use crate::netlink::Client;

/// A session that is logged in.
#[derive(Debug)]
pub struct Session {
    /// The kernel's number.
    pub sid: u32,
    /// The host that the kernel made for it.
    pub host_no: u32,
    /// What was agreed.
    pub agreed: LoggedIn,
    /// Carries further PDUs of user space.
    pub courier: Courier,
    wanted: Wanted,
}

impl Session {
    /// A session that nobody has logged in to; its number and its host's.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn create(client: &mut Client) -> Result<(u32, u32)> {
        let made = client.ask(&Request::CreateSession {
            initial_cmdsn: FIRST_CMD_SN,
            cmds_max: CMDS_MAX,
            queue_depth: QUEUE_DEPTH,
        })?;
        let Return::Session { sid, host_no } = made else {
            bail!("CREATE_SESSION answered {made:?}");
        };
        client.ask(&Request::CreateConn { sid, cid: CID })?;
        Ok((sid, host_no))
    }

    /// Connects, logs in, starts.
    ///
    /// # Errors
    /// Kernel or target refuse; which of them, and what, the error says.
    pub fn login(client: &mut Client, portal: SocketAddr, config: Config) -> Result<Self> {
        let made = Self::create(client)?;
        Self::adopt(client, made, portal, config)
    }

    /// As [`Session::login`], of a session with a connection that is there already.
    ///
    /// # Errors
    /// As [`Session::login`].
    pub fn adopt(
        client: &mut Client,
        (sid, host_no): (u32, u32),
        portal: SocketAddr,
        config: Config,
    ) -> Result<Self> {
        let wanted = Wanted {
            host_no,
            portal,
            config,
        };
        connect(client, sid, portal)?;
        let (agreed, courier) = log_in(client, sid, &wanted)?;
        Ok(Self {
            sid,
            host_no,
            agreed,
            courier,
            wanted,
        })
    }

    /// After an error of the connection: stops it, connects again, logs in again, starts it. Commands wait meanwhile.
    ///
    /// # Errors
    /// As [`Session::login`].
    pub fn recover(&mut self, client: &mut Client) -> Result<()> {
        stop(client, self.sid, StopFlag::Recover)?;
        connect(client, self.sid, self.wanted.portal)?;
        (self.agreed, self.courier) = log_in(client, self.sid, &self.wanted)?;
        Ok(())
    }

    /// Stops the connection for good, and ends connection and session.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn end(self, client: &mut Client) -> Result<()> {
        stop(client, self.sid, StopFlag::Term)?;
        let (sid, cid) = (self.sid, CID);
        client.ask(&Request::DestroyConn { sid, cid })?;
        client.ask(&Request::DestroySession { sid })?;
        Ok(())
    }
}

/// Stops a session's connection.
///
/// # Errors
/// The kernel refuses.
pub fn stop(client: &mut Client, sid: u32, flag: StopFlag) -> Result<()> {
    let stop = Request::StopConn {
        sid,
        cid: CID,
        conn_handle: 0,
        flag,
    };
    client.ask(&stop).map(drop)
}

/// Connects to a portal and gives the socket to a session's connection. This end of it closes then, as a daemon's does not; the kernel
/// has its own.
///
/// # Errors
/// Nobody listens, or the kernel does not take the socket.
pub fn connect(client: &mut Client, sid: u32, portal: SocketAddr) -> Result<()> {
    let stream = TcpStream::connect(portal).with_context(|| format!("cannot connect to {portal}"))?;
    let number = stream.as_raw_fd().unsigned_abs().into();
    let bound = client.ask_beside(&bind(sid, number), stream.as_fd())?;
    ensure!(bound == Return::Code(0), "BIND_CONN answered {bound:?}");
    Ok(())
}
