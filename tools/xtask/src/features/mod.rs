//! `cargo xtask features`: the ledger of what this project claims, and whether its proofs exist.
//!
//! Owns the order of the checks and their report. The ledger is `docs/features.toml` ([`ledger`]), its page `docs/features.md`
//! ([`page`]); the protocol's ledger is `docs/rfc7143.md` ([`clauses`]), and every line of the changelog names its entries
//! ([`changes`]). What counts as a proof stands in [`proof`]. Must not know what a feature does. Nothing is built for it.

mod changes;
mod clauses;
mod ledger;
mod page;
mod proof;
mod sources;
mod targets;

use std::fs;

use anyhow::{Context, Result, bail, ensure};
use clap::Args as ClapArgs;

use crate::workspace::root;
use ledger::Ledger;
use proof::Proofs;

const LEDGER: &str = "docs/features.toml";
const PAGE: &str = "docs/features.md";
const CLAUSES: &str = "docs/rfc7143.md";
const CHANGES: &str = "CHANGELOG.md";

/// What to do.
#[derive(ClapArgs)]
pub(crate) struct Args {
    /// Write nothing; fail when docs/features.md is not what the ledger says
    #[arg(long)]
    check: bool,
    /// Print the names of all tests that a proof can name, as `cargo nextest list` spells them, and do nothing else
    #[arg(long, conflicts_with = "check")]
    list: bool,
}

/// Reads the ledgers, looks for every proof, and writes the page (or compares it).
pub(crate) fn run(args: &Args) -> Result<()> {
    let proofs = Proofs::read(&root())?;
    if args.list {
        for name in proofs.tests() {
            println!("{name}");
        }
        return Ok(());
    }
    let read =
        |name: &str| fs::read_to_string(root().join(name)).with_context(|| format!("cannot read {name}"));
    let (ledger, mut faults) = Ledger::parse(&read(LEDGER)?)?;
    faults.extend(ledger.unproven(&proofs));
    faults.extend(changes::faults(&read(CHANGES)?, &ledger));
    let clauses = match fs::read_to_string(root().join(CLAUSES)) {
        Ok(text) => {
            let found = clauses::read(&text, &proofs);
            faults.extend(found.faults);
            found.rows
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
        Err(error) => return Err(error).context(CLAUSES),
    };
    let page = page::write(&ledger);
    let stands = fs::read_to_string(root().join(PAGE)).unwrap_or_default();
    if stands != page {
        if args.check {
            faults.push(format!(
                "{PAGE} is not what {LEDGER} says; `cargo xtask features` writes it"
            ));
        } else {
            fs::write(root().join(PAGE), page).context(PAGE)?;
        }
    }
    for fault in &faults {
        println!("{fault}");
    }
    let counts = ledger.counts();
    println!("features: {counts}; {clauses} clauses of RFC 7143");
    ensure!(faults.is_empty(), "{} faults in the ledgers", faults.len());
    if counts.works == 0 {
        bail!("{LEDGER} claims nothing");
    }
    Ok(())
}

/// The part of the test command.
pub(crate) fn check() -> Result<()> {
    run(&Args {
        check: true,
        list: false,
    })
}
