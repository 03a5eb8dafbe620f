//! A session from its endpoint to its end.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use driver_sys::Endpoint;
use driver_sys::netlink::code::StopFlag;
use driver_sys::netlink::{Attr, Bytes, Request, Return};
use iscsi::Isid;
use iscsi::initiator::{Config, Event, Listing, LoggedIn};
use nix::errno::Errno;

use super::{Courier, endpoint, params};
use crate::netlink::Client;

/// The connection of each session.
pub(super) const CID: u32 = 0;
/// How long an endpoint may take to connect.
const CONNECT: Duration = Duration::from_secs(30);
pub(super) const CMDS_MAX: u16 = 128;
pub(super) const QUEUE_DEPTH: u16 = 32;
/// Where the kernel's count of commands begins.
pub(super) const FIRST_CMD_SN: u32 = 1;

/// Whom to log in to, through which host, and as whom.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The adapter's host.
    pub host_no: u32,
    /// The target's portal.
    pub portal: SocketAddr,
    /// Names, digests, CHAP.
    pub config: Config,
}

impl Wanted {
    /// Without CHAP and digests, under a name of ours.
    ///
    /// # Errors
    /// `target` is no iSCSI name.
    pub fn plain(host_no: u32, portal: SocketAddr, target: &str) -> Result<Self> {
        let initiator = "iqn.2026-11.org.example:host".parse()?;
        let isid = Isid::from_random(1, 1);
        Ok(Self {
            host_no,
            portal,
            config: Config::new(initiator, Some(target.parse()?), isid, [7; 32]),
        })
    }
}

/// A session that is logged in.
#[derive(Debug)]
pub struct Session {
    /// The kernel's number.
    pub sid: u32,
    /// What was agreed.
    pub agreed: LoggedIn,
    wanted: Wanted,
    endpoint: u64,
    courier: Courier,
}

impl Session {
    /// Connects, logs in, starts.
    ///
    /// # Errors
    /// Kernel, helper or target refuse; which of them, and what, the error says.
    pub fn login(client: &mut Client, wanted: Wanted) -> Result<Self> {
        let endpoint = endpoint::connect(client, wanted.host_no, wanted.portal)?;
        endpoint::connected(client, endpoint, CONNECT)?;
        Self::login_on(client, wanted, endpoint)
    }

    /// Logs in on an endpoint that is connected.
    ///
    /// # Errors
    /// As [`Session::login`].
    pub fn login_on(client: &mut Client, wanted: Wanted, endpoint: u64) -> Result<Self> {
        let made = client.ask(&Request::CreateBoundSession {
            endpoint,
            initial_cmdsn: FIRST_CMD_SN,
            cmds_max: CMDS_MAX,
            queue_depth: QUEUE_DEPTH,
        })?;
        let Return::Session { sid, host_no } = made else {
            bail!("CREATE_SESSION answered {made:?}");
        };
        ensure!(host_no == wanted.host_no, "the session is on host {host_no}");
        client.ask(&Request::CreateConn { sid, cid: CID })?;
        let (agreed, courier) = start(client, sid, &wanted, endpoint)?;
        Ok(Self {
            sid,
            agreed,
            wanted,
            endpoint,
            courier,
        })
    }

    /// Has the kernel look for logical units.
    ///
    /// # Errors
    /// It refuses.
    pub fn scan(&self, endpoint: &Path) -> Result<()> {
        let file = format!("class/scsi_host/host{}/scan", self.wanted.host_no);
        Endpoint::Dir(endpoint.to_owned()).store(&file, b"- - -")?;
        Ok(())
    }

    /// Asks the target for its targets; of a discovery session.
    ///
    /// # Errors
    /// It does not tell.
    pub fn send_targets(&mut self, client: &mut Client) -> Result<Listing> {
        self.courier.engine.send_targets(std::time::Instant::now());
        match self.courier.next(client)? {
            Event::Targets { result, .. } => result.context("SendTargets"),
            other => bail!("{other:?} came for SendTargets"),
        }
    }

    /// After an error of the connection: stops it, connects again, logs in again, starts it. Commands wait meanwhile.
    ///
    /// # Errors
    /// As [`Session::login`].
    pub fn recover(&mut self, client: &mut Client) -> Result<()> {
        // In this order: who stops first finds the endpoint gone (`iscsi_if_stop_conn`). After an error the kernel may have done both
        // itself (`iscsi_cleanup_conn_work_fn`).
        match endpoint::disconnect(client, self.endpoint) {
            Err(error) if error.downcast_ref() == Some(&Errno::EINVAL) => {}
            disconnected => disconnected?,
        }
        self.stop(client, StopFlag::Recover)?;
        self.endpoint = endpoint::connect(client, self.wanted.host_no, self.wanted.portal)?;
        endpoint::connected(client, self.endpoint, CONNECT)?;
        (self.agreed, self.courier) = start(client, self.sid, &self.wanted, self.endpoint)?;
        Ok(())
    }

    /// Gives the endpoint up, stops the connection for good, ends connection and session.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn end(self, client: &mut Client) -> Result<()> {
        endpoint::disconnect(client, self.endpoint)?;
        self.stop(client, StopFlag::Term)?;
        let (sid, cid) = (self.sid, CID);
        client.ask(&Request::DestroyConn { sid, cid })?;
        client.ask(&Request::DestroySession { sid })?;
        Ok(())
    }

    fn stop(&self, client: &mut Client, flag: StopFlag) -> Result<()> {
        client.ask(&Request::StopConn {
            sid: self.sid,
            cid: CID,
            conn_handle: 0,
            flag,
        })?;
        Ok(())
    }
}

/// Bind, login, parameters, start.
fn start(client: &mut Client, sid: u32, wanted: &Wanted, endpoint: u64) -> Result<(LoggedIn, Courier)> {
    client.ask(&bind(sid, endpoint))?;
    log_in(client, sid, wanted)
}

/// The request that binds the connection.
pub(super) const fn bind(sid: u32, endpoint: u64) -> Request {
    Request::BindConn {
        sid,
        cid: CID,
        endpoint,
        is_leading: true,
    }
}

/// Login, parameters, start on a connection that is bound.
pub(super) fn log_in(client: &mut Client, sid: u32, wanted: &Wanted) -> Result<(LoggedIn, Courier)> {
    let cid = CID;
    let mut config = wanted.config.clone();
    config.first_cmd_sn = Some(FIRST_CMD_SN);
    let mut courier = Courier::new(sid, cid, config.clone());
    let agreed = match courier.next(client)? {
        Event::LoggedIn(agreed) => *agreed,
        other => bail!("no login at {}: {other:?}", wanted.portal),
    };
    for (param, value) in params::of(&config, wanted.portal, &agreed, courier.exp_stat_sn()) {
        let attr = Attr {
            param,
            value: Bytes::c_text(&value),
        };
        match client.ask(&Request::SetParam { sid, cid, attr }) {
            // What a driver has no room for, a daemon passes over.
            Err(refused) if refused.downcast_ref() == Some(&Errno::ENOSYS) => {}
            other => drop(other.with_context(|| format!("{param:?}"))?),
        }
    }
    client.ask(&Request::StartConn { sid, cid })?;
    Ok((agreed, courier))
}
