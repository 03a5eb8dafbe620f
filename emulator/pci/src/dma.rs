//! The files behind guest memory, and how bytes get in and out of them.
//!
//! Owns the only `unsafe` of this crate: mapping huge pages. It must not know bus addresses.
//!
//! A client can take memory away while it is used: shorten the file, punch holes into it, let it have no page left. Whoever
//! dereferences a mapping then gets SIGBUS, and no seal forbids all of that (F_SEAL_SHRINK does not forbid holes, and a hole in
//! huge pages need not get a page again). So nothing here dereferences guest memory; the kernel copies, and what cannot be
//! copied is an error:
//!
//! - shared memory (memfd, tmpfs): pread(2), pwrite(2);
//! - huge pages: pread(2); hugetlbfs has no write(2), so they are mapped and written by process_vm_writev(2) into our own
//!   address space, which answers EFAULT where a store would have been a SIGBUS.
//!
//! Other files are refused: reading them may block for as long as somebody else likes (see [`crate::descriptor`]). No slice of
//! guest memory ever exists in this process, so it does not matter that the guest changes it at any time. What the copy costs
//! stands in docs/decisions/0010-guest-memory.md.
#![expect(unsafe_code, reason = "huge pages are mapped")]

use std::fs::File;
use std::io::{self, IoSlice};
use std::num::NonZeroUsize;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::ptr::NonNull;
use std::sync::Arc;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};
use nix::sys::statfs::{HUGETLBFS_MAGIC, TMPFS_MAGIC, fstatfs};
use nix::sys::uio::{RemoteIoVec, process_vm_writev};
use nix::unistd::Pid;
use thiserror::Error;

use crate::descriptor::Foreign;

/// Longest stretch of huge pages of one range.
const MAX_WINDOW: u64 = 1 << 42;

/// Why a descriptor cannot be guest memory.
#[derive(Debug, Error)]
pub(crate) enum Unfit {
    /// Something that may block, or has no bytes.
    #[error("guest memory must be a memfd, a file in tmpfs or huge pages; this descriptor is something else")]
    Kind,
    /// The file ends before the range does.
    #[error("the range ends at byte {end} of a file of {len} bytes")]
    Short {
        /// End of the range in the file.
        end: u64,
        /// The file's length.
        len: u64,
    },
    /// A system call.
    #[error("cannot use a descriptor as guest memory: {0}")]
    System(#[from] Errno),
}

impl Unfit {
    /// What the client hears.
    pub(crate) fn errno(&self) -> i32 {
        match self {
            Self::Kind | Self::Short { .. } => Errno::EINVAL as i32,
            Self::System(errno) => *errno as i32,
        }
    }
}

/// A file that is guest memory, or a part of it.
#[derive(Debug)]
pub(crate) struct Store {
    file: File,
    /// Bytes of a page, if they are huge ones.
    huge: Option<u64>,
    identity: (u64, u64, i32),
}

impl Store {
    pub(crate) fn new(descriptor: Foreign) -> Result<Self, Unfit> {
        let file = descriptor.memory().ok_or(Unfit::Kind)?;
        // From here on the kernel answers by itself.
        let system = |error: io::Error| Errno::from_raw(error.raw_os_error().unwrap_or(0));
        let metadata = file.metadata().map_err(system)?;
        let kind = fstatfs(&file)?;
        let huge = match kind.filesystem_type() {
            TMPFS_MAGIC => None,
            HUGETLBFS_MAGIC => Some(u64::try_from(kind.block_size()).map_err(|_| Unfit::Kind)?),
            _ => return Err(Unfit::Kind),
        };
        if !metadata.is_file() || huge.is_some_and(|page| !page.is_power_of_two()) {
            return Err(Unfit::Kind);
        }
        let mode = fcntl(&file, FcntlArg::F_GETFL)? & OFlag::O_ACCMODE.bits();
        Ok(Self {
            identity: (metadata.dev(), metadata.ino(), mode),
            file,
            huge,
        })
    }

    /// Both are the same file, opened for the same.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.identity == other.identity
    }
}

/// A piece of a file.
#[derive(Debug)]
pub(crate) struct Piece {
    store: Arc<Store>,
    offset: u64,
    size: u64,
    window: Option<Window>,
}

impl Piece {
    /// `size` bytes at `offset`, all of which the file has now.
    pub(crate) fn new(store: Arc<Store>, offset: u64, size: u64, writes: bool) -> Result<Self, Unfit> {
        let end = offset.checked_add(size).ok_or(Errno::EINVAL)?;
        let len = store.file.metadata().map_or(0, |metadata| metadata.len());
        if len < end {
            return Err(Unfit::Short { end, len });
        }
        let window = match store.huge {
            Some(page) if writes => Some(Window::new(&store.file, page, offset, size)?),
            _ => None,
        };
        Ok(Self {
            store,
            offset,
            size,
            window,
        })
    }

    /// Copies bytes out.
    pub(crate) fn read(&self, within: u64, into: &mut [u8]) -> io::Result<()> {
        let at = self.place(within, into.len())?;
        self.store.file.read_exact_at(into, at)
    }

    /// Copies bytes in.
    pub(crate) fn write(&self, within: u64, from: &[u8]) -> io::Result<()> {
        let at = self.place(within, from.len())?;
        match (&self.window, self.store.huge) {
            (Some(window), _) => window.write(within, from),
            (None, Some(_)) => Err(Errno::EACCES.into()),
            (None, None) => self.store.file.write_all_at(from, at),
        }
    }

    /// Where in the file.
    fn place(&self, within: u64, len: usize) -> io::Result<u64> {
        let end = within.checked_add(len as u64);
        let inside = end.is_some_and(|end| end <= self.size);
        if inside {
            Ok(self.offset + within)
        } else {
            Err(Errno::EFAULT.into())
        }
    }
}

/// Mapped huge pages. Whole ones: mmap(2) and munmap(2) take nothing else.
#[derive(Debug)]
struct Window {
    at: NonNull<nix::libc::c_void>,
    len: usize,
    /// Where the piece begins in the first page, and its length.
    skip: usize,
    size: usize,
}

// SAFETY: an address and lengths; nothing dereferences the address, and the kernel checks every access to it.
unsafe impl Send for Window {}
// SAFETY: as above; two writes at once do what two writes of any device to the same memory do.
unsafe impl Sync for Window {}

impl Window {
    fn new(file: &File, page: u64, offset: u64, size: u64) -> Result<Self, Errno> {
        let first = offset & !(page - 1);
        let end = offset + size;
        let end = end.checked_next_multiple_of(page).ok_or(Errno::EINVAL)?;
        if end - first > MAX_WINDOW {
            return Err(Errno::ENOSPC);
        }
        let bytes = |value: u64| usize::try_from(value).map_err(|_| Errno::EINVAL);
        let len = NonZeroUsize::new(bytes(end - first)?).ok_or(Errno::EINVAL)?;
        let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // The pages are the client's to reserve.
        let flags = MapFlags::MAP_SHARED | MapFlags::MAP_NORESERVE;
        let start = i64::try_from(first).map_err(|_| Errno::EINVAL)?;
        // SAFETY: a new mapping at an address of the kernel's choice; it aliases nothing of ours, and no reference to it is made.
        let at = unsafe { mmap(None, len, protection, flags, file, start) }?;
        Ok(Self {
            at,
            len: len.get(),
            skip: bytes(offset - first)?,
            size: bytes(size)?,
        })
    }

    fn write(&self, within: u64, from: &[u8]) -> io::Result<()> {
        let within = usize::try_from(within).map_err(|_| Errno::EFAULT)?;
        if within.checked_add(from.len()).is_none_or(|end| end > self.size) {
            return Err(Errno::EFAULT.into());
        }
        // Inside of what `new` mapped, so this cannot reach any other memory of ours.
        let there = RemoteIoVec {
            base: self.at.as_ptr().expose_provenance() + self.skip + within,
            len: from.len(),
        };
        let written = process_vm_writev(Pid::this(), &[IoSlice::new(from)], &[there])?;
        if written == from.len() {
            Ok(())
        } else {
            Err(Errno::EFAULT.into())
        }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // SAFETY: `at` and `len` are what mmap gave, whole pages; no reference to it exists.
        if let Err(errno) = unsafe { munmap(self.at, self.len) } {
            tracing::error!(%errno, len = self.len, "huge pages stay mapped");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;

    use nix::fcntl::FallocateFlags;
    use nix::sys::memfd::{MFdFlags, memfd_create};

    use super::*;

    fn store(fd: &impl std::os::fd::AsFd) -> Arc<Store> {
        let fd: OwnedFd = fd.as_fd().try_clone_to_owned().unwrap();
        Arc::new(Store::new(Foreign::new(fd, crate::descriptor::Waiting::default())).unwrap())
    }

    fn memfd(len: u64) -> File {
        let file = File::from(memfd_create("guest", MFdFlags::MFD_CLOEXEC).unwrap());
        file.set_len(len).unwrap();
        file
    }

    #[test]
    fn a_file_that_is_shortened_is_an_error() {
        let file = memfd(8192);
        let piece = Piece::new(store(&file), 4096, 4096, true).unwrap();
        piece.write(4090, &[1; 6]).unwrap();
        let mut back = [0; 6];
        piece.read(4090, &mut back).unwrap();
        assert_eq!(back, [1; 6]);
        assert!(piece.read(4091, &mut back).is_err(), "beyond the piece");
        assert!(piece.write(u64::MAX, &[0; 2]).is_err());
        file.set_len(4096).unwrap();
        assert!(piece.read(0, &mut back).is_err());
    }

    #[test]
    fn a_piece_lies_in_the_file_and_the_same_file_is_known_again() {
        let file = memfd(4096);
        let store = store(&file);
        for (offset, size) in [(0, 4097), (4096, 1), (u64::MAX, 2)] {
            assert!(Piece::new(Arc::clone(&store), offset, size, true).is_err());
        }
        assert!(store.is(&self::store(&file)));
        assert!(!store.is(&self::store(&memfd(4096))));
    }

    #[test]
    fn a_file_of_a_disk_is_refused_with_a_reason() {
        let file = tempfile::tempfile_in(env!("CARGO_MANIFEST_DIR")).unwrap();
        let error = Store::new(Foreign::new(file.into(), crate::descriptor::Waiting::default())).unwrap_err();
        assert_eq!(error.errno(), nix::libc::EINVAL);
        assert!(error.to_string().contains("memfd"), "{error}");
    }

    /// How many mappings of that file this process has.
    fn mapped(name: &str) -> usize {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        maps.lines().filter(|line| line.contains(name)).count()
    }

    /// With pages in the pool they are written and read, without they are an error; a hole is one or the other, and nothing
    /// stays mapped in any case.
    #[test]
    fn huge_pages_are_written_or_an_error_and_leave_nothing_mapped() {
        const PAGE: u64 = 2 << 20;
        const NAME: &str = "hba-huge-pages-test";
        let flags = MFdFlags::MFD_HUGETLB | MFdFlags::MFD_HUGE_2MB | MFdFlags::MFD_CLOEXEC;
        let file = match memfd_create(NAME, flags) {
            Ok(file) => File::from(file),
            Err(errno) => {
                assert!(
                    matches!(errno, Errno::ENOSYS | Errno::EINVAL | Errno::ENODEV),
                    "{errno}"
                );
                return;
            }
        };
        file.set_len(2 * PAGE).unwrap();
        let pieces: Vec<Piece> = [(0, 4096), (PAGE - 4096, 8192), (PAGE + 12_288, 100)]
            .map(|(offset, size)| Piece::new(store(&file), offset, size, true).unwrap())
            .into();
        assert_eq!(mapped(NAME), 3);
        // A range over two pages, of which the pool may have none.
        let text = [7; 8192];
        let mut back = [0; 8192];
        if pieces[1].write(0, &text).is_ok() {
            pieces[1].read(0, &mut back).unwrap();
            assert_eq!(back, text);
            let punch = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
            nix::fcntl::fallocate(&file, punch, 0, 2 * PAGE as i64).unwrap();
            pieces[1].read(0, &mut back).unwrap();
            assert_eq!(back, [0; 8192]);
        }
        // A page, or none: never a signal.
        let _ = pieces[0].write(0, &text[..4096]);
        assert!(pieces[2].write(60, &text[..41]).is_err(), "beyond the piece");
        drop(pieces);
        assert_eq!(mapped(NAME), 0);
    }
}
