//! Adapters.

use hba::model::Adapter;

use crate::output::{Details, Table, flag, known, yes};

pub(crate) fn table(all: &[Adapter]) -> Table {
    let rows = all.iter().map(|a| {
        vec![
            a.host.to_string(),
            known(a.driver.as_ref()),
            known(a.model.as_ref()),
            known(a.mac.as_ref()),
            known(a.ip_address.as_ref()),
            known(a.link.as_ref()),
            known(a.speed.as_ref()),
            known(a.firmware_version.as_ref()),
            known(a.sessions),
        ]
    });
    Table {
        heads: &[
            "HOST", "DRIVER", "MODEL", "MAC", "ADDRESS", "LINK", "SPEED", "FIRMWARE", "SESSIONS",
        ],
        rows: rows.collect(),
    }
}

pub(crate) fn details(a: &Adapter) -> Details {
    let mut rows: Details = Vec::new();
    let mut add = |name: &str, value: String| rows.push((name.to_owned(), value));
    add("Host", a.host.to_string());
    add("Unique id", known(a.unique_id.as_ref()));
    add("Vendor", known(a.vendor.as_ref()));
    add("Model", known(a.model.as_ref()));
    add("Serial number", known(a.serial.as_ref()));
    add("Board id", known(a.board_id.as_ref()));
    add("PCI function", known(a.port_name.as_ref()));
    add("Driver", known(a.driver.as_ref()));
    add("Transport", known(a.transport.as_ref()));
    add("State", known(a.state.as_ref()));
    add("Network", String::new());
    add("MAC", known(a.mac.as_ref()));
    add("Network interface", known(a.netdev.as_ref()));
    add("Address", known(a.ip_address.as_ref()));
    add("Initiator name", known(a.initiator_name.as_ref()));
    add("Link", known(a.link.as_ref()));
    add("Speed", known(a.speed.as_ref()));
    add("MTU (bytes)", known(a.mtu));
    add("Port", known(a.port_number));
    add("Ports of the card", known(a.port_count));
    add("iSCSI functions", known(a.function_count));
    add("Firmware", String::new());
    add("Version", known(a.firmware_version.as_ref()));
    add("Built", known(a.firmware_timestamp.as_ref()));
    add("Built (extended)", known(a.firmware_ext_timestamp.as_ref()));
    add("Built by", known(a.firmware_build_user.as_ref()));
    add("Loaded from", known(a.firmware_load_source.as_ref()));
    add("Firmware state", known(a.firmware_state.as_ref()));
    add("Uptime", known(a.firmware_uptime.as_ref()));
    add("Option ROM", known(a.option_rom_version.as_ref()));
    add("ASIC", known(a.asic_version.as_ref()));
    add("iSCSI version", known(a.iscsi_version.as_ref()));
    add(
        "Protocol versions",
        format!(
            "{} to {}",
            known(a.protocol_version_min),
            known(a.protocol_version_max)
        ),
    );
    add("Abilities", String::new());
    add("Longest CDB (bytes)", known(a.max_cdb_length));
    add("Commands queued", known(a.can_queue));
    add("Shares the OS's TCP/IP", flag(a.integrated_tcpip));
    add("Multifunction", flag(a.multifunction));
    add("Bidirectional commands", flag(a.bidirectional_commands));
    let capabilities = a.capabilities.as_ref().map(|caps| {
        caps.iter()
            .filter_map(|cap| serde_json::to_value(cap).ok()?.as_str().map(str::to_owned))
            .collect::<Vec<_>>()
            .join(" ")
    });
    add("Transport capabilities", known(capabilities));
    let f = &a.features;
    for (name, has) in [
        ("Flash targets", f.flash),
        ("CHAP table", f.chap_table),
        ("Interface parameters", f.iface),
        ("Ping", f.ping),
        ("Host statistics", f.host_stats),
        ("Boot targets", f.boot),
        ("IPsec", f.ipsec),
        ("iSNS", f.isns),
        ("SLP", f.slp),
        ("RADIUS", f.radius),
        ("Several connections a session", f.multi_connection),
    ] {
        add(name, yes(has).to_owned());
    }
    add("Table sizes", String::new());
    add("Flash targets (entries)", known(a.limits.flash_targets));
    add("CHAP entries", known(a.limits.chap_entries));
    add("IPv4 interfaces", known(a.limits.ipv4_ifaces));
    add("IPv6 interfaces", known(a.limits.ipv6_ifaces));
    add("Sessions", known(a.sessions));
    rows
}
