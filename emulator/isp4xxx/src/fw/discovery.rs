//! What a SendTargets entry finds.
//!
//! Owns how records become DDBs: an entry for each target and address, like its parent in everything else, linked to it.
//! Source: `ql4_os.c` `qla4xxx_build_nt_list`, `qla4xxx_build_new_nt_list` (the driver walks the table for entries with a
//! name and without a connection).

use std::net::{IpAddr, SocketAddr};

use driver_sys::hw::ddb::{DdbOptions, DdbState, IscsiOptions};
use driver_sys::hw::raw::dev_db_entry;

use super::Aen;
use super::port::{Ctx, Port};

/// A target at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// iSCSI name.
    pub(super) name: String,
    /// Where.
    pub(super) at: SocketAddr,
    /// Portal group tag.
    pub(super) tpgt: u16,
}

/// Turns what `parent` found into entries and ends the discovery.
pub(super) fn store(port: &mut Port, cx: &mut Ctx<'_>, parent: u16, found: &[Found]) {
    let Some(template) = port.ddbs.get(parent).map(|ddb| *ddb.configured) else {
        return;
    };
    for target in found {
        if port.acb.source_for(target.at.ip()).is_none() {
            // An address of a family this port does not speak.
            continue;
        }
        let Some(mut entry) = entry(&template, parent, target) else {
            continue;
        };
        // Two paths to one target with one ISID would end each other for ever (RFC 7143 section 6.3.5).
        let Some(isid) = port.ddbs.path_isid(&entry) else {
            tracing::warn!(port = port.number, target = %target.name, at = %target.at, "no ISID is left for one more path");
            continue;
        };
        entry.isid = isid;
        let index = match port.ddbs.find_same(&entry) {
            // It runs already; the driver tells duplicates apart itself and wants to see every one.
            Some((_, ddb)) if ddb.busy() && port.auto_connect => continue,
            Some((index, ddb)) if !ddb.busy() => Some(index),
            _ => port.ddbs.add_dynamic(entry),
        };
        let Some(index) = index else {
            tracing::warn!(port = port.number, target = %target.name, "no room for a discovered target");
            break;
        };
        if port.auto_connect {
            cx.out.aen(
                port.number,
                Aen::DatabaseChanged {
                    ddb: index,
                    state: DdbState::NoConnectionActive,
                    error: 0,
                },
            );
            if let Some(ddb) = port.ddbs.get_mut(index) {
                ddb.retry_at = Some(cx.now);
                port.auto_pending.push(index);
            }
        }
    }
}

/// The entry of a found target; `None` when its name does not fit.
fn entry(template: &dev_db_entry, parent: u16, target: &Found) -> Option<dev_db_entry> {
    let mut entry = *template;
    entry.iscsi_name = [0; 224];
    entry
        .iscsi_name
        .get_mut(..target.name.len())?
        .copy_from_slice(target.name.as_bytes());
    entry.iscsi_alias = [0; 32];
    entry.tgt_addr = [0; 32];
    entry.ip_addr = [0; 16];
    let mut options = template.option_flags();
    options.remove(DdbOptions::DISC_SESSION);
    options.set(DdbOptions::IPV6_DEVICE, target.at.is_ipv6());
    entry.set_option_flags(options | DdbOptions::TARGET);
    let iscsi = template.iscsi_flags();
    entry.set_iscsi_flags(iscsi.difference(IscsiOptions::DISCOVERY_AUTH_OPTIONAL));
    match target.at.ip() {
        IpAddr::V4(ip) => entry.ip_addr[..4].copy_from_slice(&ip.octets()),
        IpAddr::V6(ip) => entry.ip_addr = ip.octets(),
    }
    entry.port.set(target.at.port());
    entry.tgt_portal_grp.set(target.tpgt);
    entry.ddb_link.set(parent);
    Some(entry)
}

#[cfg(test)]
mod tests {
    use driver_sys::hw::until_nul;

    use super::*;
    use crate::flash::inspect::portal;

    #[test]
    fn a_found_target_takes_everything_else_from_its_parent() {
        let mut template = dev_db_entry::default();
        template.set_option_flags(DdbOptions::DISC_SESSION | DdbOptions::IPV6_DEVICE);
        template.set_iscsi_flags(IscsiOptions::CHAP_AUTH | IscsiOptions::DISCOVERY_AUTH_OPTIONAL);
        template.chap_tbl_idx.set(7);
        template.isid = [1, 2, 3, 4, 5, 6];
        let target = Found {
            name: "iqn.2026-01.x:y".into(),
            at: "10.0.0.9:3261".parse().unwrap(),
            tpgt: 5,
        };
        let made = entry(&template, 9, &target).unwrap();
        assert_eq!(until_nul(&made.iscsi_name), b"iqn.2026-01.x:y");
        assert_eq!(portal(&made), Some(target.at));
        assert_eq!(made.option_flags(), DdbOptions::TARGET);
        assert_eq!(made.iscsi_flags(), IscsiOptions::CHAP_AUTH);
        assert_eq!(
            (
                made.chap_tbl_idx.get(),
                made.ddb_link.get(),
                made.tgt_portal_grp.get()
            ),
            (7, 9, 5)
        );
        assert_eq!(made.isid, template.isid);
        let long = Found {
            name: "x".repeat(225),
            ..target
        };
        assert!(entry(&template, 9, &long).is_none());
    }
}
