//! What the kernel says about a process. Source: proc(5).

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

/// Open descriptors.
pub(crate) fn descriptors(pid: u32) -> Result<usize> {
    Ok(fs::read_dir(format!("/proc/{pid}/fd"))?.count())
}

/// Resident memory in KiB.
pub(crate) fn resident(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    let kib = line
        .and_then(|l| l.split_whitespace().next())
        .context("no VmRSS")?;
    Ok(kib.parse()?)
}

/// Processor time used so far, in ticks of a hundredth of a second.
pub(crate) fn ticks(pid: u32) -> Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name, in parentheses, may hold spaces.
    let (_, rest) = stat.rsplit_once(')').context("no name in stat")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let (user, system) = (fields.get(11).context("utime")?, fields.get(12).context("stime")?);
    Ok(user.parse::<u64>()? + system.parse::<u64>()?)
}

/// Files in a directory and below it.
pub(crate) fn files_below(dir: PathBuf) -> Result<usize> {
    let mut count = 0;
    let mut todo = vec![dir];
    while let Some(dir) = todo.pop() {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            count += 1;
            if entry.file_type()?.is_dir() {
                todo.push(entry.path());
            }
        }
    }
    Ok(count)
}
