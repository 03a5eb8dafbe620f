//! The whole road of an operator, with our own target: every answer on it is checked against its published schema.

mod adapter;
mod disks;
mod records;
mod road;
mod targets;

use anyhow::{Result, ensure};

use adapter::{accounts, addresses, driver, memories, remark};
use disks::{counters, disks, endings, power};
use records::{owners, records};
use road::{Card, Road};
use targets::{flash_and_boot, targets};

/// Kinds of answers that a card has not; `bnx2i_ports` meets them.
const ELSEWHERE: &[&str] = &["stats.helper"];

#[test]
fn the_operators_road_is_walked_and_every_answer_keeps_its_schema() -> Result<()> {
    let road = walked(Card {
        chip: "isp4032",
        ports: 2,
        boots: true,
    })?;
    // Everything published has been met, but for what cannot be asked twice on one road.
    let names = road.lab.hbactl(&["schema"])?;
    let names = String::from_utf8(names.stdout)?;
    let met = |name: &str| road.seen.contains(name) || ELSEWHERE.contains(&name);
    let missed: Vec<&str> = names.lines().filter(|name| !met(name)).collect();
    ensure!(missed.is_empty(), "answers never seen: {missed:?}");
    Ok(())
}

#[test]
fn the_operators_road_is_walked_on_an_isp4022() -> Result<()> {
    let card = Card {
        chip: "isp4022",
        ports: 2,
        boots: true,
    };
    walked(card).map(drop)
}

#[test]
fn the_operators_road_is_walked_on_an_isp4010_but_for_boot_targets() -> Result<()> {
    let card = Card {
        chip: "isp4010",
        ports: 1,
        boots: false,
    };
    walked(card).map(drop)
}

fn walked(card: Card) -> Result<Road> {
    let mut road = Road::begin(card)?;
    let adapters = road.json(&["adapter", "list"])?;
    ensure!(
        adapters.as_array().is_some_and(|all| all.len() == card.ports),
        "{adapters}"
    );
    let adapter = road.json(&["adapter", "show", "host1"])?;
    ensure!(adapter["features"]["flash"] == true, "{adapter}");
    ensure!(adapter["features"]["boot"] == card.boots, "{adapter}");
    road.error(&["flash", "show", "99", "-a", "host1"], 3)?;
    addresses(&mut road)?;
    accounts(&mut road)?;
    memories(&mut road)?;
    driver(&mut road)?;
    remark(&mut road)?;
    targets(&mut road)?;
    records(&mut road)?;
    owners(&mut road)?;
    let index = flash_and_boot(&mut road)?;
    disks(&mut road)?;
    counters(&mut road)?;
    power(&mut road, &index)?;
    endings(&mut road, &index)?;
    Ok(road)
}
