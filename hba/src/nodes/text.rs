//! Small text files that a person may keep where he likes: links to them are followed.
//!
//! Owns how much of them is read, and how long they are waited for.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use files::Why;

use crate::error::{Error, Result};

/// A pipe in the place of a file is waited for so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// The bytes of a file; `None` where there is none.
///
/// # Errors
/// It cannot be read, or is longer than `limit`.
pub(super) fn read(path: &Path, limit: usize) -> Result<Option<Vec<u8>>> {
    let deadline = Instant::now() + PATIENCE;
    match files::read_limited(path, limit as u64, Some(deadline)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if matches!(e.why(), Why::Os(os) if os.kind() == io::ErrorKind::NotFound) => Ok(None),
        Err(e) => Err(Error::file(format!("read {}", path.display()), &e)),
    }
}
