//! CHAP algorithms: the card offers what its firmware knows, MD5, unless it is told otherwise.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use lab_tests::lab::Lab;
use lab_tests::target::Target;

const IQN: &str = "iqn.2026-11.org.example:proven";
const SECRET: &str = "adapter-secret-1";

/// Whether a card with these options logs in to a target that takes these algorithms.
fn logs_in(card: &[&str], address: &str, takes: &str) -> Result<bool> {
    let lab = Lab::start(&[&["--ports", "1"], card].concat())?;
    lab.json(&[
        "iface",
        "set",
        "ipv4",
        &format!("ipaddress={address}"),
        "subnet=255.0.0.0",
    ])?;
    lab.json(&["iface", "apply"])?;
    let (accounts, secret): (PathBuf, PathBuf) = (lab.path().join("accounts"), lab.path().join("secret"));
    std::fs::write(&accounts, format!("adapter:{SECRET}\n"))?;
    std::fs::write(&secret, SECRET)?;
    let (accounts, secret) = (accounts.display().to_string(), secret.display().to_string());
    let target = Target::start(
        lab.path(),
        IQN,
        &[
            "--lun",
            "8M",
            "--chap-file",
            &accounts,
            "--chap-algorithms",
            takes,
        ],
    )?;
    lab.json(&[
        "chap",
        "add",
        "--user",
        "adapter",
        "--secret-file",
        &secret,
        "--index",
        "4",
    ])?;
    let portal = target.portal().to_string();
    let added = lab.json(&[
        "flash", "add", "--target", IQN, "--portal", &portal, "--chap", "4",
    ])?;
    let index = added["after"]["index"].to_string();
    let out = lab.hbactl(&["flash", "login", &index, "--timeout", "12"])?;
    let sessions = lab.json(&["session", "list"])?;
    let there = sessions[0]["state"] == "LOGGED_IN";
    ensure!(
        there == out.status.success(),
        "flash login and session list disagree: {sessions} {}",
        String::from_utf8_lossy(&out.stderr)
    );
    Ok(there)
}

#[test]
fn a_card_of_its_time_offers_md5_alone() -> Result<()> {
    ensure!(
        logs_in(&[], "127.0.0.63", "md5")?,
        "MD5 is what the firmware knows"
    );
    ensure!(
        !logs_in(&[], "127.0.0.64", "sha1,sha-256,sha3-256")?,
        "and it knows nothing else"
    );
    Ok(())
}

#[test]
fn a_card_that_is_told_to_offers_others() -> Result<()> {
    let newer = ["--chap-algorithms", "sha3-256,7"];
    ensure!(logs_in(&newer, "127.0.0.65", "sha-256")?);
    ensure!(
        !logs_in(&newer, "127.0.0.66", "md5")?,
        "MD5 is not on this card's list"
    );
    Ok(())
}
