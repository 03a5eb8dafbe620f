//! Commands that are killed at any instant: an owner, a list, a rule before its session's end.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hba::exclude::Exclusions;
use hba::registry::Registry;
use lab_tests::process::until;
use lab_tests::rounds;
use nix::sys::signal::Signal;

use super::owned::Owned;
use super::{IQN, SOON};

/// Instants around the one at which a command does its work, which is found while they are tried.
struct Instants {
    around: Duration,
}

impl Instants {
    /// Of a command that took so long.
    const fn of(around: Duration) -> Self {
        Self { around }
    }

    fn of_round(&self, round: u32) -> Duration {
        self.around
            .mul_f64(0.6 + f64::from(round.wrapping_mul(7919) % 97) / 120.0)
    }

    /// Later next time when the work was not done yet, earlier when it was.
    fn learn(&mut self, done: bool) {
        self.around = self.around.mul_f64(if done { 0.75 } else { 1.33 });
    }
}

/// An entry as its files say.
fn facts(entry: &Path) -> Result<Option<BTreeMap<String, String>>> {
    if !entry.exists() {
        return Ok(None);
    }
    let mut all = BTreeMap::new();
    for file in fs::read_dir(entry)? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        all.insert(name, fs::read_to_string(file.path())?);
    }
    Ok(Some(all))
}

#[test]
fn a_killed_claim_leaves_the_old_owner_or_the_new_one() -> Result<()> {
    let owned = Owned::begin("127.0.0.157")?;
    let begun = Instant::now();
    owned.lab.json(&["session", "claim", "1", "--owner", "first"])?;
    let mut instants = Instants::of(begun.elapsed());
    let entry = owned.entry("1");
    let names: Vec<String> = facts(&entry)?.context("no entry")?.into_keys().collect();
    let registry = Registry::of(&owned.home()?);
    let (mut before, mut seen) = ("first".to_owned(), BTreeMap::new());
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        // Whoever reads meanwhile sees one owner, whole.
        let reader = scope.spawn(|| -> Result<u32> {
            let mut looks = 0;
            while !over.load(Ordering::Relaxed) {
                let all = registry.all();
                ensure!(all.remarks.is_empty(), "look {looks}: {:?}", all.remarks);
                ensure!(all.all.contains_key(&1), "look {looks}: nobody's");
                looks += 1;
            }
            Ok(looks)
        });
        let kills = (|| {
            for round in rounds::each("kills of session claim", 120, 2000) {
                let after = format!("owner{round}");
                let args = ["session", "claim", "1", "--owner", &after, "--force"];
                let out = owned.killed(&args, instants.of_round(round))?;
                let now = facts(&entry)?.context("the entry is gone")?;
                ensure!(now.keys().eq(&names), "round {round}: {now:?}");
                let owner = now["owner"].trim_end();
                let which = if owner == after {
                    "new"
                } else {
                    ensure!(
                        owner == before,
                        "round {round}: {owner} is neither {before} nor {after}"
                    );
                    ensure!(!out.status.success(), "round {round}: said to be done");
                    "old"
                };
                *seen.entry(which).or_insert(0) += 1;
                instants.learn(which == "new");
                owner.clone_into(&mut before);
            }
            Ok(())
        })();
        over.store(true, Ordering::Relaxed);
        let looks = reader.join().map_err(|_| anyhow::anyhow!("the reader died"))?;
        kills.and(looks.map(|looks| eprintln!("{seen:?}, read {looks} times meanwhile")))
    })?;
    ensure!(seen.len() == 2, "no kill came before, or none after: {seen:?}");
    // What the dead left goes with the next.
    owned
        .lab
        .json(&["session", "claim", "1", "--owner", "last", "--force"])?;
    let left: Vec<_> = fs::read_dir(entry.parent().context("a parent")?)?
        .filter_map(|e| e.ok()?.file_name().into_string().ok())
        .collect();
    ensure!(left == ["session-1"], "{left:?}");
    Ok(())
}

#[test]
fn a_killed_exclude_leaves_the_old_list_or_the_new_one() -> Result<()> {
    let owned = Owned::begin("127.0.0.158")?;
    let begun = Instant::now();
    owned
        .lab
        .json(&["target", "exclude", "add", "--iface", "first"])?;
    let mut instants = Instants::of(begun.elapsed());
    let home = owned.home()?;
    let comment = "# kept\n";
    let mut before = format!("{comment}{}", fs::read_to_string(owned.rules())?);
    fs::write(owned.rules(), &before)?;
    let mut seen = BTreeMap::new();
    for round in rounds::each("kills of target exclude", 120, 2000) {
        let name = format!("new{round}");
        let (verb, after) = if round % 3 == 2 && before.lines().count() > 2 {
            let last = before.lines().last().context("a line")?.to_owned();
            let kept = before
                .strip_suffix(&format!("{last}\n"))
                .context("the last")?
                .to_owned();
            (
                vec!["remove".to_owned(), "--iface".into(), last.replace("iface=", "")],
                kept,
            )
        } else {
            let after = format!("{before}iface={name}\n");
            (vec!["add".to_owned(), "--iface".into(), name], after)
        };
        let verb: Vec<&str> = verb.iter().map(String::as_str).collect();
        owned.killed(
            &[&["target", "exclude"], &verb[..]].concat(),
            instants.of_round(round),
        )?;
        let now = fs::read_to_string(owned.rules())?;
        let which = if now == after { "new" } else { "old" };
        ensure!(now == after || now == before, "round {round}: {now}");
        let read = Exclusions::read(&home);
        ensure!(
            read.remarks.is_empty() && read.rules.len() + 1 == now.lines().count(),
            "round {round}: {read:?}"
        );
        *seen.entry(which).or_insert(0) += 1;
        instants.learn(which == "new");
        before = now;
    }
    eprintln!("{seen:?}");
    ensure!(seen.len() == 2, "no kill came before, or none after: {seen:?}");
    owned.lab.json(&["target", "exclude", "add", "--iface", "last"])?;
    let left: Vec<_> = fs::read_dir(owned.lab.endpoint().join("hbactl"))?
        .filter_map(|e| e.ok()?.file_name().into_string().ok())
        .filter(|name| name.contains(".new-"))
        .collect();
    ensure!(left.is_empty(), "{left:?}");
    Ok(())
}

#[test]
fn a_session_is_never_gone_without_the_rule_that_was_asked_for() -> Result<()> {
    let mut owned = Owned::begin("127.0.0.159")?;
    // Between the two: the rule stands, and the kernel takes no order.
    owned.lab.serving().signal(Signal::SIGSTOP)?;
    let mut crowd = Vec::new();
    while crowd.len() < 5000 {
        let soon = Instant::now() + Duration::from_millis(20);
        match driver_sys::port::Seqpacket::connect(owned.lab.endpoint().join("netlink"), soon) {
            Ok(one) => crowd.push(one),
            Err(_) => break,
        }
    }
    let mut child = owned
        .lab
        .command(&["session", "logout", "1", "--exclude"])?
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let rules = owned.rules();
    let found = until(SOON, "the rule", || Ok(rules.exists().then_some(())));
    child.kill()?;
    child.wait()?;
    owned.lab.serving().signal(Signal::SIGCONT)?;
    drop(crowd);
    found?;
    ensure!(owned.owners()?.len() == 1, "the session went");
    let rule = fs::read_to_string(&rules)?;
    ensure!(rule.starts_with(&format!("target={IQN} ")), "{rule}");
    // At any instant.
    let mut seen = BTreeMap::new();
    let begun = Instant::now();
    owned.lab.json(&["session", "logout", "1", "--exclude"])?;
    let mut instants = Instants::of(begun.elapsed());
    for round in rounds::each("kills of logout --exclude", 30, 500) {
        // As it was: a session, and no rule.
        let _ = fs::remove_file(&rules);
        owned.lab.json(&["flash", "login", &owned.index])?;
        let sid = owned.sid()?;
        owned.killed(
            &["session", "logout", &sid, "--exclude"],
            instants.of_round(round),
        )?;
        // An order that was given is carried out yet.
        let ruled = rules.exists();
        if !ruled {
            ensure!(owned.owners()?.len() == 1, "round {round}: gone, and no rule");
        }
        let there = !owned.owners()?.is_empty();
        *seen.entry((ruled, there)).or_insert(0) += 1;
        instants.learn(ruled);
        // A session that is going yet is waited for.
        owned.lab.json(&["flash", "logout", &owned.index])?;
        ensure!(ruled || !rules.exists());
    }
    eprintln!("(rule, session): {seen:?}");
    ensure!(
        seen.keys().any(|(ruled, _)| *ruled) && seen.keys().any(|(ruled, _)| !*ruled),
        "no kill came before the rule, or none after: {seen:?}"
    );
    Ok(())
}
