//! Discovery by this host: what a portal names becomes records, what cannot be used is told, and what somebody set stays. Against our own
//! target playing arrays of the field, and against tgt.

mod host;
mod others;

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use lab_tests::asked::{Asked, IQN, MUTUAL, SECRET, describe};
use lab_tests::lab::READY;
use lab_tests::port;
use lab_tests::process::{Running, own_binary};
use lab_tests::target::Target;
use serde_json::Value;

/// A host without adapters, and its record database.
use host::{Host, nobody, paths};

#[test]
fn what_is_found_becomes_records_and_what_somebody_set_stays() -> Result<()> {
    let host = Host::new()?;
    let target = host.target("t", &[])?;
    let (at, portal) = (target.portal(), target.portal().to_string());
    fs::write(
        host.db("iscsid.conf"),
        "node.startup = automatic\nnode.session.queue_depth = 64\n",
    )?;
    let found = host.ok(&["target", "discover", &portal])?;
    ensure!(
        paths(&found) == [("new", format!("{portal},1").as_str(), IQN)],
        "{found}"
    );
    ensure!(
        found["paths"][0]["stored"][0] == "db" && found["answer"] == "found",
        "{found}"
    );
    let file = host.record(IQN, at, "default");
    let made = fs::read_to_string(&file)?;
    for line in [
        "node.startup = automatic",
        "node.session.queue_depth = 64",
        "node.discovery_type = send_targets",
        &format!("node.discovery_address = {}", at.ip()),
        &format!("node.discovery_port = {}", at.port()),
    ] {
        ensure!(made.lines().any(|l| l == line), "{line} is not in {made}");
    }
    // An operator sets something, and writes a line of his own.
    let set = made
        .replace("node.session.queue_depth = 64", "node.session.queue_depth = 7")
        .replace("# END", "# mine\n# END");
    fs::write(&file, &set)?;
    let again = host.ok(&["target", "discover", &portal])?;
    ensure!(again["paths"][0]["state"] == "found", "{again}");
    ensure!(fs::read_to_string(&file)? == set);
    // Anew only when that is asked.
    let anew = host.ok(&["target", "discover", &portal, "--reset"])?;
    let change = &anew["paths"][0]["changes"][0];
    ensure!(
        anew["paths"][0]["state"] == "changed" && change["before"] == "7" && change["after"] == "64",
        "{anew}"
    );
    ensure!(fs::read_to_string(&file)? == made);
    Ok(())
}

#[test]
fn a_dry_run_and_a_look_write_nothing() -> Result<()> {
    let host = Host::new()?;
    let target = host.target("t", &[])?;
    let portal = target.portal().to_string();
    for args in [["--dry-run"].as_slice(), &["--store", "none"]] {
        let envelope = host.envelope(&[&["target", "discover", &portal], args].concat())?;
        let path = &envelope["data"]["paths"][0];
        ensure!(
            path["state"] == "new" && path["stored"].as_array().is_some_and(Vec::is_empty),
            "{envelope}"
        );
        let told = envelope["warnings"].to_string().contains("nothing was written");
        ensure!(told == (args[0] == "--dry-run"), "{envelope}");
        ensure!(!host.db("nodes").exists() && !host.db("send_targets").exists());
        let said = host.refused(2, &["target", "discover", &portal, "--store", "none", "--reset"])?;
        ensure!(said.contains("nothing is kept"), "{said}");
        host.refused(2, &["target", "discover", &portal, "--chap", "0"])?;
    }
    Ok(())
}

#[test]
fn what_is_not_named_any_more_is_gone_and_goes_when_that_is_asked() -> Result<()> {
    let host = Host::new()?;
    let at = port::own()?;
    let serve = |iqn: &str, also: &[&str]| {
        let mut command = Command::new(own_binary("hbaemu")?);
        command
            .args(["target", "--listen", &at.to_string(), "--iqn", iqn, "--lun", "8M"])
            .args(also);
        Running::start(&mut command, "ready", READY)
    };
    let (one, two) = ("iqn.2026-11.org.example:one", "iqn.2026-11.org.example:two");
    let portal = at.to_string();
    let first = serve(one, &["--also", two])?;
    ensure!(paths(&host.ok(&["target", "discover", &portal])?).len() == 2);
    drop(first);
    let _second = serve(one, &[])?;
    let told = host.ok(&["target", "discover", &portal])?;
    let named = format!("{portal},1");
    ensure!(
        paths(&told) == [("found", &*named, one), ("gone", &*named, two)],
        "{told}"
    );
    ensure!(told["paths"][1]["stored"][0] == "db" && host.record(two, at, "default").exists());
    let planned = host.ok(&["target", "discover", &portal, "--remove-gone", "--dry-run"])?;
    ensure!(planned["paths"][1]["state"] == "gone" && host.record(two, at, "default").exists());
    let gone = host.ok(&["target", "discover", &portal, "--remove-gone"])?;
    ensure!(
        gone["paths"][1]["state"] == "gone" && !host.record(two, at, "default").exists(),
        "{gone}"
    );
    ensure!(host.record(one, at, "default").exists());
    ensure!(paths(&host.ok(&["target", "discover", &portal])?).len() == 1);
    Ok(())
}

#[test]
fn an_array_that_lists_its_own_links_is_used_without_them() -> Result<()> {
    let host = Host::new()?;
    let strange = [
        "--announce",
        "0.0.0.0:3260,1",
        "--announce",
        "[ff02::1]:3260,1",
        "--announce",
        "10.0.0.300:3260,1",
    ];
    let target = host.target("t", &strange)?;
    target.fault(&["sendtargets-zone", "enp0s9"])?;
    let portal = target.portal().to_string();
    let envelope = host.envelope(&["target", "discover", &portal])?;
    let answer = &envelope["data"];
    let left: Vec<&Value> = answer["paths"]
        .as_array()
        .context("paths")?
        .iter()
        .filter(|p| p["state"] == "left_out")
        .collect();
    ensure!(
        left.len() == 4 && answer["paths"][0]["state"] == "new",
        "{answer}"
    );
    let reasons: Vec<&str> = left.iter().filter_map(|p| p["unusable"].as_str()).collect();
    for why in [
        "no address at all",
        "multicast",
        "neither an address nor a host name",
        "scope enp0s9 is the other side's",
    ] {
        ensure!(reasons.iter().any(|r| r.contains(why)), "{why}: {reasons:?}");
    }
    let warned = envelope["warnings"].to_string();
    ensure!(warned.contains("4 listed paths were left out"), "{warned}");
    // Nothing but such is an error that says so.
    let only = host.target(
        "only",
        &["--announce", "[fe80::1%eth9]:3260,1", "--announce-only"],
    )?;
    let said = host.refused(1, &["target", "discover", &only.portal().to_string()])?;
    ensure!(said.contains("unusable") && said.contains("scope eth9"), "{said}");
    Ok(())
}

#[test]
fn a_portal_that_sends_on_is_followed_and_told_and_not_for_ever() -> Result<()> {
    let host = Host::new()?;
    let (first, second) = (host.target("first", &[])?, host.target("second", &[])?);
    let (from, to) = (first.portal().to_string(), second.portal().to_string());
    first.fault(&["redirect-discovery", &to])?;
    let envelope = host.envelope(&["target", "discover", &from])?;
    let hop = &envelope["data"]["redirected"][0];
    ensure!(
        hop["from"] == *from && hop["to"] == *to && hop["permanent"] == false,
        "{envelope}"
    );
    ensure!(
        paths(&envelope["data"]) == [("new", format!("{to},1").as_str(), IQN)],
        "{envelope}"
    );
    ensure!(
        envelope["warnings"].to_string().contains("moved for this time"),
        "{envelope}"
    );
    // The records are of whom was asked: he is asked again.
    ensure!(
        host.db(&format!(
            "send_targets/127.0.0.1,{}/st_config",
            first.portal().port()
        ))
        .exists()
    );
    first.fault(&["redirect-discovery", &to, "permanent"])?;
    let envelope = host.envelope(&["target", "discover", &from])?;
    ensure!(
        envelope["warnings"].to_string().contains("moved for good"),
        "{envelope}"
    );
    second.fault(&["redirect-discovery", &from])?;
    let said = host.refused(1, &["target", "discover", &from])?;
    ensure!(
        said.contains("sent on: ") && said.contains("8 are followed"),
        "{said}"
    );
    Ok(())
}

#[test]
fn who_must_prove_himself_does_and_a_portals_record_keeps_the_account() -> Result<()> {
    let host = Host::new()?;
    let accounts = host.secret("accounts", &format!("init1:{SECRET}\nmutual:array:{MUTUAL}\n"))?;
    let target = host.target("t", &["--discovery-auth", "--chap-file", &accounts])?;
    let portal = target.portal().to_string();
    let discover = |more: &[&str]| host.run(&[&["target", "discover", &portal], more].concat());
    let said = host.refused(1, &["target", "discover", &portal])?;
    ensure!(
        said.contains("refused: ") && said.contains("--chap-user"),
        "{said}"
    );
    let wrong = host.secret("wrong", "another-secret-1")?;
    let out = discover(&["--chap-user", "init1", "--secret-file", &wrong])?;
    let said = String::from_utf8_lossy(&out.stderr);
    ensure!(
        out.status.code() == Some(1) && said.contains("authentication failure"),
        "{}",
        describe(&out)
    );
    ensure!(
        !host.db("send_targets").exists() && !host.db("nodes").exists(),
        "a refusal leaves nothing"
    );
    let right = host.secret("right", SECRET)?;
    let mutual = host.secret("mutual", MUTUAL)?;
    // The other side proves itself with another secret than it should.
    let out = discover(&[
        "--chap-user",
        "init1",
        "--secret-file",
        &right,
        "--chap-in-user",
        "array",
        "--secret-in-file",
        &wrong,
    ])?;
    ensure!(
        out.status.code() == Some(1) && !host.db("nodes").exists(),
        "{}",
        describe(&out)
    );
    let both = [
        "--chap-user",
        "init1",
        "--secret-file",
        &right,
        "--chap-in-user",
        "array",
        "--secret-in-file",
        &mutual,
    ];
    for more in [
        &["--chap-algs", "SHA3-256"][..],
        &[
            "--chap-algs",
            "MD5",
            "--header-digest",
            "on",
            "--data-digest",
            "on",
        ],
    ] {
        let out = discover(&[&both[..], more].concat())?;
        ensure!(out.status.success(), "{more:?}: {}", describe(&out));
        let shown = String::from_utf8_lossy(&out.stdout);
        ensure!(!shown.contains(SECRET) && !shown.contains(MUTUAL), "{shown}");
    }
    let record = fs::read_to_string(host.record(IQN, target.portal(), "default"))?;
    ensure!(
        record.contains("node.session.auth.username = init1"),
        "a new record has discovery's account"
    );
    let kept = host.ok(&["target", "portal", "show", &portal])?;
    ensure!(
        kept["chap_user"] == "init1" && kept["mutual_chap"] == true && kept["records"] == 1,
        "{kept}"
    );
    ensure!(
        !kept.to_string().contains(SECRET) && !kept.to_string().contains(MUTUAL),
        "{kept}"
    );
    let changed = host.run(&[
        "target",
        "portal",
        "add",
        &portal,
        "--chap-user",
        "init1",
        "--secret-file",
        &wrong,
    ])?;
    let shown = String::from_utf8_lossy(&changed.stdout);
    ensure!(
        changed.status.success() && shown.contains("********") && !shown.contains("another-secret"),
        "{shown}"
    );
    host.ok(&[
        "target",
        "portal",
        "add",
        &portal,
        "--chap-user",
        "init1",
        "--secret-file",
        &right,
    ])?;
    // So it can be asked again by itself.
    let again = host.ok(&["target", "refresh"])?;
    ensure!(again[0]["portals"][0]["failure"].is_null(), "{again}");
    ensure!(
        again[0]["portals"][0]["discovery"]["paths"][0]["state"] == "found",
        "{again}"
    );
    Ok(())
}

#[test]
fn more_targets_than_one_answer_holds_are_found_and_the_limit_is_told() -> Result<()> {
    let host = Host::new()?;
    let target = host.target(
        "t",
        &["--targets", "4096", "--also", "iqn.2026-11.org.example:beyond"],
    )?;
    let envelope = host.envelope(&[
        "target",
        "discover",
        &target.portal().to_string(),
        "--store",
        "none",
    ])?;
    let answer = &envelope["data"];
    ensure!(
        answer["listed"] == 4097 && paths(answer).len() == 4096,
        "{}",
        answer["listed"]
    );
    ensure!(
        envelope["warnings"]
            .to_string()
            .contains("beyond the limit of 4096"),
        "{}",
        envelope["warnings"]
    );
    Ok(())
}

#[test]
fn an_interface_asks_from_its_own_address_and_has_records_of_its_own() -> Result<()> {
    let host = Host::new()?;
    let target = host.target("t", &["--allow", "iqn.2026-11.org.example:lo9"])?;
    let portal = target.portal().to_string();
    fs::create_dir(host.db("ifaces"))?;
    fs::write(
        host.db("ifaces/lo9"),
        "# BEGIN RECORD 2.1.8\niface.iscsi_ifacename = lo9\niface.net_ifacename = lo\niface.ipaddress = 127.0.0.9\n\
         iface.transport_name = tcp\niface.initiatorname = iqn.2026-11.org.example:lo9\n# END RECORD\n",
    )?;
    // The target shows itself to the interface's initiator name only.
    let envelope = host.envelope(&["target", "discover", &portal])?;
    ensure!(envelope["data"]["answer"] == "nothing", "{envelope}");
    let found = host.ok(&["target", "discover", &portal, "--iface", "lo9"])?;
    ensure!(
        found["paths"][0]["iface"] == "lo9" && found["paths"][0]["state"] == "new",
        "{found}"
    );
    let record = fs::read_to_string(host.record(IQN, target.portal(), "lo9"))?;
    ensure!(record.contains("iface.ipaddress = 127.0.0.9"), "{record}");
    // What one interface found is not gone because another does not see it.
    let other = host.ok(&["target", "discover", &portal])?;
    ensure!(paths(&other).is_empty(), "{other}");
    fs::write(
        host.db("ifaces/away"),
        "# BEGIN RECORD 2.1.8\niface.iscsi_ifacename = away\niface.ipaddress = 192.0.2.9\n# END RECORD\n",
    )?;
    let said = host.refused(1, &["target", "discover", &portal, "--iface", "away"])?;
    ensure!(said.contains("the address 192.0.2.9 cannot be used"), "{said}");
    host.refused(3, &["target", "discover", &portal, "--iface", "none-such"])?;
    Ok(())
}

#[test]
fn portals_are_kept_shown_changed_and_taken_away_and_a_dead_one_does_not_hold_up_the_others() -> Result<()> {
    let host = Host::new()?;
    ensure!(
        host.ok(&["target", "portal", "list"])?
            .as_array()
            .is_some_and(Vec::is_empty)
    );
    let target = host.target("t", &[])?;
    let (live, dead) = (target.portal().to_string(), nobody()?.to_string());
    let planned = host.ok(&["target", "portal", "add", &dead, "--dry-run"])?;
    ensure!(
        planned["change"] == "planned" && !host.db("send_targets").exists(),
        "{planned}"
    );
    for portal in [&dead, &live] {
        let added = host.ok(&[
            "target",
            "portal",
            "add",
            portal,
            "discovery.sendtargets.timeo.login_timeout=5",
        ])?;
        ensure!(added["change"] == "changed", "{added}");
    }
    let same = host.ok(&["target", "portal", "add", &live])?;
    ensure!(same["change"] == "unchanged", "{same}");
    let said = host.refused(
        2,
        &[
            "target",
            "portal",
            "add",
            &live,
            "discovery.sendtargets.timeo.login_timeout=soon",
        ],
    )?;
    ensure!(said.contains("login_timeout"), "{said}");
    host.refused(
        2,
        &[
            "target",
            "portal",
            "add",
            &live,
            "discovery.sendtargets.auth.password=in-the-open",
        ],
    )?;
    let server = host.ok(&["target", "portal", "add", "10.0.0.9", "--isns"])?;
    ensure!(
        server["after"]["port"] == 3205 && server["after"]["kind"] == "isns",
        "{server}"
    );
    ensure!(host.ok(&["target", "portal", "remove", "10.0.0.9"])?["change"] == "changed");
    let listed = host.ok(&["target", "portal", "list"])?;
    ensure!(listed.as_array().is_some_and(|all| all.len() == 2), "{listed}");
    let out = host.run(&["target", "refresh"])?;
    ensure!(out.status.code() == Some(1), "{}", describe(&out));
    let answer: Value = serde_json::from_slice(&out.stdout)?;
    let portals = answer["data"][0]["portals"].as_array().context("portals")?;
    let by = |portal: &str| portals.iter().find(|p| p["portal"] == *portal);
    ensure!(
        by(&dead).is_some_and(|p| p["failure"].as_str().is_some_and(|f| f.contains("no answer"))),
        "{answer}"
    );
    ensure!(by(&live).is_some_and(|p| p["failure"].is_null()), "{answer}");
    ensure!(
        answer["data"][0]["host"].is_null() && answer["data"][0]["targets"] == 1,
        "{answer}"
    );
    let removed = host.envelope(&["target", "portal", "remove", &live])?;
    ensure!(
        removed["warnings"]
            .to_string()
            .contains("1 records that were found through it stay"),
        "{removed}"
    );
    ensure!(host.record(IQN, target.portal(), "default").exists());
    host.refused(3, &["target", "portal", "show", &live])?;
    Ok(())
}

#[test]
fn a_target_that_flash_and_the_database_have_is_told() -> Result<()> {
    let asked = Asked::with_address(&["--ports", "1"])?;
    let target = Target::start(asked.lab.path(), IQN, &["--lun", "8M"])?;
    let portal = target.portal().to_string();
    let db = asked.lab.endpoint().join("hbactl/db");
    fs::create_dir_all(&db)?;
    fs::write(
        db.join("initiatorname.iscsi"),
        "InitiatorName=iqn.2026-11.org.example:host\n",
    )?;
    let into_flash = asked.ok(&["target", "discover", &portal, "--store", "flash"])?;
    ensure!(
        into_flash["means"] == "adapter" && into_flash["paths"][0]["stored"][0] == "flash",
        "{into_flash}"
    );
    ensure!(
        into_flash["targets"].as_array().is_some_and(|t| t.len() == 1),
        "{into_flash}"
    );
    let out = asked.lab.hbactl(&["-o", "json", "target", "discover", &portal])?;
    ensure!(out.status.success(), "{}", describe(&out));
    let envelope: Value = serde_json::from_slice(&out.stdout)?;
    let stored = &envelope["data"]["paths"][0]["stored"];
    ensure!(stored[0] == "flash" && stored[1] == "db", "{envelope}");
    ensure!(
        envelope["warnings"].to_string().contains("is in flash, too"),
        "{envelope}"
    );
    let refreshed = asked.ok(&["target", "refresh"])?;
    let hosts: Vec<bool> = refreshed
        .as_array()
        .context("a list")?
        .iter()
        .map(|r| r["host"].is_null())
        .collect();
    ensure!(
        hosts == [false, true],
        "the adapter's part and the database's: {refreshed}"
    );
    let said = asked.refused(2, &["target", "discover", &portal, "--store", "flash", "--reset"])?;
    ensure!(said.contains("an adapter asks"), "{said}");
    Ok(())
}
