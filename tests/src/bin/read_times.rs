//! Reads a file again and again and writes how long each time took, in microseconds, a line each.
//!
//! `read_times FILE COUNT`. For files of sysfs behind which a driver asks its hardware, inside a guest that has no other clock this
//! fine.

#![forbid(unsafe_code)]

use std::io::Write as _;
use std::time::Instant;

use anyhow::{Context, Result, bail};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [file, count] = args.as_slice() else {
        bail!("usage: read_times FILE COUNT");
    };
    let count: u32 = count.parse().context("COUNT is not a number")?;
    let mut times = String::new();
    for _ in 0..count {
        let begun = Instant::now();
        std::fs::read(file).with_context(|| format!("cannot read {file}"))?;
        times.push_str(&format!("{}\n", begun.elapsed().as_micros()));
    }
    std::io::stdout().write_all(times.as_bytes())?;
    Ok(())
}
