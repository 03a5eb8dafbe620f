//! Adapter ports. Source: `qla4xxx/ql4_attr.c`, `scsi_sysfs.c`.

use driver_sys::netlink::params::HostParam;
use driver_sys::sysfs::class::host::PortState;
use driver_sys::sysfs::class::netdev::{self, NetDev, OperState};
use driver_sys::sysfs::class::{endpoint, host, transport};
use driver_sys::sysfs::{Reader, Root};

use super::super::fault;
use super::{health, iface};
use crate::error::Result;
use crate::ids::HostNo;
use crate::model::{Adapter, AdapterKey, LoginBy, Security, capabilities};
use crate::quirks::Driver;

const CLASS: &str = "class/iscsi_host";

/// Names of all ports, by host number.
pub(in super::super) fn keys(root: &Root) -> Result<Vec<AdapterKey>> {
    let tried = "list adapters";
    let Some(dir) = root.dir_if_present(CLASS).map_err(|e| fault::sysfs(&e, tried))? else {
        return Ok(Vec::new());
    };
    let mut reader = Reader::new();
    let mut hosts: Vec<u32> = Vec::new();
    dir.for_each_name(|n| hosts.extend(number(n)))
        .map_err(|e| fault::sysfs(&e, tried))?;
    hosts.sort_unstable();
    let mut text = |at: &str, attr: &str| reader.may::<String>(root.at(at), attr).ok().flatten();
    Ok(hosts
        .into_iter()
        .map(|n| {
            let (scsi, iscsi) = (format!("class/scsi_host/host{n}"), format!("{CLASS}/host{n}"));
            AdapterKey {
                host: HostNo(n),
                transport: text(&scsi, "proc_name").map(|name| transport_name(&name).to_owned()),
                mac: HostParam::Hwaddress.attr().and_then(|attr| text(&iscsi, attr)),
                port_name: pci_address(root, n),
                serial: text(&scsi, "serial_num"),
                model: text(&scsi, "hba_model"),
            }
        })
        .collect())
}

/// Everything about one port; `None` when it is gone.
pub(in super::super) fn one(root: &Root, no: HostNo) -> Result<Option<Adapter>> {
    let found = match host::host(root, no.0) {
        Ok(found) => found,
        Err(e) if fault::is_gone(&e) => return Ok(None),
        Err(e) => return Err(fault::sysfs(&e, &format!("read {no}"))),
    };
    let host::Host {
        iscsi,
        scsi,
        qla4xxx: q,
        ..
    } = found;
    let transport = transport_name(&scsi.proc_name).to_owned();
    let caps = transport::transport(root, &transport)
        .ok()
        .map(|t| capabilities(t.attrs.caps.bits()));
    let driver = Driver::of(&transport);
    // What the driver does not tell of the link, the network device beside the port does.
    let beside = iscsi.netdev.as_deref().map(|name| netdev::netdev(root, name));
    let beside = beside.and_then(|read| read.ok().flatten());
    let link = iscsi.port_state.or_else(|| beside.as_ref().and_then(link_of));
    let speed = iscsi.port_speed.or_else(|| beside.as_ref().and_then(speed_of));
    let mtu = iface::all(root, no)?.into_iter().find_map(|i| i.mtu);
    let mtu = mtu.or_else(|| beside.and_then(|netdev| netdev.mtu));
    let text = |a: Option<driver_sys::sysfs::Address>| a.map(|a| a.to_string());
    Ok(Some(Adapter {
        host: no,
        unique_id: iscsi.hwaddress.as_deref().and_then(Adapter::unique_id_of),
        driver: Some(scsi.proc_name),
        vendor: driver.vendor.map(str::to_owned),
        limits: driver.limits(q.hba_model.as_deref()),
        logs_in: driver.logs_in,
        features: driver.features(q.hba_model.as_deref()),
        missing: driver.missing(q.hba_model.as_deref()),
        transport: Some(transport),
        model: q.hba_model,
        serial: q.serial_num,
        board_id: q.board_id.map(|id| format!("{:#010x}", id.0)),
        port_name: pci_address(root, no.0),
        mac: iscsi.hwaddress,
        netdev: iscsi.netdev,
        ip_address: text(iscsi.ipaddress),
        initiator_name: iscsi.initiatorname,
        health: health::of(
            scsi.state.as_deref(),
            q.fw_state.map(|s| (s.state, s.additional)),
            link.as_ref(),
        ),
        state: scsi.state,
        link: link.map(|s| s.to_string()),
        speed,
        max_link_speed: None,
        mtu,
        firmware_version: q.fw_version,
        firmware_timestamp: q.fw_timestamp,
        firmware_ext_timestamp: q.fw_ext_timestamp,
        firmware_build_user: q.fw_build_user,
        firmware_load_source: q.fw_load_src,
        firmware_state: q
            .fw_state
            .map(|s| format!("{:#010x} {:#x}", s.state, s.additional)),
        firmware_uptime: q.fw_uptime,
        option_rom_version: q.optrom_version,
        asic_version: None,
        iscsi_version: q.iscsi_version,
        // RFC 7143 has one version, 0, and the drivers speak no other.
        protocol_version_min: Some(0),
        protocol_version_max: Some(0),
        port_count: q.phy_port_cnt.map(|n| n.0),
        port_number: q.phy_port_num.map(|n| n.0),
        function_count: q.iscsi_func_cnt.map(|n| n.0),
        max_cdb_length: driver.max_cdb,
        can_queue: scsi.can_queue,
        integrated_tcpip: driver.integrated_tcpip,
        multifunction: driver.multifunction,
        // The kernel itself has none (6.1 `scsi_lib.c`).
        bidirectional_commands: driver.logs_in.map(|_| false),
        capabilities: caps,
        helper: None,
        sessions: count_sessions(root, no),
        endpoints: endpoint::count(root)
            .ok()
            .flatten()
            .filter(|_| driver.logs_in == Some(LoginBy::Daemon)),
        cache_valid: None,
        generation: None,
        security: security(driver),
    }))
}

/// The link of a port whose driver leaves it to the network device.
fn link_of(netdev: &NetDev) -> Option<PortState> {
    match netdev.operstate.as_ref()? {
        OperState::Up => Some(PortState::Up),
        OperState::Down | OperState::LowerLayerDown | OperState::NotPresent => Some(PortState::Down),
        _ => None,
    }
}

/// Its speed, as drivers of ports write theirs.
fn speed_of(netdev: &NetDev) -> Option<String> {
    let mbps = netdev.speed.filter(|mbps| *mbps > 0)?;
    Some(if mbps % 1000 == 0 {
        format!("{} Gbps", mbps / 1000)
    } else {
        format!("{mbps} Mbps")
    })
}

/// The transport of a driver: iscsi_tcp's is called tcp.
pub(in super::super) fn transport_name(proc_name: &str) -> &str {
    if proc_name == "iscsi_tcp" {
        "tcp"
    } else {
        proc_name
    }
}

/// What both sides can prove, and how. Which CHAP algorithms are offered is the business of whoever logs in: the drivers neither ask nor
/// tell.
fn security(driver: &Driver) -> Security {
    let chap = driver.logs_in.map(|_| true);
    Security {
        chap_one_way: chap,
        chap_mutual: chap,
        chap_algorithms: None,
        ipsec: false,
        ipsec_encryptions: Vec::new(),
        certificates: false,
    }
}

fn number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("host")?;
    digits
        .bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| digits.parse().ok())
        .flatten()
}

/// The PCI function above the host in the device tree.
fn pci_address(root: &Root, host: u32) -> Option<String> {
    let link = root.top().link(&format!("{CLASS}/host{host}")).ok()?;
    let own = format!("host{host}");
    let before = link.split('/').take_while(|part| *part != own);
    let is_pci = |part: &&str| {
        let shape: Vec<&str> = part.split([':', '.']).collect();
        shape.len() == 4
            && shape
                .iter()
                .zip([4, 2, 2, 1])
                .all(|(s, n)| s.len() == n && s.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    before.filter(is_pci).last().map(str::to_owned)
}

/// The name of the card that a host is a port of, fit for a file: ports are functions of one PCI slot and share its flash and NVRAM.
/// Hosts that are on no PCI bus cannot be told apart by their cards, and are taken as one.
pub(in super::super) fn card(root: &Root, host: HostNo) -> String {
    let slot = |function: String| function.rsplit_once('.').map(|(slot, _)| slot.replace(':', "-"));
    pci_address(root, host.0)
        .and_then(slot)
        .unwrap_or_else(|| "any".to_owned())
}

fn count_sessions(root: &Root, host: HostNo) -> Option<u32> {
    let dir = root.dir_if_present("class/iscsi_session").ok()?;
    let Some(dir) = dir else { return Some(0) };
    let part = format!("/{host}/");
    let mut count = 0;
    let mut names = Vec::new();
    dir.for_each_name(|n| names.push(n.to_owned())).ok()?;
    for name in names {
        if dir.link(&name).is_ok_and(|link| link.contains(&part)) {
            count += 1;
        }
    }
    Some(count)
}
