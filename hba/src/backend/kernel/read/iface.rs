//! Interfaces.

use driver_sys::sysfs::class::iface::{Family as SysFamily, IfaceId as SysId};
use driver_sys::sysfs::{Reader, Root};

use super::super::fault;
use super::param;
use crate::error::Result;
use crate::ids::{Family, HostNo, IfaceId};
use crate::model::Iface;
use crate::params::{IFACE, Params, fits_family};

const CLASS: &str = "class/iscsi_iface";

/// Interfaces of a port: IPv4 first, then by number.
pub(in super::super) fn all(root: &Root, host: HostNo) -> Result<Vec<Iface>> {
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
        let params: Params = IFACE
            .iter()
            .filter(|s| fits_family(s.name, id.family))
            .map(|spec| (spec.name.to_owned(), param(&mut reader, at, spec)))
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
