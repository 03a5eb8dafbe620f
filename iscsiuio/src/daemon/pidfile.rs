//! The file with the process ID. It is emptied at the end through the handle that wrote it: the directory is out of reach by then.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

/// The file.
#[derive(Debug)]
pub(super) struct Pidfile(File);

impl Pidfile {
    /// Writes the ID of this process.
    pub(super) fn write(path: &Path) -> anyhow::Result<Self> {
        let mut file = files::overwrite(path, 0o644)?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Self(file))
    }
}

impl Drop for Pidfile {
    fn drop(&mut self) {
        // Nobody is left to tell.
        let _ = self.0.set_len(0);
    }
}
