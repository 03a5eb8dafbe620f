//! Every write and every sync of a store goes through here, so that a test can lose power between any two of them.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use isp4xxx::flash::StoreError;

use super::failed;
use super::step::{Hook, Part, Step};

/// Writes and syncs files.
pub(super) struct Writer {
    pub(super) sync: bool,
    pub(super) hook: Option<Hook>,
}

impl Writer {
    /// Writes bytes, in halves, so that a kill point lies within every record.
    pub(super) fn write(
        &mut self,
        part: Part,
        file: &File,
        path: &Path,
        at: u64,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let (first, second) = bytes.split_at(if self.hook.is_some() { bytes.len() / 2 } else { 0 });
        for (at, half) in [(at, first), (at + first.len() as u64, second)] {
            if half.is_empty() {
                continue;
            }
            let len = half.len();
            self.step(Step::Writing { part, at, len })?;
            file.write_all_at(half, at).map_err(failed("write", path))?;
        }
        Ok(())
    }

    /// Waits until what was written outlives a power loss.
    pub(super) fn sync(&mut self, part: Part, file: &File, path: &Path) -> Result<(), StoreError> {
        if self.sync {
            file.sync_data().map_err(failed("sync", path))?;
        }
        self.step(Step::Synced(part))
    }

    /// Waits until the name of a file outlives a power loss.
    pub(super) fn sync_directory_of(&self, path: &Path) -> Result<(), StoreError> {
        if !self.sync {
            return Ok(());
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        File::open(parent)
            .and_then(|directory| directory.sync_all())
            .map_err(failed("sync", parent))
    }

    fn step(&mut self, step: Step) -> Result<(), StoreError> {
        match self.hook.as_mut().is_some_and(|hook| hook(step)) {
            true => Err(StoreError::PowerLost),
            false => Ok(()),
        }
    }
}
