//! What `hbactl` prints against an emulated adapter and our own target: events, plain columns, and no secret anywhere. Needs no
//! privileges.

use std::fs;
use std::process::Output;

use anyhow::{Context, Result, ensure};
use lab_tests::asked::{Asked, IQN, MUTUAL, SECRET, describe, text};
use lab_tests::target::Target;
use serde_json::Value;

#[test]
fn events_are_one_envelope_a_line() -> Result<()> {
    let lab = Asked::start(&["--ports", "2"])?;
    let follow = std::thread::scope(|scope| -> Result<Output> {
        let follower = scope.spawn(|| {
            lab.lab.hbactl(&[
                "-o",
                "json",
                "event",
                "follow",
                "--only",
                "link_down",
                "--count",
                "1",
                "--for",
                "20",
            ])
        });
        // The follower may not listen yet when the first cable is pulled.
        while !follower.is_finished() {
            lab.lab.fault(&["link-down", "1"])?;
            lab.lab.fault(&["link-up", "1"])?;
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        follower.join().expect("follower")
    })?;
    ensure!(follow.status.success(), "{}", describe(&follow));
    let lines = text(&follow.stdout);
    ensure!(lines.lines().count() == 1, "{lines}");
    let event: Value = serde_json::from_str(&lines)?;
    ensure!(
        event["kind"] == "event.follow" && event["data"]["event"] == "link_down",
        "{event}"
    );
    ensure!(event["data"]["host"] == 2, "{event}");
    Ok(())
}

#[test]
fn secrets_are_in_no_output() -> Result<()> {
    let lab = Asked::with_address(&["--ports", "1"])?;
    let accounts = lab.lab.path().join("accounts");
    fs::write(&accounts, format!("alice:{SECRET}\nmutual:array:{MUTUAL}\n"))?;
    let accounts = accounts.to_str().context("path")?.to_owned();
    let target = Target::start(lab.lab.path(), IQN, &["--lun", "64M", "--chap-file", &accounts])?;
    let (out, back) = (lab.secret("out", SECRET)?, lab.secret("in", MUTUAL)?);
    let portal = target.portal().to_string();
    let mut said = String::new();
    for args in [
        &[
            "chap",
            "add",
            "-u",
            "alice",
            "--index",
            "5",
            "--secret-file",
            &out,
        ][..],
        &[
            "chap",
            "add",
            "-u",
            "array",
            "--index",
            "6",
            "-d",
            "in",
            "--secret-file",
            &back,
        ],
        &["chap", "list"],
        &[
            "flash", "add", "--target", IQN, "--portal", &portal, "--chap", "5", "--bidi",
        ],
        &["flash", "login", "2"],
        &["flash", "login", "3"],
        &["flash", "show", "2"],
        &["flash", "list"],
        &["session", "list", "--detail"],
        &["session", "show", "1"],
        &["chap", "remove", "5"],
        &["chap", "set", "5", "--secret-file", &back],
        &["flash", "set", "2", &format!("password={SECRET}")],
        &[
            "flash",
            "add",
            "--target",
            IQN,
            "--portal",
            &portal,
            &format!("password_in={SECRET}"),
        ],
    ] {
        for format in ["json", "plain", "table"] {
            let run = lab.lab.hbactl(&[&["-vvv", "-o", format], args].concat())?;
            said.push_str(&format!(
                "{args:?} {}\n",
                describe(&run).replace(&format!("={SECRET}"), "")
            ));
            ensure!(
                !describe(&run).contains(SECRET) && !describe(&run).contains(MUTUAL),
                "{args:?} tells a secret: {}",
                describe(&run)
            );
        }
    }
    ensure!(said.contains("LOGGED_IN"), "nothing logged in with CHAP: {said}");
    ensure!(said.contains("alice") && said.contains("********"), "{said}");
    Ok(())
}

/// Without what differs from card to card: serial numbers, and MAC addresses beyond the maker's part.
fn masked(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some(at) = ["00:c0:dd:", ".fs"]
        .iter()
        .filter_map(|mark| rest.find(mark).map(|n| n + mark.len()))
        .min()
    {
        let (before, after) = rest.split_at(at);
        text.push_str(before);
        text.push_str("XX");
        rest = after.get(8..).unwrap_or_default();
    }
    text + rest
}

#[test]
fn plain_columns_are_stable() -> Result<()> {
    let lab = Asked::with_address(&["--ports", "2"])?;
    let target = Target::start(lab.lab.path(), IQN, &["--lun", "64M"])?;
    let secret = lab.secret("secret", SECRET)?;
    let flash = lab.add_target(&target, &[])?;
    lab.ok(&[
        "chap",
        "add",
        "-a",
        "1",
        "-u",
        "alice",
        "--index",
        "7",
        "--secret-file",
        &secret,
    ])?;
    lab.ok(&["flash", "login", &flash, "-a", "1"])?;
    let mut page = String::new();
    for args in [
        &["adapter", "list"][..],
        &["iface", "list"],
        &["flash", "list"],
        &["chap", "list"],
        &["boot", "show"],
        &["session", "list"],
        &["session", "list", "--detail"],
        &["lun", "list"],
        &["flash", "logout", &flash, "-a", "1"],
        &["flash", "logout", &flash, "-a", "1"],
    ] {
        let run = lab.lab.hbactl(&[&["-o", "plain"], args].concat())?;
        ensure!(run.status.success(), "{}", describe(&run));
        let lines = text(&run.stdout).replace('\t', " | ");
        page.push_str(&format!("$ hbactl -o plain {}\n{lines}", args.join(" ")));
    }
    let page = page.replace(&format!(":{}", target.portal().port()), ":PORT");
    insta::assert_snapshot!(masked(&page));
    Ok(())
}
