//! `cargo xtask reference`: man pages, completions, schemas and the exit-code page, from the one table each has.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use clap::Args as ClapArgs;

use crate::workspace::{cargo, must, root};

/// Where to write.
#[derive(ClapArgs)]
pub(crate) struct Args {
    /// The directory for man pages and completions
    #[arg(long, default_value = "target/reference")]
    out: PathBuf,
}

/// Builds `hbactl` and lets it write its own reference.
pub(crate) fn run(args: &Args) -> Result<()> {
    must(&mut cargo(&["build", "--quiet", "--package", "tools", "--bins"]))?;
    let out = root().join(&args.out);
    let hbactl = root().join("target/debug/hbactl");
    std::fs::create_dir_all(out.join("completions"))?;
    must(Command::new(&hbactl).arg("man").arg(out.join("man")))?;
    for shell in ["bash", "zsh", "fish"] {
        let text = Command::new(&hbactl).args(["completions", shell]).output()?;
        std::fs::write(
            out.join("completions").join(format!("hbactl.{shell}")),
            text.stdout,
        )?;
    }
    println!("written to {}", out.display());
    Ok(())
}
