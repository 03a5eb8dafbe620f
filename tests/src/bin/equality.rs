//! Runs the equality script on an endpoint and writes the transcript to stdout.
//!
//! `equality CLASS ENDPOINT HBACTL PORTAL TARGET LINE [GATEWAY]`: the driver, `host` or a directory, the program, the address and the name of a target with two
//! logical units (16 MiB and 8 MiB) as the adapter sees it, and the socket or serial line to whoever carries out what is ordered of adapter,
//! target and helper (`lab_tests::equality::Order`). In a guest, GATEWAY is the machine where the target's port really is.

#![forbid(unsafe_code)]

use std::io::Write as _;

use anyhow::{Context, Result, bail};
use lab_tests::equality::{Class, Line, Setup, forward, parse, run};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (args, gateway) = args.split_at(args.len().min(6));
    let [class, endpoint, hbactl, portal, target, line] = args else {
        bail!("usage: equality CLASS ENDPOINT HBACTL PORTAL TARGET LINE [GATEWAY]");
    };
    let class: Class = class.parse()?;
    let scratch = tempfile::tempdir()?;
    let Ok(endpoint) = endpoint.parse();
    let setup = Setup {
        class,
        endpoint,
        hbactl: hbactl.into(),
        portal: portal.parse().context("the portal is not ADDRESS:PORT")?,
        target: target.clone(),
        scratch: scratch.path().to_owned(),
    };
    if let [gateway] = gateway {
        forward(
            setup.portal,
            gateway.parse().context("the gateway is no address")?,
        )?;
    }
    let mut outside = Line::open(line.as_ref())?;
    let transcript = run(&setup, &mut outside, &parse(class.script())?)?;
    std::io::stdout().write_all(transcript.as_bytes())?;
    Ok(())
}
