//! What the boot firmware tells the kernel.

use driver_sys::boot::{BootTree, ChapType, Ethernet, Source, Target, boot_trees};
use driver_sys::sysfs::Root;
use driver_sys::sysfs::class::module;

use super::super::fault;
use super::items;
use crate::backend::{BootMark, FirmwareBoot};
use crate::error::Result;
use crate::ids::HostNo;
use crate::model::{BootNic, BootTable, BootTarget};
use crate::secret::Secret;

/// Boot targets of a port. The driver exports them only when it does not log in to them itself.
pub(in super::super) fn of(root: &Root, host: HostNo) -> Result<FirmwareBoot> {
    let fail = |e: &driver_sys::sysfs::Error| fault::sysfs(e, &format!("read the boot targets of {host}"));
    let trees = items(boot_trees(root).map_err(|e| fail(&e))?);
    let tree = trees.into_iter().find(|t| t.source == Source::Host(host.0));
    let parameters = module::qla4xxx(root).map_err(|e| fail(&e))?;
    let driver_logs_in = parameters.and_then(|p| p.disable_sysfs_boot).map(|n| n != 0);
    Ok(tree.map_or_else(FirmwareBoot::default, firmware)).map(|f| FirmwareBoot { driver_logs_in, ..f })
}

/// What the firmware tells the kernel that the machine starts from, whoever exports it.
pub(in super::super) fn marks(root: &Root) -> Result<Vec<BootMark>> {
    let targets = tables(root)?.into_iter().flat_map(|table| table.targets);
    Ok(targets
        .filter_map(|target| {
            Some(BootMark {
                host: None,
                target: target.target_name?,
                address: target.address?,
                port: target.port?,
                isid: None,
            })
        })
        .collect())
}

/// Every table that there is.
pub(in super::super) fn tables(root: &Root) -> Result<Vec<BootTable>> {
    let trees = boot_trees(root).map_err(|e| fault::sysfs(&e, "read the tables of the boot firmware"))?;
    Ok(items(trees).into_iter().map(table).collect())
}

fn table(tree: BootTree) -> BootTable {
    let (name, host) = match tree.source {
        Source::Ibft => ("ibft".to_owned(), None),
        Source::Host(n) => (format!("iscsi_boot{n}"), Some(HostNo(n))),
    };
    let nic = |e: Ethernet| BootNic {
        mac: e.mac.map(|m| m.0),
        address: e.ip_addr.map(|a| a.to_string()),
        vlan: e.vlan.filter(|vlan| *vlan != 0),
    };
    BootTable {
        name,
        host,
        initiator_name: tree.initiator.and_then(|i| i.initiator_name).map(|n| n.0),
        nics: tree.ethernets.into_iter().map(|(n, e)| (n, nic(e))).collect(),
        targets: tree.targets.into_iter().map(|(n, t)| used(n, t)).collect(),
    }
}

/// A target without the names and secrets that its table does not use.
fn used(number: u32, t: Target) -> BootTarget {
    let proof = t.chap_type;
    let mut target = target(number, t);
    if proof == Some(ChapType::None) {
        target.chap_username = None;
        target.chap_secret = None;
    }
    if matches!(proof, Some(ChapType::None | ChapType::OneWay)) {
        target.reverse_chap_username = None;
        target.reverse_chap_secret = None;
    }
    target
}

fn firmware(tree: BootTree) -> FirmwareBoot {
    FirmwareBoot {
        targets: tree.targets.into_iter().map(|(n, t)| target(n, t)).collect(),
        initiator_name: tree.initiator.and_then(|i| i.initiator_name).map(|n| n.0),
        mac: tree.ethernets.into_iter().find_map(|(_, e)| e.mac).map(|m| m.0),
        driver_logs_in: None,
    }
}

fn target(number: u32, t: Target) -> BootTarget {
    let secret = |s: Option<driver_sys::boot::TrimmedSecret>| s.map(|s| Secret::stored(s.0.expose()));
    BootTarget {
        name: format!("target{number}"),
        target_name: t.target_name.map(|n| n.0),
        address: t.ip_addr.map(|a| a.to_string()),
        port: t.port,
        lun: t.lun.map(|l| l.0),
        chap_username: t.chap_name.map(|n| n.0),
        chap_secret: secret(t.chap_secret),
        reverse_chap_username: t.rev_chap_name.map(|n| n.0),
        reverse_chap_secret: secret(t.rev_chap_secret),
        nic: t.nic_assoc,
        flags: t.flags.map(|f| f.bits()),
    }
}
