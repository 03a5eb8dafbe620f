//! The library that puts a stock program in front of an emulated kernel (`preload.c`), made by the C compiler that rustc links with.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::need::{Need, find_tool};

/// What it takes.
pub(super) const NEEDS: &[Need] = &[Need::Tool("cc", "gcc")];

const SOURCE: &str = include_str!("preload.c");

/// Makes it in `dir`.
///
/// # Errors
/// The compiler is missing or complains.
pub(super) fn build(dir: &Path) -> Result<PathBuf> {
    let (source, library) = (dir.join("preload.c"), dir.join("preload.so"));
    std::fs::write(&source, SOURCE)?;
    let output = Command::new(find_tool("cc").context("cc is not installed")?)
        .args(["-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .output()?;
    ensure!(
        output.status.success(),
        "cc: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(library)
}
