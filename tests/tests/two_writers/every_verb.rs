//! Every changing verb at once, and in a soak every pair of them: each has its way, since none touches what another does.

use anyhow::{Result, ensure};
use lab_tests::lab::Lab;
use lab_tests::rounds;

use super::{PORTAL, all_succeed, chap_users, iface, iqn, lab, list, quietly, slot, sound, targets};

/// A verb as a command line, and whether its exit 0 was true. `SECRET` stands for the file of the secret.
struct Verb {
    line: &'static str,
    held: fn(&Lab) -> Result<bool>,
}

const VERBS: &[Verb] = &[
    Verb {
        line: "boot set --yes-write-nvram -a host1 --primary 2",
        held: |lab| Ok(slot(lab, "host1", "primary")? == Some(2)),
    },
    Verb {
        line: "boot set --yes-write-nvram -a host2 --secondary 2",
        held: |lab| Ok(slot(lab, "host2", "secondary")? == Some(2)),
    },
    Verb {
        line: "boot clear --yes-write-nvram -a host2 --slot primary",
        held: |lab| Ok(slot(lab, "host2", "primary")?.is_none()),
    },
    Verb {
        line: "chap add -a host1 --user added --secret-file SECRET",
        held: |lab| Ok(chap_users(lab, "host1")?.iter().any(|(_, user)| user == "added")),
    },
    Verb {
        line: "chap set -a host1 4 --user renamed",
        held: |lab| Ok(chap_users(lab, "host1")?.contains(&(4, "renamed".to_owned()))),
    },
    Verb {
        line: "chap remove -a host1 5",
        held: |lab| Ok(chap_users(lab, "host1")?.iter().all(|(_, user)| user != "leaves")),
    },
    Verb {
        line: "flash add -a host1 --target iqn.2026-11.org.example:added --portal 127.0.0.1:3999",
        held: |lab| Ok(names(lab)?.contains(&iqn("added"))),
    },
    Verb {
        line: "flash set -a host1 2 max_burst_len=131072",
        held: |lab| {
            let all = list(lab, "flash list -a host1")?;
            Ok(all
                .iter()
                .any(|t| t["index"] == 2 && t["params"]["max_burst_len"] == 131_072))
        },
    },
    Verb {
        line: "flash remove -a host1 3",
        held: |lab| Ok(!names(lab)?.contains(&iqn("leaves"))),
    },
    Verb {
        line: "iface set ipv4 -a host1 gateway=127.0.9.9",
        held: |lab| Ok(iface(lab, "host1", "gateway")? == "127.0.9.9"),
    },
    Verb {
        line: "iface unset ipv4 -a host1 ttl",
        held: |lab| Ok(iface(lab, "host1", "ttl")? == "64"),
    },
    Verb {
        line: "iface apply -a host2",
        held: |lab| {
            let shown = lab.json(&["iface", "show", "ipv4", "-a", "host2"])?;
            Ok(shown["params"]["vlan_id"] == 7 && shown["staged"].get("vlan_id").is_none())
        },
    },
];

fn names(lab: &Lab) -> Result<Vec<String>> {
    Ok(targets(lab, "host1")?
        .into_iter()
        .filter_map(|(_, name, _)| name)
        .collect())
}

/// Everything as the verbs want to find it.
fn reset(lab: &Lab, secret: &str) -> Result<()> {
    for (index, _) in chap_users(lab, "host1")? {
        quietly(lab, &[&format!("chap remove -a host1 {index}")])?;
    }
    quietly(
        lab,
        &["boot clear --yes-write-nvram -a host1", "boot clear -a host2"],
    )?;
    for (index, ..) in targets(lab, "host1")? {
        quietly(lab, &[&format!("flash remove -a host1 {index}")])?;
    }
    let add =
        |host: &str, name: &str| format!("flash add -a {host} --target {} --portal {PORTAL}", iqn(name));
    let chap = |index: u32, user: &str| {
        format!("chap add -a host1 --index {index} --user {user} --secret-file {secret}")
    };
    quietly(
        lab,
        &[
            &chap(4, "before"),
            &chap(5, "leaves"),
            &add("host1", "stays"),
            &add("host1", "leaves"),
            &add("host2", "stays"),
            "boot set --yes-write-nvram -a host2 --primary 2",
            "iface unset ipv4 -a host1",
            "iface set ipv4 -a host1 ttl=9",
            "iface set ipv4 -a host2 vlan_id=3",
            "iface apply -a host2",
            "iface set ipv4 -a host2 vlan_id=7",
        ],
    )
}

fn round(lab: &Lab, secret: &str, verbs: &[&Verb]) -> Result<()> {
    reset(lab, secret)?;
    let lines: Vec<String> = verbs
        .iter()
        .map(|verb| verb.line.replace("SECRET", secret))
        .collect();
    all_succeed(lab, &lines)?;
    for verb in verbs {
        ensure!(
            (verb.held)(lab)?,
            "{} ended with exit 0, and it is not so; beside it: {lines:?}",
            verb.line
        );
    }
    sound(lab)
}

#[test]
fn every_verb_at_once_has_its_way() -> Result<()> {
    let (lab, secret) = lab(&[])?;
    let mut verbs: Vec<&Verb> = VERBS.iter().collect();
    for _ in rounds::each("every verb", 2, 50) {
        round(&lab, &secret, &verbs)?;
        verbs.rotate_left(5);
    }
    Ok(())
}

#[test]
fn every_pair_of_verbs_has_its_way() -> Result<()> {
    let (lab, secret) = lab(&[])?;
    let all = VERBS.iter().enumerate();
    let pairs: Vec<[&Verb; 2]> = all
        .flat_map(|(at, one)| VERBS[at + 1..].iter().map(move |two| [one, two]))
        .collect();
    // In a test run a few, others each time the list of verbs grows.
    let step = if rounds::soaking() { 1 } else { 13 };
    for again in rounds::each("every pair", 1, 10) {
        for pair in pairs.iter().skip(again as usize % step).step_by(step) {
            round(&lab, &secret, pair)?;
        }
    }
    Ok(())
}
