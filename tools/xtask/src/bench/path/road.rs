//! The kernel that asks, and the cable.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use driver_sys::netlink::{Event, Path as NetPath, PathAddrs, Request};
use driver_sys::port::{Seqpacket, Until};
use driver_sys::uip::IfaceRecord;
use iscsiuio::nic::{FRAME_ROOM, Nic, Packet};
use lab_tests::network::segment::{ip, start_in};
use lab_tests::network::{NEAR, Segment, helper};
use lab_tests::process::{Running, until};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, listen, socket};

/// The port.
pub(super) const MAC: [u8; 6] = [0x02, 0x10, 0x18, 0, 0, 1];
/// The port's address.
pub(super) const SOURCE: Ipv4Addr = Ipv4Addr::new(10, 71, 0, 50);
const HOST: u32 = 1;
const TRANSPORT: u64 = 1;
const LIMIT: Duration = Duration::from_secs(30);

/// The endpoint, and whoever is on it.
pub(super) struct Road {
    dir: tempfile::TempDir,
    listens: [OwnedFd; 2],
    netlink: Option<Seqpacket>,
    ring: Option<Seqpacket>,
    wire: Packet,
    asked: u32,
}

impl Road {
    /// Lays the endpoint out; the far machine answers for all of 10.128.0.0/9.
    pub(super) fn start(segment: &Segment) -> Result<Self> {
        ip(&segment.far, "route add local 10.128.0.0/9 dev lo")?;
        let wire = segment.near.run(|| Packet::open(NEAR, MAC))??;
        let dir = tempfile::tempdir()?;
        let put = |path: &str, text: &str| -> Result<()> {
            let path = dir.path().join("sys/class").join(path);
            std::fs::create_dir_all(path.parent().context("a directory")?)?;
            Ok(std::fs::write(path, format!("{text}\n"))?)
        };
        let mac = MAC.map(|byte| format!("{byte:02x}")).join(":");
        put("scsi_host/host1/proc_name", "bnx2i")?;
        put("net/eth1/mtu", "1500")?;
        put("iscsi_host/host1/hwaddress", &mac)?;
        put("iscsi_host/host1/netdev", "eth1")?;
        std::fs::create_dir(dir.path().join("l2"))?;
        let listens = [
            listener(&dir.path().join("netlink"))?,
            listener(&dir.path().join("l2/iscsi_host1"))?,
        ];
        Ok(Self {
            dir,
            listens,
            netlink: None,
            ring: None,
            wire,
            asked: 0,
        })
    }

    /// The endpoint's directory.
    pub(super) fn endpoint(&self) -> &Path {
        self.dir.path()
    }

    /// Somebody comes to both sockets.
    pub(super) fn accept(&mut self) -> Result<()> {
        let [netlink, ring] = &self.listens;
        self.netlink = Some(accepted(netlink, "netlink")?);
        let mut room = [0; 64];
        let port = self.netlink.as_ref().context("netlink")?;
        port.receive(&mut room, Until::after(LIMIT), "an address")?;
        self.ring = Some(accepted(ring, "the ring")?);
        Ok(())
    }

    /// Nobody is on it any more.
    pub(super) fn hang_up(&mut self) {
        (self.netlink, self.ring) = (None, None);
    }

    /// Starts the helper on the road, with the port's address configured; both sockets are its own then.
    pub(super) fn helper(&mut self, segment: &Segment, program: &Path) -> Result<Running> {
        let state = self.endpoint().join("iscsiuio");
        if state.exists() {
            std::fs::remove_dir_all(&state)?;
        }
        let args = ["-f".as_ref(), "--endpoint".as_ref(), self.endpoint().as_os_str()];
        let program = program.to_str().context("the path is not UTF-8")?;
        let log = segment.file("bench-iscsiuio.log");
        let running = start_in(&segment.near, program, &args, &[], "ready", &log)?;
        let record = IfaceRecord {
            name: "bnx2i.bench".into(),
            netdev: "eth1".into(),
            ipaddress: SOURCE.to_string(),
            subnet_mask: "255.0.0.0".into(),
            transport_name: "bnx2i".into(),
            ..Default::default()
        };
        let [netlink, _] = &self.listens;
        self.netlink = Some(accepted(netlink, "netlink")?);
        let mut room = [0; 64];
        let port = self.netlink.as_ref().context("netlink")?;
        port.receive(&mut room, Until::after(LIMIT), "an address")?;
        // The ring is opened for the record; the address is probed on it meanwhile.
        let end = Instant::now() + LIMIT;
        let near = segment.near.clone();
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let up = until(LIMIT, "the interface", || {
                let reply = helper::ask(&near, driver_sys::uip::Request::Iface(record.clone()))?;
                Ok((reply.status == driver_sys::uip::Status::DeviceUp).then_some(()))
            });
            let _ = tell.send(up);
        });
        let [_, ring] = &self.listens;
        self.ring = Some(accepted(ring, "the ring")?);
        loop {
            self.carry(Duration::from_millis(20), &mut |_| Ok(()))?;
            if let Ok(up) = told.try_recv() {
                up?;
                return Ok(running);
            }
            ensure!(Instant::now() < end, "the helper did not configure its interface");
        }
    }

    /// So many requests, so many of them in flight: how long each took, and all together.
    pub(super) fn measure(&mut self, requests: usize, at_once: usize) -> Result<(Vec<Duration>, Duration)> {
        let mut begun: HashMap<u64, Instant> = HashMap::new();
        let mut times = Vec::with_capacity(requests);
        let (mut sent, start) = (0, Instant::now());
        while times.len() < requests {
            while begun.len() < at_once && sent < requests {
                let dst = self.next();
                let handle = u64::from(self.asked);
                let addrs = PathAddrs::V4 { src: SOURCE, dst };
                let path = NetPath {
                    handle,
                    mac: [0; 6],
                    mac_old: [0; 6],
                    addrs,
                    vlan_id: 0,
                    pmtu: 0,
                };
                let packet = Event::PathRequest { host_no: HOST, path }.encode(TRANSPORT);
                begun.insert(handle, Instant::now());
                self.netlink
                    .as_ref()
                    .context("nobody listens")?
                    .send(&packet, "a request")?;
                sent += 1;
            }
            self.carry(LIMIT, &mut |path: NetPath| {
                ensure!(path.mac != [0; 6], "no path to {:?}", path.dst());
                let since = begun.remove(&path.handle).context("an answer to no request")?;
                times.push(since.elapsed());
                Ok(())
            })?;
        }
        Ok((times, start.elapsed()))
    }

    /// As many round trips of ARP between the packet socket and the kernel that answers.
    pub(super) fn arp(&mut self, count: usize) -> Result<Vec<Duration>> {
        let mut room = vec![0; FRAME_ROOM];
        let mut times = Vec::with_capacity(count);
        while times.len() < count {
            let to = self.next();
            let begun = Instant::now();
            self.wire.send(&super::bare::request(to))?;
            loop {
                readable(&[self.wire.fd()], LIMIT)?;
                let Some(length) = self.wire.receive(&mut room)? else {
                    continue;
                };
                if super::bare::answered(&room[..length]).is_some_and(|(from, _)| from == to) {
                    break;
                }
            }
            times.push(begun.elapsed());
        }
        Ok(times)
    }

    fn next(&mut self) -> Ipv4Addr {
        self.asked += 1;
        Ipv4Addr::from_bits(Ipv4Addr::new(10, 128, 0, 0).to_bits() | (self.asked & 0x007f_ffff))
    }

    /// Waits for anything, and hands it over: frames both ways, answers to `answer`.
    fn carry(&mut self, limit: Duration, answer: &mut dyn FnMut(NetPath) -> Result<()>) -> Result<()> {
        let netlink = self.netlink.as_ref().context("nobody listens")?;
        let ring = self.ring.as_ref().context("nobody has the ring")?;
        if !readable(&[netlink.as_fd(), ring.as_fd(), self.wire.fd()], limit)? {
            return Ok(());
        }
        let mut room = vec![0; FRAME_ROOM];
        while let Some(frame) = waiting(ring, &mut room)? {
            let length = frame.len();
            self.wire.send(&room[..length])?;
        }
        while let Some(length) = self.wire.receive(&mut room)? {
            ring.send(&room[..length], "a frame")?;
        }
        while let Some(packet) = waiting(netlink, &mut room)? {
            let (_, request) = Request::decode(packet)?;
            let Request::PathUpdate { path, .. } = request else {
                bail!("the helper sent {request:?}");
            };
            answer(path)?;
        }
        Ok(())
    }
}

/// A packet that is there already.
pub(super) fn waiting<'r>(socket: &Seqpacket, room: &'r mut [u8]) -> Result<Option<&'r [u8]>> {
    if !readable(&[socket.as_fd()], Duration::ZERO)? {
        return Ok(None);
    }
    Ok(Some(socket.receive(room, Until::after(LIMIT), "a packet")?))
}

/// Whether one of them becomes readable in time.
pub(super) fn readable(fds: &[std::os::fd::BorrowedFd<'_>], limit: Duration) -> Result<bool> {
    let mut polled: Vec<PollFd<'_>> = fds.iter().map(|fd| PollFd::new(*fd, PollFlags::POLLIN)).collect();
    match poll(&mut polled, PollTimeout::try_from(limit)?) {
        Err(Errno::EINTR) => Ok(false),
        found => Ok(found? > 0),
    }
}

fn listener(path: &Path) -> Result<OwnedFd> {
    let fd = socket(
        AddressFamily::Unix,
        SockType::SeqPacket,
        SockFlag::SOCK_CLOEXEC,
        None,
    )?;
    bind(fd.as_raw_fd(), &UnixAddr::new(path)?)?;
    listen(&fd, Backlog::new(8)?)?;
    Ok(fd)
}

fn accepted(listener: &OwnedFd, what: &str) -> Result<Seqpacket> {
    ensure!(
        readable(&[listener.as_fd()], LIMIT)?,
        "nobody connected to {what}"
    );
    let fd = rustix::net::accept_with(listener, rustix::net::SocketFlags::CLOEXEC)?;
    Ok(Seqpacket::from_fd(fd, what))
}
