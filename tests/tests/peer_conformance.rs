//! The served target under libiscsi's conformance suite, test by test, and the distribution's tgt beside it.

use std::collections::BTreeSet;
use std::env;
use std::fs::File;
use std::io::Write;

use anyhow::{Context, Result, ensure};
use lab_tests::conformance::{Verdict, Verdicts, figures, names, run};
use lab_tests::need::{Need, left_out, missing};
use lab_tests::target::Target;
use lab_tests::tgt::{self, Tgtd};

const IQN: &str = "iqn.2026-11.org.example:conformance";
const NEEDS: &[Need] = &[Need::Tool("iscsi-test-cu", "libiscsi-bin")];
const SIZE: &str = "100M";

/// Units of the served target: what most tests run on, a write-protected one, one whose physical blocks are logical ones.
const UNITS: [&str; 3] = ["100M,removable", "8M,ro", "100M,physical=512"];

/// Tests for which the first unit is not the right one, with the unit that is.
const OTHER_UNIT: &[(&str, usize)] = &[
    // Wants to be refused.
    ("ALL.ReadOnly.ReadOnlySBC", 1),
    // Asks for the status of a block inside of a physical block and expects the answer to begin at the next physical block.
    ("ALL.GetLBAStatus.UnmapSingle", 2),
];

/// What the suite passes over, and why; `docs/testing.md` tells the same.
const SKIPS: &[&str] = &[
    "ALL.Sanitize.CryptoErase",
    "ALL.Sanitize.Overwrite",
    "ALL.Sanitize.Readonly",
    "ALL.Sanitize.Reservations",
    "ALL.Sanitize.Reset",
    "ALL.WriteSame10.ZeroBlocks",
    "ALL.WriteSame16.ZeroBlocks",
];

/// The test that cannot be passed with libiscsi 1.19: it asserts the result of a callback before it polls for the reply, then frees what
/// the callback uses, which may crash it.
const SUITE_BUG: (&str, &str) = (
    "ALL.iSCSITMF.LUNResetSimpleAsync",
    "CU_ASSERT_EQUAL(reconnect_succeeded,1)",
);

fn all(names: &[String], url: impl Fn(&str) -> String) -> Result<Verdicts> {
    let one = |name: &String| Ok((name.clone(), run(name, &url(name))?));
    names.iter().map(one).collect()
}

fn ours(names: &[String]) -> Result<Verdicts> {
    let dir = tempfile::tempdir()?;
    let args: Vec<&str> = UNITS.iter().flat_map(|unit| ["--lun", unit]).collect();
    let target = Target::start(dir.path(), IQN, &args)?;
    all(names, |name| {
        let unit = OTHER_UNIT.iter().find(|(test, _)| *test == name);
        let lun = unit.map_or(0, |(_, lun)| *lun);
        format!("iscsi://{}/{IQN}/{lun}", target.portal())
    })
}

fn tgts(names: &[String]) -> Result<Verdicts> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("disk");
    File::create(&file)?.set_len(100 << 20)?;
    let tgtd = Tgtd::start()?;
    tgtd.add_target(1, IQN, &[&file], &[])?;
    all(names, |_| format!("iscsi://{}/{IQN}/1", tgtd.portal()))
}

/// A line for whoever runs the lane, captured or not.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[test]
fn every_test_of_the_suite_passes_or_has_a_reason_not_to() -> Result<()> {
    if left_out("every_test_of_the_suite_passes_or_has_a_reason_not_to", NEEDS) {
        return Ok(());
    }
    let names = names()?;
    let beside = env::var_os("HBA_LANE").is_some_and(|lane| lane == "peer");
    let peer_needs = missing(tgt::NEEDS);
    let (verdicts, peer) = std::thread::scope(|scope| {
        let peer = (beside && peer_needs.is_none()).then(|| scope.spawn(|| tgts(&names)));
        let verdicts = ours(&names);
        (verdicts, peer.map(|peer| peer.join()))
    });
    let verdicts = verdicts?;
    let (passed, skipped, failed) = figures(&verdicts);
    say(&format!(
        "iscsi-test-cu, {} tests of {SIZE}: hbaemu target: {passed} passed, {skipped} skipped, {failed} failed",
        names.len()
    ));
    match (beside, peer, peer_needs) {
        (_, Some(peer), _) => {
            let peer = peer.map_err(|_| anyhow::anyhow!("the run against tgt panicked"))?;
            let (passed, skipped, failed) = figures(&peer.context("the run against tgt")?);
            say(&format!(
                "iscsi-test-cu, same tests: tgt: {passed} passed, {skipped} skipped, {failed} failed"
            ));
        }
        (true, None, Some(reason)) => say(&format!("tgt is not beside it: {reason}")),
        _ => {}
    }

    let mut wrong = Vec::new();
    for (name, verdict) in &verdicts {
        match verdict {
            Verdict::Passed => {}
            Verdict::Skipped(_) if SKIPS.contains(&name.as_str()) => {}
            Verdict::Failed(failed) | Verdict::Crashed(_, failed)
                if name == SUITE_BUG.0 && failed.iter().all(|line| line.contains(SUITE_BUG.1)) => {}
            verdict => wrong.push(format!("{name}: {verdict:?}")),
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    ensure!(names.len() >= 230, "the suite has only {} tests", names.len());
    Ok(())
}

#[test]
fn the_documentation_gives_a_reason_for_every_skip() {
    let page = include_str!("../../docs/testing.md");
    assert!(SKIPS.len() <= 10);
    assert_eq!(SKIPS.iter().collect::<BTreeSet<_>>().len(), SKIPS.len());
    for name in SKIPS
        .iter()
        .chain([&SUITE_BUG.0])
        .chain(OTHER_UNIT.iter().map(|(name, _)| name))
    {
        let short = name.trim_start_matches("ALL.");
        assert!(page.contains(&format!("`{short}`")), "{short}");
    }
}
