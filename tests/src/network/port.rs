//! A port of the network helper on a device of a namespace, without the daemon around it.
//!
//! Owns a thread that moves frames between a ring and an [`iscsiuio::port::Port`], and carries questions to it. It must not know what
//! is in a frame. Waits end by frame, question or the port's own time.

use std::io::{Read, Write};
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use driver_sys::netlink::{Path, PathAddrs};
use iscsiuio::nic::{FRAME_ROOM, Nic, Packet};
use iscsiuio::port::{
    AddressStatus, Configured, Effect, InterfaceConfig, InterfaceStatus, Ipv4Source, Ipv6Source,
    LinkLocalSource, Ping, PingEnd, PingId, Port, PortConfig, PortStatus, RouterSource,
};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::NEAR;
use crate::namespace::Namespace;
use crate::process::until;

/// The port's own MAC address: not the device's.
pub const MAC: [u8; 6] = [0x02, 0x10, 0x18, 0, 0, 1];
/// The same as text.
pub const MAC_TEXT: &str = "02:10:18:00:00:01";
/// An interface that has no addresses yet.
pub const UNCONFIGURED: InterfaceConfig = InterfaceConfig {
    vlan: None,
    mtu: None,
    v4: Ipv4Source::Off,
    v6: Ipv6Source::Off,
    link_local: LinkLocalSource::Auto,
    router: RouterSource::Auto,
};
/// How often a port without anything to do is looked at.
const IDLE: Duration = Duration::from_millis(200);
/// How long an answer of the port may take.
const PATIENCE: Duration = Duration::from_secs(60);

enum Ask {
    Configure(Box<InterfaceConfig>),
    Resume(Box<InterfaceStatus>),
    Path(Path, Sender<Path>),
    Ping(Ping, Sender<(PingEnd, Duration)>),
    Status(Sender<PortStatus>),
    Down,
}

/// A port with its ring.
#[derive(Debug)]
pub struct LivePort {
    asks: Sender<Ask>,
    wake: UnixStream,
    thread: Mutex<Option<JoinHandle<Result<()>>>>,
}

impl LivePort {
    /// Opens a ring on [`NEAR`] of this machine, with the MAC address [`MAC`].
    ///
    /// # Errors
    /// The device cannot be opened.
    pub fn start(near: &Namespace, seed: u8) -> Result<Self> {
        // The thread that it starts is on the same network.
        near.run(move || Self::on(Box::new(Packet::open(NEAR, MAC)?), seed))?
    }

    /// Runs a port on this ring.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn on(nic: Box<dyn Nic>, seed: u8) -> Result<Self> {
        let (asks, asked) = mpsc::channel();
        let (wake, woken) = UnixStream::pair()?;
        woken.set_nonblocking(true)?;
        let port = Port::new(
            PortConfig {
                host: 1,
                mac: nic.mac(),
                mtu: nic.mtu(),
                seed: [seed; 32],
            },
            Instant::now(),
        );
        let mut work = Work {
            nic,
            port,
            asked,
            woken,
            paths: Vec::new(),
            pings: Vec::new(),
        };
        let thread = thread::Builder::new()
            .name("port".into())
            .spawn(move || work.run())?;
        Ok(Self {
            asks,
            wake,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Gives an interface its configuration.
    ///
    /// # Errors
    /// The port's thread has ended.
    pub fn configure(&self, interface: InterfaceConfig) -> Result<()> {
        self.ask(Ask::Configure(Box::new(interface)))
    }

    /// Gives the port what an earlier one left of an interface.
    ///
    /// # Errors
    /// As [`LivePort::configure`].
    pub fn resume(&self, interface: InterfaceStatus) -> Result<()> {
        self.ask(Ask::Resume(Box::new(interface)))
    }

    /// The kernel takes the interfaces away.
    ///
    /// # Errors
    /// As [`LivePort::configure`].
    pub fn down(&self) -> Result<()> {
        self.ask(Ask::Down)
    }

    /// Asks for the path to `to`; the MAC address (zeros: none).
    ///
    /// # Errors
    /// The port does not answer.
    pub fn path(&self, to: IpAddr, vlan_id: u16) -> Result<[u8; 6]> {
        let (tell, told) = mpsc::channel();
        let addrs = PathAddrs::to(to);
        let path = Path {
            handle: 0,
            mac: [0; 6],
            mac_old: [0; 6],
            addrs,
            vlan_id,
            pmtu: 0,
        };
        self.ask(Ask::Path(path, tell))?;
        Ok(self.told(&told, "an answer to a path")?.mac)
    }

    /// Sends an echo with so much payload.
    ///
    /// # Errors
    /// The port does not say how it ended.
    pub fn ping(&self, to: IpAddr, vlan_id: u16, size: u16) -> Result<(PingEnd, Duration)> {
        let (tell, told) = mpsc::channel();
        let ping = Ping {
            vlan_id,
            to,
            size,
            limit: Duration::from_secs(10),
        };
        self.ask(Ask::Ping(ping, tell))?;
        self.told(&told, "the end of a ping")
    }

    /// What the port shows.
    ///
    /// # Errors
    /// Its thread has ended.
    pub fn status(&self) -> Result<PortStatus> {
        let (tell, told) = mpsc::channel();
        self.ask(Ask::Status(tell))?;
        self.told(&told, "the status of the port")
    }

    /// What the port shows of an interface.
    ///
    /// # Errors
    /// There is none on this VLAN.
    pub fn interface(&self, vlan_id: u16) -> Result<InterfaceStatus> {
        let on = |one: &InterfaceStatus| one.config.vlan.map_or(0, |vlan| vlan.id) == vlan_id;
        let status = self.status()?;
        let found = status.interfaces.into_iter().find(on);
        found.with_context(|| format!("no interface on VLAN {vlan_id}"))
    }

    /// Waits for an interface to be like this; then its status.
    ///
    /// # Errors
    /// It is not in time.
    pub fn until(
        &self,
        vlan_id: u16,
        what: &str,
        limit: Duration,
        is: impl Fn(&InterfaceStatus) -> bool,
    ) -> Result<InterfaceStatus> {
        let mut last = None;
        let found = until(limit, what, || {
            let now = self.interface(vlan_id)?;
            let there = is(&now);
            last = Some(now.clone());
            Ok(there.then_some(now))
        });
        found.with_context(|| format!("the interface is {last:?}"))
    }

    /// Waits for the interface to be ready, with an address that fits; that address.
    ///
    /// # Errors
    /// There is none in time.
    pub fn address(
        &self,
        vlan_id: u16,
        limit: Duration,
        fits: impl Fn(&AddressStatus) -> bool,
    ) -> Result<AddressStatus> {
        let ready = self.until(vlan_id, "an address", limit, |interface| {
            interface.state == Configured::Ready && interface.addresses.iter().any(&fits)
        })?;
        let found = ready.addresses.into_iter().find(&fits);
        found.context("an address that was there")
    }

    fn ask(&self, ask: Ask) -> Result<()> {
        let sent = self.asks.send(ask).is_ok();
        match sent && (&self.wake).write_all(b"!").is_ok() {
            true => Ok(()),
            false => Err(self.ended()),
        }
    }

    fn told<T>(&self, told: &Receiver<T>, what: &str) -> Result<T> {
        told.recv_timeout(PATIENCE).map_err(|why| match why {
            RecvTimeoutError::Timeout => anyhow!("{what} did not come within {PATIENCE:?}"),
            RecvTimeoutError::Disconnected => self.ended(),
        })
    }

    /// Why the thread has ended.
    fn ended(&self) -> anyhow::Error {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        match thread.map(JoinHandle::join) {
            Some(Ok(Err(error))) => error.context("the port's thread has ended"),
            Some(Err(_)) => anyhow!("the port's thread panicked"),
            Some(Ok(Ok(()))) | None => anyhow!("the port's thread has ended"),
        }
    }
}

impl Drop for LivePort {
    fn drop(&mut self) {
        let _ = self.wake.shutdown(std::net::Shutdown::Both);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

struct Work {
    nic: Box<dyn Nic>,
    port: Port,
    asked: Receiver<Ask>,
    woken: UnixStream,
    paths: Vec<Option<Sender<Path>>>,
    pings: Vec<Option<Sender<(PingEnd, Duration)>>>,
}

impl Work {
    fn run(&mut self) -> Result<()> {
        let mut room = vec![0; FRAME_ROOM];
        let mut bytes = [0; 64];
        loop {
            self.carry_out()?;
            let now = Instant::now();
            let left = self
                .port
                .poll_timeout()
                .map_or(IDLE, |at| at.saturating_duration_since(now).min(IDLE));
            // Up to the next millisecond: not a moment too early.
            let left = left + Duration::from_millis(u64::from(!left.is_zero()));
            let mut fds = [
                PollFd::new(self.nic.fd(), PollFlags::POLLIN),
                PollFd::new(self.woken.as_fd(), PollFlags::POLLIN),
            ];
            poll(&mut fds, PollTimeout::try_from(left)?)?;
            match self.woken.read(&mut bytes) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
            self.nic.service()?;
            let now = Instant::now();
            self.port.link(now, self.nic.link());
            self.asked(now);
            while let Some(length) = self.nic.receive(&mut room)? {
                self.port.frame(Instant::now(), &room[..length]);
                self.carry_out()?;
            }
            self.port.handle_timeout(Instant::now());
        }
    }

    fn asked(&mut self, now: Instant) {
        while let Ok(ask) = self.asked.try_recv() {
            match ask {
                Ask::Configure(interface) => drop(self.port.configure(now, *interface)),
                Ask::Resume(interface) => self.port.resume(now, &interface),
                Ask::Down => self.port.down(now),
                Ask::Status(tell) => drop(tell.send(self.port.status(now))),
                Ask::Path(path, tell) => {
                    let handle = self.paths.len() as u64;
                    self.paths.push(Some(tell));
                    self.port.path_request(now, Path { handle, ..path });
                }
                Ask::Ping(ping, tell) => {
                    let id = PingId(self.pings.len() as u64);
                    self.pings.push(Some(tell));
                    self.port.ping(now, id, ping);
                }
            }
        }
    }

    fn carry_out(&mut self) -> Result<()> {
        while let Some(effect) = self.port.poll() {
            match effect {
                Effect::Send(frame) => match self.nic.send(&frame) {
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                    sent => sent?,
                },
                Effect::Path(path) => {
                    let asked = self.paths.get_mut(usize::try_from(path.handle)?);
                    let tell = asked
                        .and_then(Option::take)
                        .context("an answer to no path request")?;
                    let _ = tell.send(path);
                }
                Effect::PingDone { id, end, took } => {
                    let asked = self.pings.get_mut(usize::try_from(id.0)?);
                    let tell = asked.and_then(Option::take).context("an end of no ping")?;
                    let _ = tell.send((end, took));
                }
                Effect::Changed => {}
            }
        }
        Ok(())
    }
}
