//! Copies files that have holes: only their data, so that a card's 256 MiB stay small.
//!
//! Must not know what the files hold. Source: lseek(2), `SEEK_DATA` and `SEEK_HOLE`.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use isp4xxx::flash::StoreError;
use nix::unistd::{Whence, lseek};

use super::failed;

/// Bytes copied at a time.
const CHUNK: usize = 64 << 10;

/// Copies a file with its holes to a new one.
pub(super) fn copy_sparse(from: &Path, to: &Path) -> Result<(), StoreError> {
    let old = File::open(from).map_err(failed("open", from))?;
    let len = old.metadata().map_err(failed("open", from))?.len();
    let new = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(to);
    let new = new.map_err(failed("create", to))?;
    new.set_len(len).map_err(failed("write", to))?;
    copy_data(&old, &new, len, from, to, || Ok(()))?;
    new.sync_all().map_err(failed("sync", to))
}

/// Copies what is no hole, piece by piece.
pub(super) fn copy_data(
    old: &File,
    new: &File,
    len: u64,
    from: &Path,
    to: &Path,
    mut copied: impl FnMut() -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut buffer = vec![0; CHUNK];
    for (start, end) in extents(old, len).map_err(failed("read", from))? {
        let mut at = start;
        while at < end {
            let n = usize::try_from(end - at).unwrap_or(CHUNK).min(CHUNK);
            let chunk = &mut buffer[..n];
            old.read_exact_at(chunk, at).map_err(failed("read", from))?;
            new.write_all_at(chunk, at).map_err(failed("write", to))?;
            at += n as u64;
            copied()?;
        }
    }
    Ok(())
}

/// The data of a file that has holes, as ranges.
fn extents(file: &File, len: u64) -> io::Result<Vec<(u64, u64)>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < len {
        let from = match lseek(file, i64::try_from(at).unwrap_or(i64::MAX), Whence::SeekData) {
            Ok(from) => from as u64,
            // Only a hole is left.
            Err(nix::errno::Errno::ENXIO) => break,
            // A file system that knows no holes: all of it is data.
            Err(nix::errno::Errno::EINVAL) => at,
            Err(errno) => return Err(errno.into()),
        };
        let to = match lseek(file, from as i64, Whence::SeekHole) {
            Ok(to) => to as u64,
            Err(nix::errno::Errno::EINVAL) => len,
            Err(errno) => return Err(errno.into()),
        };
        found.push((from, to.min(len)));
        at = to.max(from + 1);
    }
    Ok(found)
}
