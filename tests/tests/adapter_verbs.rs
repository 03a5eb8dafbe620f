//! Verbs of adapters, their driver and their memories, through `hbactl` on the emulated kernel: what is read, what needs a word, what is
//! written and read back, and what nobody can do. Needs no privileges.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hba::ops::unsupported::VERBS;
use lab_tests::asked::{Asked, IQN, SECRET, describe, index, text};
use lab_tests::process::until;
use lab_tests::target::Target;
use serde_json::Value;

const NAME: &str = "iqn.2026-11.org.example:host7";

/// Runs in JSON and expects failure with this code; gives the error.
fn failed(lab: &Asked, code: i32, args: &[&str]) -> Result<Value> {
    let out = lab.lab.hbactl(&[&["-o", "json"], args].concat())?;
    ensure!(out.status.code() == Some(code), "{args:?}: {}", describe(&out));
    ensure!(out.stdout.is_empty(), "{args:?}: {}", describe(&out));
    let error: Value = serde_json::from_slice(&out.stderr)
        .with_context(|| format!("{args:?} says no JSON: {}", text(&out.stderr)))?;
    ensure!(
        error["kind"] == "error" && error["data"]["exit_code"] == code,
        "{args:?}: {error}"
    );
    ensure!(error["data"]["status"]["name"].is_string(), "{args:?}: {error}");
    ensure!(error["data"]["status"]["iscsi_err"].is_u64(), "{args:?}: {error}");
    Ok(error["data"].clone())
}

#[test]
fn every_failure_for_programs_is_json_with_a_status() -> Result<()> {
    let lab = Asked::start(&["--ports", "1"])?;
    for (code, name, args) in [
        (2, "invalid", &["no-such-noun"][..]),
        (2, "invalid", &["adapter"]),
        (2, "invalid", &["flash", "show"]),
        (2, "invalid", &["adapter", "list", "--no-such-option"]),
        (2, "invalid", &["chap", "add", "--secret", "x"]),
        (2, "invalid", &["--timeout", "0", "adapter", "list"]),
        (2, "invalid", &["completions", "no-such-shell"]),
        (3, "not_found", &["schema", "no.such.kind"]),
        (3, "not_found", &["adapter", "show", "host77"]),
        (2, "invalid", &["iface", "set", "ipv4", "subnet=255.0.255.0"]),
        (
            2,
            "invalid_iscsi_name",
            &["adapter", "set-name", "nonsense", "--yes-write-flash"],
        ),
    ] {
        let error = failed(&lab, code, args)?;
        ensure!(error["status"]["name"] == name, "{args:?}: {error}");
    }
    let short = lab.secret("short", "elevenbytes")?;
    let error = failed(&lab, 2, &["chap", "add", "-u", "alice", "--secret-file", &short])?;
    ensure!(
        error["status"]["name"] == "short_chap_secret" && error["status"]["ms"] == "0xAFFF0048",
        "{error}"
    );
    Ok(())
}

#[test]
fn what_nobody_can_do_answers_why_whatever_is_said_with_it() -> Result<()> {
    let lab = Asked::start(&["--ports", "1"])?;
    for verb in VERBS {
        let error = failed(&lab, 4, &[verb.noun, verb.verb])?;
        ensure!(
            error["kind"] == "unsupported" && error["answer"] == verb.reason,
            "{error}"
        );
        ensure!(error["status"]["name"] == verb.status.name(), "{error}");
        let said = lab.refused(4, &[verb.noun, verb.verb, "--whatever", "a-secret-word", "7"])?;
        ensure!(!said.contains("a-secret-word"), "{said}");
        let help = lab.lab.hbactl(&[verb.noun, verb.verb, "--help"])?;
        ensure!(
            help.status.success() && text(&help.stdout).contains("not supported"),
            "{}",
            describe(&help)
        );
    }
    Ok(())
}

#[test]
fn an_adapter_tells_its_health_its_security_and_its_portals() -> Result<()> {
    let lab = Asked::with_address(&["--ports", "2"])?;
    let shown = lab.ok(&["adapter", "show", "1"])?;
    ensure!(shown["health"]["status"] == "working", "{shown}");
    ensure!(
        shown["security"]["chap_mutual"] == true && shown["security"]["ipsec"] == false,
        "{shown}"
    );
    ensure!(
        shown["cache_valid"].is_null() && shown["max_link_speed"].is_null(),
        "{shown}"
    );
    let generation = shown["generation"].clone();
    ensure!(generation.is_string(), "{shown}");
    lab.lab.fault(&["link", "down", "0"])?;
    let degraded = until(Duration::from_secs(20), "a degraded port", || {
        let shown = lab.ok(&["adapter", "show", "1"])?;
        Ok((shown["health"]["status"] == "degraded").then_some(shown))
    })?;
    ensure!(degraded["health"]["reason"] == "the link is down", "{degraded}");
    let portals = lab.ok(&["adapter", "portals"])?;
    ensure!(
        portals[0]["address"] == "127.0.0.21"
            && portals[0]["protocol"] == "tcp"
            && portals[0]["tag"].is_null(),
        "{portals}"
    );
    ensure!(
        portals.as_array().is_some_and(|all| all.len() == 1),
        "port 2 has no address: {portals}"
    );
    let secret = lab.secret("secret", SECRET)?;
    lab.ok(&["chap", "add", "-a", "1", "-u", "alice", "--secret-file", &secret])?;
    ensure!(
        lab.ok(&["adapter", "show", "1"])?["generation"] != generation,
        "an entry was added"
    );
    Ok(())
}

#[test]
fn the_initiators_name_is_written_only_when_asked_for_and_counts_at_the_next_start() -> Result<()> {
    let lab = Asked::start(&["--ports", "2"])?;
    let name =
        |lab: &Asked| -> Result<Value> { Ok(lab.ok(&["adapter", "show", "1"])?["initiator_name"].clone()) };
    let maker = name(&lab)?;
    let image = lab.lab.endpoint().join("flash.img");
    let before = fs::read(&image)?;
    let error = failed(&lab, 2, &["adapter", "set-name", NAME, "-a", "1"])?;
    ensure!(
        error["next"]
            .as_str()
            .is_some_and(|next| next.contains("--yes-write-flash")),
        "{error}"
    );
    let planned = lab.ok(&["--dry-run", "adapter", "set-name", NAME, "-a", "1"])?;
    ensure!(planned["change"] == "planned", "{planned}");
    ensure!(fs::read(&image)? == before, "something was written");
    let set = ["adapter", "set-name", NAME, "-a", "1", "--yes-write-flash"];
    ensure!(lab.ok(&set)?["change"] == "changed");
    ensure!(lab.ok(&set)?["change"] == "unchanged");
    ensure!(name(&lab)? == maker, "it counts at the next start");
    ensure!(
        lab.ok(&["adapter", "show", "2"])?["initiator_name"] != NAME,
        "the other port has its own"
    );
    lab.ok(&["adapter", "reset", "1"])?;
    ensure!(name(&lab)? == NAME);
    let copies = fs::read_dir(lab.lab.endpoint().join("hbactl/backup"))?.count();
    ensure!(copies == 1, "{copies} copies");
    lab.ok(&["adapter", "set-name", "--default", "-a", "1", "--yes-write-flash"])?;
    lab.ok(&["adapter", "reset", "1"])?;
    ensure!(name(&lab)? == maker, "the maker's name");
    Ok(())
}

#[test]
fn memories_are_read_whole_and_secrets_only_into_a_file_of_ones_own() -> Result<()> {
    let lab = Asked::start(&["--ports", "1"])?;
    let secret = lab.secret("secret", SECRET)?;
    lab.ok(&["chap", "add", "-u", "alice", "--secret-file", &secret])?;
    for (args, length) in [
        (&["nvram"][..], 2048),
        (&["flash", "--area", "sysinfo"], 512),
        (&["flash", "--area", "ifcb"], 768),
        (&["flash", "--area", "ddb"], 64 * 512),
        (&["acb"], 768),
        (&["acb-state"], 128),
    ] {
        let dump = lab.ok(&[&["adapter", "dump"], args].concat())?;
        ensure!(dump["length"] == length, "{args:?}: {}", dump["length"]);
        let data = dump["data"].as_str().context("no data")?;
        ensure!(data.len() == 2 * length, "{args:?}");
    }
    let error = failed(&lab, 2, &["adapter", "dump", "flash", "--area", "chap"])?;
    ensure!(
        error["next"]
            .as_str()
            .is_some_and(|next| next.contains("--with-secrets")),
        "{error}"
    );
    let file = lab.lab.path().join("chap.bin");
    let path = file.to_str().context("path")?;
    let out = lab.lab.hbactl(&[
        "adapter",
        "dump",
        "flash",
        "--area",
        "chap",
        "--with-secrets",
        "--out",
        path,
    ])?;
    ensure!(
        out.status.success() && !text(&out.stdout).contains(SECRET),
        "{}",
        describe(&out)
    );
    let bytes = fs::read(&file)?;
    ensure!(
        bytes.windows(SECRET.len()).any(|w| w == SECRET.as_bytes()),
        "the file has the table"
    );
    ensure!(fs::metadata(&file)?.permissions().mode() & 0o777 == 0o600);
    lab.refused(1, &["adapter", "dump", "nvram", "--out", path])
        .or_else(|_| lab.refused(2, &["adapter", "dump", "nvram", "--out", path]))?;
    Ok(())
}

#[test]
fn self_tests_that_disturb_need_a_word_for_it() -> Result<()> {
    let lab = Asked::with_address(&["--ports", "1"])?;
    let passed = lab.ok(&["adapter", "diag", "nvram"])?;
    ensure!(
        passed["passed"] == true && passed["mailboxes"][0] == "0x00004000",
        "{passed}"
    );
    failed(&lab, 2, &["adapter", "diag", "ddr"])?;
    ensure!(lab.ok(&["--dry-run", "adapter", "diag", "ddr"])?["passed"].is_null());
    ensure!(lab.ok(&["adapter", "diag", "ddr", "--yes-disturb"])?["passed"] == true);
    let target = Target::start(lab.lab.path(), IQN, &["--lun", "64M"])?;
    let flash = lab.add_target(&target, &[])?;
    lab.ok(&["flash", "login", &flash])?;
    let busy = failed(
        &lab,
        1,
        &["adapter", "diag", "internal-loopback", "--yes-disturb"],
    )?;
    ensure!(busy["kind"] == "busy", "{busy}");
    Ok(())
}

#[test]
fn factory_settings_come_back_area_by_area_and_a_boot_target_is_kept() -> Result<()> {
    let mut lab = Asked::with_address(&["--ports", "1"])?;
    let target = Target::start(lab.lab.path(), IQN, &["--lun", "64M"])?;
    let secret = lab.secret("secret", SECRET)?;
    let flash = lab.add_target(&target, &[])?;
    lab.ok(&["chap", "add", "-u", "alice", "--secret-file", &secret])?;
    failed(&lab, 2, &["adapter", "restore-defaults", "chap"])?;
    lab.ok(&["adapter", "restore-defaults", "chap", "--yes-write-flash"])?;
    lab.ok(&[
        "boot",
        "set",
        "--primary",
        &flash,
        "--mode",
        "manual",
        "--yes-write-nvram",
    ])?;
    let kept = failed(
        &lab,
        5,
        &["adapter", "restore-defaults", "ddb", "--yes-write-flash"],
    )?;
    ensure!(
        kept["answer"].as_str().is_some_and(|a| a.contains("boot target")),
        "{kept}"
    );
    lab.ok(&[
        "adapter",
        "restore-defaults",
        "ddb",
        "nvram",
        "ifcb",
        "--yes-write-flash",
    ])?;
    lab.lab.kill();
    lab.lab.restart()?;
    ensure!(lab.ok(&["chap", "list"])?.as_array().is_some_and(Vec::is_empty));
    ensure!(lab.ok(&["flash", "list"])?.as_array().is_some_and(Vec::is_empty));
    ensure!(lab.ok(&["boot", "show"])?[0]["mode"] == "disabled");
    ensure!(lab.ok(&["adapter", "show"])?["ip_address"] == "0.0.0.0");
    Ok(())
}

#[test]
fn the_chap_table_is_shown_forced_and_cleared_and_targets_stay() -> Result<()> {
    let lab = Asked::with_address(&["--ports", "1"])?;
    let target = Target::start(lab.lab.path(), IQN, &["--lun", "64M"])?;
    let secret = lab.secret("secret", SECRET)?;
    let hex: String = SECRET.bytes().map(|b| format!("{b:02x}")).collect();
    let same = lab.secret("hex", &format!("0x{hex}"))?;
    let entry = index(&lab.ok(&["chap", "add", "-u", "alice", "--secret-file", &secret])?)?;
    let again = lab.ok(&[
        "chap",
        "add",
        "-u",
        "alice",
        "--index",
        &entry,
        "--secret-file",
        &same,
    ])?;
    ensure!(
        again["change"] == "unchanged",
        "the same secret in hexadecimal: {again}"
    );
    for (n, wrong) in [
        "\u{FEFF}initiator-secret-1",
        "initiator-secret-1 ",
        "0xinitiator-secret",
    ]
    .iter()
    .enumerate()
    {
        let file = lab.secret(&format!("wrong{n}"), wrong)?;
        let said = lab.refused(2, &["chap", "add", "-u", "bob", "--secret-file", &file])?;
        ensure!(
            !said.contains("initiator-secret") && said.contains("hexadecimal"),
            "{said}"
        );
    }
    let shown = lab.ok(&["chap", "show", &format!("{:#x}", entry.parse::<u32>()?)])?;
    ensure!(
        shown["username"] == "alice" && shown["secret"] == "********",
        "{shown}"
    );
    lab.refused(3, &["chap", "show", "77"])?;
    let flash = lab.add_target(&target, &["--chap", &entry])?;
    lab.refused(1, &["chap", "remove", &entry])?;
    lab.refused(1, &["chap", "clear"])?;
    lab.ok(&["--dry-run", "chap", "clear", "--force"])?;
    lab.ok(&["chap", "remove", &entry, "--force"])?;
    lab.ok(&[
        "chap",
        "add",
        "-u",
        "alice",
        "--index",
        &entry,
        "--secret-file",
        &secret,
    ])?;
    lab.ok(&["chap", "add", "-u", "carol", "--secret-file", &secret])?;
    ensure!(lab.ok(&["chap", "clear", "--force"])?["change"] == "changed");
    ensure!(lab.ok(&["chap", "list"])?.as_array().is_some_and(Vec::is_empty));
    ensure!(lab.ok(&["chap", "clear"])?["change"] == "unchanged");
    let targets = lab.ok(&["flash", "list"])?;
    ensure!(
        targets[0]["index"].as_u64() == flash.parse().ok(),
        "targets stay: {targets}"
    );
    Ok(())
}

#[test]
fn addresses_that_cannot_work_are_said_when_staged_and_refused_when_applied() -> Result<()> {
    let lab = Asked::start(&["--ports", "2"])?;
    let said = |args: &[&str]| -> Result<String> { Ok(describe(&lab.lab.hbactl(args)?)) };
    for wrong in [
        "gateway=224.0.0.1",
        "vlan_id=4095",
        "subnet=255.0.255.0",
        "ipaddress=10.0.0.1/33",
        "ttl=0",
    ] {
        lab.refused(2, &["iface", "set", "ipv4", "-a", "1", wrong])?;
    }
    let text = said(&[
        "iface",
        "set",
        "ipv4",
        "-a",
        "1",
        "ipaddress=10.0.0.21/24",
        "gateway=10.0.1.1",
    ])?;
    ensure!(
        text.contains("255.255.255.0") && text.contains("not in the network"),
        "{text}"
    );
    let text = said(&[
        "iface",
        "set",
        "ipv4",
        "-a",
        "2",
        "ipaddress=10.0.0.21",
        "subnet=24",
    ])?;
    ensure!(
        text.contains("ipv4-iface-1-0 has the address 10.0.0.21 too"),
        "{text}"
    );
    lab.ok(&["iface", "set", "ipv4", "-a", "1", "gateway=10.0.0.21"])?;
    let error = failed(&lab, 2, &["iface", "apply", "-a", "1"])?;
    ensure!(
        error["answer"]
            .as_str()
            .is_some_and(|a| a.contains("own address")),
        "{error}"
    );
    let shown = lab.ok(&["iface", "show", "ipv4", "-a", "1"])?;
    ensure!(
        shown["params"]["ipaddress"] == "0.0.0.0",
        "nothing was sent: {shown}"
    );
    Ok(())
}

#[test]
fn the_boot_configuration_names_initiator_and_account_and_needs_a_word_to_be_written() -> Result<()> {
    let lab = Asked::with_address(&["--ports", "1"])?;
    let target = Target::start(lab.lab.path(), IQN, &["--lun", "64M"])?;
    let secret = lab.secret("secret", SECRET)?;
    let entry = index(&lab.ok(&["chap", "add", "-u", "alice", "--secret-file", &secret])?)?;
    let flash = lab.add_target(&target, &["--chap", &entry])?;
    let error = failed(&lab, 2, &["boot", "set", "--primary", &flash])?;
    ensure!(
        error["next"]
            .as_str()
            .is_some_and(|next| next.contains("--yes-write-nvram")),
        "{error}"
    );
    ensure!(lab.ok(&["boot", "show"])?[0]["mode"] == "disabled");
    lab.ok(&["boot", "set", "--primary", &flash, "--yes-write-nvram"])?;
    let shown = lab.ok(&["boot", "show"])?;
    ensure!(
        shown[0]["initiator_name"] == lab.ok(&["adapter", "show"])?["initiator_name"],
        "{shown}"
    );
    ensure!(
        shown[0]["slots"][0]["chap_index"].as_u64() == entry.parse().ok(),
        "{shown}"
    );
    let table = text(&lab.lab.hbactl(&["boot", "show"])?.stdout);
    ensure!(
        table.contains("INITIATOR") && table.contains(&format!("entry {entry}")),
        "{table}"
    );
    Ok(())
}

#[test]
fn an_isp4010_has_no_boot_configuration_and_says_so_everywhere() -> Result<()> {
    let lab = Asked::start(&["--chip", "isp4010", "--ports", "1"])?;
    let shown = lab.ok(&["adapter", "show"])?;
    ensure!(shown["features"]["boot"] == false, "{shown}");
    let error = failed(&lab, 4, &["boot", "set", "--mode", "manual", "--yes-write-nvram"])?;
    ensure!(
        error["answer"].as_str().is_some_and(|a| a.contains("ISP4010")),
        "{error}"
    );
    failed(&lab, 4, &["adapter", "dump", "acb"])?;
    failed(
        &lab,
        4,
        &["adapter", "restore-defaults", "chap", "--yes-write-flash"],
    )?;
    ensure!(lab.ok(&["adapter", "dump", "nvram"])?["length"] == 512);
    Ok(())
}

#[test]
fn driver_parameters_are_shown_set_for_the_next_load_and_translated() -> Result<()> {
    let lab = Asked::start(&["--ports", "1"])?;
    let shown = lab.ok(&["module", "show"])?;
    ensure!(shown.as_array().is_some_and(|all| all.len() == 9), "{shown}");
    ensure!(
        shown
            .as_array()
            .is_some_and(|all| all.iter().all(|p| p["value"].is_string())),
        "{shown}"
    );
    let file = lab.lab.endpoint().join("hbactl/modprobe.d/hbactl-qla4xxx.conf");
    ensure!(lab.ok(&["--dry-run", "module", "set", "ql4xmaxqdepth=64"])?["change"] == "planned");
    ensure!(!file.exists());
    ensure!(
        lab.ok(&["module", "set", "ql4xmaxqdepth=64", "ql4xsess_recovery_tmo=60"])?["change"] == "changed"
    );
    let written = fs::read_to_string(&file)?;
    ensure!(
        written.contains("options qla4xxx ql4xmaxqdepth=64 ql4xsess_recovery_tmo=60\n"),
        "{written}"
    );
    ensure!(lab.ok(&["module", "set", "ql4xmaxqdepth=*"])?["change"] == "changed");
    ensure!(!fs::read_to_string(&file)?.contains("ql4xmaxqdepth"));
    lab.refused(2, &["module", "set", "ql4xenablemsix=3"])?;
    let hint = lab.refused(2, &["module", "set", "ql4xkeepalive=30"])?;
    ensure!(hint.contains("hbactl module translate"), "{hint}");
    let now = lab.ok(&["module", "translate", "ql4xkeepalive=30", "ql4xmaxcmds=1152"])?;
    ensure!(
        now[0]["new"] == "ql4xsess_recovery_tmo" && now[1]["new"].is_null() && now[1]["note"].is_string(),
        "{now}"
    );
    Ok(())
}
