//! The stock iscsid and iscsiadm speak netlink to the emulated kernel: what they change, hbactl sees, and the other way round.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use driver_sys::netlink::Request;
use lab_tests::lab::Lab;
use lab_tests::need::left_out;
use lab_tests::peer::stock::{Stock, needs};
use lab_tests::process::until;
use lab_tests::target::Target;

const IQN: &str = "iqn.2026-11.org.example:disk";

#[test]
fn iscsiadm_reads_and_deletes_the_chap_entries_that_hbactl_wrote() -> Result<()> {
    if left_out(
        "iscsiadm_reads_and_deletes_the_chap_entries_that_hbactl_wrote",
        &needs(),
    ) {
        return Ok(());
    }
    let lab = Lab::start(&["--ports", "1"])?;
    let secret = lab.path().join("secret");
    std::fs::write(&secret, "a-secret-of-the-lab")?;
    let file = secret.to_str().context("path")?;
    let args = [
        "chap",
        "add",
        "-a",
        "host1",
        "--user",
        "alice",
        "--secret-file",
        file,
    ];
    let index = lab.json(&args)?["after"]["index"].as_u64().context("index")?;

    let stock = Stock::start(&lab.endpoint(), None)?;
    // Exit codes of these two commands tell nothing: they are 156 and the like for what succeeds.
    let shown = stock.iscsiadm("-m host -H 1 -C chap -o show", Duration::from_secs(30))?;
    let text = String::from_utf8_lossy(&shown.stdout);
    ensure!(
        text.contains(&format!(
            "host.auth.tbl_idx = {index}\nhost.auth.username = alice\n"
        )),
        "{shown:?}"
    );
    let deleting = stock.iscsiadm(
        &format!("-m host -H 1 -C chap -o delete -x {index}"),
        Duration::from_secs(30),
    )?;
    let left = lab.json(&["chap", "list", "-a", "host1"])?;
    ensure!(
        left.as_array().is_some_and(Vec::is_empty),
        "{left} after {deleting:?}"
    );

    let sent: Vec<Request> = stock
        .sent()?
        .iter()
        .map(|message| Ok(Request::decode(message)?.1))
        .collect::<Result<_>>()?;
    ensure!(
        sent.iter()
            .any(|request| matches!(request, Request::DeleteChap { .. })),
        "{sent:?}"
    );
    Ok(())
}

#[test]
fn iscsiadm_logs_a_flash_target_in_and_out_that_hbactl_added() -> Result<()> {
    if left_out(
        "iscsiadm_logs_a_flash_target_in_and_out_that_hbactl_added",
        &needs(),
    ) {
        return Ok(());
    }
    let lab = Lab::start(&["--ports", "1"])?;
    lab.json(&[
        "iface",
        "set",
        "ipv4",
        "-a",
        "host1",
        "ipaddress=127.0.0.21",
        "subnet=255.0.0.0",
    ])?;
    lab.json(&["iface", "apply", "-a", "host1"])?;
    let target = Target::start(lab.path(), IQN, &["--lun", "8M"])?;
    let portal = target.portal().to_string();
    let added = lab.json(&[
        "flash", "add", "-a", "host1", "--target", IQN, "--portal", &portal,
    ])?;
    let index = added["after"]["index"].as_u64().context("index")?;

    let stock = Stock::start(&lab.endpoint(), None)?;
    stock.lines(&format!("-m host -H 1 -C flashnode -o login -x {index}"))?;
    until(Duration::from_secs(30), "the session", || {
        let sessions = stock.lines("-m session").unwrap_or_default();
        Ok(sessions.iter().any(|line| line.contains(IQN)).then_some(()))
    })?;
    let log = stock.log()?;
    ensure!(log.contains("ctldev_handle got event type"), "{log}");
    stock.lines(&format!("-m host -H 1 -C flashnode -o logout -x {index}"))?;
    until(Duration::from_secs(30), "the session to go", || {
        let sessions = lab.json(&["session", "list"])?;
        Ok(sessions.as_array().is_some_and(Vec::is_empty).then_some(()))
    })
}
