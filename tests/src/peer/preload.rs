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

/// The messages that a program sent to the kernel so far, by its trace.
///
/// # Errors
/// The trace cannot be read.
pub(super) fn sent(trace: &Path) -> Result<Vec<Vec<u8>>> {
    let bytes = std::fs::read(trace)?;
    let (mut rest, mut all) = (bytes.as_slice(), Vec::new());
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_ne_bytes(*length) as usize;
        let (message, after) = after.split_at_checked(length).context("half a message")?;
        all.push(message.to_vec());
        rest = after;
    }
    Ok(all)
}
