//! Sessions. The listing is written line by line: its last column is the only one without a fixed width.

use std::io::{self, Write};

use hba::model::{
    ConnectionStanding, LinkStatus, Mapping, Session, SessionBrief, SessionDetail, SessionPaths,
};
use terminal::printable;

use crate::output::{Details, Table, known, yes};

pub(crate) fn heading(out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{:<6} {:<7} {:<10} {:<6} {:<22} TARGET",
        "SID", "HOST", "STATE", "OWNER", "PORTAL"
    )
}

pub(crate) fn line(out: &mut dyn Write, s: &SessionBrief, plain: bool) -> io::Result<()> {
    let portal = portal(&s.address, s.port, s.tpgt);
    let portal = printable::text(&portal);
    let state = printable::text(s.state.as_deref().unwrap_or("n/a"));
    let target = printable::text(&s.target_name);
    let (host, owner) = (s.host.to_string(), printable::text(&s.held_by));
    if plain {
        writeln!(out, "{}\t{host}\t{state}\t{owner}\t{portal}\t{target}", s.sid)
    } else {
        writeln!(
            out,
            "{:<6} {host:<7} {state:<10} {owner:<6} {portal:<22} {target}",
            s.sid
        )
    }
}

fn portal(address: &str, port: u16, tpgt: Option<i32>) -> String {
    let tpgt = tpgt.map_or_else(String::new, |tpgt| format!(",{tpgt}"));
    if address.contains(':') {
        format!("[{address}]:{port}{tpgt}")
    } else {
        format!("{address}:{port}{tpgt}")
    }
}

const CONNECTION_STATE: &str = "Connection state";

/// The detailed listing's rows, and their names.
fn rows(s: &SessionDetail) -> [(&'static str, String); 14] {
    let b = &s.brief;
    let current = s.current_address.as_deref().zip(s.current_port);
    [
        ("Session", b.sid.to_string()),
        ("Target", b.target_name.clone()),
        ("State", known(b.state.as_ref())),
        ("Owner", b.held_by.clone()),
        (
            "Portal",
            known(current.map(|(address, port)| portal(address, port, b.tpgt))),
        ),
        ("Configured portal", portal(&b.address, b.port, b.tpgt)),
        (
            CONNECTION_STATE,
            standing(s.connection_standing, s.connection_state.as_deref()),
        ),
        ("Host", b.host.to_string()),
        ("Transport", b.transport.clone()),
        ("Initiator", known(s.initiator_name.as_ref())),
        ("Interface", known(s.iface.as_ref())),
        ("Our address", known(s.port_address.as_ref())),
        ("MAC address", known(s.mac.as_ref())),
        ("Network device", known(s.netdev.as_ref())),
    ]
}

/// A session of the detailed listing, a row each.
pub(crate) fn detail(out: &mut dyn Write, s: &SessionDetail) -> io::Result<()> {
    rows(s)
        .iter()
        .try_for_each(|(name, value)| writeln!(out, "{name:<17}  {}", printable::text(value)))
}

/// A session of the detailed listing, a column each.
pub(crate) fn detail_line(out: &mut dyn Write, s: &SessionDetail) -> io::Result<()> {
    let mut rows = rows(s);
    // For pipes the word alone; where it is derived the kernel's own is in JSON.
    if let (Some(derived), Some(row)) = (
        s.connection_standing,
        rows.iter_mut().find(|row| row.0 == CONNECTION_STATE),
    ) {
        row.1 = derived.to_string();
    }
    let values = rows.map(|(_, value)| printable::text(&value).into_owned());
    writeln!(out, "{}", values.join("\t"))
}

/// How a connection stands, and what that is derived from.
fn standing(derived: Option<ConnectionStanding>, kernel: Option<&str>) -> String {
    let kernel = kernel.unwrap_or("nothing");
    derived.map_or_else(
        || known(Some(kernel)),
        |derived| format!("{derived} (derived; the kernel says {kernel})"),
    )
}

pub(crate) fn paths(s: &SessionPaths) -> Details {
    let mut rows = vec![
        ("Session".to_owned(), s.sid.to_string()),
        ("Policy".to_owned(), format!("{} ({})", s.policy, s.policy_reason)),
    ];
    for path in &s.paths {
        let status = match path.status {
            LinkStatus::Connected => "connected",
            LinkStatus::Disconnected => "disconnected",
            LinkStatus::Reconnecting => "reconnecting",
        };
        rows.push((format!("Path {}", path.cid), String::new()));
        rows.push(("Portal".to_owned(), known(path.portal.as_ref())));
        rows.push(("Primary".to_owned(), yes(path.primary).to_owned()));
        rows.push(("Weight".to_owned(), known(path.weight)));
        rows.push(("Status".to_owned(), status.to_owned()));
        rows.push(("Link speed".to_owned(), known(path.link_speed.as_ref())));
        rows.push(("TCP offload".to_owned(), yes(path.tcp_offload).to_owned()));
    }
    rows
}

pub(crate) fn mappings(all: &[Mapping]) -> Table {
    let rows = all.iter().map(|m| {
        vec![
            m.sid.to_string(),
            m.host.to_string(),
            known(m.bus),
            known(m.target_id),
            known(m.lun),
            known(m.block_device.as_ref()),
            known(m.sg_device.as_ref()),
            m.target_name.clone(),
        ]
    });
    Table {
        heads: &["SESSION", "HOST", "BUS", "ID", "LUN", "DEVICE", "SG", "TARGET"],
        rows: rows.collect(),
    }
}

pub(crate) fn details(s: &Session) -> Details {
    let mut rows: Details = Vec::new();
    let mut add = |name: &str, value: String| rows.push((name.to_owned(), value));
    add("Session", s.sid.to_string());
    add("Host", s.host.to_string());
    add("Target", s.target_name.clone());
    add("Target alias", known(s.target_alias.as_ref()));
    add("Portal group", known(s.tpgt));
    add("State", known(s.state.as_ref()));
    add("SCSI target state", known(s.target_state.as_ref()));
    add("SCSI target id", known(s.target_id));
    add("Kind", s.kind.to_string());
    add("Owner", s.held_by.clone());
    add("Owned since", known(s.held_since.as_ref()));
    add("Made by", s.owner.to_string());
    add("Flash target", known(s.flash_index));
    add("Initiator", known(s.initiator_name.as_ref()));
    add("Interface", known(s.iface.as_ref()));
    add("Our address", known(s.port_address.as_ref()));
    add("MAC address", known(s.mac.as_ref()));
    add("Network device", known(s.netdev.as_ref()));
    add("ISID", known(s.isid.as_ref()));
    add("TSID", known(s.tsid));
    add("Recovery timeout (s)", known(s.recovery_timeout));
    add("CHAP entry", known(s.chap_index));
    add("CHAP user", known(s.chap_username.as_ref()));
    add("CHAP user of the target", known(s.chap_username_in.as_ref()));
    add(
        "MaxConnections",
        format!("{} (no Linux driver has more)", s.max_connections),
    );
    add(
        "Throughput",
        "n/a (no driver measures it; stats session counts octets)".to_owned(),
    );
    add(
        "Logical units",
        if s.luns.is_empty() {
            "none".to_owned()
        } else {
            s.luns.join(" ")
        },
    );
    for c in &s.connections {
        add(&format!("Connection {}", c.cid), String::new());
        add("Connection state", standing(c.standing, c.state.as_deref()));
        add(
            "Address",
            format!("{} port {}", known(c.address.as_ref()), known(c.port)),
        );
        add(
            "Configured address",
            format!(
                "{} port {}",
                known(c.persistent_address.as_ref()),
                known(c.persistent_port)
            ),
        );
        let redirected = match (c.redirected, &c.redirected_unknown) {
            (None, Some(why)) => format!("unknown ({why})"),
            (told, _) => told.map_or("unknown", yes).to_owned(),
        };
        add("Redirected", redirected);
        add(
            "Our address",
            format!("{} port {}", known(c.local_address.as_ref()), known(c.local_port)),
        );
        add("Header digest", known(c.header_digest.as_ref()));
        add("Data digest", known(c.data_digest.as_ref()));
        add("MaxRecvDataSegmentLength", known(c.max_recv_dlength));
        add("MaxXmitDataSegmentLength", known(c.max_xmit_dlength));
        for (name, value) in c.params.named() {
            add(name, known(value.as_ref()));
        }
    }
    add("Session parameters", String::new());
    for (name, value) in s.params.named() {
        add(name, known(value.as_ref()));
    }
    rows
}

#[cfg(test)]
mod tests {
    use hba::HostNo;
    use hba::model::Owner;

    use super::*;

    fn brief(address: &str) -> SessionBrief {
        SessionBrief {
            sid: 7,
            host: HostNo(2),
            transport: "qla4xxx".to_owned(),
            target_name: "iqn.2026-11.org.example:disk".to_owned(),
            address: address.to_owned(),
            port: 3260,
            tpgt: Some(1),
            owner: Owner::Flash,
            held_by: "flash".to_owned(),
            state: Some("LOGGED_IN".to_owned()),
        }
    }

    #[test]
    fn plain_lines_have_six_columns_and_bracket_ipv6() {
        let mut text = Vec::new();
        line(&mut text, &brief("fe80::1"), true).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(text.trim_end().split('\t').count(), 6);
        assert!(text.contains("[fe80::1]:3260,1"), "{text}");
    }

    #[test]
    fn the_detailed_listing_tells_where_a_redirect_led() {
        let one = SessionDetail {
            brief: brief("10.0.0.1"),
            current_address: Some("10.0.0.2".to_owned()),
            current_port: Some(3261),
            connection_state: None,
            connection_standing: None,
            initiator_name: Some("iqn.2026-11.org.example:host".to_owned()),
            iface: None,
            mac: None,
            port_address: None,
            netdev: None,
        };
        let (mut text, mut columns) = (Vec::new(), Vec::new());
        detail(&mut text, &one).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("Portal             10.0.0.2:3261,1\n"), "{text}");
        assert!(text.contains("Configured portal  10.0.0.1:3260,1\n"), "{text}");
        detail_line(&mut columns, &one).unwrap();
        assert_eq!(columns.iter().filter(|byte| **byte == b'\t').count(), 13);
    }

    #[test]
    fn table_lines_stand_under_their_headings() {
        let (mut head, mut row) = (Vec::new(), Vec::new());
        heading(&mut head).unwrap();
        line(&mut row, &brief("192.168.100.200"), false).unwrap();
        let (head, row) = (String::from_utf8(head).unwrap(), String::from_utf8(row).unwrap());
        assert_eq!(head.find("PORTAL"), row.find("192.168"));
        assert_eq!(head.find("TARGET"), row.find("iqn."));
    }
}
