//! Interfaces.

use driver_sys::sysfs::class::iface::{Family as SysFamily, IfaceId as SysId};
use driver_sys::sysfs::{Reader, Root};

use super::super::fault;
use super::adapter::transport_name;
use super::param;
use crate::error::Result;
use crate::ids::{Family, HostNo, IfaceId};
use crate::model::Iface;
use crate::params::{IfaceCode, Parameter, Params, fits_family};
use crate::quirks::Driver;

const CLASS: &str = "class/iscsi_iface";

/// Interfaces of a port: IPv4 first, then by number. With those of a protocol that is off, where the driver takes their objects away.
pub(in super::super) fn all(root: &Root, host: HostNo) -> Result<Vec<Iface>> {
    let mut found = present(root, host)?;
    let mut reader = Reader::new();
    let at = format!("class/scsi_host/{host}");
    let mut text = |attr: &str| reader.may::<String>(root.at(&at), attr).ok().flatten();
    if let Some(driver) = text("proc_name") {
        let model = text("hba_model");
        for (family, num) in Driver::of(transport_name(&driver)).switched_ifaces(model.as_deref()) {
            let id = IfaceId { host, family, num };
            if found.iter().all(|i| i.id() != id) {
                found.push(Iface::off(id));
            }
        }
        found.sort_by_key(Iface::id);
    }
    Ok(found)
}

/// Interfaces that have an object.
fn present(root: &Root, host: HostNo) -> Result<Vec<Iface>> {
    let fail = |e: &driver_sys::sysfs::Error| fault::sysfs(e, &format!("read the interfaces of {host}"));
    let Some(dir) = root.dir_if_present(CLASS).map_err(|e| fail(&e))? else {
        return Ok(Vec::new());
    };
    let mut ids = Vec::new();
    dir.for_each_name(|name| ids.extend(SysId::parse(name).map(own).filter(|id| id.host == host)))
        .map_err(|e| fail(&e))?;
    ids.sort_unstable();
    let mut reader = Reader::new();
    let mut found = Vec::new();
    for id in ids {
        let name = id.to_string();
        let at = dir.at(&name);
        let params: Params<IfaceCode> = IfaceCode::all()
            .filter(|one| fits_family(*one, id.family))
            .map(|one| (one, param(&mut reader, at, one)))
            .collect();
        if at.exists() {
            found.push(Iface::from_params(id, params));
        }
    }
    Ok(found)
}

fn own(id: SysId) -> IfaceId {
    let family = match id.family {
        SysFamily::Ipv4 => Family::Ipv4,
        SysFamily::Ipv6 => Family::Ipv6,
    };
    IfaceId {
        host: HostNo(id.host_no),
        family,
        num: id.number,
    }
}
