//! Raw netlink requests to an adapter that is being served, without a process for each.
//!
//! Owns one connection to `DIR/netlink` and the few requests that labs and measurements send by themselves. It must not know
//! policy: what the kernel refuses is an error here.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use driver_sys::endpoint::Endpoint;
use driver_sys::netlink::code::IfaceType;
use driver_sys::netlink::params::{FlashnodeParam, NetParam};
use driver_sys::netlink::{Attr, Bytes, IfaceAttr, IfaceCode, Message, Port, Request, Return};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client that hears only the answers to its own requests.
pub struct Client {
    port: Box<dyn Port>,
    handle: u64,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    /// Connects to the adapter served in `dir`.
    ///
    /// # Errors
    /// Nobody serves the directory.
    pub fn open(dir: &Path) -> Result<Self> {
        let handle = std::fs::read_to_string(dir.join("sys/class/iscsi_transport/qla4xxx/handle"))?;
        Ok(Self {
            port: Endpoint::Dir(dir.to_owned()).open_netlink(0)?,
            handle: handle.trim().parse()?,
        })
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// The kernel refused, or did not answer.
    pub fn ask(&mut self, request: &Request) -> Result<Return> {
        self.port.send(&request.encode(self.handle, self.port.pid()))?;
        let what = format!("answer to {:?}", request.kind());
        let packet = self.port.recv(Some(Instant::now() + PATIENCE), &what)?;
        let Message::Reply(reply) = Message::decode(&packet)? else {
            bail!("an event came instead of the {what}");
        };
        ensure!(
            reply.kind == request.kind(),
            "the answer to {:?} came instead of the {what}",
            reply.kind
        );
        reply
            .result()
            .with_context(|| format!("{:?} was refused", request.kind()))
    }

    /// Gives a host an IPv4 address in 127.0.0.0/8.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn set_address(&mut self, host_no: u32, address: IpAddr) -> Result<()> {
        let attr = |param, value| IfaceAttr {
            iface_num: 0,
            iface_type: IfaceType::Ipv4,
            param: IfaceCode::Net(param),
            value,
        };
        let attrs = vec![
            attr(NetParam::Ipv4Addr, Bytes::addr(address)),
            attr(NetParam::Ipv4Subnet, Bytes::new([255, 0, 0, 0])),
        ];
        self.ask(&Request::SetIfaceParams { host_no, attrs }).map(drop)
    }

    /// Adds a flash target: NEW_FLASHNODE, then SET_FLASHNODE_PARAMS; its index.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn add_target(&mut self, host_no: u32, name: &str, portal: SocketAddr) -> Result<u32> {
        let portal_type = Bytes::c_text("ipv4");
        let made = self.ask(&Request::NewFlashnode { host_no, portal_type })?;
        let Return::Flashnode { index } = made else {
            bail!("NEW_FLASHNODE answered {made:?}");
        };
        let attrs = [
            (FlashnodeParam::Ipaddr, Bytes::addr16(portal.ip())),
            (FlashnodeParam::Port, Bytes::u16(portal.port())),
            (FlashnodeParam::Name, Bytes::c_text(name)),
        ];
        self.set_target(host_no, index, &attrs)?;
        Ok(index)
    }

    /// Changes parameters of a flash target: SET_FLASHNODE_PARAMS.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn set_target(&mut self, host_no: u32, index: u32, attrs: &[(FlashnodeParam, Bytes)]) -> Result<()> {
        let attr = |(param, value): &(FlashnodeParam, Bytes)| Attr {
            param: *param,
            value: value.clone(),
        };
        let attrs = attrs.iter().map(attr).collect();
        self.ask(&Request::SetFlashnodeParams {
            host_no,
            index,
            attrs,
        })
        .map(drop)
    }

    /// Removes a flash target: DEL_FLASHNODE.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn remove_target(&mut self, host_no: u32, index: u32) -> Result<()> {
        self.ask(&Request::DelFlashnode { host_no, index }).map(drop)
    }

    /// Logs in to a flash target: LOGIN_FLASHNODE. The session comes up later.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn login(&mut self, host_no: u32, index: u32) -> Result<()> {
        self.ask(&Request::LoginFlashnode { host_no, index }).map(drop)
    }
}
