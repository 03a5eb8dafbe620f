//! What happens to sessions is told: units that change, sessions that fail, come back and expire, logins that are refused; and a watch does
//! about it what its policy says.

use std::fs;
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::lab::Lab;
use lab_tests::process::until;
use lab_tests::target::Target;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

const IQN: &str = "iqn.2026-11.org.example:watched";
const LONG: Duration = Duration::from_secs(60);

struct Watched {
    lab: Lab,
    target: Target,
    sid: String,
    index: String,
}

impl Watched {
    fn begin(address: &str) -> Result<Self> {
        let lab = port(address)?;
        let target = Target::start(lab.path(), IQN, &["--lun", "8M"])?;
        let portal = target.portal().to_string();
        let change = lab.json(&["flash", "add", "--target", IQN, "--portal", &portal])?;
        let index = change["after"]["index"].to_string();
        lab.json(&["flash", "login", &index])?;
        until(LONG, "a disk", || {
            let disks = lab.json(&["lun", "list"])?;
            Ok(disks[0]["block_device"].as_str().map(drop))
        })?;
        let sid = lab.json(&["session", "list"])?[0]["sid"].to_string();
        Ok(Self {
            lab,
            target,
            sid,
            index,
        })
    }

    /// The first disk is read, so that what its target has to say is heard.
    fn listen(&self) -> Result<()> {
        let disks = self.lab.json(&["lun", "list"])?;
        let disk = disks[0]["address"].as_str().context("a disk")?;
        self.lab.hbactl(&["lun", "capacity", disk])?;
        Ok(())
    }
}

fn port(address: &str) -> Result<Lab> {
    let lab = Lab::start(&["--ports", "1"])?;
    lab.json(&[
        "iface",
        "set",
        "ipv4",
        &format!("ipaddress={address}"),
        "subnet=255.0.0.0",
    ])?;
    lab.json(&["iface", "apply"])?;
    Ok(lab)
}

/// A command that prints a JSON document a line, and runs until it is ended.
struct Lines {
    child: Child,
    log: std::path::PathBuf,
}

impl Lines {
    fn start(lab: &Lab, args: &[&str]) -> Result<Self> {
        let log = lab
            .path()
            .join(format!("{}.log", args.join("-").replace('/', "_")));
        let child = lab
            .command(&[&["-o", "json"], args].concat())?
            .stdout(fs::File::create(&log)?)
            .stderr(Stdio::piped())
            .spawn()?;
        // It listens once it has made its first look: nothing before that is told.
        std::thread::sleep(Duration::from_millis(1500));
        Ok(Self { child, log })
    }

    fn told(&self) -> Result<Vec<Value>> {
        let text = fs::read_to_string(&self.log)?;
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let data = |line: &str| -> Result<Value> {
            let mut envelope: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
            Ok(envelope["data"].take())
        };
        whole.lines().map(data).collect()
    }

    /// Waits for something that is told.
    fn until(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        until(LONG, what, || {
            Ok(self.told()?.into_iter().find(|value| wanted(value)))
        })
        .with_context(|| fs::read_to_string(&self.log).unwrap_or_default())
    }

    fn event(&self, name: &str) -> Result<Value> {
        self.until(name, |value| value["event"] == name)
    }

    /// Ends it by a signal; gives its exit code.
    fn end(&mut self) -> Result<Option<i32>> {
        kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGTERM)?;
        Ok(self.child.wait()?.code())
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_changed_list_of_units_is_told_with_its_session() -> Result<()> {
    let watched = Watched::begin("127.0.0.145")?;
    let follow = Lines::start(&watched.lab, &["event", "follow", "--only", "luns_changed"])?;
    watched.target.lun("add", &["--number", "3", "4M"])?;
    watched.listen()?;
    let event = follow.event("luns_changed")?;
    ensure!(event["sid"].as_u64() == watched.sid.parse().ok(), "{event}");
    Ok(())
}

#[test]
fn a_session_of_the_adapter_that_fails_and_comes_back_is_told() -> Result<()> {
    let watched = Watched::begin("127.0.0.146")?;
    watched
        .lab
        .json(&["session", "set", &watched.sid, "recovery_tmo=2"])?;
    let follow = Lines::start(&watched.lab, &["event", "follow"])?;
    watched.lab.fault(&["link", "down", "0"])?;
    let failed = follow.event("session_failed")?;
    ensure!(
        failed["sid"].as_u64() == watched.sid.parse().ok() && failed["target_name"] == IQN,
        "{failed}"
    );
    follow.event("session_expired")?;
    watched.lab.fault(&["link", "up", "0"])?;
    let back = follow.event("session_recovered")?;
    ensure!(back["away_ms"].as_u64().is_some_and(|ms| ms > 1000), "{back}");
    Ok(())
}

#[test]
fn a_refused_login_is_told_with_its_kind_by_whoever_asked() -> Result<()> {
    let lab = port("127.0.0.147")?;
    let accounts = lab.path().join("accounts");
    fs::write(&accounts, "initiator:initiator-secret-1\n")?;
    fs::write(lab.path().join("secret"), "quite-another-one")?;
    let file = accounts.display().to_string();
    let target = Target::start(lab.path(), IQN, &["--lun", "8M", "--chap-file", &file])?;
    let portal = target.portal().to_string();
    let secret = lab.path().join("secret").display().to_string();
    lab.json(&[
        "chap",
        "add",
        "--user",
        "initiator",
        "--index",
        "4",
        "--secret-file",
        &secret,
    ])?;
    let add = [
        "flash", "add", "--target", IQN, "--portal", &portal, "--chap", "4",
    ];
    let index = lab.json(&add)?["after"]["index"].to_string();
    let follow = Lines::start(&lab, &["event", "follow"])?;
    lab.hbactl(&["flash", "login", &index])?;
    let failed = follow.event("login_failed")?;
    ensure!(
        failed["failure"] == "login_auth_fail" && failed["source"] == "probe" && failed["target_name"] == IQN,
        "{failed}"
    );
    let text = fs::read_to_string(&follow.log)?;
    ensure!(
        !text.contains("quite-another-one") && !text.contains("initiator-secret-1"),
        "a secret is told"
    );
    Ok(())
}

#[test]
fn targets_that_are_added_and_removed_are_told() -> Result<()> {
    let lab = port("127.0.0.148")?;
    let follow = Lines::start(&lab, &["event", "follow", "--only", "targets_changed"])?;
    lab.json(&["flash", "add", "--target", IQN, "--portal", "127.0.0.1:9"])?;
    follow.event("targets_changed")?;
    Ok(())
}

#[test]
fn a_watch_scans_when_units_change_and_says_what_it_did() -> Result<()> {
    let watched = Watched::begin("127.0.0.149")?;
    let mut watch = Lines::start(
        &watched.lab,
        &["session", "watch", "--luns", "rescan", "--remove"],
    )?;
    watched.target.lun("add", &["--number", "3", "4M"])?;
    watched.listen()?;
    let deed = watch.until("a rescan", |value| value["deed"]["units"][0]["fate"] == "found")?;
    ensure!(
        deed["deed"]["deed"] == "rescan"
            && deed["deed"]["because"] == "luns_changed"
            && deed["deed"]["error"].is_null(),
        "{deed}"
    );
    let disks = watched.lab.json(&["lun", "list"])?;
    ensure!(disks.as_array().is_some_and(|all| all.len() == 2), "{disks}");
    watched.target.lun("remove", &["3"])?;
    watched.listen()?;
    watch.until("a removal", |value| {
        value["deed"]["units"][0]["fate"] == "removed"
    })?;
    ensure!(watch.end()? == Some(143), "it ends by the signal, in order");
    let last = watch.told()?.pop().context("nothing told")?;
    ensure!(last["end"]["since_ms"].is_u64(), "the counts come last: {last}");
    Ok(())
}

#[test]
fn a_watch_that_only_reports_changes_nothing() -> Result<()> {
    let watched = Watched::begin("127.0.0.150")?;
    let watch = Lines::start(&watched.lab, &["session", "watch"])?;
    watched.target.lun("add", &["--number", "3", "4M"])?;
    watched.listen()?;
    let deed = watch.until("a report", |value| value["deed"]["units"][0]["fate"] == "found")?;
    ensure!(
        deed["deed"]["deed"] == "report" && deed["deed"]["planned"] == true,
        "{deed}"
    );
    let disks = watched.lab.json(&["lun", "list"])?;
    ensure!(disks.as_array().is_some_and(|all| all.len() == 1), "{disks}");
    Ok(())
}

#[test]
fn disks_of_a_session_that_does_not_come_back_are_taken_out_and_come_back_with_it() -> Result<()> {
    let watched = Watched::begin("127.0.0.151")?;
    watched
        .lab
        .json(&["session", "set", &watched.sid, "recovery_tmo=1"])?;
    let watch = Lines::start(
        &watched.lab,
        &["session", "watch", "--on-expiry", "delete", "--no-ask"],
    )?;
    watched.lab.fault(&["link", "down", "0"])?;
    let deed = watch.until("a removal", |value| value["deed"]["deed"] == "delete")?;
    ensure!(
        deed["deed"]["because"] == "session_expired" && deed["deed"]["error"].is_null(),
        "{deed}"
    );
    ensure!(watched.lab.json(&["lun", "list"])? == Value::Array(Vec::new()));
    watched.lab.fault(&["link", "up", "0"])?;
    until(LONG, "the disk again", || {
        let disks = watched.lab.json(&["lun", "list"])?;
        Ok(disks[0]["block_device"].as_str().map(drop))
    })?;
    Ok(())
}

#[test]
fn what_is_set_of_a_session_is_read_back_and_refused_while_it_is_down() -> Result<()> {
    let watched = Watched::begin("127.0.0.152")?;
    let sid = watched.sid.as_str();
    let set = [
        "session",
        "set",
        sid,
        "recovery_tmo=7",
        "queue_depth=16",
        "timeout=20",
        "eh_timeout=11",
    ];
    let planned = watched.lab.json(&[&["--dry-run"], &set[..]].concat())?;
    ensure!(planned["change"] == "planned", "{planned}");
    let changed = watched.lab.json(&set)?;
    ensure!(
        changed["after"]["recovery_tmo"] == "7" && changed["after"]["units"][0]["queue_depth"] == "16",
        "{changed}"
    );
    ensure!(watched.lab.json(&set)?["change"] == "unchanged");
    let unit = watched.lab.json(&["lun", "list"])?;
    ensure!(
        unit[0]["queue_depth"] == 16 && unit[0]["command_timeout"] == 20,
        "{unit}"
    );
    watched.lab.json(&["session", "set", sid, "recovery_tmo=off"])?;
    ensure!(watched.lab.json(&["session", "show", sid])?["recovery_timeout"] == -1);
    for (text, code) in [
        ("abort_tmo=3", 4),
        ("recovery_tmo=x", 2),
        ("queue_depth=0", 2),
        ("nothing=1", 2),
    ] {
        let out = watched.lab.hbactl(&["session", "set", sid, text])?;
        ensure!(out.status.code() == Some(code), "{text}: {}", out.status);
    }
    watched.lab.fault(&["link", "down", "0"])?;
    until(LONG, "the loss", || {
        let state = watched.lab.json(&["session", "show", sid])?["state"].clone();
        Ok((state == "FAILED").then_some(()))
    })?;
    let out = watched.lab.hbactl(&["session", "set", sid, "recovery_tmo=9"])?;
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    ensure!(
        out.status.code() == Some(1) && text.contains("only of a session that is up"),
        "{text}"
    );
    Ok(())
}

#[test]
fn a_session_shows_how_it_stands_and_what_cannot_be_told() -> Result<()> {
    let watched = Watched::begin("127.0.0.153")?;
    let sid = watched.sid.as_str();
    let shown = watched.lab.json(&["session", "show", sid])?;
    let connection = &shown["connections"][0];
    ensure!(
        connection["standing"] == "logged_in" && connection["state"] == "down",
        "{connection}"
    );
    ensure!(
        connection["redirected"].is_null() && connection["redirected_unknown"].is_string(),
        "{connection}"
    );
    let adapter = watched.lab.json(&["adapter", "show"])?;
    ensure!(
        shown["initiator_name"].is_string() && shown["initiator_name"] == adapter["initiator_name"],
        "{shown}"
    );
    ensure!(shown["max_connections"] == 1 && shown["throughput"].is_null());
    let out = watched.lab.hbactl(&["stats", "connection", sid, "7"])?;
    ensure!(
        out.status.code() == Some(3),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let out = watched.lab.hbactl(&["stats", "login"])?;
    ensure!(out.status.code() == Some(4));
    let errors = watched.lab.json(&["stats", "adapter"])?;
    ensure!(
        errors[0]["sessions"] == 1 && errors[0]["digest_errors"] == 0,
        "{errors}"
    );
    let paths = watched.lab.json(&["session", "paths", sid])?;
    ensure!(
        paths["policy"] == "single_path" && paths["paths"][0]["status"] == "connected",
        "{paths}"
    );
    let mappings = watched.lab.json(&["session", "mappings"])?;
    ensure!(
        mappings[0]["lun"] == 0 && mappings[0]["target_name"] == IQN,
        "{mappings}"
    );
    let table = watched.lab.hbactl(&["lun", "list"])?;
    let table = String::from_utf8_lossy(&table.stdout).into_owned();
    ensure!(table.contains("TYPE") && table.contains("disk"), "{table}");
    let logout = watched.lab.json(&["flash", "logout", &watched.index])?;
    ensure!(
        logout["change"] == "changed",
        "nothing stands on the disk: {logout}"
    );
    Ok(())
}
