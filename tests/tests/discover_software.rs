//! Discovery by this host: what a portal names becomes records, what cannot be used is told, and what somebody set stays. Against our own
//! target playing arrays of the field, and against tgt.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use lab_tests::asked::{Asked, IQN, MUTUAL, SECRET, describe};
use lab_tests::isns::Server;
use lab_tests::lab::{READY, hbactl};
use lab_tests::need::left_out;
use lab_tests::port;
use lab_tests::process::{Running, own_binary};
use lab_tests::target::Target;
use lab_tests::tgt::{self, Tgtd};
use serde_json::Value;

/// A host without adapters, and its record database.
struct Host {
    dir: tempfile::TempDir,
}

impl Host {
    fn new() -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("discover-").tempdir()?;
        fs::create_dir_all(dir.path().join("host/sys"))?;
        fs::create_dir(dir.path().join("db"))?;
        let this = Self { dir };
        fs::write(
            this.db("initiatorname.iscsi"),
            "InitiatorName=iqn.2026-11.org.example:host\n",
        )?;
        Ok(this)
    }

    fn db(&self, path: &str) -> PathBuf {
        self.dir.path().join("db").join(path)
    }

    fn run(&self, args: &[&str]) -> Result<Output> {
        let mut command = hbactl(&self.dir.path().join("host"), &[&["-o", "json"], args].concat())?;
        command.env("HBACTL_DB", self.dir.path().join("db"));
        command.output().context("cannot run hbactl")
    }

    /// Runs, expects success, and gives the envelope, which keeps its published schema.
    fn envelope(&self, args: &[&str]) -> Result<Value> {
        let out = self.run(args)?;
        ensure!(out.status.success(), "{args:?}: {}", describe(&out));
        let envelope: Value = serde_json::from_slice(&out.stdout)?;
        let kind = envelope["kind"].as_str().context("no kind")?;
        let schema = self.run(&["schema", kind])?;
        lab_tests::schema::check(&serde_json::from_slice(&schema.stdout)?, &envelope)
            .with_context(|| format!("an answer of the kind {kind}"))?;
        Ok(envelope)
    }

    fn ok(&self, args: &[&str]) -> Result<Value> {
        Ok(self.envelope(args)?["data"].take())
    }

    fn refused(&self, code: i32, args: &[&str]) -> Result<String> {
        let out = self.run(args)?;
        ensure!(out.status.code() == Some(code), "{args:?}: {}", describe(&out));
        Ok(String::from_utf8_lossy(&out.stderr).into_owned())
    }

    /// The file of a record of the interface.
    fn record(&self, iqn: &str, at: SocketAddr, iface: &str) -> PathBuf {
        self.db(&format!("nodes/{iqn}/{},{},1/{iface}", at.ip(), at.port()))
    }

    fn secret(&self, name: &str, text: &str) -> Result<String> {
        let path = self.dir.path().join(name);
        fs::write(&path, text)?;
        Ok(path.display().to_string())
    }

    fn target(&self, name: &str, args: &[&str]) -> Result<Target> {
        let dir = self.dir.path().join(name);
        fs::create_dir(&dir)?;
        Target::start(&dir, IQN, &[&["--lun", "8M"], args].concat())
    }
}

/// State, place and reason of every path.
fn paths(answer: &Value) -> Vec<(&str, &str, &str)> {
    let text = |value: &'_ Value| -> &'static str {
        Box::leak(value.as_str().unwrap_or("-").to_owned().into_boxed_str())
    };
    let all = answer["paths"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter()
        .map(|p| (text(&p["state"]), text(&p["portal"]), text(&p["target"])))
        .collect()
}

fn nobody() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

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
