//! A secret is nowhere in the memory of an `hbactl` that has ended: neither of one that was given it, nor of one that read it back.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use lab_tests::asked::{Asked, IQN, describe, text};
use lab_tests::memory;
use lab_tests::need::{Need, left_out};
use lab_tests::target::Target;

/// Unlike anything that a program has in its memory by itself; a whole number of [`memory::PART`]s.
const SECRET: &str = "Zq7#Lw2!Kx9%Rv4@Tn6&Hb3*Yj8(Mc5)";

/// Runs `hbactl` and fails when anything of the secret is left.
fn clean(lab: &Asked, args: &[&str], input: &str) -> Result<String> {
    let command = lab.lab.command(args)?;
    let ended = memory::after(&command, input.as_bytes(), SECRET.as_bytes())?;
    ensure!(
        ended.output.status.success(),
        "{args:?}: {}",
        describe(&ended.output)
    );
    ensure!(
        ended.searched > 100_000,
        "{args:?}: {} bytes searched",
        ended.searched
    );
    ensure!(
        ended.found.is_empty(),
        "{args:?} leaves it in memory:\n{}",
        ended.found.join("\n")
    );
    for said in [&ended.output.stdout, &ended.output.stderr] {
        ensure!(!text(said).contains(SECRET), "{args:?} says it");
    }
    Ok(text(&ended.output.stdout))
}

#[test]
fn the_search_finds_what_a_program_keeps() -> Result<()> {
    if left_out("the_search_finds_what_a_program_keeps", &[Need::Tracing]) {
        return Ok(());
    }
    let mut keeps = Command::new("sh");
    keeps.args(["-c", "read -r secret; test -n \"$secret\""]);
    let ended = memory::after(&keeps, format!("{SECRET}\n").as_bytes(), SECRET.as_bytes())?;
    ensure!(ended.output.status.success(), "{}", describe(&ended.output));
    ensure!(ended.found.len() >= SECRET.len() / memory::PART, "{ended:?}");
    Ok(())
}

#[test]
fn no_chap_verb_leaves_a_secret_in_memory() -> Result<()> {
    if left_out("no_chap_verb_leaves_a_secret_in_memory", &[Need::Tracing]) {
        return Ok(());
    }
    let lab = Asked::start(&["--ports", "1"])?;
    let file = lab.secret("secret", SECRET)?;
    let line = format!("{SECRET}\n");
    let add = ["chap", "add", "-u", "alice", "--index", "7"];
    clean(
        &lab,
        &[&["--dry-run"], &add[..], &["--secret-stdin"]].concat(),
        &line,
    )?;
    clean(&lab, &[&add[..], &["--secret-stdin"]].concat(), &line)?;
    // The same again changes nothing: it is compared.
    clean(&lab, &[&add[..], &["--secret-file", &file]].concat(), "")?;
    clean(&lab, &["chap", "set", "7", "-u", "bob"], "")?;
    lab.ok(&[
        "chap",
        "set",
        "7",
        "--secret-file",
        &lab.secret("other", "another-secret-1")?,
    ])?;
    clean(&lab, &["chap", "set", "7", "--secret-stdin"], &line)?;
    clean(
        &lab,
        &[
            "chap",
            "add",
            "-u",
            "target",
            "--direction",
            "in",
            "--secret-file",
            "/dev/stdin",
        ],
        &line,
    )?;
    for format in ["table", "plain", "json"] {
        let listed = clean(&lab, &["-o", format, "chap", "list"], "")?;
        ensure!(listed.contains("bob") && listed.contains("target"), "{listed}");
    }
    clean(&lab, &["-vvv", "chap", "list"], "")?;
    clean(&lab, &["chap", "remove", "7"], "")?;
    Ok(())
}

#[test]
fn what_shows_an_object_with_a_secret_does_not_keep_it() -> Result<()> {
    if left_out(
        "what_shows_an_object_with_a_secret_does_not_keep_it",
        &[Need::Tracing],
    ) {
        return Ok(());
    }
    let lab = Asked::with_address(&["--ports", "1"])?;
    let accounts = lab.secret("accounts", &format!("alice:{SECRET}"))?;
    let target = Target::start(lab.lab.path(), IQN, &["--lun", "1M", "--chap-file", &accounts])?;
    let file = lab.secret("secret", SECRET)?;
    lab.ok(&[
        "chap",
        "add",
        "-u",
        "alice",
        "--index",
        "7",
        "--secret-file",
        &file,
    ])?;
    let index = lab.add_target(&target, &["--chap", "7"])?;
    clean(&lab, &["flash", "login", &index], "")?;
    clean(
        &lab,
        &[
            "boot",
            "set",
            "--yes-write-nvram",
            "--primary",
            &index,
            "--mode",
            "manual",
        ],
        "",
    )?;
    let sid = lab.ok(&["session", "list"])?[0]["sid"].to_string();
    for args in [
        &["flash", "show", &index][..],
        &["flash", "list"],
        &["session", "show", &sid],
        &["session", "list", "--detail"],
        &["boot", "show"],
    ] {
        for format in ["table", "json"] {
            clean(&lab, &[&["-o", format], args].concat(), "").with_context(|| format!("{args:?}"))?;
        }
    }
    Ok(())
}
