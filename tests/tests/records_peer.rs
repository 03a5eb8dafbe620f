//! The stock `iscsiadm` and our record database on one tree: in turns, at once, and after one of them was killed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hba::nodes::{Database, Discovery, NodeId, Place, Record};
use hba::{Deadline, Kind};
use lab_tests::need::left_out;
use lab_tests::peer::NEEDS;
use lab_tests::peer::records::{Records, tree};
use lab_tests::process::own_binary;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const LIMIT: Duration = Duration::from_secs(120);

/// Our database in the peer's place; to be used in its namespace.
fn ours(place: &Path) -> Database {
    Database::at(Place::under(place))
}

fn id(target: &str, portal: &str, iface: &str) -> NodeId {
    NodeId {
        target: format!("iqn.2026-11.test:{target}").parse().expect("a name"),
        portal: portal.parse().expect("a portal"),
        iface: iface.to_owned(),
    }
}

/// A record with other values.
fn with(text: &str, changes: &[(&str, &str)]) -> Result<Record> {
    let line = |line: &str| {
        let key = line.split_once(" = ").map_or("", |(key, _)| key);
        let change = changes.iter().find(|(changed, _)| *changed == key);
        change.map_or_else(
            || format!("{line}\n"),
            |(key, value)| format!("{key} = {value}\n"),
        )
    };
    let text: String = text.lines().map(line).collect();
    Ok(Record::parse("changed", text.as_bytes())?)
}

/// The words that name a record to the peer.
fn words(id: &NodeId) -> Vec<String> {
    let words = ["-m", "node", "-T", id.target.as_str(), "-I", &id.iface, "-p"];
    let mut words = words.map(str::to_owned).to_vec();
    words.push(id.portal.to_string());
    words
}

fn stock(peer: &Records, id: &NodeId, more: &[&str]) -> Result<()> {
    let words = words(id);
    let words: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .chain(more.iter().copied())
        .collect();
    peer.lines(&words).map(drop)
}

/// What the peer writes for new records of these interfaces, with a tag and without.
fn templates(ifaces: &[&str]) -> Result<BTreeMap<(String, bool), String>> {
    let peer = Records::new()?;
    let mut found = BTreeMap::new();
    for iface in ifaces {
        if *iface != "default" {
            peer.lines(&["-m", "iface", "-I", iface, "-o", "new"])?;
        }
        for portal in ["192.0.2.1:3260,1", "192.0.2.1:3260"] {
            let id = id("template", portal, iface);
            stock(&peer, &id, &["-o", "new"])?;
            let place = peer.place().to_owned();
            let looked = id.clone();
            let record = peer.run(move || ours(&place).node(&looked))??;
            let text = record.context("the peer made no record")?.text();
            found.insert(((*iface).to_owned(), id.portal.tag.is_some()), text);
            stock(&peer, &id, &["-o", "delete"])?;
        }
    }
    Ok(found)
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % sides
    }
}

#[derive(Debug, Clone)]
enum Operation {
    New(NodeId),
    Set(NodeId, &'static str, String),
    Delete(NodeId),
    NewIface(&'static str),
    DeleteIface(&'static str),
    NewPortal(Discovery, &'static str),
    DeletePortal(Discovery, &'static str),
}

impl Operation {
    fn by_the_peer(&self, peer: &Records) -> Result<()> {
        let kind = |kind: &Discovery| if *kind == Discovery::Isns { "isns" } else { "st" };
        match self {
            Self::New(id) => stock(peer, id, &["-o", "new"]),
            Self::Set(id, key, value) => stock(peer, id, &["-o", "update", "-n", key, "-v", value]),
            Self::Delete(id) => stock(peer, id, &["-o", "delete"]),
            Self::NewIface(name) => peer.lines(&["-m", "iface", "-I", name, "-o", "new"]).map(drop),
            Self::DeleteIface(name) => peer.lines(&["-m", "iface", "-I", name, "-o", "delete"]).map(drop),
            Self::NewPortal(how, at) => peer
                .lines(&["-m", "discoverydb", "-t", kind(how), "-p", at, "-o", "new"])
                .map(drop),
            Self::DeletePortal(how, at) => peer
                .lines(&["-m", "discoverydb", "-t", kind(how), "-p", at, "-o", "delete"])
                .map(drop),
        }
    }

    fn by_us(&self, db: &Database, texts: &Texts) -> Result<()> {
        let held = db.lock(Deadline::after(LIMIT), "a test")?;
        match self {
            Self::New(id) => {
                let text = &texts.nodes[&(id.iface.clone(), id.portal.tag.is_some())];
                let (port, tag) = (
                    id.portal.port.to_string(),
                    id.portal.tag.map(|tag| tag.to_string()),
                );
                let record = with(
                    text,
                    &[
                        ("node.name", id.target.as_str()),
                        ("node.tpgt", tag.as_deref().unwrap_or("-1")),
                        ("node.conn[0].address", &id.portal.address),
                        ("node.conn[0].port", &port),
                    ],
                )?;
                db.put_node(&held, id, &record)?;
            }
            Self::Set(id, key, value) => {
                let record = db.node(id)?.with_context(|| format!("no record of {id}"))?;
                db.put_node(&held, id, &with(&record.text(), &[(key, value)])?)?;
            }
            Self::Delete(id) => ensure!(db.remove_node(&held, id)?, "no record of {id}"),
            Self::NewIface(name) => {
                db.put_iface(
                    &held,
                    name,
                    &with(&texts.iface, &[("iface.iscsi_ifacename", name)])?,
                )?;
            }
            Self::DeleteIface(name) => ensure!(db.remove_iface(&held, name)?, "no record of {name}"),
            Self::NewPortal(kind, at) => {
                let portal = at.parse()?;
                db.put_portal(
                    &held,
                    *kind,
                    &portal,
                    &with(
                        &texts.portals[kind],
                        &[("discovery.sendtargets.address", &portal.address)],
                    )?,
                )?;
            }
            Self::DeletePortal(kind, at) => {
                ensure!(db.remove_portal(&held, *kind, &at.parse()?)?, "no record of {at}");
            }
        }
        Ok(())
    }
}

#[derive(Clone)]
struct Texts {
    nodes: BTreeMap<(String, bool), String>,
    portals: BTreeMap<Discovery, String>,
    iface: String,
}

fn texts() -> Result<Texts> {
    let peer = Records::new()?;
    let mut portals = BTreeMap::new();
    for (kind, word) in [(Discovery::SendTargets, "st"), (Discovery::Isns, "isns")] {
        let at = if kind == Discovery::Isns {
            "192.0.2.9:3205"
        } else {
            "192.0.2.9:3260"
        };
        peer.lines(&["-m", "discoverydb", "-t", word, "-p", at, "-o", "new"])?;
        let place = peer.place().to_owned();
        let record = peer.run(move || ours(&place).portal(kind, &at.parse()?))??;
        portals.insert(kind, record.context("the peer made no record")?.text());
    }
    peer.lines(&["-m", "iface", "-I", "template", "-o", "new"])?;
    let place = peer.place().to_owned();
    let iface = peer.run(move || ours(&place).iface("template"))??;
    Ok(Texts {
        iface: iface.context("the peer made no record")?.text(),
        nodes: templates(&["default", "eth0"])?,
        portals,
    })
}

/// Operations that all succeed one after the other.
fn operations(count: usize) -> Vec<Operation> {
    const KEYS: [(&str, usize); 4] = [
        ("node.session.timeo.replacement_timeout", 600),
        ("node.conn[0].timeo.noop_out_interval", 60),
        ("node.session.queue_depth", 128),
        ("node.session.nr_sessions", 9),
    ];
    let mut dice = Dice(2026);
    let mut all = Vec::new();
    for target in ["a", "b", "c", "d"] {
        for portal in ["192.0.2.1:3260,1", "192.0.2.3:3260,2", "[fd00::1]:3261,65535"] {
            all.extend(["default", "eth0"].map(|iface| id(target, portal, iface)));
        }
        all.push(id(target, "192.0.2.50:3260", "default"));
    }
    let (mut nodes, mut ifaces, mut portals) = (Vec::new(), Vec::new(), Vec::new());
    let mut operations = vec![Operation::NewIface("eth0")];
    while operations.len() < count {
        let one = all[dice.roll(all.len())].clone();
        let there = nodes.iter().position(|id| *id == one);
        let odd = dice.roll(12);
        operations.push(match (odd, there) {
            (0, _) => match ifaces.pop() {
                Some(name) => Operation::DeleteIface(name),
                None => {
                    ifaces.push("eth9.5");
                    Operation::NewIface("eth9.5")
                }
            },
            (1, _) => {
                let known = [
                    (Discovery::SendTargets, "192.0.2.9:3260"),
                    (Discovery::SendTargets, "[fd00::9]:3260"),
                    (Discovery::Isns, "192.0.2.9:3205"),
                ];
                let one = known[dice.roll(known.len())];
                match portals.iter().position(|p| *p == one) {
                    Some(at) => {
                        portals.swap_remove(at);
                        Operation::DeletePortal(one.0, one.1)
                    }
                    None => {
                        portals.push(one);
                        Operation::NewPortal(one.0, one.1)
                    }
                }
            }
            (_, None) => {
                nodes.push(one.clone());
                Operation::New(one)
            }
            (2..=4, Some(at)) => {
                nodes.swap_remove(at);
                Operation::Delete(one)
            }
            (5, Some(_)) => Operation::Set(one, "node.startup", "automatic".to_owned()),
            (_, Some(_)) => {
                let (key, most) = KEYS[dice.roll(KEYS.len())];
                Operation::Set(one, key, (1 + dice.roll(most)).to_string())
            }
        });
    }
    operations
}

/// What both list of one database.
fn listings(peer: &Records) -> Result<(Vec<String>, Vec<String>)> {
    let output = peer.output(peer.command(&["-m", "node"]))?;
    let text = String::from_utf8(output.stdout)?;
    // What the peer writes for a tag that it does not know.
    let mut theirs: Vec<String> = text
        .lines()
        .map(|line| line.replace(",4294967295 ", " "))
        .collect();
    let place = peer.place().to_owned();
    let mut listed = peer.run(move || -> Result<Vec<String>> {
        let db = ours(&place);
        let nodes = db.nodes()?;
        nodes
            .map(|node| node.map(|(id, _)| format!("{} {}", id.portal, id.target)))
            .collect::<Result<Vec<_>, _>>()
            .map_err(Into::into)
    })??;
    theirs.sort();
    listed.sort();
    Ok((theirs, listed))
}

#[test]
fn two_hundred_and_fifty_operations_in_turns_leave_the_tree_that_the_peer_alone_leaves() -> Result<()> {
    if left_out("operations in turns", NEEDS) {
        return Ok(());
    }
    let texts = texts()?;
    let (mixed, alone) = (Records::new()?, Records::new()?);
    let mut dice = Dice(7);
    let mut by_us = 0;
    for (number, operation) in operations(250).into_iter().enumerate() {
        operation
            .by_the_peer(&alone)
            .with_context(|| format!("{number}: {operation:?}"))?;
        if dice.roll(2) == 0 {
            operation.by_the_peer(&mixed)
        } else {
            by_us += 1;
            let (place, texts, operation) = (mixed.place().to_owned(), texts.clone(), operation.clone());
            mixed.run(move || operation.by_us(&ours(&place), &texts))?
        }
        .with_context(|| format!("{number}: {operation:?}"))?;
        if number % 25 == 24 {
            let (theirs, listed) = listings(&mixed)?;
            ensure!(
                theirs == listed,
                "after {number} the peer lists {theirs:#?}, we {listed:#?}"
            );
            let (one, other) = (tree(&mixed.outside())?, tree(&alone.outside())?);
            ensure!(one.len() > 10, "there is hardly anything to compare: {one:?}");
            let different: Vec<_> = one
                .iter()
                .filter(|e| !other.contains(e))
                .chain(other.iter().filter(|e| !one.contains(e)))
                .collect();
            ensure!(
                different.is_empty(),
                "after {number} ({operation:?}): {different:#?}"
            );
        }
    }
    ensure!((75..=175).contains(&by_us), "{by_us} of 250 were ours");
    ensure!(!mixed.lock().join("lock.write").exists(), "the lock was left");
    Ok(())
}

/// Numbers in a record, each changed by one writer only.
const COUNTED: [&str; 20] = [
    "node.session.timeo.replacement_timeout",
    "node.session.err_timeo.abort_timeout",
    "node.session.err_timeo.lu_reset_timeout",
    "node.session.err_timeo.tgt_reset_timeout",
    "node.session.err_timeo.host_reset_timeout",
    "node.session.initial_login_retry_max",
    "node.session.iscsi.DefaultTime2Retain",
    "node.session.iscsi.DefaultTime2Wait",
    "node.session.iscsi.FirstBurstLength",
    "node.session.reopen_max",
    "node.conn[0].timeo.login_timeout",
    "node.conn[0].timeo.logout_timeout",
    "node.conn[0].timeo.auth_timeout",
    "node.conn[0].timeo.noop_out_interval",
    "node.conn[0].timeo.noop_out_timeout",
    "node.conn[0].tcp.window_size",
    "node.session.cmds_max",
    "node.session.queue_depth",
    "node.session.nr_sessions",
    "node.session.iscsi.MaxBurstLength",
];

#[test]
fn a_thousand_updates_by_twenty_writers_of_both_kinds_lose_none_and_leave_no_lock() -> Result<()> {
    if left_out("writers at once", NEEDS) {
        return Ok(());
    }
    const TIMES: u64 = 50;
    let peer = Records::new()?;
    let one = id("counted", "192.0.2.1:3260,1", "default");
    stock(&peer, &one, &["-o", "new"])?;
    let look = |peer: &Records| -> Result<Record> {
        let (place, one) = (peer.place().to_owned(), one.clone());
        peer.run(move || ours(&place).node(&one))??.context("no record")
    };
    let number = |record: &Record, key: &str| -> Result<u64> {
        let value = record.get(key).with_context(|| format!("no {key}"))?;
        Ok(value.parse()?)
    };
    let before = look(&peer)?;
    let (by_us, by_the_peer) = COUNTED.split_at(10);
    let program = own_binary("records")?;
    let mut writers: Vec<Child> = Vec::new();
    for (ours, theirs) in by_us.iter().zip(by_the_peer) {
        let mut raise = Command::new(&program);
        raise.arg(peer.place()).args(["raise", ours, &TIMES.to_string()]);
        writers.push(peer.spawn(raise)?);
        let from = number(&before, theirs)?;
        let mut script = Command::new("sh");
        script.args(["-c", "n=$1; while [ $n -lt $2 ]; do n=$((n + 1)); shift 0; iscsiadm -m node -T \"$3\" -p \"$4\" -o update -n \"$5\" -v $n || exit 1; done", "sh"]);
        script.args([from.to_string(), (from + TIMES).to_string()]);
        script.args([one.target.as_str(), &one.portal.to_string(), theirs]);
        writers.push(peer.spawn(script)?);
    }
    // Whoever reads meanwhile sees whole records only.
    let (place, looked) = (peer.place().to_owned(), one.clone());
    let looks = peer.run(move || -> Result<u32> {
        let db = ours(&place);
        let mut looks = 0;
        let mut left = writers;
        while !left.is_empty() {
            let record = db.node(&looked)?.context("the record was gone")?;
            ensure!(
                record.text().ends_with("# END RECORD\n"),
                "half a record: {}",
                record.text()
            );
            ensure!(
                db.nodes()?.collect::<Result<Vec<_>, _>>()?.len() == 1,
                "not one record"
            );
            looks += 1;
            let mut running = Vec::new();
            for mut writer in left {
                match writer.try_wait()? {
                    None => running.push(writer),
                    Some(status) => ensure!(status.success(), "a writer failed: {status}"),
                }
            }
            left = running;
        }
        Ok(looks)
    })??;
    ensure!(looks > 10, "only {looks} looks");
    let after = look(&peer)?;
    for key in COUNTED {
        let (from, to) = (number(&before, key)?, number(&after, key)?);
        ensure!(to == from + TIMES, "{key}: {from} became {to}");
    }
    ensure!(!peer.lock().join("lock.write").exists(), "the lock was left");
    ensure!(
        fs::read_dir(peer.outside().join(".hba"))?.next().is_none(),
        "something was left"
    );
    Ok(())
}

/// A database so large that a listing of the peer holds the lock for a while.
fn large(records: u32) -> Result<Records> {
    let peer = Records::new()?;
    let one = id("bench.like", "192.0.2.1:3260,1", "default");
    stock(&peer, &one, &["-o", "new"])?;
    let place = peer.place().to_owned();
    peer.run(move || -> Result<()> {
        let db = ours(&place);
        let like = db.node(&one)?.context("the peer made no record")?.text();
        let mut held = db.lock(Deadline::after(LIMIT), "a test")?;
        let mut batch = db.batch(&mut held)?;
        for number in 0..records {
            let id = id(&format!("bench.{number:06}"), "192.0.2.1:3260,1", "default");
            batch.put(&id, with(&like, &[("node.name", id.target.as_str())])?)?;
        }
        batch.finish()?;
        Ok(())
    })??;
    Ok(peer)
}

/// A stock listing, stopped by a signal while it has the lock.
fn caught(peer: &Records, signal: Signal) -> Result<Child> {
    let lock = peer.lock().join("lock.write");
    let begun = Instant::now();
    while begun.elapsed() < LIMIT {
        let mut listing = peer.spawn(peer.command(&["-m", "node"]))?;
        while !lock.exists() && listing.try_wait()?.is_none() {
            std::thread::yield_now();
        }
        let pid = Pid::from_raw(i32::try_from(listing.id())?);
        // It may have ended meanwhile.
        if listing.try_wait()?.is_none() {
            kill(pid, signal)?;
            if signal == Signal::SIGKILL {
                listing.wait()?;
            } else {
                while !fs::read_to_string(format!("/proc/{pid}/stat"))?.contains(") T ") {
                    ensure!(listing.try_wait()?.is_none(), "it ended although it was stopped");
                }
            }
            if lock.exists() {
                return Ok(listing);
            }
            let _ = kill(pid, Signal::SIGCONT);
        }
        listing.wait()?;
    }
    anyhow::bail!("no listing was caught with the lock");
}

#[test]
fn the_lock_of_a_killed_peer_is_taken_over_and_told_and_both_work_on() -> Result<()> {
    if left_out("a killed peer", NEEDS) {
        return Ok(());
    }
    let peer = large(1000)?;
    caught(&peer, Signal::SIGKILL)?;
    let one = id("bench.000007", "192.0.2.1:3260,1", "default");
    let (place, looked) = (peer.place().to_owned(), one.clone());
    let remarks = peer.run(move || -> Result<Vec<String>> {
        let db = ours(&place);
        let held = db.lock(Deadline::after(LIMIT), "a test")?;
        let record = db.node(&looked)?.context("no record")?;
        db.put_node(
            &held,
            &looked,
            &with(&record.text(), &[("node.startup", "onboot")])?,
        )?;
        Ok(db.remarks())
    })??;
    ensure!(
        remarks.iter().any(|said| said.contains("taken over")),
        "{remarks:?}"
    );
    stock(
        &peer,
        &one,
        &["-o", "update", "-n", "node.session.queue_depth", "-v", "77"],
    )?;
    let place = peer.place().to_owned();
    let record = peer.run(move || ours(&place).node(&one))??.context("no record")?;
    ensure!(
        record.get("node.startup") == Some("onboot") && record.get("node.session.queue_depth") == Some("77")
    );
    Ok(())
}

#[test]
fn the_lock_of_a_living_peer_is_waited_for_and_its_holder_is_named() -> Result<()> {
    if left_out("a living peer", NEEDS) {
        return Ok(());
    }
    let peer = large(1000)?;
    let mut stopped = caught(&peer, Signal::SIGSTOP)?;
    let take = |limit: u64| {
        let place = peer.place().to_owned();
        let deadline = move || Deadline::after(Duration::from_secs(limit));
        peer.run(move || {
            ours(&place)
                .lock(deadline(), "a test")
                .map(|held| held.told().map(str::to_owned))
        })
    };
    // Longer than it takes to look for its holder.
    let refused = take(4)?.err().context("the lock of a living process was taken")?;
    ensure!(refused.kind() == Kind::Busy, "{refused}");
    let named = format!("iscsiadm {}", stopped.id());
    ensure!(
        refused.to_string().contains(&named),
        "{refused} does not name {named}"
    );
    kill(Pid::from_raw(i32::try_from(stopped.id())?), Signal::SIGCONT)?;
    let told = take(LIMIT.as_secs())??;
    ensure!(told.is_none(), "{told:?}");
    ensure!(stopped.wait()?.success(), "the peer was disturbed");
    Ok(())
}

#[test]
fn a_killed_one_of_ours_holds_up_nobody_of_ours_and_the_peer_no_longer_than_that() -> Result<()> {
    if left_out("a killed one of ours", NEEDS) {
        return Ok(());
    }
    let peer = large(10)?;
    let one = id("bench.000007", "192.0.2.1:3260,1", "default");
    for _ in 0..5 {
        let mut hold = Command::new(own_binary("records")?);
        hold.arg(peer.place())
            .arg("hold")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut holder = peer.run(move || hold.spawn())??;
        let mut said = [0; 5];
        std::io::Read::read_exact(holder.stdout.as_mut().context("stdout")?, &mut said)?;
        ensure!(
            &said == b"held\n" && peer.lock().join("lock.write").exists(),
            "{said:?}"
        );
        let pid = holder.id();
        holder.kill()?;
        holder.wait()?;
        let place = peer.place().to_owned();
        let told = peer.run(move || {
            ours(&place)
                .lock(Deadline::after(LIMIT), "a test")
                .map(|held| held.told().map(str::to_owned))
        })??;
        let told = told.context("nothing was told")?;
        ensure!(told.contains(&format!("process {pid}")), "{told}");
        stock(
            &peer,
            &one,
            &["-o", "update", "-n", "node.session.queue_depth", "-v", "78"],
        )?;
    }
    Ok(())
}
