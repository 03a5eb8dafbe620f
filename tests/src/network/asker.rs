//! This process as the kernel that asks for paths, and as the cable between the port's ring and a segment.
//!
//! Owns an endpoint with one bnx2i host, whoever comes to its sockets, and a packet socket on the near end of the cable. It must not know
//! what an answer means. Source: `scsi_transport_iscsi.c` (`iscsi_offload_mesg`), `cnic.c` (`cnic_send_nlmsg`).

use std::fs;
use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use driver_sys::netlink::{Event, Path as NetPath, PathAddrs};
use driver_sys::port::{Seqpacket, Until};
use driver_sys::uip::{IfaceRecord, Reply, Request, Status};
use iscsiuio::nic::{FRAME_ROOM, Nic, Packet};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, listen, socket};
use tempfile::TempDir;

use super::{NEAR, Segment, helper};

/// The port's MAC address.
pub const MAC: [u8; 6] = [0x02, 0x10, 0x18, 0, 0, 1];
/// The host's number.
pub const HOST: u32 = 1;
/// The port's network device in the tree.
pub const NETDEV: &str = "eth1";
/// The transport's handle.
pub const TRANSPORT: u64 = 1;
const MTU: u16 = 1500;
const CARD: &str = "devices/pci0000:00/0000:00:05.0";
const LIMIT: Duration = Duration::from_secs(30);

/// The endpoint, and whoever is on it.
#[derive(Debug)]
pub struct Asker {
    dir: TempDir,
    listens: [UnixListener; 2],
    netlink: Option<Seqpacket>,
    ring: Option<Seqpacket>,
    wire: Packet,
}

impl Asker {
    /// Lays the endpoint out, and takes the near end of the cable.
    ///
    /// # Errors
    /// The sockets cannot be made.
    pub fn start(segment: &Segment) -> Result<Self> {
        let wire = segment.near.run(|| Packet::open(NEAR, MAC))??;
        let dir = tempfile::Builder::new().prefix("hba-asker-").tempdir()?;
        show(&dir.path().join("sys"))?;
        fs::create_dir(dir.path().join("l2"))?;
        let listens = [
            listener(&dir.path().join("netlink"))?,
            listener(&dir.path().join(format!("l2/iscsi_host{HOST}")))?,
        ];
        Ok(Self {
            dir,
            listens,
            netlink: None,
            ring: None,
            wire,
        })
    }

    /// The endpoint's directory.
    #[must_use]
    pub fn endpoint(&self) -> &Path {
        self.dir.path()
    }

    /// The cable.
    #[must_use]
    pub const fn wire(&mut self) -> &mut Packet {
        &mut self.wire
    }

    /// Waits for somebody to come to both sockets.
    ///
    /// # Errors
    /// Nobody does in time.
    pub fn accept(&mut self) -> Result<()> {
        let end = Instant::now() + LIMIT;
        while self.netlink.is_none() || self.ring.is_none() {
            ensure!(Instant::now() < end, "nobody came to the endpoint's sockets");
            self.carry(Duration::from_millis(20), &mut |_| Ok(()))?;
        }
        Ok(())
    }

    /// Nobody is on it any more. Who was has ended before, or would come again.
    pub fn hang_up(&mut self) {
        (self.netlink, self.ring) = (None, None);
    }

    /// Gives whoever has the control socket of `segment` an interface record, again each `pace` until it says something else than that it
    /// is not ready; all that it said.
    ///
    /// # Errors
    /// It does not answer, or is not ready in time.
    pub fn configure(
        &mut self,
        segment: &Segment,
        record: &IfaceRecord,
        pace: Duration,
    ) -> Result<Vec<Reply>> {
        let (near, record) = (segment.near.clone(), record.clone());
        self.meanwhile(move || {
            let (mut said, end) = (Vec::new(), Instant::now() + LIMIT);
            loop {
                let reply = helper::ask(&near, Request::Iface(record.clone()))?;
                said.push(reply);
                if reply.status != Status::DeviceInitializing {
                    return Ok(said);
                }
                ensure!(Instant::now() < end, "the interface is not ready: {said:?}");
                std::thread::sleep(pace);
            }
        })
    }

    /// Carries frames while a client does something on another thread; what that gave.
    ///
    /// # Errors
    /// What that failed with.
    pub fn meanwhile<T: Send + 'static>(
        &mut self,
        job: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || tell.send(job()));
        loop {
            self.carry(Duration::from_millis(20), &mut |_| Ok(()))?;
            if let Ok(done) = told.try_recv() {
                return done;
            }
        }
    }

    /// Asks for a path, as cnic does: without a source, and with the device's MTU.
    ///
    /// # Errors
    /// Nobody listens.
    pub fn ask(&self, handle: u64, dst: IpAddr, vlan_id: u16) -> Result<()> {
        let addrs = PathAddrs::to(dst);
        let path = NetPath {
            handle,
            mac: [0; 6],
            mac_old: [0; 6],
            addrs,
            vlan_id,
            pmtu: MTU,
        };
        let packet = Event::PathRequest { host_no: HOST, path }.encode(TRANSPORT);
        let netlink = self.netlink.as_ref().context("nobody listens")?;
        Ok(netlink.send(&packet, "a request")?)
    }

    /// Waits for anything, and hands it over: frames both ways, packets of whoever answers to `answer`. Whether there was anything.
    ///
    /// # Errors
    /// The cable or the one who answers is gone; what `answer` failed with.
    pub fn carry(&mut self, limit: Duration, answer: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<bool> {
        let [netlinks, rings] = &self.listens;
        let netlink = self.netlink.as_ref().map_or(netlinks.as_fd(), AsFd::as_fd);
        let ring = self.ring.as_ref().map_or(rings.as_fd(), AsFd::as_fd);
        if !readable(&[netlink, ring, self.wire.fd()], limit)? {
            return Ok(false);
        }
        self.come()?;
        let mut room = vec![0; FRAME_ROOM];
        if let Some(ring) = &self.ring {
            let mut gone = false;
            while let Some(frame) = waiting(ring, &mut room).unwrap_or_else(|_| {
                gone = true;
                None
            }) {
                self.wire.send(frame)?;
            }
            if gone {
                self.ring = None;
            }
        }
        while let Some(length) = self.wire.receive(&mut room)? {
            if let Some(ring) = &self.ring {
                ring.send(&room[..length], "a frame")?;
            }
        }
        if let Some(netlink) = &self.netlink {
            while let Some(packet) = waiting(netlink, &mut room)? {
                answer(packet)?;
            }
        }
        Ok(true)
    }

    /// Whoever stands at the door of a socket that nobody has.
    fn come(&mut self) -> Result<()> {
        let [netlinks, rings] = &self.listens;
        if self.netlink.is_none() && readable(&[netlinks.as_fd()], Duration::ZERO)? {
            let netlink = accepted(netlinks, "netlink")?;
            netlink.receive(&mut [0; 64], Until::after(LIMIT), "an address")?;
            self.netlink = Some(netlink);
        }
        if self.ring.is_none() && readable(&[rings.as_fd()], Duration::ZERO)? {
            self.ring = Some(accepted(rings, "the ring")?);
        }
        Ok(())
    }
}

/// What sysfs shows of the port.
fn show(sys: &Path) -> Result<()> {
    let (name, mac) = (
        format!("host{HOST}"),
        MAC.map(|byte| format!("{byte:02x}")).join(":"),
    );
    for (class, object) in [
        (format!("iscsi_host/{name}"), format!("{name}/iscsi_host/{name}")),
        (format!("scsi_host/{name}"), format!("{name}/scsi_host/{name}")),
        (format!("net/{NETDEV}"), format!("net/{NETDEV}")),
    ] {
        fs::create_dir_all(sys.join(CARD).join(&object))?;
        let link = sys.join("class").join(class);
        fs::create_dir_all(link.parent().context("a directory")?)?;
        symlink(format!("../../{CARD}/{object}"), link)?;
    }
    let (transport, mtu) = (TRANSPORT.to_string(), MTU.to_string());
    for (path, text) in [
        (format!("scsi_host/{name}/proc_name"), "bnx2i"),
        (format!("iscsi_host/{name}/hwaddress"), mac.as_str()),
        (format!("iscsi_host/{name}/netdev"), NETDEV),
        (format!("net/{NETDEV}/mtu"), mtu.as_str()),
        (format!("net/{NETDEV}/carrier"), "1"),
        ("iscsi_transport/bnx2i/handle".into(), transport.as_str()),
        ("iscsi_transport/bnx2i/caps".into(), "0x39"),
    ] {
        let path = sys.join("class").join(path);
        fs::create_dir_all(path.parent().context("a directory")?)?;
        fs::write(path, format!("{text}\n"))?;
    }
    Ok(())
}

/// A packet that is there already.
///
/// # Errors
/// The other end is gone.
pub fn waiting<'r>(socket: &Seqpacket, room: &'r mut [u8]) -> Result<Option<&'r [u8]>> {
    if !readable(&[socket.as_fd()], Duration::ZERO)? {
        return Ok(None);
    }
    Ok(Some(socket.receive(room, Until::after(LIMIT), "a packet")?))
}

/// Whether one of them becomes readable in time.
///
/// # Errors
/// The system refuses.
pub fn readable(fds: &[BorrowedFd<'_>], limit: Duration) -> Result<bool> {
    let mut polled: Vec<PollFd<'_>> = fds.iter().map(|fd| PollFd::new(*fd, PollFlags::POLLIN)).collect();
    match poll(&mut polled, PollTimeout::try_from(limit)?) {
        Err(Errno::EINTR) => Ok(false),
        found => Ok(found? > 0),
    }
}

fn listener(path: &Path) -> Result<UnixListener> {
    let flags = SockFlag::SOCK_CLOEXEC;
    let fd = socket(AddressFamily::Unix, SockType::SeqPacket, flags, None)?;
    bind(fd.as_raw_fd(), &UnixAddr::new(path)?)?;
    listen(&fd, Backlog::new(8)?)?;
    Ok(fd.into())
}

fn accepted(listener: &UnixListener, what: &str) -> Result<Seqpacket> {
    let (stream, _) = listener.accept()?;
    Ok(Seqpacket::from_fd(OwnedFd::from(stream), what))
}
