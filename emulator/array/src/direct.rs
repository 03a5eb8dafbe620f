//! A file without the page cache: O_DIRECT, where the file system has it.
//!
//! Owns a second opening of the file and what may go through it: whole units of the file system's alignment, to and from memory that is
//! aligned alike. Whatever else there is, and what a file system refuses after all, is left to the ordinary opening. Source: open(2),
//! section on O_DIRECT.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use files::Access;
use iscsi::pool::{PAGE, Pool};
use nix::errno::Errno;

/// Alignments that a file system may want, tried in turn.
const ALIGNMENTS: [usize; 3] = [512, 1024, PAGE];

/// A file opened with O_DIRECT.
#[derive(Debug)]
pub(crate) struct Direct {
    file: File,
    align: usize,
}

impl Direct {
    /// Opens the file of `ordinary` once more, whatever its path leads to by now. `None` if the file system does not do without its
    /// cache.
    ///
    /// # Errors
    /// Whatever opening and reading answer.
    pub(crate) fn open(ordinary: &File, read_only: bool) -> io::Result<Option<Self>> {
        let access = if read_only { Access::Read } else { Access::Write };
        let file = match files::again(ordinary, access, true) {
            Ok(file) => file,
            Err(error) if refused(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut memory = Pool::default().take(PAGE);
        for align in ALIGNMENTS {
            let Some(probe) = memory.bytes_mut().get_mut(..align) else {
                continue;
            };
            match file.read_at(probe, 0) {
                Ok(_) => return Ok(Some(Self { file, align })),
                Err(error) if refused(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Reads from the start of `into` as far as it goes this way; how far.
    pub(crate) fn read(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        if !self.fits(offset, into) {
            return Ok(0);
        }
        so_far(self.file.read_at(into, offset))
    }

    /// Writes from the start of `from` as far as it goes this way; how far.
    pub(crate) fn write(&self, offset: u64, from: &[u8]) -> io::Result<usize> {
        if !self.fits(offset, from) {
            return Ok(0);
        }
        so_far(self.file.write_at(from, offset))
    }

    fn fits(&self, offset: u64, bytes: &[u8]) -> bool {
        let aligned = bytes.as_ptr().align_offset(self.align) == 0;
        aligned && bytes.len().is_multiple_of(self.align) && offset.is_multiple_of(self.align as u64)
    }
}

/// What the file system will not do this way is for the other one.
fn so_far(moved: io::Result<usize>) -> io::Result<usize> {
    match moved {
        Err(error) if refused(&error) => Ok(0),
        moved => moved,
    }
}

fn refused(error: &io::Error) -> bool {
    // The ordinary opening tries an interrupted call again.
    let refusals = [Errno::EINVAL, Errno::EOPNOTSUPP, Errno::EINTR];
    refusals
        .iter()
        .any(|errno| error.raw_os_error() == Some(*errno as i32))
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::path::Path;

    use super::*;

    const BYTES: usize = 64 << 10;

    fn disk(dir: &Path) -> (std::path::PathBuf, File) {
        let path = dir.join("disk");
        let bytes: Vec<u8> = (0..BYTES).map(|i| (i / 512) as u8).collect();
        std::fs::write(&path, bytes).unwrap();
        let file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        (path, file)
    }

    #[test]
    fn aligned_blocks_go_past_the_cache_and_the_rest_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let (_, ordinary) = disk(dir.path());
        let Some(direct) = Direct::open(&ordinary, false).unwrap() else {
            println!("left out: {} has no O_DIRECT", dir.path().display());
            return;
        };
        let mut memory = Pool::default().take(8192);
        assert_eq!(direct.read(4096, memory.bytes_mut()).unwrap(), 8192);
        assert_eq!((memory.bytes()[0], memory.bytes()[8191]), (8, 23));
        memory.bytes_mut().fill(0xee);
        assert_eq!(direct.write(8192, memory.bytes()).unwrap(), 8192);
        let mut seen = [0; 8192];
        ordinary.read_exact_at(&mut seen, 8192).unwrap();
        assert_eq!(seen, [0xee; 8192]);
        // Crooked places, lengths and memory.
        for (offset, at, len) in [(1, 0, 4096), (0, 0, 100), (0, 1, 4096)] {
            let part = &mut memory.bytes_mut()[at..at + len];
            assert_eq!(direct.read(offset, part).unwrap(), 0);
            assert_eq!(direct.write(offset, part).unwrap(), 0);
        }
        assert_eq!(
            direct.read(BYTES as u64, memory.bytes_mut()).unwrap(),
            0,
            "the end"
        );
    }

    #[test]
    fn a_file_system_without_it_is_found_out() {
        let ordinary = File::open("/proc/version").unwrap();
        assert!(Direct::open(&ordinary, true).unwrap().is_none());
    }

    #[test]
    fn another_file_that_took_the_name_is_not_touched() {
        let dir = tempfile::tempdir().unwrap();
        let (path, ordinary) = disk(dir.path());
        std::fs::rename(&path, dir.path().join("old")).unwrap();
        std::fs::write(&path, vec![0xaa; BYTES]).unwrap();
        let Some(direct) = Direct::open(&ordinary, false).unwrap() else {
            println!("left out: {} has no O_DIRECT", dir.path().display());
            return;
        };
        let mut memory = Pool::default().take(4096);
        assert_eq!(direct.write(0, memory.bytes_mut()).unwrap(), 4096);
        assert!(std::fs::read(&path).unwrap() == vec![0xaa; BYTES]);
    }
}
