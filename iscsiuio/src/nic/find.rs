//! From the number of a host to its ring.
//!
//! Owns what has to be looked up for it: transport, MAC address, MTU, and where the ring is. Must not know rings. Source:
//! `bnx2i_iscsi.c` (`bnx2i_host_get_param`), `qedi_iscsi.c` (`qedi_host_get_param`).

use std::path::Path;
use std::time::Duration;

use driver_sys::Endpoint;
use driver_sys::port::Until;
use driver_sys::sysfs::class::host::{self, Host};
use driver_sys::sysfs::{Fault, Reader, Root};

use super::{Nic, NicError, Ring, check, uio};

/// How long an emulated adapter may take to let somebody in.
const CONNECT: Duration = Duration::from_secs(1);
/// The MTU of a port whose network device does not say.
const DEFAULT_MTU: u32 = 1500;

/// What a host says of itself.
pub(super) struct Facts {
    pub(super) host: u32,
    pub(super) mac: [u8; 6],
    pub(super) mtu: u16,
}

/// Opens the ring of a host.
///
/// # Errors
/// [`NicError`]: what was looked for, where, and what can be done.
pub fn open(endpoint: &Endpoint, host: u32) -> Result<Box<dyn Nic>, NicError> {
    let root = endpoint.open_sysfs()?;
    let found = look(&root, host)?;
    let transport = found.scsi.proc_name.as_str();
    if !matches!(transport, "bnx2i" | "qedi") {
        return Err(NicError::Helperless {
            host,
            transport: transport.into(),
        });
    }
    let facts = Facts {
        host,
        mac: address(&root, &found)?,
        mtu: mtu(&root, &found),
    };
    match endpoint.dir() {
        Some(dir) => Ok(Box::new(Ring::open(
            dir,
            facts.host,
            facts.mac,
            facts.mtu,
            Until::after(CONNECT),
        )?)),
        None => uio::open::open(endpoint, &root, Path::new("/dev"), &found, &facts),
    }
}

fn look(root: &Root, number: u32) -> Result<Host, NicError> {
    host::host(root, number).map_err(|error| match error.fault {
        Fault::Missing | Fault::Vanished => NicError::NoHost {
            host: number,
            place: format!("{}/class/iscsi_host", root.path().display()),
        },
        _ => error.into(),
    })
}

fn address(root: &Root, host: &Host) -> Result<[u8; 6], NicError> {
    let text = host.iscsi.hwaddress.as_deref().unwrap_or_default();
    // Zeros are what a port has that was given none; a group's address is nobody's.
    let usable = |mac: &[u8; 6]| *mac != [0; 6] && mac[0] & 1 == 0;
    crate::ipc::mac(text)
        .filter(usable)
        .ok_or_else(|| NicError::NoMac {
            host: host.host_no,
            place: format!(
                "{}/class/iscsi_host/host{}/hwaddress",
                root.path().display(),
                host.host_no
            ),
            found: text.chars().take(32).collect(),
        })
}

/// The MTU of the host's network device. qedi's hosts have none (they call themselves by their own number).
fn mtu(root: &Root, host: &Host) -> u16 {
    let read = |device: &String| {
        let place = format!("class/net/{device}");
        Reader::new().may::<u32>(root.at(&place), "mtu").ok().flatten()
    };
    check::mtu(host.iscsi.netdev.as_ref().and_then(read).unwrap_or(DEFAULT_MTU))
}

#[cfg(test)]
mod tests;
