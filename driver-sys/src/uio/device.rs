//! The node of a UIO device: its interrupts and its memory.
//!
//! Source: `uio.c` (`uio_open`, `uio_read`, `uio_mmap`, `uio_mmap_physical`); `cnic.c` (`cnic_uio_open`), `qedi_main.c`
//! (`qedi_uio_open`) for what an open answers.

use std::num::NonZeroUsize;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::{SysconfVar, sysconf};

use super::{Description, Map, Region, UioError};

/// The longest region that is mapped, in bytes: a BAR of these adapters has 32 MiB at most.
const LONGEST: u64 = 64 << 20;

/// An opened UIO device. Whoever holds it has the device's rings; they go back when it is dropped.
#[derive(Debug)]
pub struct Device {
    fd: OwnedFd,
    path: PathBuf,
    regions: Vec<Region>,
}

impl Device {
    /// Opens the node of a device in a directory (`/dev`).
    ///
    /// # Errors
    /// [`UioError`].
    pub fn open(dir: &Path, device: &Description) -> Result<Self, UioError> {
        let path = dir.join(format!("uio{}", device.number));
        let flags = OFlag::O_RDWR | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
        match open(&path, flags, Mode::empty()) {
            Ok(fd) => Ok(Self {
                fd,
                path,
                regions: device.regions.clone(),
            }),
            Err(Errno::ENOENT) => Err(UioError::Missing { path }),
            Err(source @ (Errno::EPERM | Errno::EACCES)) => Err(UioError::Permission { path, source }),
            Err(Errno::EBUSY) => Err(UioError::Busy { path }),
            Err(Errno::ENODEV | Errno::ENXIO) => Err(UioError::Down { path }),
            Err(source) => Err(UioError::System {
                what: "opening",
                path,
                source,
            }),
        }
    }

    /// The node.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a region is offered.
    #[must_use]
    pub fn offers(&self, index: usize) -> bool {
        self.region(index).is_some_and(|region| region.size > 0)
    }

    fn region(&self, index: usize) -> Option<&Region> {
        self.regions.iter().find(|region| region.index == index)
    }

    /// Maps a region. Of registers (`UIO_MEM_PHYS`) whose length is no multiple of a page, the last part cannot be had: the kernel
    /// maps whole pages, and refuses what is longer than the region.
    ///
    /// # Errors
    /// [`UioError::NoRegion`], [`UioError::Absurd`], [`UioError::System`].
    pub fn map(&self, index: usize) -> Result<Map, UioError> {
        let none = || UioError::NoRegion {
            path: self.path.clone(),
            index,
        };
        let region = *self.region(index).ok_or_else(none)?;
        let absurd = || UioError::Absurd {
            path: self.path.clone(),
            index,
            size: region.size,
            offset: region.offset,
        };
        let page = page_size();
        if region.size == 0 || region.size > LONGEST || region.offset >= page as u64 {
            return Err(absurd());
        }
        let size = usize::try_from(region.size).map_err(|_| absurd())?;
        let offset = usize::try_from(region.offset).map_err(|_| absurd())?;
        let position = i64::try_from(index * page).map_err(|_| absurd())?;
        let whole = (offset + size).next_multiple_of(page);
        let less = (offset + size) / page * page;
        let attempt = |bytes: usize| {
            let bytes = NonZeroUsize::new(bytes).ok_or(Errno::EINVAL)?;
            let len = size.min(bytes.get().saturating_sub(offset));
            Map::new(&self.fd, position, bytes, offset, len)
        };
        let mapped = match attempt(whole) {
            Err(Errno::EINVAL) if less < whole && less > 0 => attempt(less),
            other => other,
        };
        mapped.map_err(|source| UioError::System {
            what: "mapping memory",
            path: self.path.clone(),
            source,
        })
    }

    /// Acknowledges the interrupts that came; whether there were any.
    ///
    /// # Errors
    /// `EIO`: the driver has taken the device back.
    pub fn acknowledge(&self) -> Result<bool, Errno> {
        let mut count = [0; 4];
        loop {
            match nix::unistd::read(&self.fd, &mut count) {
                Ok(read) => return Ok(read == count.len()),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Ok(false),
                Err(errno) => return Err(errno),
            }
        }
    }
}

impl AsFd for Device {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn page_size() -> usize {
    let asked = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
    asked.and_then(|size| usize::try_from(size).ok()).unwrap_or(4096)
}

#[cfg(test)]
mod tests;
