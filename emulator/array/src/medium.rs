//! A file or block device as a SCSI medium.

use std::fs::{self, File, TryLockError};
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, FileTypeExt};
use std::path::Path;

use files::Access;
use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, fallocate};
use nix::unistd::{Whence, lseek};
use scsi::{Extent, Medium, MediumError};

use crate::direct::Direct;
use crate::error::why;

/// Bytes in a file, read and written in place.
#[derive(Debug)]
pub(crate) struct FileMedium {
    file: File,
    /// The same file past the page cache.
    direct: Option<Direct>,
    size: u64,
    read_only: bool,
    /// The file system takes holes.
    holes: bool,
}

impl FileMedium {
    /// Opens an existing file, or a block device that nobody has in use; its size stays what it is now. It is locked (flock), shared
    /// if it is only read, so that two targets cannot write it at once. A link is followed to a block device only (as those in
    /// /dev/disk are).
    pub(crate) fn open(path: &Path, read_only: bool) -> io::Result<Self> {
        let access = if read_only { Access::Read } else { Access::Write };
        let (mut file, _) = match fs::metadata(path) {
            Ok(found) if found.file_type().is_block_device() => files::unit(&fs::canonicalize(path)?, access),
            _ => files::unit(path, access),
        }
        .map_err(why)?;
        let locked = if read_only {
            file.try_lock_shared()
        } else {
            file.try_lock()
        };
        match locked {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::new(
                    io::ErrorKind::ResourceBusy,
                    "another logical unit or process has it open",
                ));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Works for block devices too, whose metadata says zero.
        let size = file.seek(SeekFrom::End(0))?;
        if size < 512 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "smaller than one block",
            ));
        }
        Ok(Self {
            file,
            direct: None,
            size,
            read_only,
            holes: true,
        })
    }

    /// Goes past the page cache from now on where the file system does; false if it does not at all.
    pub(crate) fn bypass_cache(&mut self) -> io::Result<bool> {
        self.direct = Direct::open(&self.file, self.read_only)?;
        Ok(self.direct.is_some())
    }

    fn read_all(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let done = match &self.direct {
            Some(direct) => direct.read(offset, into)?,
            None => 0,
        };
        match into.get_mut(done..) {
            Some(rest) if !rest.is_empty() => self.file.read_exact_at(rest, offset + done as u64),
            _ => Ok(()),
        }
    }

    fn write_all(&self, offset: u64, from: &[u8]) -> io::Result<()> {
        let done = match &self.direct {
            Some(direct) => direct.write(offset, from)?,
            None => 0,
        };
        match from.get(done..) {
            Some(rest) if !rest.is_empty() => self.file.write_all_at(rest, offset + done as u64),
            _ => Ok(()),
        }
    }
}

fn write_error(error: &io::Error) -> MediumError {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOSPC | Errno::EDQUOT) => MediumError::NoSpace,
        Some(Errno::EROFS | Errno::EBADF | Errno::EPERM) => MediumError::ReadOnly,
        _ => MediumError::Write,
    }
}

impl Medium for FileMedium {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<(), MediumError> {
        self.read_all(offset, into).map_err(|error| {
            tracing::warn!(%error, offset, "reading a logical unit's file");
            MediumError::Read
        })
    }

    fn write_at(&mut self, offset: u64, from: &[u8]) -> Result<(), MediumError> {
        self.write_all(offset, from).map_err(|error| {
            tracing::warn!(%error, offset, "writing a logical unit's file");
            write_error(&error)
        })
    }

    fn flush(&mut self) -> Result<(), MediumError> {
        if self.read_only {
            return Ok(());
        }
        self.file.sync_data().map_err(|error| write_error(&error))
    }

    fn discard(&mut self, offset: u64, len: u64) -> Result<(), MediumError> {
        if let (true, Ok(at), Ok(count)) = (self.holes, i64::try_from(offset), i64::try_from(len)) {
            let flags = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
            match fallocate(&self.file, flags, at, count) {
                Ok(()) => return Ok(()),
                Err(Errno::EOPNOTSUPP | Errno::ENODEV | Errno::ENOSYS) => self.holes = false,
                Err(errno) => return Err(write_error(&errno.into())),
            }
        }
        static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
        let mut done = 0;
        while done < len {
            let step = (len - done).min(ZEROS.len() as u64);
            self.write_at(offset + done, ZEROS.get(..step as usize).unwrap_or_default())?;
            done += step;
        }
        Ok(())
    }

    fn extent(&mut self, offset: u64, len: u64) -> Result<(u64, Extent), MediumError> {
        let seek = |whence| match i64::try_from(offset).map(|at| lseek(&self.file, at, whence)) {
            Ok(Ok(at)) => Ok(u64::try_from(at).unwrap_or(0)),
            // Nothing of the kind before the end.
            Ok(Err(Errno::ENXIO)) => Ok(u64::MAX),
            // Block devices and some file systems do not tell.
            Ok(Err(Errno::EINVAL | Errno::EOPNOTSUPP | Errno::ESPIPE)) => Err(None),
            _ => Err(Some(MediumError::Read)),
        };
        let until = |at: u64| at.saturating_sub(offset).clamp(1, len);
        match seek(Whence::SeekData) {
            Ok(data) if data > offset => Ok((until(data), Extent::Hole)),
            Ok(_) => match seek(Whence::SeekHole) {
                Ok(hole) => Ok((until(hole), Extent::Mapped)),
                Err(None) => Ok((len, Extent::Mapped)),
                Err(Some(error)) => Err(error),
            },
            Err(None) => Ok((len, Extent::Mapped)),
            Err(Some(error)) => Err(error),
        }
    }

    fn read_only(&self) -> bool {
        self.read_only
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_keeps_what_is_written_and_loses_what_is_discarded() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("disk");
        std::fs::write(&path, vec![7u8; 256 << 10]).unwrap();
        let mut medium = FileMedium::open(&path, false).unwrap();
        assert_eq!(medium.size(), 256 << 10);
        medium.write_at(1000, b"hello").unwrap();
        medium.discard(65536, 65536).unwrap();
        medium.flush().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(&bytes[999..1006], b"\x07hello\x07");
        assert!(bytes[65536..131_072].iter().all(|b| *b == 0));
        assert_eq!((bytes[65535], bytes[131_072], bytes.len()), (7, 7, 256 << 10));
    }

    #[test]
    fn what_is_no_disk_is_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        std::fs::write(at("disk"), vec![0; 4096]).unwrap();
        std::os::unix::fs::symlink("pipe", at("to-pipe")).unwrap();
        std::os::unix::fs::symlink("disk", at("to-disk")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", at("to-zero")).unwrap();
        let names = ["pipe", "to-pipe", "to-disk", "to-zero", ".", "missing"].map(at);
        let devices = [
            "/dev/null",
            "/dev/zero",
            "/dev/tty",
            "/proc/self/mem",
            "/proc/kmsg",
        ]
        .map(Into::into);
        for path in names.into_iter().chain(devices) {
            for read_only in [true, false] {
                assert!(FileMedium::open(&path, read_only).is_err(), "{}", path.display());
            }
        }
    }

    /// The block devices that are mounted here and that this user may open.
    fn mounted() -> Vec<std::path::PathBuf> {
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let sources = mounts.lines().filter_map(|line| line.split(' ').next());
        let devices = sources
            .filter(|source| source.starts_with("/dev/"))
            .map(std::path::PathBuf::from);
        devices
            .filter(|device| {
                let found = std::fs::metadata(device);
                found.is_ok_and(|found| found.file_type().is_block_device()) && File::open(device).is_ok()
            })
            .collect()
    }

    #[test]
    fn a_mounted_device_is_refused() {
        let devices = mounted();
        if devices.is_empty() {
            println!("left out: no mounted block device that this user may open");
        }
        for device in devices {
            let error = FileMedium::open(&device, true).unwrap_err();
            assert!(
                error.to_string().contains("in use"),
                "{}: {error}",
                device.display()
            );
        }
    }

    #[test]
    fn a_medium_past_the_cache_reads_and_writes_anywhere() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("disk");
        // The end is no multiple of any alignment.
        let mut model: Vec<u8> = (0..70_000).map(|i: u32| (i % 251) as u8).collect();
        std::fs::write(&path, &model).unwrap();
        let mut medium = FileMedium::open(&path, false).unwrap();
        if !medium.bypass_cache().unwrap() {
            println!(
                "without O_DIRECT at {}: only the ordinary way is seen",
                dir.path().display()
            );
        }
        let pool = iscsi::pool::Pool::default();
        for (step, (offset, len)) in [
            (0, 4096),
            (512, 8192),
            (4096, 61_440),
            (1, 3),
            (65_536, 4464),
            (69_999, 1),
            (8192, 16_384),
        ]
        .into_iter()
        .enumerate()
        {
            let mut memory = pool.take(len);
            medium.read_at(offset as u64, memory.bytes_mut()).unwrap();
            assert_eq!(memory.bytes(), &model[offset..offset + len], "{offset}+{len}");
            memory.bytes_mut().fill(step as u8);
            medium.write_at(offset as u64, memory.bytes()).unwrap();
            model[offset..offset + len].fill(step as u8);
        }
        medium.flush().unwrap();
        let mut whole = vec![0; model.len()];
        medium.read_at(0, &mut whole).unwrap();
        assert!(whole == model && std::fs::read(&path).unwrap() == model);
        // It shrinks: an error, whichever way is taken.
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(5000)
            .unwrap();
        for (offset, len) in [(4096, 4096), (0, 8192), (65_536, 4096)] {
            let mut memory = pool.take(len);
            let read = medium.read_at(offset, memory.bytes_mut());
            assert_eq!(read, Err(MediumError::Read), "{offset}+{len}");
        }
    }

    #[test]
    fn a_file_tells_of_its_holes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("disk");
        File::create(&path).unwrap().set_len(4 << 20).unwrap();
        let mut medium = FileMedium::open(&path, false).unwrap();
        medium.write_at(1 << 20, &[1; 65536]).unwrap();
        let size = 4 << 20;
        assert_eq!(medium.extent(0, size).unwrap(), (1 << 20, Extent::Hole));
        assert_eq!(medium.extent(1 << 20, 3 << 20).unwrap(), (65536, Extent::Mapped));
        let rest = (1 << 20) + 65536;
        assert_eq!(
            medium.extent(rest, size - rest).unwrap(),
            (size - rest, Extent::Hole)
        );
        medium.discard(1 << 20, 65536).unwrap();
        assert_eq!(medium.extent(0, size).unwrap(), (size, Extent::Hole));
    }

    #[test]
    fn a_file_is_written_by_one_and_read_by_many() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("disk");
        std::fs::write(&path, [1u8; 4096]).unwrap();
        let busy =
            |read_only| FileMedium::open(&path, read_only).unwrap_err().kind() == io::ErrorKind::ResourceBusy;
        let writer = FileMedium::open(&path, false).unwrap();
        assert!(busy(false) && busy(true));
        drop(writer);
        let _reader = FileMedium::open(&path, true).unwrap();
        assert!(FileMedium::open(&path, true).is_ok());
        assert!(busy(false));
    }

    #[test]
    fn a_file_that_shrinks_or_takes_no_writes_is_a_medium_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("disk");
        std::fs::write(&path, [1u8; 4096]).unwrap();
        let mut medium = FileMedium::open(&path, true).unwrap();
        assert!(medium.read_only());
        assert_eq!(medium.write_at(0, &[0]), Err(MediumError::ReadOnly));
        std::fs::write(&path, [1u8; 100]).unwrap();
        assert_eq!(medium.read_at(0, &mut [0; 512]), Err(MediumError::Read));
        assert!(FileMedium::open(&path, true).is_err(), "smaller than a block");
        assert!(FileMedium::open(dir.path(), true).is_err());
    }
}
