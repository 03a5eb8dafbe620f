//! From a host to the UIO device of its ring.
//!
//! Source: `cnic.c` (`cnic_init_uio`), `qedi_main.c` (`qedi_init_uio`): the names, and that host, network device and UIO device are
//! children of the same PCI function.

use std::path::Path;

use driver_sys::Endpoint;
use driver_sys::netdev::Groups;
use driver_sys::sysfs::class::host::Host;
use driver_sys::sysfs::class::transport;
use driver_sys::sysfs::{Reader, Root};
use driver_sys::uio::{self, Description, Device};

use super::super::find::Facts;
use super::super::{Nic, NicError};
use super::kick::Kick;
use super::{Bnx2, Bnx2x, Link, Qedi, UioNic};

/// The length of qedi's buffers when its parameter cannot be read.
const QEDI_BUFFER: u32 = 1024;

/// Opens the ring of a host; nodes are in the directory `dev`.
pub(in crate::nic) fn open(
    endpoint: &Endpoint,
    root: &Root,
    dev: &Path,
    host: &Host,
    facts: &Facts,
) -> Result<Box<dyn Nic>, NicError> {
    let found = find(root, host)?;
    let device = Device::open(dev, &found)?;
    let link = match &host.iscsi.netdev {
        Some(netdev) if host.scsi.proc_name != "qedi" => Link::of(Root::open(root.path())?, netdev),
        _ => Link::unknown(),
    };
    let (mac, mtu) = (facts.mac, facts.mtu);
    Ok(match found.name.as_str() {
        "bnx2_cnic" => {
            let ring = Bnx2::new(device.map(0)?, device.map(1)?, device.map(2)?, device.map(3)?)?;
            let groups = host.iscsi.netdev.as_deref().map(Groups::all).transpose();
            let groups = groups.unwrap_or_else(|error| {
                tracing::warn!(host = facts.host, %error, "no neighbour is found by IPv6: the port hears no groups");
                None
            });
            Box::new(UioNic::new(device, ring, link, mac, mtu).hearing(groups))
        }
        "bnx2x_cnic" => {
            let doorbells = device.offers(4).then(|| device.map(4)).transpose()?;
            let function = found
                .parent
                .rsplit('.')
                .next()
                .and_then(|digit| u8::from_str_radix(digit, 16).ok());
            let ring = Bnx2x::new(
                device.map(0)?,
                doorbells,
                device.map(1)?,
                device.map(2)?,
                device.map(3)?,
                function.unwrap_or(0),
            )?;
            Box::new(UioNic::new(device, ring, link, mac, mtu))
        }
        _ => {
            let handle = transport::transport(root, "qedi")?.attrs.handle;
            let kick = Kick::new(endpoint.open_netlink(0)?, handle, facts.host);
            let place = root.at("module/qedi/parameters");
            let size = Reader::new()
                .may::<u32>(place, "qedi_ll2_buf_size")
                .ok()
                .flatten();
            let size = usize::try_from(size.unwrap_or(QEDI_BUFFER)).unwrap_or(usize::MAX);
            let ring = Qedi::new(device.map(0)?, device.map(1)?, device.map(2)?, size, kick)?;
            Box::new(UioNic::new(device, ring, link, mac, mtu))
        }
    })
}

/// The UIO device of the host's PCI function.
fn find(root: &Root, host: &Host) -> Result<Description, NicError> {
    let names: &[&str] = if host.scsi.proc_name == "qedi" {
        &["qedi_uio"]
    } else {
        &["bnx2_cnic", "bnx2x_cnic"]
    };
    let parents = parents(root, host);
    let listing = uio::devices(root)?;
    for skipped in &listing.skipped {
        tracing::warn!(%skipped, "a UIO device is left out");
    }
    let seen = listing.items.len();
    let mut fitting = listing.items.into_iter();
    fitting
        .find(|device| names.contains(&device.name.as_str()) && parents.contains(&device.parent))
        .ok_or_else(|| NicError::NoUio {
            host: host.host_no,
            names: names.join(" or "),
            place: format!("{}/class/uio", root.path().display()),
            seen,
            parent: parents.first().cloned().unwrap_or_else(|| "no device".into()),
            module: if host.scsi.proc_name == "qedi" {
                "qedi"
            } else {
                "cnic"
            },
        })
}

/// The devices that the host and its network device are children of; mostly the same one.
fn parents(root: &Root, host: &Host) -> Vec<String> {
    let of = |class: &str, name: &str, suffix: String| {
        let link = root.dir(class).and_then(|dir| dir.link(name)).ok()?;
        let path = link.trim_start_matches("../").strip_suffix(&suffix)?;
        Some(path.to_owned())
    };
    let name = format!("host{}", host.host_no);
    let own = of("class/iscsi_host", &name, format!("/{name}/iscsi_host/{name}"));
    let netdev = host.iscsi.netdev.as_ref();
    let netdev = netdev.and_then(|device| of("class/net", device, format!("/net/{device}")));
    own.into_iter().chain(netdev).collect()
}
