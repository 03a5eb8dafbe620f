//! Records of targets as an operator manages them: beside an emulated adapter, and with no adapter at all.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use lab_tests::lab::Lab;
use lab_tests::process::own_binary;
use lab_tests::target::Target;
use serde_json::Value;

const NAME: &str = "iqn.2026-11.org.example:disk";

/// `hbactl` on this machine's own kernel, with a database of its own: standard output, or standard error and the exit code.
fn alone(db: &std::path::Path, args: &[&str]) -> Result<Result<String, (String, i32)>> {
    let done = Command::new(own_binary("hbactl")?)
        .arg("--db")
        .arg(db)
        .args(args)
        .env_remove("HBACTL_ENDPOINT")
        .output()?;
    Ok(if done.status.success() {
        Ok(String::from_utf8(done.stdout)?)
    } else {
        Err((
            String::from_utf8(done.stderr)?,
            done.status.code().context("killed")?,
        ))
    })
}

#[test]
fn records_need_no_adapter_and_no_module() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let run = |args: &[&str]| alone(dir.path(), args);
    let made = run(&[
        "node",
        "add",
        NAME,
        "--portal",
        "10.0.0.5:3260,1",
        "node.startup=automatic",
    ])?;
    let made = made.map_err(|(said, _)| anyhow::anyhow!(said))?;
    ensure!(
        made.contains("node.startup") && !made.contains("queue_depth"),
        "{made}"
    );
    let listed = run(&["-o", "plain", "node", "list"])?.unwrap_or_default();
    ensure!(
        listed == format!("10.0.0.5:3260,1\tdefault\ttcp\tautomatic\tstatic\t{NAME}\n"),
        "{listed}"
    );
    let file = dir
        .path()
        .join("nodes")
        .join(NAME)
        .join("10.0.0.5,3260,1/default");
    let before = fs::read(&file)?;
    let refused = run(&["node", "set", NAME, "node.conn[0].timeo.login_timeout=soon"])?;
    let (said, code) = refused.err().context("a word for a number")?;
    ensure!(
        code == 2 && said.contains("login_timeout") && said.contains("line "),
        "{code}: {said}"
    );
    ensure!(fs::read(&file)? == before);
    let missing = run(&["node", "show", "iqn.2026-11.org.example:other"])?;
    ensure!(missing.err().context("no such record")?.1 == 3);
    ensure!(run(&["node", "remove", NAME])?.is_ok());
    ensure!(!file.exists());
    Ok(())
}

#[test]
fn a_secret_is_taken_from_a_file_and_is_nowhere_but_in_the_record() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let run = |args: &[&str]| alone(dir.path(), args);
    let secret = dir.path().join("secret");
    fs::write(&secret, "correct-horse-battery\n")?;
    let from_file = format!("node.session.auth.password=@{}", secret.display());
    let mut said = String::new();
    for args in [
        &["node", "add", NAME, "--portal", "10.0.0.5", &from_file][..],
        &["-o", "json", "node", "show", NAME],
        &["node", "show", NAME],
        &["-o", "json", "node", "list"],
        &["--dry-run", "-o", "json", "node", "remove", NAME],
    ] {
        said += &run(args)?.map_err(|(said, _)| anyhow::anyhow!(said))?;
    }
    ensure!(said.contains("********") && !said.contains("horse"), "{said}");
    let typed = run(&[
        "node",
        "set",
        NAME,
        "node.session.auth.password=correct-horse-battery",
    ])?;
    let (said, code) = typed.err().context("on the command line")?;
    ensure!(
        code == 2 && said.contains("@FILE") && !said.contains("horse"),
        "{said}"
    );
    Ok(())
}

#[test]
fn a_record_that_a_session_stands_on_stays() -> Result<()> {
    let lab = Lab::start(&["--ports", "1"])?;
    let target = Target::start(lab.path(), NAME, &["--lun", "64M"])?;
    let portal = target.portal().to_string();
    lab.json(&["iface", "set", "ipv4", "ipaddress=127.0.0.31", "subnet=255.0.0.0"])?;
    lab.json(&["iface", "apply"])?;
    lab.json(&["flash", "add", "--target", NAME, "--portal", &portal])?;
    let index = lab.json(&["flash", "list"])?[0]["index"].to_string();
    lab.json(&["flash", "login", &index])?;
    lab.json(&["node", "add", NAME, "--portal", &portal])?;
    let refused = lab
        .json(&["node", "remove", NAME])
        .err()
        .context("a session stands on it")?;
    ensure!(format!("{refused:#}").contains("session"), "{refused:#}");
    let there: Value = lab.json(&["node", "list"])?;
    ensure!(there.as_array().is_some_and(|all| all.len() == 1), "{there}");
    lab.json(&["node", "remove", NAME, "--force"])?;
    ensure!(lab.json(&["node", "list"])?.as_array().is_some_and(Vec::is_empty));
    Ok(())
}

#[test]
fn what_is_permanent_is_told_from_both_stores_and_taken_away_from_the_one_that_is_named() -> Result<()> {
    let lab = Lab::start(&["--ports", "1"])?;
    let portal = "192.0.2.5:3260";
    for store in ["flash", "db"] {
        lab.json(&[
            "target",
            "persistent",
            "add",
            NAME,
            "--portal",
            portal,
            "--store",
            store,
        ])?;
    }
    let list = |more: &[&str]| lab.json(&[&["target", "persistent", "list"], more].concat());
    let all = list(&[])?;
    let stores: Vec<&Value> = all
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| &one["store"])
        .collect();
    ensure!(stores == ["db", "flash"], "{all}");
    ensure!(all[0]["in_both"] == true && all[1]["in_both"] == true, "{all}");
    ensure!(all[0]["startup"] == "automatic", "{all}");
    let known = lab.json(&["target", "list"])?;
    let known: Vec<&Value> = known
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|t| t["paths"].as_array())
        .flatten()
        .collect();
    ensure!(known.iter().any(|path| path["known"] == "record"), "{known:?}");
    lab.json(&["target", "persistent", "remove", NAME, "--store", "db"])?;
    ensure!(list(&["--store", "db"])? == Value::Array(Vec::new()));
    ensure!(
        lab.json(&["node", "list"])?[0]["startup"] == "manual",
        "the record stays"
    );
    let flash = list(&[])?;
    ensure!(
        flash.as_array().is_some_and(|all| all.len() == 1) && flash[0]["in_both"] == false,
        "{flash}"
    );
    lab.json(&["target", "persistent", "remove", NAME, "--store", "flash"])?;
    ensure!(
        lab.json(&["flash", "list"])?
            .as_array()
            .is_some_and(Vec::is_empty)
    );
    Ok(())
}

#[test]
fn an_adapters_interfaces_get_records_once_and_no_others() -> Result<()> {
    let lab = Lab::start(&["--adapter", "qla4xxx:1", "--adapter", "bnx2i:1"])?;
    let adapters = lab.json(&["adapter", "list"])?;
    ensure!(
        lab.json(&["iface", "record", "list"])?
            .as_array()
            .is_some_and(|all| all.len() == 2),
        "looking makes none"
    );
    for adapter in adapters.as_array().into_iter().flatten() {
        let host = format!("host{}", adapter["host"]);
        let mac = adapter["mac"].as_str().context("mac")?;
        let made = lab.json(&["iface", "record", "make", "-a", &host])?;
        ensure!(made["change"] == "changed", "{made}");
        let again = lab.json(&["iface", "record", "make", "-a", &host])?;
        ensure!(again["change"] == "unchanged", "{again}");
        let name = match adapter["driver"].as_str() {
            Some("qla4xxx") => format!("qla4xxx.{mac}.ipv4.0"),
            _ => format!("bnx2i.{mac}"),
        };
        let record = lab.json(&["iface", "record", "show", &name])?;
        ensure!(record["hwaddress"] == mac, "{record}");
        lab.json(&[
            "node",
            "add",
            NAME,
            "--portal",
            "192.0.2.5:3260,1",
            "--iface",
            &name,
        ])?;
    }
    let nodes = lab.json(&["node", "list"])?;
    let mut transports: Vec<&str> = nodes
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|n| n["transport"].as_str())
        .collect();
    transports.sort_unstable();
    ensure!(transports == ["bnx2i", "qla4xxx"], "{nodes}");
    Ok(())
}
