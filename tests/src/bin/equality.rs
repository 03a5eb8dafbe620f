//! Runs the equality script on an endpoint and writes the transcript to stdout.
//!
//! `equality ENDPOINT HBACTL PORTAL TARGET`: `host` or a directory, the program, the address and the name of a target with two
//! logical units (16 MiB and 8 MiB) as the card sees it.

#![forbid(unsafe_code)]

use std::io::Write as _;

use anyhow::{Context, Result, bail};
use lab_tests::equality::{SCRIPT, Setup, parse, run};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [endpoint, hbactl, portal, target] = args.as_slice() else {
        bail!("usage: equality ENDPOINT HBACTL PORTAL TARGET");
    };
    let scratch = tempfile::tempdir()?;
    let Ok(endpoint) = endpoint.parse();
    let setup = Setup {
        endpoint,
        hbactl: hbactl.into(),
        portal: portal.parse().context("the portal is not ADDRESS:PORT")?,
        target: target.clone(),
        scratch: scratch.path().to_owned(),
    };
    let transcript = run(&setup, &parse(SCRIPT)?)?;
    std::io::stdout().write_all(transcript.as_bytes())?;
    Ok(())
}
