//! The equality script on two fresh emulated adapters writes the same transcript.

use anyhow::{Context, Result, ensure};
use driver_sys::endpoint::Endpoint;
use lab_tests::equality::{Here, SCRIPT, Setup, parse, run};
use lab_tests::lab::Lab;
use lab_tests::process::own_binary;
use lab_tests::target::Target;

const IQN: &str = "iqn.2026-11.org.example:disk";

/// One fresh card with its own target, its hosts numbered from `first`.
fn transcript(first: &str) -> Result<String> {
    let lab = Lab::start(&["--ports", "2", "--first-host", first])?;
    let target = Target::start(lab.path(), IQN, &["--lun", "16M", "--lun", "8M"])?;
    let scratch = tempfile::tempdir()?;
    let setup = Setup {
        endpoint: Endpoint::Dir(lab.endpoint()),
        hbactl: own_binary("hbactl")?,
        portal: target.portal(),
        target: IQN.to_owned(),
        scratch: scratch.path().to_owned(),
    };
    let mut outside = Here {
        card: &|words| lab.fault(words),
        target: &target,
    };
    run(&setup, &mut outside, &parse(SCRIPT)?)
}

#[test]
fn two_fresh_adapters_write_the_same_transcript() -> Result<()> {
    let (one, other) = std::thread::scope(|scope| {
        let one = scope.spawn(|| transcript("1"));
        let other = transcript("6");
        (one.join(), other)
    });
    let one = one.map_err(|_| anyhow::anyhow!("a run panicked"))??;
    let other = other?;
    if let Some(dir) = std::env::var_os("EQUALITY_OUT") {
        std::fs::write(std::path::Path::new(&dir).join("one.txt"), &one)?;
        std::fs::write(std::path::Path::new(&dir).join("other.txt"), &other)?;
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
    // The script means what it says: the road was walked to its end.
    for (command, code) in [
        ("$ json flash login $FLASH -a $A", 0),
        (
            "$ json lun write $DISK --in $DIR/source --start 16 --verify --yes",
            0,
        ),
        ("$ json session logout $SID", 0),
        ("$ json flash remove $FLASH -a $A", 5),
        ("$ json adapter show host77", 3),
    ] {
        let after = one.split(&format!("\n{command}\n")).nth(1);
        let after = after.with_context(|| format!("{command} is not in the transcript"))?;
        ensure!(
            after.starts_with(&format!("exit {code}\n")),
            "{command}: {}",
            &after[..200.min(after.len())]
        );
    }
    ensure!(
        one.contains("\n$ same source copy\ntrue\n"),
        "what was read is not what was written"
    );
    Ok(())
}
