//! Logical units behind iSCSI sessions.

use std::io::Read as _;

use driver_sys::sysfs::Root;
use driver_sys::sysfs::class::{block, device};

use super::super::fault;
use super::items;
use crate::backend::{LunScope, StackDisk};
use crate::error::Result;
use crate::model::Lun;

/// Header of a VPD page.
const VPD_HEADER: usize = 4;
const VPD_MAX: u64 = 260;

/// Logical units of a scope, by address.
pub(in super::super) fn all(root: &Root, scope: LunScope) -> Result<Vec<Lun>> {
    Ok(units(root, scope)?.into_iter().map(|d| lun(root, d)).collect())
}

/// The disks of a scope, by address, reading no more of them.
pub(in super::super) fn disks(root: &Root, scope: LunScope) -> Result<Vec<StackDisk>> {
    let disk = |d: device::ScsiDevice| {
        d.block.map(|name| StackDisk {
            address: d.hctl.to_string(),
            sid: d.sid,
            name,
        })
    };
    Ok(units(root, scope)?.into_iter().filter_map(disk).collect())
}

fn units(root: &Root, scope: LunScope) -> Result<Vec<device::ScsiDevice>> {
    let host = match scope {
        LunScope::Host(host) => Some(host.0),
        LunScope::All | LunScope::Session(_) => None,
    };
    let devices = device::scsi_devices(root, host).map_err(|e| fault::sysfs(&e, "list logical units"))?;
    let mut luns: Vec<_> = items(devices)
        .into_iter()
        .filter(|d| match scope {
            LunScope::Session(sid) => d.sid == Some(sid),
            LunScope::All | LunScope::Host(_) => d.sid.is_some(),
        })
        .collect();
    luns.sort_by_key(|d| d.hctl);
    Ok(luns)
}

fn lun(root: &Root, d: device::ScsiDevice) -> Lun {
    let address = d.hctl.to_string();
    let size_bytes = d
        .block
        .as_deref()
        .and_then(|name| block::block_of(root, d.hctl, name).ok())
        .and_then(|b| b.bytes());
    Lun {
        sid: d.sid,
        vendor: d.attrs.vendor,
        model: d.attrs.model,
        revision: d.attrs.rev,
        serial: serial(root, &address),
        device_type: d.attrs.device_type.map(u32::from),
        size_bytes,
        block_device: d.block,
        sg_device: d.generic,
        unusable: unusable(d.attrs.device_type, size_bytes),
        state: d.attrs.state,
        queue_depth: d.attrs.queue_depth,
        command_timeout: d.attrs.timeout,
        address,
    }
}

/// A disk that the kernel shows without capacity (`sd.c`, `sd_read_capacity`).
fn unusable(device_type: Option<u8>, size: Option<u64>) -> Option<String> {
    (device_type == Some(0) && size == Some(0)).then(|| {
        "the kernel takes no capacity from it: it is not ready, or its sectors are none of 512, 1024, 2048, 4096 bytes"
            .to_owned()
    })
}

/// The unit serial number as the kernel keeps it (binary, VPD page 0x80).
fn serial(root: &Root, address: &str) -> Option<String> {
    let path = root
        .path()
        .join("bus/scsi/devices")
        .join(address)
        .join("vpd_pg80");
    let mut page = Vec::new();
    std::fs::File::open(path)
        .ok()?
        .take(VPD_MAX)
        .read_to_end(&mut page)
        .ok()?;
    let length = usize::from(*page.get(3)?);
    let text = page.get(VPD_HEADER..page.len().min(VPD_HEADER + length))?;
    let text = String::from_utf8_lossy(text).trim_matches([' ', '\0']).to_owned();
    (!text.is_empty()).then_some(text)
}
