//! Descriptors that a client sends: nobody knows what they are, and asking the wrong ones may block for ever.
//!
//! Owns which questions are safe, and where a descriptor that is not wanted is closed. A file of FUSE or of a network is
//! answered for by somebody else: fstat(2), fstatfs(2), read(2), write(2), and close(2) too, wait for him. Whether a file is the
//! kernel's own memory, and whether it is an eventfd, the kernel knows by itself; everything else is closed by a thread that
//! does nothing else. Source: fcntl(2) `F_GET_SEALS` (EINVAL but for shmem and hugetlbfs: `mm/memfd.c` `memfd_file_seals_ptr`),
//! eventfd(2), proc(5), `fs/fuse/file.c` `fuse_flush`.

use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, OnceLock};

use nix::fcntl::{FcntlArg, OFlag, fcntl};

/// Most descriptors of a function's clients that wait to be closed before no more are taken from them.
const MAX_WAITING: usize = 64;

/// How many unwanted descriptors of one function's clients wait to be closed. Clients of the other are not held up by them: what they
/// send is wanted, and does not wait.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    /// So many that no more are to be taken.
    pub(crate) fn enough(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= MAX_WAITING
    }
}

/// A descriptor of a client.
#[derive(Debug)]
pub(crate) struct Foreign(Option<OwnedFd>, Waiting);

impl Foreign {
    pub(crate) fn new(fd: OwnedFd, waiting: Waiting) -> Self {
        Self(Some(fd), waiting)
    }

    /// It is a file of the kernel's own memory (shared memory, huge pages); `None` when it is something else.
    pub(crate) fn memory(mut self) -> Option<File> {
        // The answer does not matter; nothing else has one.
        fcntl(self.0.as_ref()?, FcntlArg::F_GET_SEALS).ok()?;
        self.0.take().map(File::from)
    }

    /// It is an eventfd, and writing to it does not wait; `None` when it is something else.
    pub(crate) fn eventfd(mut self) -> Option<OwnedFd> {
        let fd = self.0.as_ref()?;
        // No path of a file system reads so.
        let what = std::fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd())).ok()?;
        if what.as_os_str() != "anon_inode:[eventfd]" {
            return None;
        }
        fcntl(fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).ok()?;
        self.0.take()
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        if let Some(fd) = self.0.take() {
            close_elsewhere(fd, self.1.clone());
        }
    }
}

fn close_elsewhere(fd: OwnedFd, waiting: Waiting) {
    static CLOSER: OnceLock<Option<Sender<(OwnedFd, Waiting)>>> = OnceLock::new();
    let start = || {
        let (sender, receiver) = mpsc::channel::<(OwnedFd, Waiting)>();
        let work = move || {
            for (fd, waiting) in receiver {
                drop(fd);
                waiting.0.fetch_sub(1, Ordering::Relaxed);
            }
        };
        let thread = std::thread::Builder::new().name("closer".to_owned()).spawn(work);
        thread.ok().map(|_| sender)
    };
    if let Some(closer) = CLOSER.get_or_init(start) {
        waiting.0.fetch_add(1, Ordering::Relaxed);
        // The thread ends with the process only.
        let _ = closer.send((fd, waiting));
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use nix::sys::eventfd::{EfdFlags, EventFd};
    use nix::sys::memfd::{MFdFlags, memfd_create};

    use super::*;

    #[test]
    fn only_the_kernels_own_memory_is_memory() {
        let file = tempfile::tempfile_in(env!("CARGO_MANIFEST_DIR")).unwrap();
        let (pipe, _end) = nix::unistd::pipe().unwrap();
        for other in [OwnedFd::from(file), pipe] {
            assert!(Foreign::new(other, Waiting::default()).memory().is_none());
        }
        // Sealed or not.
        for flags in [MFdFlags::MFD_CLOEXEC, MFdFlags::MFD_ALLOW_SEALING] {
            let memory = memfd_create("guest", flags).unwrap();
            assert!(Foreign::new(memory, Waiting::default()).memory().is_some());
        }
    }

    #[test]
    fn only_an_eventfd_is_an_eventfd() {
        let file = tempfile::tempfile().unwrap();
        let memory = memfd_create("anon_inode:[eventfd]", MFdFlags::MFD_CLOEXEC).unwrap();
        let (pipe, _end) = nix::unistd::pipe().unwrap();
        for other in [OwnedFd::from(file), memory, pipe] {
            assert!(Foreign::new(other, Waiting::default()).eventfd().is_none());
        }
        let mine = EventFd::from_flags(EfdFlags::empty()).unwrap();
        let theirs = Foreign::new(mine.as_fd().try_clone_to_owned().unwrap(), Waiting::default());
        let theirs = theirs.eventfd().unwrap();
        nix::unistd::write(&theirs, &u64::MAX.wrapping_sub(1).to_ne_bytes()).unwrap();
        // Full: it would wait.
        assert_eq!(
            nix::unistd::write(&theirs, &1u64.to_ne_bytes()),
            Err(nix::errno::Errno::EAGAIN)
        );
    }

    #[test]
    fn what_is_not_wanted_is_closed() {
        let (_read, write) = nix::unistd::pipe().unwrap();
        let number = write.as_raw_fd();
        let inode = std::fs::read_link(format!("/proc/self/fd/{number}")).unwrap();
        drop(Foreign::new(write, Waiting::default()));
        let begun = std::time::Instant::now();
        // Somebody else may have got the number meanwhile.
        while std::fs::read_link(format!("/proc/self/fd/{number}")).is_ok_and(|now| now == inode) {
            assert!(begun.elapsed().as_secs() < 20, "still open");
            std::thread::yield_now();
        }
    }
}
