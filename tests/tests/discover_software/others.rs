//! Other ways and other people's programs: firmware tables, tgt, an iSNS server.

use std::fs;

use anyhow::{Result, ensure};
use lab_tests::asked::{IQN, SECRET};
use lab_tests::isns::Server;
use lab_tests::need::left_out;
use lab_tests::tgt::{self, Tgtd};

/// A host without adapters, and its record database.
use crate::host::{Host, nobody, paths};

#[test]
fn what_the_firmware_boots_from_becomes_records_that_log_in_at_boot() -> Result<()> {
    let host = Host::new()?;
    let said = host.refused(3, &["target", "discover", "--firmware"])?;
    ensure!(said.contains("has no table"), "{said}");
    let table = host.dir.path().join("host/sys/firmware/ibft");
    for (object, attrs) in [
        (
            "initiator",
            &[("initiator-name", "iqn.2026-11.org.example:boot")][..],
        ),
        (
            "ethernet0",
            &[("mac", "00:00:00:00:00:01"), ("flags", "3"), ("index", "0")],
        ),
        (
            "target0",
            &[
                ("target-name", IQN),
                ("ip-addr", "10.0.0.1"),
                ("port", "3260"),
                ("flags", "3"),
                ("nic-assoc", "0"),
                ("chap-type", "1"),
                ("chap-name", "init1"),
                ("chap-secret", SECRET),
            ],
        ),
        (
            "target1",
            &[
                ("target-name", IQN),
                ("ip-addr", "10.0.0.2"),
                ("port", "3260"),
                ("flags", "0"),
            ],
        ),
    ] {
        fs::create_dir_all(table.join(object))?;
        for (name, value) in attrs {
            fs::write(table.join(object).join(name), format!("{value}\n"))?;
        }
    }
    let answer = host.ok(&["target", "discover", "--firmware"])?;
    ensure!(
        answer["means"] == "firmware" && answer["portal"] == "ibft",
        "{answer}"
    );
    let told = paths(&answer);
    ensure!(
        told == [("new", "10.0.0.1:3260", IQN), ("left_out", "ibft/target1", IQN)],
        "{answer}"
    );
    ensure!(!answer.to_string().contains(SECRET), "{answer}");
    let record = fs::read_to_string(host.db(&format!("nodes/{IQN}/10.0.0.1,3260,1/default")))?;
    for line in [
        "node.startup = onboot",
        "node.conn[0].startup = onboot",
        "node.discovery_type = fw",
        "node.session.auth.username = init1",
        "iface.initiatorname = iqn.2026-11.org.example:boot",
    ] {
        ensure!(record.lines().any(|l| l == line), "{line} is not in {record}");
    }
    let again = host.ok(&["target", "discover", "--firmware"])?;
    ensure!(again["paths"][0]["state"] == "found", "{again}");
    Ok(())
}

#[test]
fn tgt_is_asked_with_and_without_proof_and_a_target_that_it_drops_is_gone() -> Result<()> {
    if left_out(
        "tgt_is_asked_with_and_without_proof_and_a_target_that_it_drops_is_gone",
        tgt::NEEDS,
    ) {
        return Ok(());
    }
    let host = Host::new()?;
    let tgtd = Tgtd::start()?;
    let portal = tgtd.portal().to_string();
    let disk = host.dir.path().join("disk");
    fs::File::create(&disk)?.set_len(8 << 20)?;
    let (one, two) = ("iqn.2026-11.org.example:one", "iqn.2026-11.org.example:two");
    tgtd.add_target(1, one, &[&disk], &[])?;
    tgtd.add_target(2, two, &[&disk], &[])?;
    let found = host.ok(&["target", "discover", &portal])?;
    let mut named: Vec<&str> = paths(&found).iter().map(|(_, _, target)| *target).collect();
    named.sort_unstable();
    ensure!(named == [one, two], "{found}");
    tgtd.admin(&["--op", "delete", "--mode", "target", "--tid", "2"])?;
    let gone = host.ok(&["target", "discover", &portal, "--remove-gone"])?;
    let states: Vec<(&str, &str)> = paths(&gone)
        .iter()
        .map(|(state, _, target)| (*state, *target))
        .collect();
    ensure!(states == [("found", one), ("gone", two)], "{gone}");
    // An account that is bound to no target is that of discovery.
    tgtd.admin(&[
        "--op",
        "new",
        "--mode",
        "account",
        "--user",
        "init1",
        "--password",
        SECRET,
    ])?;
    tgtd.admin(&["--op", "bind", "--mode", "account", "--user", "init1"])?;
    let said = host.refused(1, &["target", "discover", &portal])?;
    ensure!(
        said.contains("refused: ") && said.contains("--chap-user"),
        "{said}"
    );
    let secret = host.secret("secret", SECRET)?;
    let found = host.ok(&[
        "target",
        "discover",
        &portal,
        "--chap-user",
        "init1",
        "--secret-file",
        &secret,
    ])?;
    ensure!(found["paths"][0]["state"] == "found", "{found}");
    Ok(())
}

#[test]
fn an_isns_server_is_asked_and_its_targets_become_records() -> Result<()> {
    let host = Host::new()?;
    let other = "iqn.2026-11.org.example:other";
    let (usable, not) = (
        format!("{IQN},10.0.0.1:3260,2"),
        format!("{other},[fe80::1]:3260,1"),
    );
    let server = Server::ours(&["--target", &usable, "--target", &not])?;
    let at = server.at.to_string();
    let answer = host.ok(&["target", "discover", "--isns", &at])?;
    ensure!(answer["means"] == "isns" && answer["listed"] == 2, "{answer}");
    let told = paths(&answer);
    ensure!(told.contains(&("new", "10.0.0.1:3260,2", IQN)), "{answer}");
    ensure!(
        told.iter()
            .any(|(state, _, target)| *state == "left_out" && *target == other),
        "{answer}"
    );
    let record = fs::read_to_string(host.db(&format!("nodes/{IQN}/10.0.0.1,3260,2/default")))?;
    ensure!(record.contains("node.discovery_type = isns"), "{record}");
    let listed = host.ok(&["target", "portal", "list"])?;
    ensure!(
        listed[0]["kind"] == "isns" && listed[0]["records"] == 1,
        "{listed}"
    );
    let again = host.ok(&["target", "refresh"])?;
    let portal = &again[0]["portals"][0];
    ensure!(
        portal["kind"] == "isns" && portal["discovery"]["paths"][0]["state"] == "found",
        "{again}"
    );
    let said = host.refused(1, &["target", "discover", "--isns", &nobody()?.to_string()])?;
    ensure!(said.contains("iSNS server"), "{said}");
    Ok(())
}
