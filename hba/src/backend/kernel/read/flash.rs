//! Flash targets.

use driver_sys::netlink::params::{FlashnodeParam, Object};
use driver_sys::sysfs::{Dir, Reader, Root};

use super::super::fault;
use super::param;
use crate::backend::BootMark;
use crate::error::Result;
use crate::ids::HostNo;
use crate::model::FlashTarget;
use crate::params::{ParamValue, Params};

const DEVICES: &str = "bus/iscsi_flashnode/devices";

/// Flash targets of a port, by index.
pub(in super::super) fn all(root: &Root, host: HostNo) -> Result<Vec<FlashTarget>> {
    let Some((dir, indices)) = entries(root, host)? else {
        return Ok(Vec::new());
    };
    let mut reader = Reader::new();
    Ok(indices
        .into_iter()
        .filter_map(|i| read(&dir, &mut reader, host, i))
        .collect())
}

/// Index and target name of a port's flash targets, by index: one attribute each.
pub(in super::super) fn names(root: &Root, host: HostNo) -> Result<Vec<(u32, Option<String>)>> {
    let Some((dir, indices)) = entries(root, host)? else {
        return Ok(Vec::new());
    };
    let mut reader = Reader::new();
    let name = |index: u32| {
        let object = format!("flashnode_sess-{}:{index}", host.0);
        let value = param(&mut reader, dir.at(&object), FlashnodeParam::Name);
        (
            index,
            value.map(|v| v.to_string()).filter(|name| !name.is_empty()),
        )
    };
    Ok(indices.into_iter().map(name).collect())
}

/// The entries of all ports that a machine starts from: of the others one attribute is read.
pub(in super::super) fn boot_marks(root: &Root) -> Result<Vec<BootMark>> {
    let fail = |e: &driver_sys::sysfs::Error| fault::sysfs(e, "read the boot targets in flash");
    let Some(dir) = root.dir_if_present(DEVICES).map_err(|e| fail(&e))? else {
        return Ok(Vec::new());
    };
    let mut reader = Reader::new();
    let mut found = Vec::new();
    dir.for_each_name(|name| {
        let entry = name
            .strip_prefix("flashnode_sess-")
            .and_then(|entry| entry.split_once(':'));
        let Some((Ok(host), Ok(index))) = entry.map(|(h, i)| (h.parse::<u32>(), i.parse::<u32>())) else {
            return;
        };
        let boots = param(&mut reader, dir.at(name), FlashnodeParam::IsBootTgt);
        if boots.and_then(|v| v.as_flag()) == Some(true) {
            found.push((HostNo(host), index));
        }
    })
    .map_err(|e| fail(&e))?;
    found.sort_unstable();
    let mark = |(host, index)| {
        let entry = read(&dir, &mut reader, host, index)?;
        let isid = entry.params.value(FlashnodeParam::Isid);
        Some(BootMark {
            host: Some(host),
            isid: isid.and_then(ParamValue::as_text).map(str::to_owned),
            target: entry.target_name?,
            address: entry.address?,
            port: entry.port?,
        })
    };
    Ok(found.into_iter().filter_map(mark).collect())
}

/// The directory of the entries, and the indices of a port's; `None` without the class.
fn entries(root: &Root, host: HostNo) -> Result<Option<(Dir, Vec<u32>)>> {
    let fail = |e: &driver_sys::sysfs::Error| fault::sysfs(e, &format!("read the flash targets of {host}"));
    let Some(dir) = root.dir_if_present(DEVICES).map_err(|e| fail(&e))? else {
        return Ok(None);
    };
    let prefix = format!("flashnode_sess-{}:", host.0);
    let mut indices: Vec<u32> = Vec::new();
    dir.for_each_name(|name| indices.extend(name.strip_prefix(&prefix).and_then(|n| n.parse::<u32>().ok())))
        .map_err(|e| fail(&e))?;
    indices.sort_unstable();
    Ok(Some((dir, indices)))
}

/// One flash target; `None` when there is none.
pub(in super::super) fn one(root: &Root, host: HostNo, index: u32) -> Result<Option<FlashTarget>> {
    let tried = format!("read flash target {index} of {host}");
    let dir = root
        .dir_if_present(DEVICES)
        .map_err(|e| fault::sysfs(&e, &tried))?;
    Ok(dir.and_then(|dir| read(&dir, &mut Reader::new(), host, index)))
}

fn read(dir: &Dir, reader: &mut Reader, host: HostNo, index: u32) -> Option<FlashTarget> {
    let session = format!("flashnode_sess-{}:{index}", host.0);
    let connection = format!("flashnode_conn-{}:{index}:0", host.0);
    let (at_session, at_connection) = (dir.at(&session), dir.at(&connection));
    if !at_session.exists() {
        return None;
    }
    let params: Params<FlashnodeParam> = FlashnodeParam::ALL
        .iter()
        .map(|one| {
            let of_connection = one
                .info()
                .is_some_and(|info| info.object == Object::FlashConnection);
            let at = if of_connection { at_connection } else { at_session };
            (*one, param(reader, at, *one))
        })
        .collect();
    // Removed meanwhile: what was read is no entry.
    at_session
        .exists()
        .then(|| FlashTarget::from_params(host, index, params))
}
