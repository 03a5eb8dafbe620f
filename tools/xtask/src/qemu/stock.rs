//! The stock open-iscsi beside hbactl in one guest: what it lists, field by field.
//!
//! Owns how its lines are read. Source: open-iscsi 2.1.8, `usr/iscsiadm.c`, `usr/session_info.c`, `usr/host.c`, `usr/flashnode.c`.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use lab_tests::need::find_tool;
use lab_tests::qemu::{Guest, Initramfs};
use serde_json::Value;

use super::boot::{HOSTS, PLAIN, Scene, TWO};
use super::checks::Checks;
use super::road::{MINUTE, good, listed};
use super::truth::data;

/// What hbactl writes for a secret.
const REDACTED: &str = "********";
const EMPTY: &str = "<empty>";

/// Puts this machine's open-iscsi into the initramfs.
pub(super) fn install(image: &mut Initramfs) -> Result<()> {
    for name in ["iscsiadm", "iscsid"] {
        let path = find_tool(name).with_context(|| format!("{name} is not installed (open-iscsi)"))?;
        image.program(Path::new(&path), &format!("/sbin/{name}"))?;
    }
    image.file(
        "etc/iscsi/iscsid.conf",
        0o600,
        b"node.startup = manual\n".to_vec(),
    );
    image.file(
        "etc/iscsi/initiatorname.iscsi",
        0o600,
        b"InitiatorName=iqn.2000-01.com.example:guest\n".to_vec(),
    );
    // iscsid asks who its callers are, and hangs up on those it cannot name.
    image.file("etc/passwd", 0o644, b"root:x:0:0:root:/root:/bin/sh\n".to_vec());
    image.file("run/lock/iscsi/empty", 0o600, Vec::new());
    image.file("var/lib/iscsi/empty", 0o600, Vec::new());
    Ok(())
}

/// Compares what it lists with what hbactl lists.
pub(super) fn walk(scene: &mut Scene<'_>, checks: &mut Checks) {
    let guest = &mut scene.guest;
    checks.also("the stock iscsid starts beside the driver's sessions", || {
        guest.must("iscsid", MINUTE)?;
        Ok(())
    });
    checks.also("iscsiadm -m host: the same hosts as hbactl", || {
        let ours = lines(guest, "adapter list", |a| {
            let (ip, mac, netdev) = (text(a, "ip_address"), text(a, "mac"), text(a, "netdev"));
            let (transport, name) = (text(a, "transport"), text(a, "initiator_name"));
            format!("{transport}: [{}] {ip},[{mac}],{netdev} {name}", a["host"])
        })?;
        same(&ours, &theirs(guest, "-m host")?)
    });
    checks.also("iscsiadm -m host -P 1: the same addresses as hbactl", || {
        let mut ours = Vec::new();
        for host in HOSTS {
            let adapter = shown(guest, &format!("adapter show {host}"))?;
            let iface = shown(guest, &format!("iface show ipv4 -a {host}"))?;
            ours.extend(addresses(&adapter, &iface));
        }
        let theirs = plain(&guest.must("iscsiadm -m host -P 1", MINUTE)?);
        same(&ours, &theirs)
    });
    checks.also("iscsiadm -m iface: the same interfaces as hbactl", || {
        let mut ours = Vec::new();
        for host in HOSTS {
            let adapter = shown(guest, &format!("adapter show {host}"))?;
            let iface = shown(guest, &format!("iface show ipv4 -a {host}"))?;
            ours.push(interface(&adapter, &iface));
        }
        let mut theirs = theirs(guest, "-m iface")?;
        // The software transports' own.
        theirs.retain(|line| line.starts_with("qla4xxx"));
        same(&ours, &theirs)
    });
    checks.also("iscsiadm -C chap: the same CHAP entries as hbactl", || {
        let ours = lines(guest, "chap list -a host6", |entry| {
            let key = match text(entry, "direction") {
                "in" => "username_in",
                _ => "username",
            };
            format!("{}: {key} {}", entry["index"], text(entry, "username"))
        })?;
        // Its exit code is arbitrary here: `get_host_chap_info` answers with a number that is no error.
        let told = guest.run("iscsiadm -m host -H 6 -C chap -o show", MINUTE)?;
        same(&ours, &accounts(&told.stdout))
    });
    checks.also(
        "iscsiadm -C flashnode -o show: the same parameters as hbactl",
        || {
            for node in listed(guest, "flash list -a host6")? {
                let index = node["index"].to_string();
                let full = shown(guest, &format!("flash show {index} -a host6"))?;
                let told = guest.must(
                    &format!("iscsiadm -m host -H 6 -C flashnode -o show -x {index}"),
                    MINUTE,
                )?;
                let compared = record(&full["params"], &told)?;
                ensure!(compared >= 40, "only {compared} parameters compared: {told}");
            }
            Ok(())
        },
    );
    checks.also("iscsiadm -C flashnode: the same flash targets as hbactl", || {
        let ours = lines(guest, "flash list -a host6", |f| {
            let (address, target) = (text(f, "address"), text(f, "target_name"));
            format!(
                "qla4xxx: [{}] {address}:{},{} {target}",
                f["index"], f["port"], f["tpgt"]
            )
        })?;
        same(&ours, &theirs(guest, "-m host -H 6 -C flashnode")?)
    });
    checks.also("iscsiadm -m session: the same sessions as hbactl", || {
        let ours = lines(guest, "session list", |s| {
            let owner = if s["owner"] == "flash" {
                "flash"
            } else {
                "non-flash"
            };
            let (transport, address, target) =
                (text(s, "transport"), text(s, "address"), text(s, "target_name"));
            format!(
                "{transport}: [{}] {address}:{},{} {target} ({owner})",
                s["sid"], s["port"], s["tpgt"]
            )
        })?;
        same(&ours, &theirs(guest, "-m session")?)
    });
    checks.also("iscsiadm -m session -P 3: the same details as hbactl", || {
        let told = plain(&guest.must("iscsiadm -m session -P 3", MINUTE)?);
        let luns = listed(guest, "lun list")?;
        for session in listed(guest, "session list --detail")? {
            let full = shown(guest, &format!("session show {}", session["sid"]))?;
            let heading = format!("Target: {} (flash)", text(&session, "target_name"));
            let begin = told.iter().position(|line| *line == heading);
            let begin = begin.with_context(|| format!("{heading} in {told:#?}"))? + 1;
            let section: Vec<&String> = told[begin..]
                .iter()
                .take_while(|line| !line.starts_with("Target: "))
                .collect();
            for line in details(&session, &full, &luns) {
                ensure!(
                    section.contains(&&line),
                    "{heading}: {line:?} is not in {section:#?}"
                );
            }
        }
        Ok(())
    });
}

/// The lines without their frames and indentation.
fn plain(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.trim().to_owned());
    lines.filter(|line| !line.starts_with('*')).collect()
}

/// The peer's name and line of an adapter's interface. It has no network device; the peer writes its own word for that.
fn interface(adapter: &Value, iface: &Value) -> String {
    let (transport, mac) = (text(adapter, "transport"), text(adapter, "mac"));
    format!(
        "{transport}.{mac}.{}.{} {transport},{mac},{},default,{}",
        text(iface, "family"),
        iface["num"],
        text(iface, "address"),
        text(adapter, "initiator_name")
    )
}

/// Index and name of each CHAP record, sorted.
fn accounts(told: &str) -> Vec<String> {
    let mut all = Vec::new();
    for record in told.split("# BEGIN RECORD").skip(1) {
        let value = |wanted: &str| {
            record.lines().find_map(|line| {
                let (key, value) = line.split_once(" = ")?;
                (key.rsplit('.').next() == Some(wanted)).then_some(value)
            })
        };
        let index = value("tbl_idx").unwrap_or("?");
        for key in ["username", "username_in"] {
            if let Some(name) = value(key).filter(|name| *name != EMPTY) {
                all.push(format!("{index}: {key} {name}"));
            }
        }
    }
    all.sort();
    all
}

/// Compares a flash node's record with hbactl's parameters of the same name; how many there were.
fn record(params: &Value, told: &str) -> Result<usize> {
    let mut compared = 0;
    let mut differences = Vec::new();
    for line in told.lines() {
        let Some((key, theirs)) = line.split_once(" = ") else {
            continue;
        };
        let name = key.rsplit('.').next().unwrap_or(key);
        let ours = match &params[name] {
            Value::Null => continue,
            // The peer shows secrets.
            Value::String(text) if text == REDACTED => continue,
            Value::Bool(on) => u8::from(*on).to_string(),
            Value::String(text) if text.is_empty() => EMPTY.to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        compared += 1;
        if ours != theirs {
            differences.push(format!("{key} is {theirs}, hbactl says {ours}"));
        }
    }
    ensure!(differences.is_empty(), "{}", differences.join("; "));
    Ok(compared)
}

/// What a session is, in the peer's words.
fn details(session: &Value, full: &Value, luns: &[Value]) -> Vec<String> {
    let connection = &full["connections"][0];
    let params = &full["params"];
    let tpgt = &session["tpgt"];
    let yes = |value: &Value| if value == true { "Yes" } else { "No" };
    let digest = |value: &Value| match value.as_str() {
        Some("crc32c") => "CRC32C",
        _ => "None",
    };
    let mut lines = vec![
        format!(
            "Current Portal: {}:{},{tpgt}",
            text(session, "current_address"),
            session["current_port"]
        ),
        format!(
            "Persistent Portal: {}:{},{tpgt}",
            text(session, "address"),
            session["port"]
        ),
        format!("Iface Transport: {}", text(session, "transport")),
        format!("Iface Initiatorname: {}", text(session, "initiator_name")),
        format!("Iface IPaddress: {}", text(session, "port_address")),
        format!("Iface HWaddress: {}", text(session, "mac")),
        format!("SID: {}", session["sid"]),
        format!("iSCSI Session State: {}", text(session, "state")),
        format!("Recovery Timeout: {}", full["recovery_timeout"]),
        format!("username: {}", text(full, "chap_username")),
        format!("username_in: {}", text(full, "chap_username_in")),
        format!("HeaderDigest: {}", digest(&connection["header_digest"])),
        format!("DataDigest: {}", digest(&connection["data_digest"])),
        format!("MaxRecvDataSegmentLength: {}", connection["max_recv_dlength"]),
        format!("MaxXmitDataSegmentLength: {}", connection["max_xmit_dlength"]),
        format!("FirstBurstLength: {}", params["first_burst_len"]),
        format!("MaxBurstLength: {}", params["max_burst_len"]),
        format!("ImmediateData: {}", yes(&params["immediate_data"])),
        format!("InitialR2T: {}", yes(&params["initial_r2t"])),
        format!("MaxOutstandingR2T: {}", params["max_outstanding_r2t"]),
    ];
    for lun in luns.iter().filter(|lun| lun["sid"] == session["sid"]) {
        let address: Vec<&str> = text(lun, "address").split(':').collect();
        if let [host, channel, id, number] = address[..] {
            lines.push(format!("scsi{host} Channel {channel:0>2} Id {id} Lun: {number}"));
        }
        lines.push(format!(
            "Attached scsi disk {}\t\tState: {}",
            text(lun, "block_device"),
            text(lun, "state")
        ));
    }
    lines
}

/// The exported boot target as `-m fw` tells it.
pub(super) fn firmware(scene: &mut Scene<'_>) -> Result<()> {
    let record = theirs(&mut scene.guest, "-m fw")?;
    for target in [PLAIN, TWO] {
        ensure!(
            record.iter().any(|line| line.contains(target)),
            "{target} is not in iscsiadm -m fw: {record:?}"
        );
    }
    Ok(())
}

/// A host and its interface in the peer's words.
fn addresses(adapter: &Value, iface: &Value) -> Vec<String> {
    let params = &iface["params"];
    let mut lines = vec![format!("Host Number: {}", adapter["host"])];
    for (name, key) in [
        ("State", "state"),
        ("Transport", "transport"),
        ("Initiatorname", "initiator_name"),
        ("IPaddress", "ip_address"),
        ("HWaddress", "mac"),
        ("Netdev", "netdev"),
    ] {
        lines.push(format!("{name}: {}", text(adapter, key)));
    }
    lines.push("Interface:".to_owned());
    lines.push(format!("Kernel Name: {}", text(iface, "name")));
    for (name, key) in [
        ("IPaddress", "ipaddress"),
        ("Gateway", "gateway"),
        ("Subnet", "subnet"),
        ("BootProto", "bootproto"),
    ] {
        lines.push(format!("{name}: {}", text(params, key)));
    }
    lines.push(format!("Port State: {}", text(adapter, "link")));
    lines.push(format!("Port Speed: {}", text(adapter, "speed")));
    for (name, key) in [
        ("Port", "port"),
        ("MTU", "mtu"),
        ("VLAN ID", "vlan_id"),
        ("VLAN priority", "vlan_priority"),
    ] {
        lines.push(format!("{name}: {}", params[key]));
    }
    lines
}

/// What hbactl shows.
fn shown(guest: &mut Guest, args: &str) -> Result<Value> {
    data(&good(guest, &format!("{args} -o json"))?)
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or(EMPTY)
}

/// What hbactl lists, in the peer's words, sorted.
fn lines(guest: &mut Guest, args: &str, line: impl Fn(&Value) -> String) -> Result<Vec<String>> {
    let mut lines: Vec<String> = listed(guest, args)?.iter().map(line).collect();
    ensure!(!lines.is_empty(), "hbactl {args} lists nothing");
    lines.sort();
    Ok(lines)
}

/// What iscsiadm lists, sorted.
fn theirs(guest: &mut Guest, args: &str) -> Result<Vec<String>> {
    let mut lines: Vec<String> = guest
        .must(&format!("iscsiadm {args}"), MINUTE)?
        .lines()
        .map(str::to_owned)
        .collect();
    lines.sort();
    Ok(lines)
}

fn same(ours: &[String], theirs: &[String]) -> Result<()> {
    ensure!(ours == theirs, "hbactl: {ours:#?}\niscsiadm: {theirs:#?}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn chap_records_are_told_apart_by_direction() {
        let told = "# BEGIN RECORD 2.1.8\nhost.auth.tbl_idx = 5\nhost.auth.username = operator\n# END RECORD\n\
                    # BEGIN RECORD 2.1.8\nhost.auth.tbl_idx = 7\nhost.auth.username_in = array\n# END RECORD\n";
        assert_eq!(accounts(told), ["5: username operator", "7: username_in array"]);
    }

    #[test]
    fn a_record_that_differs_is_told_and_a_secret_is_left_alone() {
        let params = json!({"tpgt": 1, "chap_auth_en": true, "username": "", "password": REDACTED});
        let told = "flashnode.session.tpgt = 1\nflashnode.session.chap_auth_en = 1\n\
                    flashnode.session.username = <empty>\nflashnode.session.password = x\nflashnode.conn[0].other = 3\n";
        assert_eq!(record(&params, told).unwrap(), 3);
        let error = record(&params, &told.replace("tpgt = 1", "tpgt = 2")).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("flashnode.session.tpgt is 2, hbactl says 1"),
            "{error}"
        );
    }
}
