//! Writers of the same thing, and of two things that depend on each other.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use lab_tests::asked::describe;
use lab_tests::rounds;

use super::{
    PORTAL, all_succeed, at_once, chap_users, iface, iqn, lab, quietly, slot, sound, targets, writers,
};

#[test]
fn every_boot_slot_of_both_ports_is_what_it_was_set_to() -> Result<()> {
    let (lab, _) = lab(&[])?;
    for host in ["host1", "host2"] {
        for name in ["a", "b"] {
            quietly(
                &lab,
                &[&format!(
                    "flash add -a {host} --target {} --portal {PORTAL}",
                    iqn(name)
                )],
            )?;
        }
    }
    let places = [
        ("host1", "primary", 2),
        ("host1", "secondary", 3),
        ("host2", "primary", 3),
        ("host2", "secondary", 2),
    ];
    for round in rounds::each("boot set", 5, 50) {
        quietly(
            &lab,
            &["boot clear --yes-write-nvram -a host1", "boot clear -a host2"],
        )?;
        let lines: Vec<String> = (0..writers().max(4) as usize)
            .map(|i| places[i % places.len()])
            .map(|(host, which, index)| format!("boot set --yes-write-nvram -a {host} --{which} {index}"))
            .collect();
        all_succeed(&lab, &lines)?;
        for (host, which, index) in places {
            let found = slot(&lab, host, which)?;
            ensure!(
                found == Some(index),
                "round {round}: {which} of {host} is {found:?}, was set to {index}"
            );
        }
    }
    let kept = std::fs::read_dir(lab.endpoint().join("hbactl/backup"))?.count();
    ensure!(kept <= 32, "{kept} backups are kept of two ports");
    Ok(())
}

#[test]
fn entries_added_at_once_have_indices_of_their_own() -> Result<()> {
    let (lab, secret) = lab(&[])?;
    for round in rounds::each("chap add", 3, 50) {
        for (index, _) in chap_users(&lab, "host1")? {
            quietly(&lab, &[&format!("chap remove -a host1 {index}")])?;
        }
        let users: Vec<String> = (0..writers()).map(|i| format!("user{i}")).collect();
        let lines: Vec<String> = users
            .iter()
            .map(|user| format!("chap add -a host1 --user {user} --secret-file {secret}"))
            .collect();
        all_succeed(&lab, &lines)?;
        let found = chap_users(&lab, "host1")?;
        let names: BTreeSet<&String> = found.iter().map(|(_, user)| user).collect();
        ensure!(names == users.iter().collect(), "round {round}: {found:?}");
        ensure!(found.len() == users.len(), "round {round}: doubled: {found:?}");
    }
    Ok(())
}

#[test]
fn name_and_secret_changed_at_once_are_both_changed() -> Result<()> {
    let (lab, secret) = lab(&[])?;
    let files: Vec<String> = (0..2)
        .map(|i| {
            let path = lab.path().join(format!("secret{i}"));
            std::fs::write(&path, format!("another-secret-{i}"))?;
            Ok(path.to_string_lossy().into_owned())
        })
        .collect::<Result<_>>()?;
    quietly(
        &lab,
        &[&format!(
            "chap add -a host1 --index 4 --user before --secret-file {secret}"
        )],
    )?;
    for round in rounds::each("chap set", 4, 50) {
        let file = &files[round as usize % 2];
        all_succeed(
            &lab,
            &[
                format!("chap set -a host1 4 --user name{round}"),
                format!("chap set -a host1 4 --secret-file {file}"),
            ],
        )?;
        ensure!(chap_users(&lab, "host1")? == [(4, format!("name{round}"))]);
        // A secret is never shown: one that is so already changes nothing.
        let again = lab.json(&["chap", "set", "-a", "host1", "4", "--secret-file", file])?;
        ensure!(
            again["change"] == "unchanged",
            "round {round}: the secret was lost"
        );
    }
    Ok(())
}

#[test]
fn what_is_staged_at_once_is_staged_or_applied() -> Result<()> {
    let (lab, _) = lab(&[])?;
    for round in rounds::each("iface set", 3, 50) {
        let n = round % 200 + 1;
        let wanted = [
            ("host1", "gateway", format!("127.0.9.{n}")),
            ("host1", "ttl", n.to_string()),
            ("host1", "vlan_id", n.to_string()),
            ("host2", "gateway", format!("127.0.8.{n}")),
            ("host2", "ttl", (n + 1).to_string()),
        ];
        let mut lines: Vec<String> = wanted
            .iter()
            .map(|(host, name, value)| format!("iface set ipv4 -a {host} {name}={value}"))
            .collect();
        // Somewhere in between, of either port.
        lines.insert(
            round as usize % lines.len(),
            format!("iface apply -a host{}", round % 2 + 1),
        );
        all_succeed(&lab, &lines)?;
        for (host, name, value) in wanted {
            let found = iface(&lab, host, name)?;
            ensure!(
                found == value,
                "round {round}: {name} of {host} is {found}, was set to {value}"
            );
        }
    }
    Ok(())
}

#[test]
fn targets_added_at_once_are_each_there_once() -> Result<()> {
    let (lab, _) = lab(&[])?;
    for round in rounds::each("flash add", 3, 50) {
        for (index, ..) in targets(&lab, "host1")? {
            quietly(&lab, &[&format!("flash remove -a host1 {index}")])?;
        }
        // Half of them the same one.
        let names: Vec<String> = (0..writers())
            .map(|i| {
                if i % 2 == 0 {
                    "same".into()
                } else {
                    format!("t{i}")
                }
            })
            .collect();
        let lines: Vec<String> = names
            .iter()
            .map(|name| format!("flash add -a host1 --target {} --portal {PORTAL}", iqn(name)))
            .collect();
        all_succeed(&lab, &lines)?;
        let found = targets(&lab, "host1")?;
        let wanted: BTreeSet<String> = names.iter().map(|name| iqn(name)).collect();
        let there: BTreeSet<String> = found.iter().filter_map(|(_, name, _)| name.clone()).collect();
        ensure!(
            there == wanted && found.len() == wanted.len(),
            "round {round}: {found:?}"
        );
    }
    Ok(())
}

#[test]
fn no_reference_is_left_to_what_another_removed() -> Result<()> {
    let (lab, secret) = lab(&[])?;
    let mut both = 0;
    for round in rounds::each("cross-checks", 5, 50) {
        quietly(
            &lab,
            &[
                "boot clear --yes-write-nvram -a host1",
                &format!("flash add -a host1 --target {} --portal {PORTAL}", iqn("boot")),
                &format!("chap add -a host1 --index 4 --user u --secret-file {secret}"),
            ],
        )?;
        let pairs = [
            vec![
                "boot set --yes-write-nvram -a host1 --primary 2".to_owned(),
                "flash remove -a host1 2".to_owned(),
            ],
            vec![
                format!(
                    "flash add -a host1 --target {} --portal {PORTAL} --chap 4",
                    iqn("chap")
                ),
                "chap remove -a host1 4".to_owned(),
            ],
        ];
        for mut pair in pairs {
            if round % 2 == 1 {
                pair.reverse();
            }
            let outs = at_once(&lab, &pair)?;
            let done = outs.iter().filter(|out| out.status.success()).count();
            ensure!(
                done > 0,
                "round {round}: {} / {}",
                describe(&outs[0]),
                describe(&outs[1])
            );
            both += usize::from(done == 2);
            sound(&lab)?;
        }
        quietly(
            &lab,
            &[
                "boot clear --yes-write-nvram -a host1",
                "flash remove -a host1 2",
                "flash remove -a host1 3",
                "chap remove -a host1 4",
            ],
        )?;
    }
    ensure!(both == 0, "{both} times each was told that it had its way");
    Ok(())
}
