//! libiscsi's conformance suite, `iscsi-test-cu`, one process a test.
//!
//! Source: `test-tool/` of libiscsi 1.19. A test that the suite passes over prints `[SKIPPED]` and counts as passed in its own table;
//! here it counts as skipped.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::need::find_tool;

/// How long one test may take.
const LIMIT: Duration = Duration::from_secs(60);

/// How one test ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every assertion held.
    Passed,
    /// The suite did not try, or not all of it; with what it said.
    Skipped(String),
    /// Assertions that did not hold, as `file:line  - assertion`.
    Failed(Vec<String>),
    /// The process died of a signal; with the assertions that had failed by then.
    Crashed(i32, Vec<String>),
    /// No end within the limit.
    Endless,
}

/// A run: the verdict of every test, by name.
pub type Verdicts = BTreeMap<String, Verdict>;

/// The names of all tests, as `ALL.Suite.Test`.
///
/// # Errors
/// The suite cannot be started or lists nothing.
pub fn names() -> Result<Vec<String>> {
    let output = Command::new(suite()?).arg("-l").stdin(Stdio::null()).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let names: Vec<String> = text
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("ALL.") && line.matches('.').count() == 2)
        .map(str::to_owned)
        .collect();
    ensure!(!names.is_empty(), "iscsi-test-cu lists no tests: {text}");
    Ok(names)
}

/// Runs one test against a logical unit; its second session, where it needs one, goes to the same URL.
///
/// # Errors
/// The suite cannot be started or waited for.
pub fn run(name: &str, url: &str) -> Result<Verdict> {
    let output = tempfile::tempfile()?;
    let mut child = Command::new(suite()?)
        .args(["--dataloss", "--allow-sanitize", "--normal", "-t", name, url, url])
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output.try_clone()?)
        .spawn()?;
    let end = Instant::now() + LIMIT;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        if Instant::now() > end {
            child.kill()?;
            child.wait()?;
            break None;
        }
        std::thread::park_timeout(Duration::from_millis(2));
    };
    let Some(status) = status else {
        return Ok(Verdict::Endless);
    };
    let mut bytes = vec![0; usize::try_from(output.metadata()?.len())?];
    std::os::unix::fs::FileExt::read_exact_at(&output, &mut bytes, 0)?;
    Ok(judge(&String::from_utf8_lossy(&bytes), status.signal()))
}

fn suite() -> Result<std::path::PathBuf> {
    find_tool("iscsi-test-cu").context("iscsi-test-cu is not installed")
}

/// What the output of one test means.
fn judge(text: &str, signal: Option<i32>) -> Verdict {
    let body = text
        .split_once("cunit.sourceforge.net")
        .map_or(text, |(_, body)| body);
    let (body, summary) = match body.split_once("Run Summary:") {
        Some((body, summary)) => (body, Some(summary)),
        None => (body, None),
    };
    let failed: Vec<String> = body
        .lines()
        .filter_map(|line| line.trim_start().split_once(". "))
        .filter(|(number, rest)| number.bytes().all(|b| b.is_ascii_digit()) && rest.contains(".c:"))
        .map(|(_, assertion)| assertion.trim().to_owned())
        .collect();
    if let Some(signal) = signal {
        return Verdict::Crashed(signal, failed);
    }
    let count = summary
        .and_then(|summary| {
            summary
                .lines()
                .find(|line| line.trim_start().starts_with("tests"))
        })
        .and_then(|row| row.split_whitespace().nth(4)?.parse::<u32>().ok());
    match count {
        Some(0) => {}
        Some(_) => return Verdict::Failed(failed),
        None => {
            let last = text.lines().rev().find(|line| !line.trim().is_empty());
            return Verdict::Failed(vec![last.unwrap_or("no output").trim().to_owned()]);
        }
    }
    match body.lines().find(|line| line.contains("[SKIPPED]")) {
        Some(line) => Verdict::Skipped(line.trim().to_owned()),
        None => Verdict::Passed,
    }
}

/// Passed, skipped and everything else.
#[must_use]
pub fn figures(verdicts: &Verdicts) -> (usize, usize, usize) {
    let count = |test: fn(&Verdict) -> bool| verdicts.values().filter(|verdict| test(verdict)).count();
    let passed = count(|verdict| *verdict == Verdict::Passed);
    let skipped = count(|verdict| matches!(verdict, Verdict::Skipped(_)));
    (passed, skipped, verdicts.len() - passed - skipped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(body: &str, failed: u32) -> String {
        format!(
            "    [SKIPPED] something before the test\n  http://cunit.sourceforge.net/\n\n{body}\nRun Summary:    Type  Total    Ran \
             Passed Failed Inactive\n              suites      1      1    n/a      0        0\n               tests      1      1 \
             {}      {failed}        0\n [SKIPPED] after\n",
            1 - failed
        )
    }

    #[test]
    fn verdicts_follow_the_output() {
        assert_eq!(judge(&output("", 0), None), Verdict::Passed);
        assert_eq!(
            judge(&output("    [SKIPPED] No such thing.", 0), None),
            Verdict::Skipped("[SKIPPED] No such thing.".to_owned())
        );
        let failure = "Suite X, Test Y had failures:\n    1. test_x.c:157  - CU_ASSERT_EQUAL(a,1)    noise";
        let assertion = vec!["test_x.c:157  - CU_ASSERT_EQUAL(a,1)    noise".to_owned()];
        assert_eq!(
            judge(&output(failure, 1), None),
            Verdict::Failed(assertion.clone())
        );
        assert_eq!(judge(failure, Some(6)), Verdict::Crashed(6, assertion));
        assert_eq!(
            judge("Login Failed.\n\n", None),
            Verdict::Failed(vec!["Login Failed.".to_owned()])
        );
    }
}
