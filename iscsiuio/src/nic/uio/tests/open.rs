//! From a tree and nodes that a test lays out to a ring. A node is a file in which region N is N pages from the beginning.

use std::fs;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use driver_sys::Endpoint;
use driver_sys::netlink::{Reply, Request, Return};
use driver_sys::sysfs::class::host::host;
use driver_sys::uio::UioError;
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, UnixAddr};

use super::bnx2::room;
use crate::nic::find::Facts;
use crate::nic::uio::{RingError, open};
use crate::nic::{Nic, NicError};

const PCI: &str = "devices/pci0000:00/0000:00:05.0";

struct Machine {
    dir: tempfile::TempDir,
}

impl Machine {
    fn new(transport: &str, uio: &str, parent: &str, regions: &[u64]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let this = Self { dir };
        let sys = this.dir.path().join("sys");
        for (class, object) in [
            ("iscsi_host/host7", format!("{PCI}/host7/iscsi_host/host7")),
            ("scsi_host/host7", format!("{PCI}/host7/scsi_host/host7")),
            ("uio/uio2", format!("{parent}/uio/uio2")),
        ] {
            fs::create_dir_all(sys.join(&object)).unwrap();
            let link = sys.join("class").join(class);
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            symlink(format!("../../{object}"), link).unwrap();
        }
        let put = |path: &str, text: &str| {
            let path = sys.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{text}\n")).unwrap();
        };
        put("class/scsi_host/host7/proc_name", transport);
        put("class/iscsi_host/host7/hwaddress", "00:10:18:fe:dc:ba");
        put("class/iscsi_transport/qedi/handle", "18446744072641525152");
        put("class/iscsi_transport/qedi/caps", "0x0");
        put("class/uio/uio2/name", uio);
        for (index, size) in regions.iter().enumerate() {
            put(
                &format!("class/uio/uio2/maps/map{index}/size"),
                &format!("{size:#x}"),
            );
            put(&format!("class/uio/uio2/maps/map{index}/offset"), "0x0");
        }
        fs::create_dir(this.dir.path().join("dev")).unwrap();
        let node = fs::File::create(this.node()).unwrap();
        node.set_len(64 * 4096).unwrap();
        this
    }

    fn node(&self) -> std::path::PathBuf {
        self.dir.path().join("dev/uio2")
    }

    fn open(&self) -> Result<Box<dyn Nic>, NicError> {
        let endpoint = Endpoint::Dir(self.dir.path().into());
        let root = endpoint.open_sysfs().unwrap();
        let facts = Facts {
            host: 7,
            mac: [0, 0x10, 0x18, 0xfe, 0xdc, 0xba],
            mtu: 1500,
        };
        let host = host(&root, 7).unwrap();
        open::open(&endpoint, &root, &self.dir.path().join("dev"), &host, &facts)
    }
}

fn fails(machine: &Machine) -> (NicError, String) {
    match machine.open() {
        Ok(nic) => panic!("{} was opened", nic.name()),
        Err(error) => {
            let text = error.to_string();
            (error, text)
        }
    }
}

#[test]
fn without_a_uio_device_of_the_same_function_it_is_said_what_was_looked_for() {
    let elsewhere = "devices/pci0000:00/0000:00:06.0";
    for machine in [
        Machine::new("bnx2i", "bnx2_cnic", elsewhere, &[]),
        Machine::new("bnx2i", "qedi_uio", PCI, &[]),
    ] {
        let (error, text) = fails(&machine);
        assert!(
            matches!(error, NicError::NoUio { host: 7, seen: 1, .. }),
            "{error:?}"
        );
        for part in [
            "bnx2_cnic or bnx2x_cnic",
            "class/uio",
            "0000:00:05.0",
            "cnic loaded",
            "CONFIG_UIO",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}

#[test]
fn a_node_or_its_memory_that_is_missing_is_named() {
    let machine = Machine::new("bnx2i", "bnx2_cnic", PCI, &[0x12800, 128]);
    let (error, _) = fails(&machine);
    assert!(
        matches!(error, NicError::Uio(UioError::NoRegion { index: 2, .. })),
        "{error:?}"
    );
    fs::remove_file(machine.node()).unwrap();
    let (error, _) = fails(&machine);
    assert!(
        matches!(error, NicError::Uio(UioError::Missing { .. })),
        "{error:?}"
    );
}

#[test]
fn adapters_of_every_kind_are_told_apart_by_the_name_of_their_device() {
    // Memory of zeros is a ring that its driver has taken back.
    let machine = Machine::new("bnx2i", "bnx2_cnic", PCI, &[0x12800, 128, 8192, 4096]);
    assert!(matches!(fails(&machine).0, NicError::Layout(RingError::Closed)));
    let machine = Machine::new("bnx2i", "bnx2x_cnic", PCI, &[0x10000, 56, 16384, 16384, 4096]);
    assert!(matches!(fails(&machine).0, NicError::Layout(RingError::Closed)));
    let machine = Machine::new("bnx2i", "bnx2x_cnic", PCI, &[0x10000, 56, 16384, 16384]);
    assert!(matches!(
        fails(&machine).0,
        NicError::Layout(RingError::Unreachable { .. })
    ));
}

/// Answers one request on the endpoint's netlink socket as the kernel does; gives it back.
fn kernel(dir: &Path) -> impl FnOnce() -> Request + Send + use<> {
    let listener = socket::socket(AddressFamily::Unix, SockType::SeqPacket, SockFlag::empty(), None).unwrap();
    let path = dir.join("netlink");
    socket::bind(listener.as_raw_fd(), &UnixAddr::new(&path).unwrap()).unwrap();
    socket::listen(&listener, socket::Backlog::new(1).unwrap()).unwrap();
    let listener = UnixListener::from(listener);
    move || {
        // A read is a packet.
        let (mut client, _) = listener.accept().unwrap();
        let mut packet = [0; 4096];
        assert_eq!(client.read(&mut packet).unwrap(), 12, "who it is");
        let len = client.read(&mut packet).unwrap();
        let (header, request) = Request::decode(&packet[..len]).unwrap();
        let answer = Reply::to(&header, Ok(Return::None)).encode();
        client.write_all(&answer).unwrap();
        request
    }
}

#[test]
fn qedi_receives_from_its_memory_and_sends_by_telling_the_driver() {
    let machine = Machine::new("qedi", "qedi_uio", PCI, &[48, 4096, 16384]);
    let kernel = std::thread::spawn(kernel(machine.dir.path()));
    let mut nic = machine.open().unwrap();
    assert!(nic.link() && nic.name().starts_with("qedi "), "{}", nic.name());
    // The driver receives a frame into buffer 1.
    let node = fs::File::options()
        .read(true)
        .write(true)
        .open(machine.node())
        .unwrap();
    node.write_all_at(&[0x5a; 80], 2 * 4096 + 2 * 1024).unwrap();
    let descriptor: Vec<u8> = [1_u32, 80].iter().flat_map(|word| word.to_ne_bytes()).collect();
    node.write_all_at(&descriptor, 4096 + 12).unwrap();
    node.write_all_at(&1_u32.to_ne_bytes(), 32).unwrap();
    let mut room = room();
    assert_eq!(nic.receive(&mut room).unwrap(), Some(80));
    assert_eq!(room[..80], [0x5a; 80]);

    nic.send(&[0x33; 60]).unwrap();
    let mut sent = [0; 60];
    node.read_exact_at(&mut sent, 2 * 4096).unwrap();
    assert_eq!(sent, [0x33; 60]);
    match kernel.join().unwrap() {
        Request::PathUpdate { host_no: 7, path } => assert_eq!(path.handle, 0xf_e000_0000),
        other => panic!("{other:?}"),
    }
}
