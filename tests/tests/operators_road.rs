//! The whole road of an operator, with our own target: every answer on it is checked against its published schema.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::lab::{Lab, READY};
use lab_tests::port;
use lab_tests::process::{Running, own_binary, until};
use lab_tests::schema::check;
use lab_tests::target::Target;
use serde_json::Value;

const IQN: &str = "iqn.2026-11.org.example:disk";
const SECRET: &str = "initiator-secret-1";
const TARGET_SECRET: &str = "target-secret-123";
const MIB: usize = 1 << 20;

/// What an operator finds in a machine.
#[derive(Clone, Copy)]
struct Card {
    chip: &'static str,
    /// Each is one adapter to the operator.
    ports: usize,
    /// Its boot bytes are known.
    boots: bool,
}

/// The lab, the target beside it, and the kinds of answers seen.
struct Road {
    card: Card,
    lab: Lab,
    _target: Running,
    portal: SocketAddr,
    seen: BTreeSet<String>,
}

impl Road {
    fn begin(card: Card) -> Result<Self> {
        let ports = card.ports.to_string();
        let lab = Lab::start(&["--first-host", "1", "--chip", card.chip, "--ports", &ports])?;
        let disk = lab.lun_file("disk", 16 * MIB as u64)?;
        let accounts = lab.path().join("accounts");
        fs::write(
            &accounts,
            format!("initiator:{SECRET}\nmutual:array:{TARGET_SECRET}\n"),
        )?;
        fs::write(lab.path().join("secret"), SECRET)?;
        let portal = port::own()?;
        let target = Running::start(
            Command::new(own_binary("hbaemu")?)
                .args(["target", "--listen", &portal.to_string(), "--iqn", IQN, "--lun"])
                .arg(disk)
                .arg("8M")
                .arg("--chap-file")
                .arg(accounts),
            "ready",
            READY,
        )?;
        Ok(Self {
            card,
            lab,
            _target: target,
            portal,
            seen: BTreeSet::new(),
        })
    }

    /// Runs `hbactl -o json`, checks the envelope against the schema of its kind, and gives back the data.
    fn json(&mut self, args: &[&str]) -> Result<Value> {
        let out = self.lab.hbactl(&[&["-o", "json"], args].concat())?;
        let stderr = String::from_utf8_lossy(&out.stderr).into_owned();
        ensure!(
            out.status.success(),
            "hbactl {}: {}: {stderr}",
            args.join(" "),
            out.status
        );
        let text = String::from_utf8(out.stdout)?;
        for secret in [SECRET, TARGET_SECRET] {
            ensure!(
                !text.contains(secret) && !stderr.contains(secret),
                "hbactl {args:?} shows a secret"
            );
        }
        // Events come as one envelope a line, everything else as one document.
        let first = if args[0] == "event" || args.get(1) == Some(&"watch") {
            text.lines().next().unwrap_or_default()
        } else {
            &text
        };
        let mut envelope: Value = serde_json::from_str(first).with_context(|| format!("not JSON: {text}"))?;
        let kind = envelope["kind"].as_str().context("no kind")?.to_owned();
        let schema = self.lab.hbactl(&["schema", &kind])?;
        ensure!(schema.status.success(), "{kind} has no published schema");
        let schema: Value = serde_json::from_slice(&schema.stdout)?;
        check(&schema, &envelope).with_context(|| format!("answer of hbactl {}", args.join(" ")))?;
        self.seen.insert(kind);
        Ok(envelope["data"].take())
    }

    /// A command that must fail: its error is an envelope, too, on stderr.
    fn error(&mut self, args: &[&str], exit: i32) -> Result<()> {
        let out = self.lab.hbactl(&[&["-o", "json"], args].concat())?;
        ensure!(
            out.status.code() == Some(exit) && out.stdout.is_empty(),
            "{args:?}: {}",
            out.status
        );
        let envelope: Value = serde_json::from_slice(&out.stderr)
            .with_context(|| format!("not JSON: {}", String::from_utf8_lossy(&out.stderr)))?;
        let schema = self.lab.hbactl(&["schema", "error"])?;
        let schema: Value = serde_json::from_slice(&schema.stdout)?;
        check(&schema, &envelope).with_context(|| format!("error of hbactl {}", args.join(" ")))?;
        ensure!(envelope["data"]["exit_code"] == exit && envelope["data"]["outcome"] == "not_done");
        self.seen.insert("error".to_owned());
        Ok(())
    }

    /// As [`Self::json`], for a command that must change something once and nothing the second time.
    fn change_once(&mut self, args: &[&str]) -> Result<Value> {
        let planned = self.json(&[&["--dry-run"], args].concat())?;
        ensure!(planned["change"] == "planned", "dry run of {args:?}: {planned}");
        let changed = self.json(args)?;
        ensure!(changed["change"] == "changed", "{args:?}: {changed}");
        let again = self.json(args)?;
        ensure!(again["change"] == "unchanged", "{args:?} again: {again}");
        Ok(changed)
    }

    fn path(&self, name: &str) -> String {
        self.lab.path().join(name).to_string_lossy().into_owned()
    }
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 7) as u8)
        .collect()
}

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
    let missed: Vec<&str> = names.lines().filter(|name| !road.seen.contains(*name)).collect();
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
    let index = flash_and_boot(&mut road)?;
    disks(&mut road)?;
    counters(&mut road)?;
    power(&mut road, &index)?;
    endings(&mut road, &index)?;
    Ok(road)
}

fn addresses(road: &mut Road) -> Result<()> {
    road.json(&["iface", "params"])?;
    road.json(&["iface", "set", "ipv4", "-a", "host1", "mtu=1400"])?;
    road.json(&["iface", "unset", "ipv4", "-a", "host1"])?;
    let address = ["ipaddress=127.0.0.21", "subnet=255.0.0.0"];
    road.change_once(&[&["iface", "set", "ipv4", "-a", "host1"][..], &address].concat())?;
    let shown = road.json(&["iface", "show", "ipv4", "-a", "host1"])?;
    ensure!(shown["staged"]["ipaddress"]["staged"] == "127.0.0.21", "{shown}");
    ensure!(shown["address"] != "127.0.0.21", "staged is not applied: {shown}");
    road.change_once(&["iface", "apply", "-a", "host1"])?;
    let all = road.json(&["iface", "list", "-a", "host1"])?;
    ensure!(all[0]["address"] == "127.0.0.21", "{all}");
    let ping = road.json(&["ping", "ipv4", "127.0.0.1", "-a", "host1", "-c", "2", "-i", "10"])?;
    ensure!(ping["received"] == 2, "{ping}");
    Ok(())
}

fn accounts(road: &mut Road) -> Result<()> {
    let (secret, peer) = (road.path("secret"), road.path("peer-secret"));
    fs::write(&peer, TARGET_SECRET)?;
    let add = ["chap", "add", "-a", "host1", "--user"];
    let ours = [&add[..], &["initiator", "--index", "5", "--secret-file", &secret]].concat();
    let added = road.json(&ours)?;
    ensure!(added["after"]["secret"] == "********", "{added}");
    let theirs = [
        "array",
        "--direction",
        "in",
        "--index",
        "6",
        "--secret-file",
        &peer,
    ];
    road.json(&[&add[..], &theirs].concat())?;
    let spare = ["spare", "--index", "9", "--secret-file", &secret];
    road.json(&[&add[..], &spare].concat())?;
    road.json(&["chap", "set", "9", "-a", "host1", "--user", "other"])?;
    road.json(&["chap", "remove", "9", "-a", "host1"])?;
    let all = road.json(&["chap", "list", "-a", "host1"])?;
    ensure!(all.as_array().is_some_and(|all| all.len() == 2), "{all}");
    Ok(())
}

/// What the adapter remembers; nothing of it is changed here.
fn memories(road: &mut Road) -> Result<()> {
    let portals = road.json(&["adapter", "portals", "host1"])?;
    ensure!(portals[0]["address"] == "127.0.0.21", "{portals}");
    let entry = road.json(&["chap", "show", "5", "-a", "host1"])?;
    ensure!(
        entry["username"] == "initiator" && entry["secret"] == "********",
        "{entry}"
    );
    let cleared = road.json(&["--dry-run", "chap", "clear", "-a", "host1", "--force"])?;
    ensure!(cleared["change"] == "planned", "{cleared}");
    let ifcb = road.json(&["adapter", "dump", "flash", "--area", "ifcb", "-a", "host1"])?;
    ensure!(ifcb["length"] == 768, "{ifcb}");
    let tested = road.json(&["adapter", "diag", "nvram", "-a", "host1"])?;
    ensure!(tested["passed"] == true, "{tested}");
    let name = "iqn.2026-11.org.example:host";
    road.error(&["adapter", "set-name", name, "-a", "host1"], 2)?;
    let named = road.json(&["--dry-run", "adapter", "set-name", name, "-a", "host1"])?;
    ensure!(named["after"]["name"] == name, "{named}");
    let restore = ["--dry-run", "adapter", "restore-defaults", "chap", "-a", "host1"];
    if road.card.boots {
        let planned = road.json(&restore)?;
        ensure!(planned["change"] == "planned", "{planned}");
    } else {
        road.error(&restore, 4)?;
    }
    Ok(())
}

/// The driver's parameters.
fn driver(road: &mut Road) -> Result<()> {
    let shown = road.json(&["module", "show"])?;
    ensure!(shown.as_array().is_some_and(|all| all.len() == 9), "{shown}");
    road.change_once(&["module", "set", "ql4xmaxqdepth=16"])?;
    let now = road.json(&["module", "translate", "ql4xkeepalive=30"])?;
    ensure!(now[0]["new"] == "ql4xsess_recovery_tmo", "{now}");
    Ok(())
}

/// A remark beside answers that come one by one: an envelope of its own, on stderr. Here of a change that nobody heard the end of.
fn remark(road: &mut Road) -> Result<()> {
    let dir = road.lab.endpoint().join("hbactl/intent");
    fs::create_dir_all(&dir)?;
    let record = dir.join("left.json");
    let intent = r#"{"version":1,"host":1,"process":1,"verb":"chap add","intent":{"what":"chap","index":1,"before":null,"after":"x"}}"#;
    fs::write(&record, intent)?;
    let out = road
        .lab
        .hbactl(&["-o", "json", "event", "follow", "--for", "1"])?;
    fs::remove_file(&record)?;
    let line = String::from_utf8(out.stderr)?;
    let warning: Value = serde_json::from_str(&line).with_context(|| format!("not JSON: {line}"))?;
    let schema = road.lab.hbactl(&["schema", "warning"])?;
    check(&serde_json::from_slice(&schema.stdout)?, &warning)?;
    road.seen.insert("warning".to_owned());
    Ok(())
}

/// A target by its name, one that anybody may log in to: found, logged in to and out of, and forgotten again.
fn targets(road: &mut Road) -> Result<()> {
    const OPEN: &str = "iqn.2026-11.org.example:open";
    let target = Target::start(road.lab.path(), OPEN, &["--lun", "8M"])?;
    let portal = target.portal().to_string();
    let of = ["-a", "host1"];
    let listed = road.json(&[&["flash", "discover", &portal, "--no-login"][..], &of].concat())?;
    ensure!(
        listed["paths"].as_array().is_some_and(|all| all.len() == 1),
        "{listed}"
    );
    road.json(&[&["target", "login", OPEN, "--portal", &portal][..], &of].concat())?;
    let all = road.json(&[&["target", "list"][..], &of].concat())?;
    ensure!(all.as_array().is_some_and(|all| all.len() == 1), "{all}");
    road.json(&[&["target", "discovery", "show"][..], &of].concat())?;
    road.json(&[&["target", "refresh"][..], &of].concat())?;
    road.json(&[&["target", "logout", OPEN][..], &of].concat())?;
    road.json(&[&["target", "remove", OPEN][..], &of].concat())?;
    let left = road.json(&[&["target", "list"][..], &of].concat())?;
    ensure!(left == Value::Array(Vec::new()), "{left}");
    Ok(())
}

fn flash_and_boot(road: &mut Road) -> Result<String> {
    road.json(&["flash", "params"])?;
    let portal = road.portal.to_string();
    let discover = ["flash", "discover", &portal, "-a", "host1", "--chap", "5"];
    let listed = road.json(&[&discover[..], &["--no-login"]].concat())?;
    ensure!(
        listed["paths"].as_array().is_some_and(|all| all.len() == 1),
        "{listed}"
    );
    let found = road.json(&discover)?;
    ensure!(found["portal"] == portal.as_str(), "{found}");
    // Whatever the discovery left in flash is the target itself; the road takes its own entry.
    let add = [
        "flash", "add", "-a", "host1", "--target", IQN, "--portal", &portal,
    ];
    let added = road.json(&[&add[..], &["--chap", "5", "--bidi"]].concat())?;
    let index = added["after"]["index"]
        .as_u64()
        .or_else(|| added["current"]["index"].as_u64())
        .with_context(|| format!("no index in {added}"))?
        .to_string();
    road.change_once(&["flash", "set", &index, "-a", "host1", "def_time2wait=3"])?;
    let shown = road.json(&["flash", "show", &index, "-a", "host1"])?;
    ensure!(
        shown["params"]["def_time2wait"] == 3 || shown["params"]["def_time2wait"] == "3",
        "{shown}"
    );
    let set = [
        "boot",
        "set",
        "--yes-write-nvram",
        "-a",
        "host1",
        "--primary",
        &index,
        "--mode",
        "manual",
    ];
    if road.card.boots {
        road.change_once(&set)?;
        let boot = road.json(&["boot", "show", "-a", "host1"])?;
        ensure!(boot[0]["slots"][0]["target_name"] == IQN, "{boot}");
    } else {
        road.error(&set, 4)?;
    }
    let login = road.json(&["flash", "login", &index, "-a", "host1"])?;
    ensure!(
        login["after"]["state"] == "LOGGED_IN" || login["change"] == "unchanged",
        "{login}"
    );
    let all = road.json(&["flash", "list", "-a", "host1"])?;
    ensure!(all[0]["session"]["state"] == "LOGGED_IN", "{all}");
    Ok(index)
}

fn disks(road: &mut Road) -> Result<()> {
    let sessions = road.json(&["session", "list"])?;
    ensure!(
        sessions.as_array().is_some_and(|all| all.len() == 1),
        "{sessions}"
    );
    let detail = road.json(&["session", "list", "--detail"])?;
    let sid = sessions[0]["sid"].to_string();
    ensure!(detail[0]["port_address"] == "127.0.0.21", "{detail}");
    let shown = road.json(&["session", "show", &sid])?;
    ensure!(shown["chap_username"] == "initiator", "{shown}");
    road.json(&["session", "rescan", &sid])?;
    let luns = until(Duration::from_secs(10), "two logical units", || {
        let luns = road.json(&["lun", "list", "--session", &sid])?;
        Ok(luns.as_array().is_some_and(|all| all.len() == 2).then_some(luns))
    })?;
    road.json(&["session", "paths", &sid])?;
    road.json(&["session", "mappings"])?;
    road.json(&["session", "set", &sid, "recovery_tmo=60"])?;
    road.json(&["session", "watch", "--for", "1"])?;
    road.json(&["lun", "uses", "--session", &sid])?;
    road.json(&["stats", "adapter", "-a", "host1"])?;
    road.json(&["stats", "requests", &sid])?;
    let disk = luns[0]["address"].as_str().context("no address")?.to_owned();
    road.json(&["lun", "inquiry", &disk])?;
    road.json(&["lun", "inquiry", &disk, "--vpd", "0x83"])?;
    let reported = road.json(&["lun", "report", &disk])?;
    ensure!(
        reported.as_array().is_some_and(|all| all.len() == 2),
        "{reported}"
    );
    let capacity = road.json(&["lun", "capacity", &disk])?;
    ensure!(capacity["bytes"] == 16 * MIB, "{capacity}");
    let (source, copy) = (road.path("source"), road.path("copy"));
    fs::write(&source, pattern(4 * MIB))?;
    let write = [
        "lun", "write", &disk, "--in", &source, "--start", "2048", "--verify", "--yes",
    ];
    let planned = road.json(&[&["--dry-run"], &write[..]].concat())?;
    ensure!(
        planned["planned"] == true && planned["bytes"] == 4 * MIB,
        "{planned}"
    );
    let written = road.json(&write)?;
    ensure!(
        written["bytes"] == 4 * MIB && written["verified"] == true,
        "{written}"
    );
    road.json(&[
        "lun", "read", &disk, "--out", &copy, "--start", "2048", "--blocks", "8192",
    ])?;
    ensure!(
        fs::read(&source)? == fs::read(&copy)?,
        "what was read is not what was written"
    );
    let file = fs::read(road.path("disk"))?;
    ensure!(
        file[MIB..5 * MIB] == pattern(4 * MIB)[..],
        "the target's file differs"
    );
    ensure!(
        file[..MIB].iter().all(|byte| *byte == 0),
        "blocks before the range were touched"
    );
    // A logical unit that is not there costs nobody a file.
    let out = road.lab.hbactl(&["lun", "read", "1:0:0:77", "--out", &copy])?;
    ensure!(
        out.status.code() == Some(3),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    ensure!(
        fs::metadata(&copy)?.len() == 4 * MIB as u64,
        "the file was emptied for nothing"
    );
    Ok(())
}

fn counters(road: &mut Road) -> Result<()> {
    let sid = road.json(&["session", "list"])?[0]["sid"].to_string();
    let stats = road.json(&["stats", "session", &sid])?;
    ensure!(
        stats["counters"]["rxdata_octets"].as_u64() >= Some(8 * MIB as u64),
        "{stats}"
    );
    road.json(&["stats", "connection", &sid])?;
    let hosts = road.json(&["stats", "host"])?;
    let ports = road.card.ports;
    ensure!(hosts.as_array().is_some_and(|all| all.len() == ports), "{hosts}");
    Ok(())
}

/// Takes the power away and waits until the session is there again by itself.
fn power_cycle(road: &mut Road) -> Result<()> {
    let before = road.json(&["session", "list"])?[0]["sid"].clone();
    road.lab.fault(&["power-cycle"])?;
    until(
        Duration::from_secs(40),
        "another session in the place of the one lost",
        || {
            let all = road.json(&["session", "list"])?;
            let back =
                all[0]["state"] == "LOGGED_IN" && all[0]["owner"] == "flash" && all[0]["sid"] != before;
            Ok(back.then_some(()))
        },
    )
}

fn power(road: &mut Road, index: &str) -> Result<()> {
    power_cycle(road)?;
    let flash = road.json(&["flash", "show", index, "-a", "host1"])?;
    ensure!(
        flash["boot"] == road.card.boots,
        "is it marked as a boot target: {flash}"
    );
    ensure!(road.json(&["iface", "list", "-a", "host1"])?[0]["address"] == "127.0.0.21");
    Ok(())
}

fn no_boot_target_any_more(road: &mut Road, index: &str) -> Result<()> {
    let refused = road.lab.hbactl(&["flash", "remove", index, "-a", "host1"])?;
    ensure!(refused.status.code() == Some(5), "a boot target is removed");
    road.change_once(&["boot", "clear", "--yes-write-nvram", "-a", "host1"])?;
    let boot = road.json(&["session", "list"])?[0]["sid"].to_string();
    let refused = road.lab.hbactl(&["session", "logout", &boot])?;
    ensure!(
        refused.status.code() == Some(5),
        "the session of a boot target ends before the next start"
    );
    Ok(())
}

fn endings(road: &mut Road, index: &str) -> Result<()> {
    if road.card.boots {
        no_boot_target_any_more(road, index)?;
    }
    power_cycle(road)?;
    let sid = road.json(&["session", "list"])?[0]["sid"].to_string();
    road.json(&["session", "logout", &sid])?;
    road.json(&["flash", "login", index, "-a", "host1"])?;
    road.json(&["flash", "logout", index, "-a", "host1"])?;
    let left = road.json(&["session", "list"])?;
    ensure!(left == Value::Array(Vec::new()), "{left}");
    road.json(&["flash", "remove", index, "-a", "host1"])?;
    road.json(&["adapter", "reset", "host1"])?;
    let endpoint = road.lab.endpoint();
    // The cable is pulled and plugged until the one who waits for it has seen it.
    let seen = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&seen);
    let fault = std::thread::spawn(move || -> Result<()> {
        for state in ["link-down", "link-up"].into_iter().cycle() {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let mut command = Command::new(own_binary("hbaemu")?);
            command
                .args(["fault", "--endpoint"])
                .arg(&endpoint)
                .args([state, "0"]);
            let told = command.output()?;
            ensure!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    });
    let event = road.json(&[
        "event",
        "follow",
        "--count",
        "1",
        "--only",
        "link_down",
        "--for",
        "20",
    ]);
    seen.store(true, Ordering::Relaxed);
    let event = event?;
    ensure!(
        event["event"]["event"] == "link_down" || event["event"] == "link_down",
        "{event}"
    );
    fault.join().map_err(|_| anyhow::anyhow!("the fault panicked"))?
}
