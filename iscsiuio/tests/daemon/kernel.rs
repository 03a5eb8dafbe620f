//! An emulated kernel's directory as far as a network helper sees it: hosts in a tree, netlink, a ring for each host.

use std::net::Ipv4Addr;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use driver_sys::netlink::{Event, Header, Path as NetPath, PathAddrs, Request};
use driver_sys::port::{Seqpacket, Until};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, listen, socket};
use rustix::net::SocketFlags;

/// What stands where the answer's MAC address will: never handed back. (A kernel sends zeros.)
const JUNK: [u8; 6] = [0x0a, 1, 2, 3, 4, 5];

/// How long anything may take that a test waits for.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);
/// The handle of the transport.
pub(crate) const TRANSPORT: u64 = 0xffff_ffff_c04c_d5a0;

/// The directory, with everything that listens in it.
pub(crate) struct Kernel {
    pub(crate) dir: tempfile::TempDir,
    listener: Option<OwnedFd>,
    netlink: Option<Seqpacket>,
}

/// A socket that listens at a path.
pub(crate) fn listener(path: &Path) -> OwnedFd {
    let fd = socket(
        AddressFamily::Unix,
        SockType::SeqPacket,
        SockFlag::SOCK_CLOEXEC,
        None,
    )
    .unwrap();
    let _ = std::fs::remove_file(path);
    bind(fd.as_raw_fd(), &UnixAddr::new(path).unwrap()).unwrap();
    listen(&fd, Backlog::new(8).unwrap()).unwrap();
    fd
}

/// The next connection.
pub(crate) fn accept(listener: &OwnedFd, what: &str) -> Seqpacket {
    let mut fds = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
    let limit = PollTimeout::try_from(LIMIT).unwrap();
    assert_eq!(poll(&mut fds, limit), Ok(1), "nobody connected to {what}");
    let fd = rustix::net::accept_with(listener, SocketFlags::CLOEXEC).unwrap();
    Seqpacket::from_fd(fd, what)
}

impl Kernel {
    /// A kernel without hosts.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("l2")).unwrap();
        std::fs::create_dir_all(dir.path().join("sys/class/iscsi_host")).unwrap();
        let mut kernel = Self {
            dir,
            listener: None,
            netlink: None,
        };
        kernel.boot();
        kernel
    }

    /// A kernel with one host, and its ring.
    pub(crate) fn with_host(host: u32) -> (Self, OwnedFd) {
        let kernel = Self::new();
        let ring = kernel.add_host(host);
        (kernel, ring)
    }

    fn boot(&mut self) {
        self.listener = Some(listener(&self.dir.path().join("netlink")));
    }

    /// Ends every netlink connection; nobody can connect until [`Kernel::restart`].
    pub(crate) fn stop(&mut self) {
        self.netlink = None;
        self.listener = None;
    }

    /// Listens again.
    pub(crate) fn restart(&mut self) {
        self.boot();
    }

    /// The MAC address of a host.
    pub(crate) fn mac(host: u32) -> [u8; 6] {
        [0x00, 0x10, 0x18, 0, 0, u8::try_from(host).unwrap()]
    }

    /// Lays a host out; what comes back is where its ring listens.
    pub(crate) fn add_host(&self, host: u32) -> OwnedFd {
        let sys = self.dir.path().join("sys/class");
        let put = |path: String, text: String| {
            let path = sys.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text + "\n").unwrap();
        };
        let mac = Self::mac(host).map(|byte| format!("{byte:02x}")).join(":");
        put(format!("scsi_host/host{host}/proc_name"), "bnx2i".into());
        put(format!("net/eth{host}/mtu"), "1500".into());
        put(format!("iscsi_host/host{host}/hwaddress"), mac);
        put(format!("iscsi_host/host{host}/netdev"), format!("eth{host}"));
        listener(&self.ring_path(host))
    }

    fn ring_path(&self, host: u32) -> PathBuf {
        self.dir.path().join(format!("l2/iscsi_host{host}"))
    }

    /// Takes a host out of the tree.
    pub(crate) fn remove_host(&self, host: u32) {
        let sys = self.dir.path().join("sys/class");
        std::fs::remove_dir_all(sys.join(format!("iscsi_host/host{host}"))).unwrap();
        let _ = std::fs::remove_file(self.ring_path(host));
    }

    /// The helper's netlink connection; it must have joined its group.
    pub(crate) fn helper(&mut self) -> &Seqpacket {
        if self.netlink.is_none() {
            let socket = accept(self.listener.as_ref().unwrap(), "netlink");
            let mut address = [0; 64];
            let address = socket
                .receive(&mut address, Until::after(LIMIT), "the address")
                .unwrap();
            assert_eq!(address.len(), 12);
            assert_eq!(address[8..], 2_u32.to_ne_bytes(), "the group of the helpers");
            self.netlink = Some(socket);
        }
        self.netlink.as_ref().unwrap()
    }

    /// Multicasts an event.
    pub(crate) fn tell(&mut self, event: &Event) {
        let packet = event.encode(TRANSPORT);
        self.helper().send(&packet, "an event").unwrap();
    }

    /// Asks for a path.
    pub(crate) fn ask(&mut self, host_no: u32, handle: u64, src: Ipv4Addr, dst: Ipv4Addr) {
        let path = NetPath {
            handle,
            mac: JUNK,
            mac_old: [0; 6],
            addrs: PathAddrs::V4 { src, dst },
            vlan_id: 0,
            pmtu: 0,
        };
        self.tell(&Event::PathRequest { host_no, path });
    }

    /// The helper's next answer, with its header.
    pub(crate) fn update(&mut self) -> (Header, u32, NetPath) {
        let mut buffer = vec![0; 4096];
        let packet = self
            .helper()
            .receive(&mut buffer, Until::after(LIMIT), "a path update")
            .unwrap()
            .to_vec();
        match Request::decode(&packet).unwrap() {
            (header, Request::PathUpdate { host_no, path }) => (header, host_no, path),
            other => panic!("{other:?}"),
        }
    }

    /// Whether the helper says nothing for a while.
    pub(crate) fn hears_nothing(&mut self, limit: Duration) -> bool {
        let begin = Instant::now();
        let mut buffer = [0; 4096];
        let heard = self.helper().receive(&mut buffer, Until::after(limit), "nothing");
        heard.is_err() && begin.elapsed() >= limit
    }
}
