//! Raw netlink requests to an adapter that is being served, without a process for each.
//!
//! Owns one connection to `DIR/netlink` and the few requests that labs and measurements send by themselves. It must not know
//! policy: what the kernel refuses is an error here.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use driver_sys::endpoint::Endpoint;
use driver_sys::netlink::code::IfaceType;
use driver_sys::netlink::params::{FlashnodeParam, NetParam};
use driver_sys::netlink::{Attr, Bytes, Event, IfaceAttr, IfaceCode, Message, Port, Request, Return};
use driver_sys::port::Until;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Events that wait to be taken; more are a test's mistake.
const MAX_EVENTS: usize = 65536;

/// A client of one transport.
pub struct Client {
    port: Box<dyn Port>,
    handle: u64,
    events: VecDeque<Event>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    /// Connects to the qla4xxx adapter served in `dir`, and hears only the answers to its own requests.
    ///
    /// # Errors
    /// Nobody serves the directory.
    pub fn open(dir: &Path) -> Result<Self> {
        Self::listening(dir, "qla4xxx", 0)
    }

    /// Connects to a transport of what is served in `dir`, and hears the events of these groups, too.
    ///
    /// # Errors
    /// Nobody serves the directory, or not with this transport.
    pub fn listening(dir: &Path, transport: &str, groups: u32) -> Result<Self> {
        Self::on(&Endpoint::Dir(dir.to_owned()), transport, groups)
    }

    /// As [`Client::listening`], on any endpoint.
    ///
    /// # Errors
    /// As [`Client::listening`].
    pub fn on(endpoint: &Endpoint, transport: &str, groups: u32) -> Result<Self> {
        let classes = endpoint.sysfs_path().join("class/iscsi_transport");
        let file = classes.join(transport).join("handle");
        let handle = std::fs::read_to_string(&file).with_context(|| format!("no {}", file.display()))?;
        Ok(Self {
            port: endpoint.open_netlink(groups)?,
            handle: handle.trim().parse()?,
            events: VecDeque::new(),
        })
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// The kernel refused, or did not answer.
    pub fn ask(&mut self, request: &Request) -> Result<Return> {
        self.port.send(&request.encode(self.handle, self.port.pid()))?;
        self.answer(request)
    }

    /// As [`Client::ask`], for a request that names a descriptor of this process.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn ask_beside(&mut self, request: &Request, descriptor: BorrowedFd<'_>) -> Result<Return> {
        let packet = request.encode(self.handle, self.port.pid());
        self.port
            .send_beside(&packet, descriptor, Until::after(PATIENCE))?;
        self.answer(request)
    }

    /// Sends a request that is answered by an event.
    ///
    /// # Errors
    /// The endpoint takes nothing.
    pub fn tell(&mut self, request: &Request) -> Result<()> {
        Ok(self.port.send(&request.encode(self.handle, self.port.pid()))?)
    }

    fn answer(&mut self, request: &Request) -> Result<Return> {
        let what = format!("answer to {:?}", request.kind());
        let end = Instant::now() + PATIENCE;
        let reply = loop {
            let packet = self.port.recv(Some(end), &what)?;
            match Message::decode(&packet)? {
                Message::Reply(reply) => break reply,
                Message::Event(_, event) => self.heard(event)?,
            }
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

    /// Waits for an event that fits, and takes it out; others wait on.
    ///
    /// # Errors
    /// It does not come in time.
    pub fn event(&mut self, what: &str, limit: Duration, fits: impl Fn(&Event) -> bool) -> Result<Event> {
        let end = Instant::now() + limit;
        loop {
            if let Some(at) = self.events.iter().position(&fits) {
                return self.events.remove(at).context("an event that is there");
            }
            let packet = self.port.recv(Some(end), what)?;
            match Message::decode(&packet)? {
                Message::Event(_, event) => self.heard(event)?,
                Message::Reply(reply) => bail!("an answer that nobody waits for: {reply:?}"),
            }
        }
    }

    fn heard(&mut self, event: Event) -> Result<()> {
        ensure!(self.events.len() < MAX_EVENTS, "{MAX_EVENTS} events wait");
        self.events.push_back(event);
        Ok(())
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
