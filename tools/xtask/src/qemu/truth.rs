//! The flash, read and written from both sides: the driver in the guest, and what reads and writes the file outside.
//!
//! Owns how a card is prepared without a guest, and the comparisons. Must not know how the guest was booted.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use lab_tests::lab::Lab;
use lab_tests::process::{own_binary, until};
use serde_json::{Value, json};

use super::boot::{CHAP, HOSTS, PLAIN, SECRET, Scene, TWO, USER};
use super::checks::Checks;
use super::road::{MINUTE, good, listed};

/// What must read the same through the emulated kernel and through the driver: a name for people, and commands (INDEX: each that
/// is listed).
const SAME: &[(&str, &[&str])] = &[
    (
        "flash targets (DDBs)",
        &["flash list", "flash show INDEX -a host6"],
    ),
    ("CHAP entries", &["chap list"]),
    ("boot indices", &["boot show"]),
    (
        "the IFCB",
        &[
            "iface show ipv4 -a host6",
            "iface show ipv4 -a host7",
            "adapter list",
        ],
    ),
];
/// Who chose these: the hand that logged in, not the flash.
const NOT_FLASH: &[&str] = &["sid", "local_port", "firmware_uptime"];

/// What was prepared.
pub(super) struct Prepared {
    /// Answers of `hbactl` on the emulated kernel: what they are about, and the command.
    answers: Vec<(&'static str, String, Value)>,
    /// Indices of the flash targets, as they were added.
    indices: [u64; 3],
}

/// Makes `card.flash` in `dir`: written by `hbactl` through the emulated kernel, then taken to another card with `hbaemu flash`.
pub(super) fn prepare(chip: &str, dir: &Path, [plain, chap, two]: [SocketAddr; 3]) -> Result<Prepared> {
    let flash = dir.join("prepared.flash");
    let at = flash.to_string_lossy().into_owned();
    let mut lab = Lab::start(&[
        "--ports",
        "2",
        "--chip",
        chip,
        "--first-host",
        "6",
        "--flash",
        &at,
    ])?;
    let secret = dir.join("secret");
    std::fs::write(&secret, SECRET)?;
    let secret = secret.to_string_lossy().into_owned();
    for (host, address) in HOSTS.iter().zip(["127.0.0.23", "127.0.0.24"]) {
        said(
            &lab,
            &format!("iface set ipv4 -a {host} ipaddress={address} subnet=255.0.0.0 mtu=1400"),
        )?;
        said(&lab, &format!("iface apply -a {host}"))?;
    }
    said(
        &lab,
        &format!("chap add -a host6 --user {USER} --index 5 --secret-file {secret}"),
    )?;
    said(
        &lab,
        &format!("chap add -a host6 --user array --direction in --index 7 --secret-file {secret}"),
    )?;
    let mut indices = [0; 3];
    for (at, words) in indices.iter_mut().zip([
        format!("--target {PLAIN} --portal {plain}"),
        format!("--target {CHAP} --portal {chap} --chap 5 def_time2wait=3"),
        format!("--target {TWO} --portal {two} header_digest=on"),
    ]) {
        let added = said(&lab, &format!("flash add -a host6 {words}"))?;
        *at = added["after"]["index"]
            .as_u64()
            .context("added without an index")?;
    }
    said(
        &lab,
        &format!(
            "boot set --yes-write-nvram -a host6 --primary {} --mode manual",
            indices[0]
        ),
    )?;
    // Boot targets are those that the driver found at its start.
    lab.kill();
    lab.restart()?;
    until(MINUTE, "the prepared targets to be logged in", || {
        let sessions = lab.json(&["session", "list"])?;
        let up = sessions.as_array().context("no list")?.iter();
        Ok((up.filter(|s| s["state"] == "LOGGED_IN").count() == 3).then_some(()))
    })?;
    let mut answers = Vec::new();
    for (what, commands) in SAME {
        for command in *commands {
            let each = if command.contains("INDEX") {
                &indices[..]
            } else {
                &[0]
            };
            for index in each {
                let command = command.replace("INDEX", &index.to_string());
                let answer = said(&lab, &command)?;
                answers.push((*what, command, of_flash(answer)));
            }
        }
    }
    lab.kill();
    let card = dir.join("card.flash");
    let card = card.to_string_lossy();
    hbaemu(&["flash", "init", &card, "--chip", chip, "--seed", "77"])?;
    for port in ["0", "1"] {
        let dump = dir.join(format!("port{port}.dump"));
        let dump = dump.to_string_lossy();
        hbaemu(&["flash", "dump", &at, &dump, "--chip", chip, "--port", port])?;
        hbaemu(&["flash", "load", &card, &dump, "--chip", chip, "--port", port])?;
    }
    Ok(Prepared { answers, indices })
}

/// What the driver makes of the prepared card: the same answers as the emulated kernel gave, one check an area.
pub(super) fn driver_reads(scene: &mut Scene<'_>, prepared: &Prepared, checks: &mut Checks) {
    for (what, _) in SAME {
        checks.also(&format!("written outside, read by the driver: {what}"), || {
            for (_, command, written) in prepared.answers.iter().filter(|(about, ..)| about == what) {
                let read = of_flash(data(&good(&mut scene.guest, &format!("{command} -o json"))?)?);
                let mut differences = Vec::new();
                compare("", written, &read, &mut differences);
                ensure!(
                    differences.is_empty(),
                    "hbactl {command}: {}",
                    differences.join("; ")
                );
            }
            Ok(())
        });
    }
}

/// Changes every area through the driver and reads the file.
pub(super) fn driver_writes(scene: &mut Scene<'_>, prepared: &Prepared, checks: &mut Checks) {
    let [first, _, last] = prepared.indices;
    let chip = scene.chip;
    let flash = scene.card.flash.clone();
    let shown = |port: usize| -> Result<Value> {
        let text = hbaemu(&[
            "flash",
            "show",
            "--json",
            "--chip",
            chip,
            &flash.to_string_lossy(),
        ])?;
        ensure!(!text.contains(SECRET), "a secret is shown");
        let mut all: Value = serde_json::from_str(&text)?;
        Ok(all["ports"][port].take())
    };
    let guest = &mut scene.guest;
    checks.also("written by the driver, read outside: flash targets (DDBs)", || {
        good(
            guest,
            "flash add -a host6 --target iqn.2026-11.org.example:more --portal 127.0.0.99:9 --chap 5 def_time2wait=9",
        )?;
        good(guest, &format!("flash set {last} -a host6 def_time2retain=33"))?;
        let mut nodes = Vec::new();
        for node in listed(guest, "flash list -a host6")? {
            let index = node["index"].as_u64().context("no index")?;
            let full = data(&good(guest, &format!("flash show {index} -a host6 -o json"))?)?;
            let params = &full["params"];
            nodes.push(json!({
                "index": index,
                "name": node["target_name"],
                "portal": format!("{}:{}", node["address"].as_str().unwrap_or_default(), node["port"]),
                "chap_index": match &params["chap_out_idx"] {
                    // What the driver makes of no entry.
                    index if index == 65535 => Value::Null,
                    index => index.clone(),
                },
                "time2wait": params["def_time2wait"],
                "time2retain": params["def_time2retain"],
            }));
        }
        ensure!(nodes.len() == 4, "{nodes:?}");
        let file = shown(0)?;
        same_fields(&nodes, &file["ddbs"])
    });
    checks.also("written by the driver, read outside: CHAP entries", || {
        good(
            guest,
            "chap add -a host6 --user another --index 12 --secret-file /root/secret",
        )?;
        good(guest, "chap remove 7 -a host6")?;
        let entries: Vec<Value> = listed(guest, "chap list -a host6")?
            .iter()
            .map(|entry| json!({"index": entry["index"], "name": entry["username"]}))
            .collect();
        ensure!(entries.len() == 2, "{entries:?}");
        let file = shown(0)?;
        same_fields(&entries, &file["chap"])
    });
    checks.also("written by the driver, read outside: boot indices", || {
        good(
            guest,
            &format!("boot set --yes-write-nvram -a host6 --secondary {last}"),
        )?;
        let boot = &shown(0)?["boot"];
        let expected = json!({"enabled": true, "primary": first, "secondary": last});
        same_fields(&[expected], &json!([boot]))
    });
    checks.also("written by the driver, read outside: the IFCB", || {
        // The port without sessions: applying would drop them.
        good(
            guest,
            "iface set ipv4 -a host7 gateway=127.0.0.1 mtu=1450 ipaddress=127.0.0.25",
        )?;
        good(guest, "iface apply -a host7")?;
        let iface = data(&good(guest, "iface show ipv4 -a host7 -o json")?)?;
        let params = &iface["params"];
        let expected = json!({
            "ipv4": params["ipaddress"], "subnet": params["subnet"], "gateway": params["gateway"],
            // Not among the fields of SET_ACB: the firmware takes it over from flash at its next start.
            "mtu": 1450, "initiator_name": params["initiator_name"],
        });
        ensure!(expected["ipv4"] == "127.0.0.25", "{expected}");
        same_fields(&[expected], &json!([shown(1)?["ifcb"]]))
    });
    checks.also(
        "switches that deny a feature: on turns the feature off, both ways",
        || {
            const DENYING: [&str; 3] = ["tcp_nagle_disable", "tcp_wsf_disable", "fragment_disable"];
            for on in [true, false] {
                let value = if on { "on" } else { "off" };
                let words: Vec<String> = DENYING.iter().map(|name| format!("{name}={value}")).collect();
                good(guest, &format!("iface set ipv4 -a host7 {}", words.join(" ")))?;
                good(guest, "iface apply -a host7")?;
                let iface = data(&good(guest, "iface show ipv4 -a host7 -o json")?)?;
                let ifcb = shown(1)?["ifcb"].take();
                for name in DENYING {
                    let (said, written) = (&iface["params"][name], &ifcb[name]);
                    ensure!(
                        *said == on && *written == on,
                        "{name}={value}: said {said}, in flash {written}"
                    );
                }
            }
            Ok(())
        },
    );
}

/// The `data` of an answer.
pub(super) fn data(text: &str) -> Result<Value> {
    let mut answer: Value = serde_json::from_str(text).with_context(|| format!("no JSON: {text}"))?;
    Ok(answer["data"].take())
}

/// Without the fields that nobody wrote.
fn of_flash(mut value: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|name, _| !NOT_FLASH.contains(&name.as_str()));
                fields.values_mut().for_each(strip);
            }
            Value::Array(all) => all.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut value);
    value
}

/// Names what differs.
pub(super) fn compare(at: &str, one: &Value, other: &Value, differences: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) => {
            let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                let (a, b) = (a.get(name), b.get(name));
                compare(
                    &format!("{at}/{name}"),
                    a.unwrap_or(&Value::Null),
                    b.unwrap_or(&Value::Null),
                    differences,
                );
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (n, (a, b)) in a.iter().zip(b).enumerate() {
                compare(&format!("{at}/{n}"), a, b, differences);
            }
        }
        _ if one == other => {}
        _ => differences.push(format!("{at} is {one} and {other}")),
    }
}

/// The file's list has these elements, in the order of their indices, with these fields.
fn same_fields(expected: &[Value], file: &Value) -> Result<()> {
    let file = file.as_array().with_context(|| format!("no list: {file}"))?;
    let mut differences = Vec::new();
    ensure!(
        expected.len() == file.len(),
        "hbactl: {expected:?}, the file: {file:?}"
    );
    for (expected, found) in expected.iter().zip(file) {
        for (name, value) in expected.as_object().context("no object")? {
            compare(name, value, &found[name], &mut differences);
        }
    }
    ensure!(
        differences.is_empty(),
        "hbactl and the file: {}",
        differences.join("; ")
    );
    Ok(())
}

/// Runs `hbactl` on the emulated kernel; it must succeed.
fn said(lab: &Lab, args: &str) -> Result<Value> {
    lab.json(&args.split(' ').collect::<Vec<_>>())
}

fn hbaemu(args: &[&str]) -> Result<String> {
    let out = Command::new(own_binary("hbaemu")?).args(args).output()?;
    ensure!(
        out.status.success(),
        "hbaemu {}: {}",
        args.join(" "),
        String::from_utf8_lossy(&out.stderr)
    );
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}
