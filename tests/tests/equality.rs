//! The equality scripts on two fresh emulated adapters write the same transcript, and what a kernel's source tells is in it.

use std::str::FromStr as _;

use anyhow::{Context, Result, bail, ensure};
use driver_sys::endpoint::Endpoint;
use lab_tests::equality::{Class, Here, Setup, answers, missing, no_helper, parse, run};
use lab_tests::lab::Lab;
use lab_tests::offload::helper::{Played, play};
use lab_tests::process::own_binary;
use lab_tests::target::Target;

const IQN: &str = "iqn.2026-11.org.example:disk";

/// One fresh adapter with its own target, its hosts numbered from `first`.
fn transcript(class: Class, first: &str) -> Result<String> {
    let adapter: &[&str] = match class {
        Class::Qla4xxx => &["--ports", "2"],
        Class::Bnx2i => &["--adapter", "bnx2i:1"],
    };
    let lab = Lab::start(&[adapter, &["--first-host", first]].concat())?;
    let target = Target::start(lab.path(), IQN, &["--lun", "16M", "--lun", "8M"])?;
    let scratch = tempfile::tempdir()?;
    let setup = Setup {
        class,
        endpoint: Endpoint::Dir(lab.endpoint()),
        hbactl: own_binary("hbactl")?,
        portal: target.portal(),
        target: IQN.to_owned(),
        scratch: scratch.path().to_owned(),
    };
    let (mut helper, host) = (None, u32::from_str(first)?);
    let mut played = |words: &[&str]| played(&lab, host, &mut helper, words);
    let mut none = no_helper;
    let mut outside = Here {
        card: &|words| lab.fault(words),
        target: &target,
        helper: if class == Class::Bnx2i {
            &mut played
        } else {
            &mut none
        },
    };
    run(&setup, &mut outside, &parse(class.script())?)
}

/// A target on loopback is found by a helper that is played only.
fn played(lab: &Lab, host: u32, helper: &mut Option<Played>, words: &[&str]) -> Result<()> {
    match words {
        ["start"] => *helper = Some(play(&lab.endpoint(), host)?),
        ["stop"] => *helper = None,
        _ => bail!("a helper is started and stopped, not {words:?}"),
    }
    Ok(())
}

/// The transcript that two adapters write, hosts of one numbered from 1, of the other from 6.
fn same(class: Class) -> Result<String> {
    let (one, other) = std::thread::scope(|scope| {
        let one = scope.spawn(|| transcript(class, "1"));
        let other = transcript(class, "6");
        (one.join(), other)
    });
    let one = one.map_err(|_| anyhow::anyhow!("a run panicked"))??;
    let other = other?;
    if let Some(dir) = std::env::var_os("EQUALITY_OUT") {
        let file = |side: &str| std::path::Path::new(&dir).join(format!("{}-{side}.txt", class.name()));
        std::fs::write(file("one"), &one)?;
        std::fs::write(file("other"), &other)?;
    }
    let lines = one.lines().chain(std::iter::once("(end)"));
    let others = other.lines().chain(std::iter::once("(end)"));
    let mut command = "";
    for (n, (a, b)) in lines.zip(others).enumerate() {
        if a.starts_with("$ ") {
            command = a;
        }
        ensure!(a == b, "line {}, after {command:?}:\n  {a}\n  {b}", n + 1);
    }
    Ok(one)
}

/// The script means what it says: the road was walked to its end.
fn ended(transcript: &str, commands: &[(&str, i32)]) -> Result<()> {
    for (command, code) in commands {
        let after = transcript.split(&format!("\n{command}\n")).nth(1);
        let after = after.with_context(|| format!("{command} is not in the transcript"))?;
        ensure!(
            after.starts_with(&format!("exit {code}\n")),
            "{command}: {}",
            &after[..200.min(after.len())]
        );
    }
    ensure!(
        transcript.contains("\n$ same source copy\ntrue\n"),
        "what was read is not what was written"
    );
    Ok(())
}

#[test]
fn two_fresh_adapters_write_the_same_transcript() -> Result<()> {
    let one = same(Class::Qla4xxx)?;
    ended(
        &one,
        &[
            ("$ json flash login $FLASH -a $A", 0),
            (
                "$ json lun write $DISK --in $DIR/source --start 16 --verify --yes",
                0,
            ),
            ("$ json session logout $SID", 0),
            ("$ json flash remove $FLASH -a $A", 5),
            ("$ json adapter show host77", 3),
        ],
    )
}

#[test]
fn two_bnx2i_ports_write_the_same_transcript_and_answer_as_the_kernels_source_says() -> Result<()> {
    let one = same(Class::Bnx2i)?;
    ended(
        &one,
        &[
            ("$ json session list --detail", 0),
            (
                "$ json lun write $DISK --in $DIR/source --start 16 --verify --yes",
                0,
            ),
            ("$ json session logout $SID", 4),
            ("$ json flash list -a $A", 4),
        ],
    )?;
    let answers = answers()?;
    let missing = missing(&one, &answers);
    ensure!(missing.is_empty(), "these answers did not come: {missing:#?}");
    Ok(())
}
