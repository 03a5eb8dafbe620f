//! `cargo xtask reference`: the pages of docs/reference, man pages and completions, from the one table each has.

mod pages;
mod records;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args as ClapArgs;

use crate::workspace::{build_programs, must, root};

/// Where to write.
#[derive(ClapArgs)]
pub(crate) struct Args {
    /// The directory for man pages and completions
    #[arg(long, default_value = "target/reference")]
    out: PathBuf,
}

/// Writes the pages, and lets a built `hbactl` write its man pages and completions.
pub(crate) fn run(args: &Args) -> Result<()> {
    write_pages()?;
    build_programs()?;
    let out = root().join(&args.out);
    let hbactl = root().join("target/debug/hbactl");
    fs::create_dir_all(out.join("completions"))?;
    must(Command::new(&hbactl).arg("man").arg(out.join("man")))?;
    for shell in ["bash", "zsh", "fish"] {
        let text = Command::new(&hbactl).args(["completions", shell]).output()?;
        fs::write(
            out.join("completions").join(format!("hbactl.{shell}")),
            text.stdout,
        )?;
    }
    println!("written to {} and {}", pages::DIR, out.display());
    Ok(())
}

/// Writes docs/reference; pages that no longer exist go.
fn write_pages() -> Result<()> {
    let dir = root().join(pages::DIR);
    let schemas = dir.join("schema");
    if schemas.exists() {
        fs::remove_dir_all(&schemas).with_context(|| format!("cannot empty {}", schemas.display()))?;
    }
    fs::create_dir_all(&schemas)?;
    for (name, text) in pages::all() {
        fs::write(dir.join(name), text)?;
    }
    Ok(())
}
