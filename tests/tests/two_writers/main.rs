//! Several `hbactl` at once, and other programs beside them: no update of an exit 0 is lost, nothing names what is gone, nothing is
//! there twice, and whoever does not get his turn is told whose it is. A soak has twenty writers and fifty rounds.

mod every_verb;
mod one_noun;
mod others;
mod sessions;

use std::process::{Output, Stdio};

use anyhow::{Context, Result, ensure};
use lab_tests::asked::describe;
use lab_tests::lab::Lab;
use lab_tests::rounds;
use serde_json::Value;

const PORTAL: &str = "127.0.0.1:3999";

/// Two ports of one card, `host1` and `host2`, and a file with a secret.
fn lab(args: &[&str]) -> Result<(Lab, String)> {
    let lab = Lab::start(&[&["--ports", "2", "--first-host", "1", "--no-sync"], args].concat())?;
    let secret = lab.path().join("secret");
    std::fs::write(&secret, "initiator-secret-1")?;
    Ok((lab, secret.to_string_lossy().into_owned()))
}

fn iqn(name: &str) -> String {
    format!("iqn.2026-11.org.example:{name}")
}

/// How many write at once.
fn writers() -> u32 {
    rounds::of(6, 20)
}

/// The words of a command line.
fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// Runs `hbactl` with each of the command lines at the same time.
fn at_once(lab: &Lab, lines: &[String]) -> Result<Vec<Output>> {
    let running: Vec<_> = lines
        .iter()
        .map(|line| {
            lab.command(&words(line))?
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .context("cannot run hbactl")
        })
        .collect::<Result<_>>()?;
    running
        .into_iter()
        .map(|child| Ok(child.wait_with_output()?))
        .collect()
}

/// As [`at_once`]; each must end with exit 0.
fn all_succeed(lab: &Lab, lines: &[String]) -> Result<()> {
    for (line, out) in lines.iter().zip(at_once(lab, lines)?) {
        ensure!(out.status.success(), "hbactl {line}: {}", describe(&out));
    }
    Ok(())
}

/// Runs one after the other, whatever becomes of each.
fn quietly(lab: &Lab, lines: &[&str]) -> Result<()> {
    for line in lines {
        lab.hbactl(&words(line))?;
    }
    Ok(())
}

/// The `data` of a command as a list.
fn list(lab: &Lab, line: &str) -> Result<Vec<Value>> {
    let data = lab.json(&words(line))?;
    data.as_array().cloned().context("no list")
}

fn chap_users(lab: &Lab, host: &str) -> Result<Vec<(u64, String)>> {
    let entries = list(lab, &format!("chap list -a {host}"))?;
    Ok(entries
        .iter()
        .map(|e| {
            (
                e["index"].as_u64().unwrap_or(u64::MAX),
                e["username"].as_str().unwrap_or_default().to_owned(),
            )
        })
        .collect())
}

/// Index, name and portal of the flash targets.
fn targets(lab: &Lab, host: &str) -> Result<Vec<(u64, Option<String>, String)>> {
    let entries = list(lab, &format!("flash list -a {host}"))?;
    Ok(entries
        .iter()
        .map(|t| {
            (
                t["index"].as_u64().unwrap_or(u64::MAX),
                t["target_name"].as_str().map(str::to_owned),
                format!("{}:{}", t["address"], t["port"]),
            )
        })
        .collect())
}

/// The flash target that a boot slot names.
fn slot(lab: &Lab, host: &str, slot: &str) -> Result<Option<u64>> {
    let shown = list(lab, &format!("boot show -a {host}"))?;
    let slots = shown
        .first()
        .and_then(|c| c["slots"].as_array())
        .context("no slots")?;
    Ok(slots
        .iter()
        .find(|s| s["slot"] == slot && s["valid"] == true)
        .and_then(|s| s["index"].as_u64()))
}

/// What an interface has staged or applied.
fn iface(lab: &Lab, host: &str, name: &str) -> Result<String> {
    let shown = lab.json(&["iface", "show", "ipv4", "-a", host])?;
    let value = shown["staged"]
        .get(name)
        .map_or(&shown["params"][name], |staged| &staged["staged"]);
    Ok(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// Nothing on either port is there twice, half made, or names what is not there.
fn sound(lab: &Lab) -> Result<()> {
    for host in ["host1", "host2"] {
        let targets = targets(lab, host)?;
        for (at, (index, name, portal)) in targets.iter().enumerate() {
            ensure!(name.is_some(), "flash target {index} of {host} is half made");
            let twin = targets[..at].iter().find(|(_, n, p)| n == name && p == portal);
            ensure!(twin.is_none(), "{name:?} is there twice on {host}: {targets:?}");
        }
        for which in ["primary", "secondary"] {
            if let Some(named) = slot(lab, host, which)? {
                ensure!(
                    targets.iter().any(|(index, ..)| *index == named),
                    "the {which} slot of {host} names flash target {named}, which is not there: {targets:?}"
                );
            }
        }
        let chap: Vec<u64> = chap_users(lab, host)?
            .into_iter()
            .map(|(index, _)| index)
            .collect();
        for target in list(lab, &format!("flash list -a {host}"))? {
            if let Some(index) = target["chap_index"].as_u64() {
                ensure!(
                    chap.contains(&index),
                    "flash target {} of {host} uses chap entry {index}, which is not there: {chap:?}",
                    target["index"]
                );
            }
        }
    }
    Ok(())
}
