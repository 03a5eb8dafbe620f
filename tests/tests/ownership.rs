//! Who owns a session, and what nobody logs in to by himself, on an emulated kernel: numbers that are given again, discoveries that log
//! in, logouts that exclude, commands that are killed at any instant.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hba::exclude::Exclusions;
use hba::registry::Registry;
use lab_tests::lab::Lab;
use lab_tests::process::until;
use lab_tests::rounds;
use lab_tests::target::Target;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

const IQN: &str = "iqn.2026-11.org.example:owned";
/// Whatever the lab does in the end, it has done by then, on a busy machine too.
const SOON: Duration = Duration::from_secs(30);

/// A session from flash, whose number is 1 as long as nobody logged out.
struct Owned {
    lab: Lab,
    portal: String,
    index: String,
    _target: Target,
}

impl Owned {
    fn begin(address: &str) -> Result<Self> {
        let lab = Lab::start(&["--ports", "1", "--no-sync"])?;
        lab.json(&[
            "iface",
            "set",
            "ipv4",
            &format!("ipaddress={address}"),
            "subnet=255.0.0.0",
        ])?;
        lab.json(&["iface", "apply"])?;
        let target = Target::start(lab.path(), IQN, &["--lun", "8M"])?;
        let portal = target.portal().to_string();
        let change = lab.json(&["flash", "add", "--target", IQN, "--portal", &portal])?;
        let index = change["after"]["index"].to_string();
        lab.json(&["flash", "login", &index])?;
        Ok(Self {
            lab,
            portal,
            index,
            _target: target,
        })
    }

    fn home(&self) -> Result<hba::Home> {
        Ok(hbactl::home(self.lab.endpoint().to_str().context("a path")?))
    }

    /// Numbers and owners of the sessions.
    fn owners(&self) -> Result<Vec<(u64, String)>> {
        let all = self.lab.json(&["session", "list"])?;
        let one = |s: &Value| Some((s["sid"].as_u64()?, s["held_by"].as_str()?.to_owned()));
        Ok(all.as_array().context("a list")?.iter().filter_map(one).collect())
    }

    fn sid(&self) -> Result<String> {
        let owners = self.owners()?;
        Ok(owners.first().context("no session")?.0.to_string())
    }

    fn refused(&self, code: i32, args: &[&str]) -> Result<String> {
        let out = self.lab.hbactl(args)?;
        let text = String::from_utf8_lossy(&out.stderr).into_owned();
        ensure!(
            out.status.code() == Some(code),
            "{args:?} ended with {}: {text}",
            out.status
        );
        Ok(text)
    }

    fn entry(&self, sid: &str) -> PathBuf {
        let registry = self.lab.endpoint().join("hbactl/registry");
        registry.join(format!("session-{sid}"))
    }

    fn rules(&self) -> PathBuf {
        self.lab.endpoint().join("hbactl/exclusions.conf")
    }

    /// Starts `hbactl` and kills it after a while.
    fn killed(&self, args: &[&str], wait: Duration) -> Result<Output> {
        let child = self
            .lab
            .command(args)?
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let pid = Pid::from_raw(i32::try_from(child.id())?);
        thread::sleep(wait);
        // Gone already is a round, too.
        let _ = kill(pid, Signal::SIGKILL);
        Ok(child.wait_with_output()?)
    }
}

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
        self.around = self.around.mul_f64(if done { 0.9 } else { 1.1 });
    }
}

fn answers(lab: &Lab, kind: &str, args: &[&str]) -> Result<Value> {
    let out = lab.hbactl(&[&["-o", "json"], args].concat())?;
    let text = String::from_utf8_lossy(&out.stderr);
    ensure!(out.status.success(), "{args:?} ended with {}: {text}", out.status);
    let envelope: Value = serde_json::from_slice(&out.stdout)?;
    ensure!(lab.kind(&envelope)? == kind, "{args:?}: {envelope}");
    Ok(envelope)
}

#[test]
fn a_claim_is_shown_kept_from_others_and_let_go() -> Result<()> {
    let owned = Owned::begin("127.0.0.151")?;
    let lab = &owned.lab;
    let sid = &owned.sid()?;
    let planned = answers(
        lab,
        "session.claim",
        &["--dry-run", "session", "claim", sid, "--owner", "hbad"],
    )?;
    ensure!(
        planned["data"]["change"] == "planned" && !owned.entry(sid).exists(),
        "{planned}"
    );
    let change = answers(
        lab,
        "session.claim",
        &["session", "claim", sid, "--owner", "hbad"],
    )?;
    ensure!(change["data"]["after"]["owner"] == "hbad", "{change}");
    let shown = answers(lab, "session.show", &["session", "show", sid])?;
    ensure!(
        shown["data"]["held_by"] == "hbad" && shown["data"]["owner"] == "flash",
        "{shown}"
    );
    ensure!(
        shown["data"]["held_since"]
            .as_str()
            .is_some_and(|s| s.ends_with('Z')),
        "{shown}"
    );
    ensure!(fs::read_to_string(owned.entry(sid).join("target"))? == format!("{IQN}\n"));
    for (owner, count) in [("hbad", 1), ("flash", 0), ("boot", 0)] {
        for more in [&[][..], &["--detail"]] {
            let args = [&["session", "list", "--owner", owner], more].concat();
            let found = lab.json(&args)?;
            ensure!(found.as_array().map(Vec::len) == Some(count), "{args:?}: {found}");
        }
    }
    let text = owned.refused(1, &["session", "claim", sid, "--owner", "other"])?;
    ensure!(
        text.contains("owned by hbad since") && text.contains("--force"),
        "{text}"
    );
    owned.refused(2, &["session", "claim", sid, "--owner", "two words"])?;
    owned.refused(3, &["session", "claim", "4242", "--owner", "hbad"])?;
    owned.refused(5, &["session", "logout", sid, "--owner", "other"])?;
    lab.json(&["session", "claim", sid, "--owner", "other", "--force"])?;
    let change = answers(lab, "session.release", &["session", "release", sid])?;
    ensure!(change["data"]["before"][0]["owner"] == "other", "{change}");
    ensure!(owned.owners()? == [(1, "flash".to_owned())] && !owned.entry(sid).exists());
    let change = answers(lab, "session.release", &["session", "release", sid])?;
    ensure!(change["data"]["change"] == "unchanged", "{change}");
    Ok(())
}

#[test]
fn a_number_that_is_given_again_inherits_no_owner() -> Result<()> {
    let mut owned = Owned::begin("127.0.0.152")?;
    // Logged out and in again: the entry goes with its session.
    owned.lab.json(&["session", "claim", "1", "--owner", "hbad"])?;
    owned.lab.json(&["flash", "logout", &owned.index])?;
    ensure!(!owned.entry("1").exists(), "it stayed behind its session");
    owned.lab.json(&["flash", "login", &owned.index])?;
    let sid = owned.sid()?;
    ensure!(owned.owners()?[0].1 == "flash");
    owned.lab.json(&["session", "claim", &sid, "--owner", "boot"])?;
    // The kernel starts again, and counts anew.
    for _ in 0..2 {
        owned.lab.kill();
        owned.lab.restart()?;
        let sid = until(SOON, "a session", || {
            Ok(owned.owners()?.first().map(|(sid, _)| sid.to_string()))
        })?;
        ensure!(
            owned.owners()?[0].1 == "flash",
            "it inherited: {:?}",
            owned.owners()?
        );
        owned.lab.json(&["session", "claim", &sid, "--owner", "boot"])?;
    }
    owned.lab.kill();
    owned.lab.restart()?;
    until(SOON, "a session", || {
        Ok(owned.owners()?.iter().find(|o| o.0 == 1).map(drop))
    })?;
    ensure!(owned.entry("1").exists(), "the number was not given again");
    let change = answers(&owned.lab, "session.release", &["session", "release", "--gone"])?;
    ensure!(change["data"]["before"][0]["owner"] == "boot", "{change}");
    ensure!(!owned.entry("1").exists());
    // A claim on a living one is left alone.
    owned.lab.json(&["session", "claim", "1", "--owner", "hbad"])?;
    owned.lab.json(&["session", "release", "--gone"])?;
    ensure!(owned.owners()? == [(1, "hbad".to_owned())]);
    Ok(())
}

#[test]
fn sessions_of_boot_are_not_ended_in_passing() -> Result<()> {
    let mut owned = Owned::begin("127.0.0.153")?;
    let verbs: [&[&str]; 4] = [
        &["session", "logout", "1"],
        &["session", "logout", "--owner", "boot"],
        &["target", "logout", IQN],
        &["flash", "logout", "2"],
    ];
    ensure!(owned.index == "2");
    owned.lab.json(&["session", "claim", "1", "--owner", "boot"])?;
    for verb in verbs {
        let text = owned.refused(5, verb)?;
        ensure!(text.contains("boot"), "{verb:?}: {text}");
    }
    ensure!(owned.owners()? == [(1, "boot".to_owned())]);
    // Nothing of it is written down as excluded.
    owned.refused(5, &["target", "logout", IQN, "--exclude"])?;
    ensure!(!owned.rules().exists());
    // What it holds says so without anybody's claim.
    owned.lab.json(&["session", "release", "1"])?;
    let set = [
        "boot",
        "set",
        "--primary",
        "2",
        "--mode",
        "manual",
        "--yes-write-nvram",
    ];
    owned.lab.json(&set)?;
    owned.lab.kill();
    owned.lab.restart()?;
    until(SOON, "a boot session", || {
        Ok(owned.owners()?.iter().find(|o| o.1 == "boot").map(drop))
    })?;
    let sid = owned.sid()?;
    let shown = owned.lab.json(&["session", "show", &sid])?;
    ensure!(shown["kind"] == "boot" && shown["held_by"] == "boot", "{shown}");
    owned.refused(5, &["session", "claim", &sid, "--owner", "hbad", "--force"])?;
    for verb in [
        &["session", "logout", &sid, "--force"][..],
        &["target", "logout", IQN],
        &["target", "logout", IQN, "--force"],
    ] {
        owned.refused(5, verb)?;
    }
    ensure!(owned.owners()?.len() == 1);
    Ok(())
}

#[test]
fn sessions_of_one_owner_are_ended_together() -> Result<()> {
    let owned = Owned::begin("127.0.0.154")?;
    let lab = &owned.lab;
    let none = answers(
        lab,
        "session.logout.owned",
        &["session", "logout", "--owner", "hbad"],
    )?;
    ensure!(none["data"]["change"] == "unchanged", "{none}");
    lab.json(&["session", "claim", "1", "--owner", "hbad"])?;
    let change = answers(
        lab,
        "target.logout",
        &["target", "logout", IQN, "--owner", "flash"],
    )?;
    ensure!(change["data"]["change"] == "unchanged", "{change}");
    let change = answers(
        lab,
        "session.logout.owned",
        &["session", "logout", "--owner", "hbad", "--exclude"],
    )?;
    ensure!(change["data"]["before"][0]["sid"] == 1, "{change}");
    ensure!(owned.owners()?.is_empty());
    let rules = fs::read_to_string(owned.rules())?;
    ensure!(
        rules.starts_with(&format!("target={IQN} portal={} host=", owned.portal))
            && rules.lines().count() == 1,
        "{rules}"
    );
    Ok(())
}

#[test]
fn a_discovery_does_not_log_in_to_what_is_excluded_and_a_named_login_does() -> Result<()> {
    let owned = Owned::begin("127.0.0.155")?;
    let (lab, portal) = (&owned.lab, owned.portal.as_str());
    let change = answers(lab, "target.logout", &["target", "logout", IQN, "--exclude"])?;
    ensure!(
        change["data"]["diff"].to_string().contains("exclusion"),
        "{change}"
    );
    ensure!(fs::read_to_string(owned.rules())? == format!("target={IQN}\n"));
    let found = answers(lab, "flash.discover", &["flash", "discover", portal, "--add"])?;
    let left = &found["data"]["left_out"][0];
    ensure!(
        left["target"] == IQN
            && left["why"]
                .as_str()
                .is_some_and(|why| why.contains("exclusions.conf:1")),
        "{found}"
    );
    ensure!(owned.owners()?.is_empty(), "{:?}", owned.owners()?);
    // Who names it means it.
    lab.json(&["flash", "login", &owned.index])?;
    ensure!(owned.owners()?.len() == 1);
    lab.json(&["flash", "logout", &owned.index])?;
    // A portal of its own accord.
    lab.json(&["flash", "discover", portal, "--keep"])?;
    let all = answers(lab, "target.refresh", &["target", "refresh"])?;
    ensure!(
        all["data"][0]["portals"][0]["discovery"]["left_out"][0]["target"] == IQN,
        "{all}"
    );
    let (address, _) = portal.rsplit_once(':').context("a portal")?;
    answers(
        lab,
        "target.exclude.add",
        &["target", "exclude", "add", "--portal", address],
    )?;
    let all = answers(lab, "target.refresh", &["target", "refresh"])?;
    let asked = &all["data"][0]["portals"][0];
    ensure!(
        asked["discovery"].is_null()
            && asked["failure"].is_null()
            && asked["excluded"]
                .as_str()
                .is_some_and(|why| why.contains("exclusions.conf:2")),
        "{all}"
    );
    ensure!(owned.owners()?.is_empty());
    let checked = answers(
        lab,
        "target.exclude.check",
        &["target", "exclude", "check", "--portal", portal, "-a", "host1"],
    )?;
    ensure!(
        checked["data"]["excluded"] == true && checked["data"]["by"]["line"] == 2,
        "{checked}"
    );
    // Taken back, it is logged in to again.
    let rule = ["--portal", address];
    answers(
        lab,
        "target.exclude.remove",
        &[&["target", "exclude", "remove"], &rule[..]].concat(),
    )?;
    owned.refused(3, &[&["target", "exclude", "remove"], &rule[..]].concat())?;
    lab.json(&["target", "exclude", "remove", "--target", IQN])?;
    ensure!(fs::read_to_string(owned.rules())?.is_empty());
    lab.json(&["target", "refresh"])?;
    ensure!(owned.owners()?.len() == 1);
    Ok(())
}

#[test]
fn the_list_is_read_as_far_as_it_reads_and_written_as_it_must_be() -> Result<()> {
    let owned = Owned::begin("127.0.0.156")?;
    let lab = &owned.lab;
    fs::write(
        owned.rules(),
        "# mine\nspeed=fast target=iqn.x\niface=ipv4-iface-1-0\n",
    )?;
    let all = answers(lab, "target.exclude.list", &["target", "exclude", "list"])?;
    ensure!(all["data"].as_array().map(Vec::len) == Some(1), "{all}");
    ensure!(
        all["warnings"][0]
            .as_str()
            .is_some_and(|w| w.contains("exclusions.conf:2") && w.contains("speed is not known")),
        "{all}"
    );
    for bad in [
        &["--portal", "storage.example"][..],
        &["--target", "a b"],
        &["--portal", "10.0.0.5,1"],
        &["-a", "a/b"],
        &["--iface", ""],
        &[],
    ] {
        owned.refused(2, &[&["target", "exclude", "add"], bad].concat())?;
    }
    let planned = answers(
        lab,
        "target.exclude.add",
        &[
            "--dry-run",
            "target",
            "exclude",
            "add",
            "--target",
            "iqn.2026-11.org.example:new",
        ],
    )?;
    ensure!(planned["data"]["change"] == "planned", "{planned}");
    ensure!(fs::read_to_string(owned.rules())?.lines().count() == 3);
    lab.json(&[
        "target",
        "exclude",
        "add",
        "--transport",
        "qla4xxx",
        "--portal",
        "2001:db8::0001",
    ])?;
    let text = fs::read_to_string(owned.rules())?;
    ensure!(
        text == "# mine\nspeed=fast target=iqn.x\niface=ipv4-iface-1-0\nportal=2001:db8::1 transport=qla4xxx\n",
        "{text}"
    );
    let again = lab.json(&[
        "target",
        "exclude",
        "add",
        "--transport",
        "qla4xxx",
        "--portal",
        "[2001:DB8::1]",
    ])?;
    ensure!(
        again["change"] == "unchanged" && again["current"]["line"] == 4,
        "{again}"
    );
    Ok(())
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
    for round in rounds::each("kills of logout --exclude", 25, 500) {
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
