//! What a script meets: exit codes, streams, refusals. No adapter is needed here.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn hbactl() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hbactl"));
    command
        .env_remove("HBACTL_ENDPOINT")
        .env_remove("CREDENTIALS_DIRECTORY")
        .stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> Output {
    hbactl().args(args).output().unwrap()
}

fn stderr(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

/// An endpoint with an empty tree: nothing serves it.
fn empty() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("sys/class")).unwrap();
    dir
}

fn at<'a>(dir: &'a Path, args: &[&'a str]) -> Vec<&'a str> {
    [&["--endpoint", dir.to_str().unwrap()], args].concat()
}

#[test]
fn a_wrong_command_line_ends_with_2_and_leaves_stdout_empty() {
    for args in [
        &["adapter", "fly"][..],
        &["no-such-noun"],
        &["session", "show"],
        &["session", "show", "minus-one"],
        &["session", "show", "4294967296"],
        &["flash", "add", "--portal", "storage.example"],
        &["flash", "add", "--portal", "10.0.0.5:99999"],
        &["flash", "set", "2", "--chap", "1", "--no-chap"],
        &["iface", "ping", "ipv4", "10.0.0.1", "--count", "0"],
        &["iface", "ping", "ipv4", "10.0.0.1", "--size", "65508"],
        &["lun", "inquiry", "1:0:0"],
        &["lun", "inquiry", "1:0:0:0", "--vpd", "0x100"],
        &["lun", "list", "--session", "1", "--adapter", "host1"],
        &["boot", "set"],
        &["adapter", "list", "--timeout", "0"],
        &["adapter", "list", "--timeout", "86401"],
        &["adapter", "list", "-o", "xml"],
        &[
            "chap",
            "add",
            "--user",
            "a",
            "--secret-stdin",
            "--secret-file",
            "f",
        ],
    ] {
        let out = run(args);
        assert_eq!(out.status.code(), Some(2), "{args:?}: {}", stderr(&out));
        assert!(out.stdout.is_empty() && !out.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn help_goes_to_stdout_and_ends_with_0() {
    for args in [&["--help"][..], &["flash", "add", "--help"], &["--version"]] {
        let out = run(args);
        assert_eq!(out.status.code(), Some(0), "{args:?}");
        assert!(!out.stdout.is_empty() && out.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn an_endpoint_that_is_not_there_is_named_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let gone = dir.path().join("gone");
    let out = run(&at(&gone, &["adapter", "list"]));
    let text = stderr(&out);
    assert_eq!(out.status.code(), Some(3), "{text}");
    assert!(text.contains("gone") && text.contains("next:"), "{text}");
    assert!(out.stdout.is_empty());
}

#[test]
fn an_endpoint_that_nobody_serves_can_be_read_but_not_changed() {
    let dir = empty();
    let out = run(&at(dir.path(), &["session", "list"]));
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    assert!(out.stdout.is_empty());
    let out = run(&at(dir.path(), &["session", "logout", "1"]));
    assert_ne!(out.status.code(), Some(0));
    assert!(stderr(&out).contains("error: cannot"), "{}", stderr(&out));
}

#[test]
fn an_empty_list_is_an_empty_json_list_and_silence_in_plain() {
    let dir = empty();
    for noun in ["adapter", "session", "lun"] {
        let out = run(&at(dir.path(), &["-o", "json", noun, "list"]));
        let value: Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(value["schema"], "hbactl", "{noun}");
        assert_eq!(value["version"], 1, "{noun}");
        assert_eq!(value["kind"], format!("{noun}.list"));
        assert_eq!(value["data"], Value::Array(Vec::new()), "{noun}");
        let out = run(&at(dir.path(), &["-o", "plain", noun, "list"]));
        assert!(out.stdout.is_empty(), "{noun}");
    }
}

#[test]
fn secrets_are_refused_on_the_command_line_and_not_repeated() {
    let dir = empty();
    const SECRET: &str = "do-not-repeat-me-1234";
    for args in [
        &["chap", "add", "--user", "alice", "--secret", SECRET][..],
        &["chap", "add", "--user", "alice", SECRET],
        &["chap", "add", "--user", "alice", "--secret=do-not-repeat-me-1234"],
        &["chap", "set", "4", "--password", SECRET],
        &["flash", "set", "2", "password=do-not-repeat-me-1234"],
        &["flash", "set", "2", "password_in=do-not-repeat-me-1234"],
    ] {
        let out = run(&at(dir.path(), args));
        let text = stderr(&out);
        assert!(matches!(out.status.code(), Some(2..=4)), "{args:?}: {text}");
        assert!(!text.contains(SECRET), "{args:?}: {text}");
        assert!(!String::from_utf8_lossy(&out.stdout).contains(SECRET), "{args:?}");
    }
}

#[test]
fn a_secret_without_a_source_is_an_error_that_names_the_sources() {
    let dir = empty();
    let out = run(&at(dir.path(), &["chap", "add", "--user", "alice"]));
    let text = stderr(&out);
    assert_eq!(out.status.code(), Some(2), "{text}");
    assert!(
        text.contains("--secret-file") && text.contains("--secret-stdin"),
        "{text}"
    );
}

#[test]
fn a_credential_is_read_from_the_credentials_directory_and_from_nowhere_else() {
    let dir = empty();
    let args = at(
        dir.path(),
        &["chap", "add", "--user", "a", "--secret-credential", "../outside"],
    );
    let out = hbactl()
        .args(&args)
        .env("CREDENTIALS_DIRECTORY", dir.path())
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(2), "{}", stderr(&out));
    let args = at(
        dir.path(),
        &["chap", "add", "--user", "a", "--secret-credential", "missing"],
    );
    let out = run(&args);
    assert!(stderr(&out).contains("CREDENTIALS_DIRECTORY"), "{}", stderr(&out));
}

#[test]
fn a_secret_that_is_too_short_is_refused_without_showing_it() {
    let dir = empty();
    let mut child = hbactl()
        .args(at(
            dir.path(),
            &["chap", "add", "--user", "alice", "--secret-stdin"],
        ))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"shorty").unwrap();
    let out = child.wait_with_output().unwrap();
    assert_ne!(out.status.code(), Some(0));
    assert!(!stderr(&out).contains("shorty"), "{}", stderr(&out));
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let mut child = hbactl()
        .args(["completions", "zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One byte, then the pipe is closed: the rest does not fit into it.
    let mut first = [0];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    assert!(out.stderr.is_empty(), "{}", stderr(&out));
}

#[test]
fn colour_is_used_on_a_pipe_only_when_asked_for() {
    let dir = empty();
    let gone = dir.path().join("gone");
    let colourless = run(&at(&gone, &["adapter", "list"]));
    assert!(!colourless.stderr.contains(&0x1b));
    let coloured = run(&at(&gone, &["adapter", "list", "--color", "always"]));
    assert!(coloured.stderr.contains(&0x1b));
}

#[test]
fn schemas_are_listed_and_an_unknown_one_is_not_found() {
    let names = String::from_utf8(run(&["schema"]).stdout).unwrap();
    assert!(names.lines().any(|name| name == "session.list"));
    for name in names.lines() {
        let schema: Value = serde_json::from_slice(&run(&["schema", name]).stdout).unwrap();
        assert!(schema["properties"]["data"].is_object(), "{name}");
    }
    assert_eq!(run(&["schema", "no.such"]).status.code(), Some(3));
}

#[test]
fn man_pages_and_completions_cover_every_noun() {
    let dir = tempfile::tempdir().unwrap();
    let out = run(&["man", dir.path().to_str().unwrap()]);
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    for page in ["hbactl.1", "hbactl-flash-add.1", "hbactl-lun-write.1"] {
        assert!(
            std::fs::read_to_string(dir.path().join(page))
                .unwrap()
                .contains(".TH"),
            "{page}"
        );
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = String::from_utf8(run(&["completions", shell]).stdout).unwrap();
        assert!(script.contains("flash") && script.contains("chap"), "{shell}");
    }
}

#[test]
fn what_udev_runs_when_a_session_ends_is_a_command_that_there_is() {
    let rules = include_str!("../../../packaging/udev/rules.d/60-hbactl-session.rules");
    assert!(rules.contains("ACTION==\"remove\", SUBSYSTEM==\"iscsi_session\""));
    let command = rules
        .split("RUN+=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let words: Vec<&str> = command.unwrap().split(' ').collect();
    assert_eq!(words[0], "/usr/bin/hbactl");
    let dir = empty();
    let out = run(&at(dir.path(), &words[1..]));
    assert!(out.status.success(), "{}", stderr(&out));
    assert!(!dir.path().join("hbactl").exists(), "nothing is made for nothing");
}
