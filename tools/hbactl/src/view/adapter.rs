//! Adapters.

use hba::model::{Adapter, InitiatorPortal, LoginBy};
use hba::ops::memory::{Dump, SelfTestReport};

use crate::output::{Details, Table, flag, known, yes};

/// The last one only where a port has one.
const HEADS: &[&str] = &[
    "HOST", "DRIVER", "MODEL", "MAC", "ADDRESS", "LINK", "SPEED", "FIRMWARE", "SESSIONS", "NETDEV",
];

pub(crate) fn table(all: &[Adapter]) -> Table {
    // Ports of adapters that are all the iSCSI there is have no network device beside them.
    let beside = all.iter().any(|a| a.netdev.is_some());
    let rows = all.iter().map(|a| {
        let mut row = vec![
            a.host.to_string(),
            known(a.driver.as_ref()),
            known(a.model.as_ref()),
            known(a.mac.as_ref()),
            known(a.ip_address.as_ref()),
            known(a.link.as_ref()),
            known(a.speed.as_ref()),
            known(a.firmware_version.as_ref()),
            known(a.sessions),
        ];
        if beside {
            row.push(a.netdev.clone().unwrap_or_else(|| "-".to_owned()));
        }
        row
    });
    let (heads, all_heads) = (&HEADS[..HEADS.len() - 1], HEADS);
    Table {
        heads: if beside { all_heads } else { heads },
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
    add(
        "Health",
        match (&a.health.status, &a.health.reason) {
            (Some(status), Some(reason)) => format!("{status} ({reason})"),
            (None, Some(reason)) => format!("n/a ({reason})"),
            (status, None) => known(status.as_ref()),
        },
    );
    add("State", known(a.state.as_ref()));
    add("Generation", known(a.generation.as_ref()));
    add(
        "Cache valid",
        a.cache_valid.map_or_else(
            || "n/a (nothing is kept beside the adapter)".to_owned(),
            |valid| yes(valid).to_owned(),
        ),
    );
    add("Network", String::new());
    add("MAC", known(a.mac.as_ref()));
    add("Network interface", known(a.netdev.as_ref()));
    add("Address", known(a.ip_address.as_ref()));
    add("Initiator name", known(a.initiator_name.as_ref()));
    add("Link", known(a.link.as_ref()));
    add("Speed", known(a.speed.as_ref()));
    add(
        "Fastest link",
        a.max_link_speed
            .clone()
            .unwrap_or_else(|| "n/a (the driver tells only the speed that the link has)".to_owned()),
    );
    add("MTU (bytes)", known(a.mtu));
    if let Some(helper) = a.helper {
        add("Network helper", helper.to_string());
    }
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
    add(
        "Logs in",
        match a.logs_in {
            Some(LoginBy::Adapter) => "the firmware, by flash targets",
            Some(LoginBy::Daemon) => "a session daemon in user space, by its records",
            None => "n/a",
        }
        .to_owned(),
    );
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
    for (name, has, feature) in [
        ("Flash targets", f.flash, "flash"),
        ("CHAP table", f.chap_table, "chap_table"),
        ("Interface parameters", f.iface, "iface"),
        ("Ping", f.ping, "ping"),
        ("Host statistics", f.host_stats, "host_stats"),
        ("Boot targets", f.boot, "boot"),
        ("Initiator name", f.initiator_name, "initiator_name"),
        ("Memories, self tests", f.memory, "memory"),
        ("Reset", f.reset, "reset"),
        ("IPsec", f.ipsec, "ipsec"),
        ("iSNS", f.isns, "isns"),
        ("SLP", f.slp, "slp"),
        ("RADIUS", f.radius, "radius"),
        (
            "Several connections a session",
            f.multi_connection,
            "multi_connection",
        ),
    ] {
        let why = a.missing.iter().find(|missing| missing.feature == feature);
        // What an adapter with a helper has of these, it has by that.
        let has = match (has, a.helper) {
            (true, Some(_)) => "yes, by the network helper",
            (has, _) => yes(has),
        };
        add(
            name,
            why.map_or_else(|| has.to_owned(), |why| format!("no ({})", why.reason)),
        );
    }
    add("Security", String::new());
    let s = &a.security;
    add("CHAP, one way", flag(s.chap_one_way));
    add("CHAP, mutual", flag(s.chap_mutual));
    add(
        "CHAP algorithms",
        s.chap_algorithms.as_ref().map_or_else(
            || {
                match a.logs_in {
                    Some(LoginBy::Daemon) => "n/a (the session daemon decides)",
                    Some(LoginBy::Adapter) => "n/a (the firmware decides, and the driver does not tell)",
                    None => "n/a",
                }
                .to_owned()
            },
            |all| all.join(" "),
        ),
    );
    add(
        "IPsec encryptions",
        if s.ipsec_encryptions.is_empty() {
            "none".to_owned()
        } else {
            s.ipsec_encryptions.join(" ")
        },
    );
    add("Certificates", yes(s.certificates).to_owned());
    add("Table sizes", String::new());
    add("Flash targets (entries)", known(a.limits.flash_targets));
    add("CHAP entries", known(a.limits.chap_entries));
    add("IPv4 interfaces", known(a.limits.ipv4_ifaces));
    add("IPv6 interfaces", known(a.limits.ipv6_ifaces));
    add("Sessions", known(a.sessions));
    if let Some(endpoints) = a.endpoints {
        add("Connections of the machine", endpoints.to_string());
    }
    rows
}

pub(crate) fn portals(all: &[InitiatorPortal]) -> Table {
    let rows = all.iter().map(|p| {
        vec![
            p.index.to_string(),
            p.host.to_string(),
            p.iface.clone(),
            p.kind.clone(),
            p.protocol.clone(),
            p.address.clone(),
            known(p.state.as_ref()),
            known(p.port),
            known(p.tag),
        ]
    });
    Table {
        heads: &[
            "INDEX",
            "HOST",
            "INTERFACE",
            "KIND",
            "PROTOCOL",
            "ADDRESS",
            "STATE",
            "PORT",
            "TAG",
        ],
        rows: rows.collect(),
    }
}

pub(crate) fn self_test(report: &SelfTestReport) -> Details {
    let passed = match report.passed {
        Some(true) => "passed",
        Some(false) => "failed",
        None => "not run",
    };
    vec![
        ("Host".to_owned(), report.host.to_string()),
        ("Test".to_owned(), format!("{} ({})", report.test, report.about)),
        ("Result".to_owned(), passed.to_owned()),
        (
            "Mailboxes".to_owned(),
            if report.mailboxes.is_empty() {
                "-".to_owned()
            } else {
                report.mailboxes.join(" ")
            },
        ),
    ]
}

/// Bytes a line.
const LINE: usize = 16;

pub(crate) fn dump(dump: &Dump) -> Details {
    let mut rows = vec![
        ("Host".to_owned(), dump.host.to_string()),
        ("Memory".to_owned(), dump.memory.clone()),
        ("Bytes".to_owned(), dump.length.to_string()),
    ];
    if let Some(file) = &dump.file {
        rows.push(("File".to_owned(), file.clone()));
    }
    let first = dump.offset.unwrap_or(0);
    let text = dump.data.as_deref().unwrap_or_default();
    for (number, line) in text.as_bytes().chunks(2 * LINE).enumerate() {
        let pairs = line
            .chunks(2)
            .map(|pair| String::from_utf8_lossy(pair).into_owned());
        let at = u64::from(first) + (number * LINE) as u64;
        rows.push((format!("{at:08x}"), pairs.collect::<Vec<_>>().join(" ")));
    }
    rows
}
