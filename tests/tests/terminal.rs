//! `hbactl` on a terminal: the prompt for a secret, and the progress of long transfers. Needs no privileges.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use lab_tests::asked::{Asked, IQN, SECRET, describe};
use lab_tests::need::{Need, left_out};
use lab_tests::target::Target;
use lab_tests::terminal::{NEEDS, Terminal};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const FIRST: &str = "CHAP secret";
const SECOND: &str = "Once more";

/// `chap add` without a source of the secret.
fn asking(lab: &Asked) -> Result<Terminal> {
    Terminal::start(&lab.lab.command(&["chap", "add", "-u", "alice", "--index", "7"])?)
}

fn entries(lab: &Asked) -> Result<usize> {
    let all = lab.ok(&["chap", "list"])?;
    Ok(all.as_array().context("no list")?.len())
}

#[test]
fn a_secret_is_asked_for_twice_and_never_shown() -> Result<()> {
    if left_out("a_secret_is_asked_for_twice_and_never_shown", NEEDS) {
        return Ok(());
    }
    let lab = Asked::start(&["--ports", "1"])?;
    let mut terminal = asking(&lab)?;
    terminal.shows(FIRST)?;
    ensure!(!terminal.echoes()?, "what is typed is shown");
    terminal.types(format!("{SECRET}\n").as_bytes())?;
    terminal.shows(SECOND)?;
    terminal.types(format!("{SECRET}\n").as_bytes())?;
    let status = terminal.ended()?;
    ensure!(status.success(), "{status}: {}", terminal.shown());
    ensure!(!terminal.shown().contains(SECRET), "{}", terminal.shown());
    ensure!(terminal.echoes()?, "the terminal stays silent");
    ensure!(entries(&lab)? == 1);
    // It is the secret that was typed: adding the same from a file changes nothing.
    let file = lab.secret("secret", SECRET)?;
    let same = [
        "chap",
        "add",
        "-u",
        "alice",
        "--index",
        "7",
        "--secret-file",
        &file,
    ];
    let again = lab.ok(&same)?;
    ensure!(again["change"] == "unchanged", "{again}");
    Ok(())
}

#[test]
fn a_secret_that_is_mistyped_too_short_or_not_given_is_refused() -> Result<()> {
    if left_out(
        "a_secret_that_is_mistyped_too_short_or_not_given_is_refused",
        NEEDS,
    ) {
        return Ok(());
    }
    let lab = Asked::start(&["--ports", "1"])?;
    for (first, second, reason) in [
        (
            "initiator-secret-1\n",
            Some("initiator-secret-2\n"),
            "do not match",
        ),
        ("elevenbytes\n", None, "at least 12"),
        ("\n", None, "at least 12"),
        // End of input.
        ("\u{4}", None, "nothing was typed"),
    ] {
        let mut terminal = asking(&lab)?;
        terminal.shows(FIRST)?;
        terminal.types(first.as_bytes())?;
        if let Some(second) = second {
            terminal.shows(SECOND)?;
            terminal.types(second.as_bytes())?;
        }
        let status = terminal.ended()?;
        let shown = terminal.shown();
        ensure!(status.code() == Some(2), "{first:?}: {status}: {shown}");
        ensure!(shown.contains(reason), "{first:?}: {shown}");
        ensure!(!shown.contains("initiator-secret"), "{shown}");
        ensure!(terminal.echoes()?, "{first:?}: the terminal stays silent");
    }
    ensure!(entries(&lab)? == 0);
    Ok(())
}

#[test]
fn breaking_off_at_the_prompt_gives_the_terminal_back() -> Result<()> {
    if left_out("breaking_off_at_the_prompt_gives_the_terminal_back", NEEDS) {
        return Ok(());
    }
    let lab = Asked::start(&["--ports", "1"])?;
    // ^C, and what a session's end sends.
    for (typed, signal) in [(Some(b"\x03"), Signal::SIGINT), (None, Signal::SIGTERM)] {
        let mut terminal = asking(&lab)?;
        terminal.shows(FIRST)?;
        terminal.types(b"initia")?;
        match typed {
            Some(bytes) => terminal.types(bytes)?,
            None => kill(Pid::from_raw(i32::try_from(terminal.pid())?), signal)?,
        }
        let status = terminal.ended()?;
        ensure!(
            status.signal() == Some(signal as i32),
            "{status}: {}",
            terminal.shown()
        );
        ensure!(terminal.echoes()?, "{signal}: the terminal stays silent");
        ensure!(!terminal.shown().contains("initia"), "{}", terminal.shown());
    }
    ensure!(entries(&lab)? == 0);
    Ok(())
}

/// A shell with job control: it tells how the command ended or stopped, and goes on with it after a line.
const SHELL: &str = "set -m; \"$0\" \"$@\"; echo \"status $?\" >&2; read -r go; fg >&2; echo \"end $?\" >&2";

#[test]
fn stopping_at_the_prompt_gives_the_terminal_back_and_going_on_asks_again() -> Result<()> {
    const SHELL_NEEDS: &[Need] = &[Need::Tool("setsid", "util-linux"), Need::Tool("bash", "bash")];
    if left_out(
        "stopping_at_the_prompt_gives_the_terminal_back_and_going_on_asks_again",
        SHELL_NEEDS,
    ) {
        return Ok(());
    }
    let lab = Asked::start(&["--ports", "1"])?;
    let asking = lab.lab.command(&["chap", "add", "-u", "alice", "--index", "7"])?;
    let mut shell = Command::new("bash");
    shell.args(["--norc", "-c", SHELL]).arg(asking.get_program());
    shell
        .args(asking.get_args())
        .env("HBACTL_ENDPOINT", lab.lab.endpoint());
    let mut terminal = Terminal::start(&shell)?;
    terminal.shows(FIRST)?;
    ensure!(!terminal.echoes()?, "what is typed is shown");
    // ^Z in the middle of the secret.
    terminal.types(b"initia\x1a")?;
    terminal.shows("status 148")?;
    ensure!(
        terminal.echoes()?,
        "the terminal stays silent while the program is stopped"
    );
    terminal.types(b"\n")?;
    terminal.shows_times(FIRST, 2)?;
    ensure!(!terminal.echoes()?, "what is typed is shown after going on");
    terminal.types(format!("{SECRET}\n").as_bytes())?;
    terminal.shows(SECOND)?;
    terminal.types(format!("{SECRET}\n").as_bytes())?;
    terminal.shows("end 0")?;
    let status = terminal.ended()?;
    ensure!(
        status.success() && terminal.echoes()?,
        "{status}: {}",
        terminal.shown()
    );
    ensure!(!terminal.shown().contains("initia"), "{}", terminal.shown());
    ensure!(entries(&lab)? == 1);
    Ok(())
}

/// A disk of 16 MiB whose target takes `delay` for every answer; its address.
fn slow_disk(lab: &Asked, target: &Target, delay: &str) -> Result<String> {
    let index = lab.add_target(target, &[])?;
    lab.ok(&["flash", "login", &index, "-a", "1"])?;
    let lun = lab.ok(&["lun", "list"])?[0]["address"]
        .as_str()
        .context("no lun")?
        .to_owned();
    target.fault(&["delay", delay])?;
    Ok(lun)
}

#[test]
fn progress_is_shown_on_a_terminal_and_nowhere_else() -> Result<()> {
    if left_out("progress_is_shown_on_a_terminal_and_nowhere_else", NEEDS) {
        return Ok(());
    }
    let lab = Asked::with_address(&["--ports", "1"])?;
    let target = Target::start(lab.lab.path(), IQN, &["--lun", "16M"])?;
    let lun = slow_disk(&lab, &target, "40")?;
    let copy = lab.lab.path().join("copy");
    let copy = copy.to_str().context("path")?;
    let read = ["lun", "read", &lun, "--out", copy];
    let mut terminal = Terminal::start(&lab.lab.command(&read)?)?;
    terminal.shows("reading")?;
    terminal.shows("16.00 MiB")?;
    let status = terminal.ended()?;
    ensure!(status.success(), "{status}: {}", terminal.shown());
    let out = lab
        .lab
        .hbactl(&["lun", "read", &lun, "--overwrite", "--out", copy])?;
    ensure!(out.status.success(), "{}", describe(&out));
    ensure!(out.stderr.is_empty(), "{}", describe(&out));
    ensure!(std::fs::metadata(copy)?.len() == 16 << 20);
    Ok(())
}

#[test]
fn without_arguments_commands_are_asked_for_one_by_one() -> Result<()> {
    if left_out("without_arguments_commands_are_asked_for_one_by_one", NEEDS) {
        return Ok(());
    }
    let lab = Asked::start(&["--ports", "1"])?;
    let mut terminal = Terminal::start(&lab.lab.command(&[])?)?;
    terminal.shows("hbactl> ")?;
    terminal.types(b"adapter show host77\n")?;
    terminal.shows("no such adapter")?;
    // The code of what failed stands in the next prompt; ^C does not end the question.
    terminal.shows("hbactl [3]> ")?;
    terminal.types(b"\x03")?;
    terminal.types(b"$ hbactl isns list\n")?;
    terminal.shows("hbactl [4]> ")?;
    terminal.types(b"adapter list -o plain\n")?;
    terminal.shows("hbactl> ")?;
    terminal.types(b"exit\n")?;
    let status = terminal.ended()?;
    ensure!(status.success(), "{status}: {}", terminal.shown());
    Ok(())
}
