//! Nothing that somebody else named reaches a terminal as it is: escapes are planted in flash, in the CHAP table and in every text
//! of the tree, and every command that shows something is looked at.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use driver_sys::netlink::params::{ChapParam, ChapType, FlashnodeParam};
use driver_sys::netlink::{Attr, Bytes, Request};
use lab_tests::asked::{Asked, IQN, describe, text};
use lab_tests::netlink::Client;
use lab_tests::process::own_binary;
use lab_tests::target::Target;
use terminal::printable::is_hazard;

/// Colours, a title, a C1 introducer, a change of direction, an invisible mark.
const PLANTED: &str = "\x1b[31mX\x1b]0;T\x07\u{9b}5m\u{202e}\u{feff}";
/// How the beginning of that is shown.
const SHOWN: &str = "\\x1b[31mX";

/// Appends the escapes to every attribute that is a text (and not a number, an address or a word that commands go by).
fn plant(dir: &Path, planted: &mut usize) -> Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            plant(&entry.path(), planted)?;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        let shown = [
            "targetname",
            "targetalias",
            "initiatorname",
            "ifacename",
            "username",
            "username_in",
            "fw_version",
            "optrom_version",
            "board_id",
            "serial_num",
            "port_state",
            "port_speed",
            "model_name",
            "vendor",
            "model",
            "rev",
            "target-name",
            "initiator-name",
            "alias",
            "iscsi_version",
            "fw_timestamp",
            "fw_build_user",
            "chap-name",
            "rev-chap-name",
        ];
        if kind.is_file() && !kind.is_symlink() && shown.contains(&name.as_str()) {
            let path = entry.path();
            let Ok(was) = fs::read_to_string(&path) else {
                continue;
            };
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644))?;
            // As the adapter does it: another file in its place (what it has stored is shared between attributes).
            let new = dir.join(".planted");
            fs::write(&new, format!("{}{PLANTED}\n", was.trim_end()))?;
            fs::rename(&new, &path)?;
            *planted += 1;
        }
        ensure!(!kind.is_fifo());
    }
    Ok(())
}

fn harmless(args: &[&str], out: &Output, json: bool) -> Result<()> {
    for said in [&out.stdout, &out.stderr] {
        let said = String::from_utf8(said.clone()).with_context(|| format!("{args:?}: not UTF-8"))?;
        let found = said.chars().find(|c| is_hazard(*c) && !matches!(c, '\n' | '\t'));
        ensure!(found.is_none(), "{args:?} says {found:?}: {said:?}");
    }
    if json && out.status.success() {
        serde_json::from_slice::<serde_json::Value>(&out.stdout)
            .with_context(|| format!("{args:?}: {}", describe(out)))?;
    }
    Ok(())
}

#[test]
fn what_others_named_is_shown_escaped() -> Result<()> {
    let lab = Asked::with_address(&["--ports", "1"])?;
    let target = Target::start(lab.lab.path(), IQN, &["--lun", "1M"])?;
    let index = lab.add_target(&target, &[])?;
    lab.ok(&["flash", "login", &index])?;
    let sid = lab.ok(&["session", "list"])?[0]["sid"].to_string();
    let lun = lab.ok(&["lun", "list"])?[0]["address"]
        .as_str()
        .context("lun")?
        .to_owned();
    lab.ok(&[
        "boot",
        "set",
        "--yes-write-nvram",
        "--primary",
        &index,
        "--mode",
        "manual",
    ])?;

    // In flash: a user and a target, as somebody else's tool would write them.
    let mut client = Client::open(&lab.lab.endpoint())?;
    let attr = |param, value| Attr::new(param, value);
    client.ask(&Request::SetChap {
        host_no: 1,
        attrs: vec![
            attr(ChapParam::Index, Bytes::u16(9)),
            attr(ChapParam::ChapType, Bytes::u32(ChapType::Out.raw())),
            attr(ChapParam::Username, Bytes::text(&format!("user{PLANTED}"))),
            attr(ChapParam::Password, Bytes::text("a-secret-of-16by")),
            attr(ChapParam::PasswordLen, Bytes::u8(16)),
        ],
    })?;
    let other = client.add_target(
        1,
        &format!("iqn.2026-11.org.example:{PLANTED}"),
        "127.0.0.9:3260".parse()?,
    )?;
    client
        .set_target(1, other, &[(FlashnodeParam::Alias, Bytes::c_text(PLANTED))])
        .ok();

    let mut planted = 0;
    let reading = [
        &["adapter", "list"][..],
        &["adapter", "show"],
        &["iface", "list"],
        &["iface", "show", "ipv4"],
        &["flash", "list"],
        &["flash", "show", &index],
        &["chap", "list"],
        &["boot", "show"],
        &["session", "list"],
        &["session", "list", "--detail"],
        &["session", "show", &sid],
        &["lun", "list"],
        &["lun", "inquiry", &lun],
        &["lun", "report", &lun],
        &["stats", "host"],
        &["stats", "session", &sid],
        // Errors quote what was there and what was asked for.
        &["flash", "show", "77"],
        &["flash", "login", PLANTED],
        &["lun", "capacity", "1:0:0:9"],
        &["session", "show", "77"],
        &["--endpoint", PLANTED, "adapter", "list"],
        &["lun", "read", &lun, "--out", PLANTED, "--start", "999999"],
        &["chap", "add", "-u", PLANTED, "--secret-file", PLANTED],
        &["boot", "set", "--yes-write-nvram", "--primary", "99"],
        &["--dry-run", "flash", "remove", &index],
        &["-vvv", "session", "list"],
        &["flash", "set", &index, PLANTED],
        &["iface", "set", "ipv4", "ipaddress=\u{1b}"],
    ];
    let mut shown = Vec::new();
    for round in 0..2 {
        if round == 1 {
            plant(&lab.lab.endpoint().join("sys"), &mut planted)?;
            ensure!(planted > 20, "{planted} attributes only");
        }
        for args in reading {
            for format in ["table", "plain", "json"] {
                let all = [&["-o", format], args].concat();
                let out = lab.lab.hbactl(&all)?;
                harmless(&all, &out, format == "json")?;
                let said = format!("{}{}", text(&out.stdout), text(&out.stderr));
                if format != "json" && said.contains(SHOWN) {
                    shown.push(args[..2.min(args.len())].join(" "));
                }
            }
        }
    }
    for noun in [
        "adapter show",
        "flash list",
        "flash show",
        "chap list",
        "session list",
        "session show",
        "lun list",
    ] {
        ensure!(
            shown.iter().any(|args| args == noun),
            "{noun} does not show what was planted: {shown:?}"
        );
    }

    // The emulator's own tool, on the flash where the names are.
    let flash = lab.lab.endpoint().join("flash.img");
    for more in [&[][..], &["--json"]] {
        let mut command = Command::new(own_binary("hbaemu")?);
        command
            .args(["flash", "show"])
            .arg(&flash)
            .args(["--ports", "1"])
            .args(more);
        let out = command.output()?;
        ensure!(out.status.success(), "{}", describe(&out));
        harmless(&["hbaemu", "flash", "show"], &out, !more.is_empty())?;
        ensure!(
            !more.is_empty() || text(&out.stdout).contains(SHOWN),
            "{}",
            describe(&out)
        );
    }
    Ok(())
}
