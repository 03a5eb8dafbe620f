//! A discovery's result is the answer to the question that was asked: found, nothing, refused, unusable, no answer, no address. A session
//! that was there before is no answer, and nothing that was removed comes back.

use std::io::Read;
use std::net::TcpListener;

use anyhow::{Context, Result, ensure};
use lab_tests::asked::{Asked, IQN, SECRET};
use lab_tests::target::Target;
use serde_json::Value;

fn empty(list: &Value) -> bool {
    list.as_array().is_some_and(Vec::is_empty)
}

/// A port of 127.0.0.1 where nobody listens.
fn nobody() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

#[test]
fn what_is_found_was_asked_for_and_what_was_there_is_told_apart() -> Result<()> {
    let asked = Asked::with_address(&["--ports", "1"])?;
    let target = Target::start(asked.lab.path(), IQN, &["--lun", "8M"])?;
    let portal = target.portal().to_string();
    let found = asked.ok(&["flash", "discover", &portal])?;
    ensure!(found["answer"] == "found" && found["listed"] == 1, "{found}");
    ensure!(
        found["sessions"][0]["sid"] == 1 && empty(&found["present"]),
        "{found}"
    );
    let again = asked.ok(&["flash", "discover", &portal])?;
    ensure!(
        empty(&again["sessions"]) && again["present"][0]["sid"] == 1,
        "{again}"
    );
    Ok(())
}

#[test]
fn what_is_found_is_shown_as_it_is_shown_afterwards() -> Result<()> {
    let asked = Asked::with_address(&["--ports", "1"])?;
    let target = Target::start(asked.lab.path(), IQN, &["--lun", "8M"].repeat(6))?;
    target.fault(&["delay", "20"])?;
    let portal = target.portal().to_string();
    let found = asked.ok(&["flash", "discover", &portal, "--adapter-only"])?;
    let found = &found["sessions"][0];
    let units = found["luns"].as_array().context("units")?.len();
    ensure!(units == 6 && found["target_state"] == "SCANNED", "{found}");
    let port = &found["connections"][0]["local_port"];
    ensure!(found["tsid"].as_u64() > Some(0) && port.is_number(), "{found}");
    let shown = asked.ok(&["session", "show", &found["sid"].to_string()])?;
    for field in [
        "state",
        "target_state",
        "tsid",
        "tpgt",
        "params",
        "connections",
        "luns",
    ] {
        ensure!(
            !shown[field].is_null() && found[field] == shown[field],
            "{field}: {} was found, {} is shown",
            found[field],
            shown[field]
        );
    }
    Ok(())
}

#[test]
fn a_target_that_was_removed_does_not_come_back() -> Result<()> {
    let asked = Asked::with_address(&["--ports", "1"])?;
    let target = Target::start(asked.lab.path(), IQN, &["--lun", "8M"])?;
    let index = asked.add_target(&target, &[])?;
    asked.ok(&["flash", "login", &index])?;
    asked.ok(&["flash", "discover", &target.portal().to_string()])?;
    asked.ok(&["flash", "logout", &index])?;
    asked.ok(&["flash", "remove", &index])?;
    let said = asked.refused(1, &["flash", "discover", &nobody()?])?;
    ensure!(
        said.contains("no answer: ") && said.contains("hbactl ping"),
        "{said}"
    );
    ensure!(empty(&asked.ok(&["session", "list"])?));
    ensure!(empty(&asked.ok(&["flash", "list"])?));
    Ok(())
}

#[test]
fn a_refusal_is_one_whatever_session_is_up() -> Result<()> {
    let asked = Asked::with_address(&["--ports", "1"])?;
    let accounts = asked.secret("accounts", &format!("init1:{SECRET}"))?;
    let secret = asked.secret("secret", SECRET)?;
    let args = ["--lun", "8M", "--discovery-auth", "--chap-file", &accounts];
    let target = Target::start(asked.lab.path(), IQN, &args)?;
    let chap = asked.ok(&["chap", "add", "--user", "init1", "--secret-file", &secret])?;
    let chap = chap["after"]["index"].to_string();
    let index = asked.add_target(&target, &["--chap", &chap])?;
    asked.ok(&["flash", "login", &index])?;
    let portal = target.portal().to_string();
    let said = asked.refused(1, &["flash", "discover", &portal])?;
    ensure!(
        said.contains("refused: ") && said.contains("authentication failure (02/01)"),
        "{said}"
    );
    let found = asked.ok(&["flash", "discover", &portal, "--chap", &chap])?;
    ensure!(
        found["answer"] == "found" && found["present"][0]["sid"] == 1,
        "{found}"
    );
    Ok(())
}

#[test]
fn a_port_without_an_address_of_the_family_asks_nobody() -> Result<()> {
    let asked = Asked::start(&["--ports", "1"])?;
    let said = asked.refused(1, &["flash", "discover", "127.0.0.1"])?;
    ensure!(
        said.contains("no address: host1 has no IPv4 address") && said.contains("iface set"),
        "{said}"
    );
    let asked = Asked::with_address(&["--ports", "1"])?;
    let said = asked.refused(1, &["flash", "discover", "[fd00::1]:3260"])?;
    ensure!(said.contains("host1 has no IPv6 address"), "{said}");
    Ok(())
}

#[test]
fn somebody_who_speaks_no_iscsi_is_told_apart_from_nobody() -> Result<()> {
    let asked = Asked::with_address(&["--ports", "1"])?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let portal = listener.local_addr()?.to_string();
    std::thread::spawn(move || {
        // Takes what comes and hangs up.
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.read(&mut [0; 48]);
        }
    });
    let said = asked.refused(1, &["flash", "discover", &portal])?;
    ensure!(
        said.contains("no answer: ") && said.contains("speaks no iscsi"),
        "{said}"
    );
    Ok(())
}

#[test]
fn nothing_is_kept_of_a_portal_in_a_form_of_its_own() -> Result<()> {
    let asked = Asked::with_address(&["--ports", "1"])?;
    for bad in [
        "255.255.255.255",
        "0.0.0.0",
        "224.0.0.1:3260",
        "[ff02::1]:3260",
        "10.0.0.1:0",
        "storage.example",
        "[fe80::1%eth0]:3260",
    ] {
        let out = asked
            .lab
            .hbactl(&["flash", "add", "--target", IQN, "--portal", bad])?;
        ensure!(out.status.code() == Some(2), "{bad}: {out:?}");
    }
    let made = asked.ok(&["flash", "add", "--target", IQN, "--portal", "127.0.0.1:3261,7"])?;
    ensure!(
        made["after"]["tpgt"] == 7 && made["after"]["port"] == 3261,
        "{made}"
    );
    let index = made["after"]["index"].to_string();
    for bad in [
        "ipaddress=255.255.255.255",
        "ipaddress=224.0.0.1",
        "port=0",
        "targetname=a b",
    ] {
        asked.refused(2, &["flash", "set", &index, bad])?;
    }
    let same = [
        "flash",
        "add",
        "--target",
        IQN,
        "--portal",
        "127.0.0.1:3261,7",
        "--tpgt",
        "8",
    ];
    asked.refused(2, &same)?;
    let v6 = asked.ok(&["flash", "add", "--target", IQN, "--portal", "[FD00:0::0001]:3260"])?;
    ensure!(v6["after"]["address"] == "fd00::1", "{v6}");
    let again = asked.ok(&["flash", "add", "--target", IQN, "--portal", "fd00:0:0:0:0:0:0:1"])?;
    ensure!(again["change"] == "unchanged", "{again}");
    Ok(())
}

#[test]
fn a_full_table_is_counted() -> Result<()> {
    let asked = Asked::with_address(&["--ports", "1"])?;
    for n in 0..62 {
        let name = format!("iqn.2026-11.org.example:n{n}");
        asked.ok(&["flash", "add", "--target", &name, "--portal", "127.0.0.1"])?;
    }
    let said = asked.refused(1, &["flash", "add", "--target", IQN, "--portal", "127.0.0.1"])?;
    ensure!(said.contains("62 of 62"), "{said}");
    Ok(())
}

#[test]
fn a_login_tells_what_is_wrong_and_what_to_look_at() -> Result<()> {
    let asked = Asked::with_address(&["--ports", "1"])?;
    let target = Target::start(asked.lab.path(), IQN, &["--lun", "8M"])?;
    let portal = target.portal().to_string();
    let wrong = asked.ok(&[
        "flash",
        "add",
        "--target",
        "iqn.2026-11.org.example:nobody",
        "--portal",
        &portal,
    ])?;
    let index = wrong["after"]["index"].to_string();
    let said = asked.refused(1, &["flash", "login", &index])?;
    ensure!(said.contains("target not found (02/03)"), "{said}");
    ensure!(
        !said.contains("ping") && said.contains("check the target's name"),
        "{said}"
    );
    asked.ok(&["flash", "logout", &index])?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            drop(stream);
        }
    });
    asked.ok(&["flash", "set", &index, &format!("port={port}")])?;
    let said = asked.refused(1, &["flash", "login", &index])?;
    ensure!(
        said.contains("speaks no iscsi") && !said.contains("ping"),
        "{said}"
    );
    Ok(())
}

#[test]
fn a_refresh_asks_every_portal_and_says_which_did_not_answer() -> Result<()> {
    let asked = Asked::with_address(&["--ports", "1"])?;
    let target = Target::start(asked.lab.path(), IQN, &["--lun", "8M"])?;
    let dead = nobody()?;
    asked.ok(&["flash", "add", "--portal", &dead])?;
    asked.ok(&["flash", "add", "--portal", &target.portal().to_string()])?;
    let out = asked.lab.hbactl(&["-o", "json", "target", "refresh"])?;
    ensure!(out.status.code() == Some(1), "{out:?}");
    let answer: Value = serde_json::from_slice(&out.stdout).context("json")?;
    let portals = &answer["data"][0]["portals"];
    ensure!(
        portals[0]["failure"]
            .as_str()
            .is_some_and(|f| f.starts_with("no answer")),
        "{answer}"
    );
    ensure!(portals[1]["discovery"]["answer"] == "found", "{answer}");
    let settings = asked.ok(&["target", "discovery", "show"])?;
    ensure!(
        settings[0]["portals"].as_array().is_some_and(|p| p.len() == 2),
        "{settings}"
    );
    let lacks = |name: &str| {
        settings[0]["ways"]
            .as_array()
            .is_some_and(|w| w.iter().any(|w| w["name"] == name && w["supported"] == false))
    };
    ensure!(lacks("isns") && lacks("slp"), "{settings}");
    Ok(())
}

#[test]
fn a_portal_that_shows_us_nothing_has_answered() -> Result<()> {
    let asked = Asked::with_address(&["--ports", "1"])?;
    let target = Target::start(
        asked.lab.path(),
        IQN,
        &["--lun", "8M", "--allow", "iqn.2026-11.org.example:somebody"],
    )?;
    let found = asked.ok(&["flash", "discover", &target.portal().to_string()])?;
    ensure!(found["answer"] == "nothing" && found["listed"] == 0, "{found}");
    Ok(())
}

#[test]
fn what_the_adapter_cannot_use_is_named_with_the_reason() -> Result<()> {
    let asked = Asked::with_address(&["--ports", "1"])?;
    let announced = [
        "--announce",
        "storage.example.net:3260,1",
        "--announce",
        "[fe80::1%enp0s9]:3260,2",
        "--announce",
        "[fd00::1]:3260,3",
    ];
    let only = [&["--lun", "8M", "--announce-only"], &announced[..]].concat();
    let target = Target::start(asked.lab.path(), IQN, &only)?;
    let portal = target.portal().to_string();
    let said = asked.refused(1, &["flash", "discover", &portal])?;
    for part in [
        "unusable: ",
        "lists 1 target",
        "adapters resolve no names",
        "its scope enp0s9 is the other side's",
        "host1 has no IPv6 address",
    ] {
        ensure!(said.contains(part), "{part}: {said}");
    }
    // Where one of them can be used, the others are left out and counted.
    let dir = asked.lab.path().join("second");
    std::fs::create_dir(&dir)?;
    let target = Target::start(&dir, IQN, &[&["--lun", "8M"], &announced[..]].concat())?;
    let found = asked.ok(&["flash", "discover", &target.portal().to_string()])?;
    ensure!(
        found["sessions"].as_array().is_some_and(|s| s.len() == 1),
        "{found}"
    );
    ensure!(
        found["left_out"].as_array().is_some_and(|l| l.len() == 3),
        "{found}"
    );
    Ok(())
}

#[test]
fn more_targets_than_the_adapter_holds_are_counted() -> Result<()> {
    let asked = Asked::with_address(&["--ports", "1"])?;
    let target = Target::start(asked.lab.path(), IQN, &["--lun", "8M", "--targets", "200"])?;
    let found = asked.ok(&["flash", "discover", &target.portal().to_string()])?;
    let count = |list: &Value| list.as_array().map_or(0, Vec::len);
    ensure!(found["listed"] == 200, "{}", found["listed"]);
    let (made, left_out) = (count(&found["sessions"]), count(&found["left_out"]));
    ensure!(made == 192 && left_out == 8, "{made} and {left_out}");
    Ok(())
}
