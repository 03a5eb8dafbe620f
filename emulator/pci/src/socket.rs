//! Sockets with a path: private from the first instant, and what is deleted is what was made here.
//!
//! Owns path, mode and the mark. Beside a socket `PATH` stands `PATH.lock`, held by the process that serves it; it names the
//! socket by device and inode, and is empty when nobody does. A socket that nobody serves any more is replaced if the mark names it, anything else at the path
//! is left alone and said. Source: unix(7), flock(2); `net/unix/af_unix.c` `unix_bind_bsd`: a socket file gets the mode of the
//! socket's own inode, so that fchmod(2) before bind(2) leaves no instant in which the file is open to others.

use std::ffi::OsString;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixListener;
use std::path::Path;

use files::{Dir, Lock, Why};
use nix::sys::socket::{self, AddressFamily, Backlog, SockFlag, SockType, UnixAddr};
use nix::sys::stat::{Mode, fchmod};

use crate::error::PciError;

/// Callers that may wait.
const BACKLOG: i32 = 16;
/// What a mark begins with.
const MARK: &str = "hbaemu socket";
/// As long as a mark is.
const MARK_MAX: u64 = 512;

/// The place of a socket that was made here; gone when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    dir: Dir,
    name: OsString,
    lock: Lock,
    socket: Identity,
}

/// Device and inode.
type Identity = (u64, u64);

/// A listening socket at a path, 0600 whatever the umask is.
pub(crate) fn listen(path: &Path, kind: SockType) -> Result<(UnixListener, Place), PciError> {
    let failed = |what| {
        move |source: io::Error| PciError::Io {
            what,
            path: path.to_owned(),
            source,
        }
    };
    let no_name = || failed("listen on")(io::ErrorKind::InvalidInput.into());
    let name = path.file_name().ok_or_else(no_name)?.to_owned();
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let dir = Dir::open(parent.unwrap_or(Path::new(".")))?;
    let lock_name = lock_name(&name);
    // What the one before left stays until there is something new to say.
    let before = dir.read(&lock_name, MARK_MAX)?.unwrap_or_default();
    let before = String::from_utf8_lossy(&before).into_owned();
    let lock = Lock::take(&dir, &lock_name, &before).map_err(|error| match error.why() {
        Why::Held(_) => PciError::Served(path.to_owned()),
        _ => error.into(),
    })?;
    make_room(&dir, &name, path, marked(&before))?;

    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let open = || -> io::Result<_> {
        let fd = socket::socket(AddressFamily::Unix, kind, flags, None)?;
        // Whoever may connect gets the adapter, and its CHAP secrets.
        fchmod(&fd, Mode::S_IRUSR | Mode::S_IWUSR)?;
        socket::bind(fd.as_raw_fd(), &UnixAddr::new(&dir.through(&name))?)?;
        let made = dir.through(&name).symlink_metadata()?;
        Ok((fd, (made.dev(), made.ino())))
    };
    let (fd, socket) = open().map_err(failed("listen on"))?;
    let (device, inode) = socket;
    lock.tell(&format!("{MARK} {device} {inode}"))
        .map_err(failed("mark"))?;
    let place = Place {
        dir,
        name,
        lock,
        socket,
    };
    let backlog = Backlog::new(BACKLOG).unwrap_or(Backlog::MAXCONN);
    socket::listen(&fd, backlog).map_err(|errno| failed("listen on")(errno.into()))?;
    Ok((UnixListener::from(fd), place))
}

fn lock_name(name: &OsString) -> OsString {
    let mut lock = name.clone();
    lock.push(".lock");
    lock
}

/// The socket that a mark names.
fn marked(text: &str) -> Option<Identity> {
    let rest = text.strip_prefix(MARK)?;
    let mut numbers = rest.split_whitespace().map_while(|word| word.parse().ok());
    numbers.next().zip(numbers.next())
}

/// Deletes the socket that the mark names; anything else is refused.
fn make_room(dir: &Dir, name: &OsString, path: &Path, mark: Option<Identity>) -> Result<(), PciError> {
    let found = match dir.through(name).symlink_metadata() {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => {
            return Err(PciError::Io {
                what: "look at",
                path: path.to_owned(),
                source,
            });
        }
    };
    if !found.file_type().is_socket() || mark != Some((found.dev(), found.ino())) {
        return Err(PciError::Foreign(path.to_owned()));
    }
    dir.remove(name)?;
    Ok(())
}

impl Drop for Place {
    fn drop(&mut self) {
        // Whoever connects now shall hear that nobody serves.
        let found = self.dir.through(&self.name).symlink_metadata();
        if found.is_ok_and(|found| (found.dev(), found.ino()) == self.socket) {
            let _ = self.dir.remove(&self.name);
        }
        // The lock stays, empty: two could hold it if it went away.
        let _ = self.lock.tell("");
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn stream(path: &Path) -> Result<(UnixListener, Place), PciError> {
        listen(path, SockType::Stream)
    }

    #[test]
    fn a_socket_is_private_without_being_made_so_later_and_goes_away() {
        let dir = tempfile::tempdir().unwrap();
        for kind in [SockType::Stream, SockType::SeqPacket] {
            let path = dir.path().join("fn1");
            let bound = listen(&path, kind).unwrap();
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            let lock = dir.path().join("fn1.lock");
            assert_eq!(lock.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            assert!(matches!(listen(&path, kind), Err(PciError::Served(_))));
            drop(bound);
            assert!(!path.exists());
            assert_eq!(std::fs::read(&lock).unwrap(), b"");
        }
    }

    #[test]
    fn what_a_killed_process_left_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fn1");
        let (listener, place) = stream(&path).unwrap();
        let kept = std::fs::read_to_string(dir.path().join("fn1.lock")).unwrap();
        // As after a SIGKILL: the descriptors are closed and nothing is tidied up.
        drop(listener);
        std::fs::rename(&path, dir.path().join("aside")).unwrap();
        drop(place);
        std::fs::rename(dir.path().join("aside"), &path).unwrap();
        std::fs::write(dir.path().join("fn1.lock"), kept).unwrap();
        assert!(stream(&path).is_ok());
    }

    #[test]
    fn what_was_not_made_here_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("file"), "precious").unwrap();
        std::fs::create_dir(at("dir")).unwrap();
        symlink(at("nowhere"), at("link")).unwrap();
        nix::unistd::mkfifo(&at("fifo"), Mode::S_IRUSR).unwrap();
        drop(UnixListener::bind(at("socket")).unwrap());
        // A mark that names another socket.
        drop(UnixListener::bind(at("marked")).unwrap());
        std::fs::write(at("marked.lock"), format!("{MARK} 1 2\n")).unwrap();
        for name in ["file", "dir", "link", "fifo", "socket", "marked"] {
            let before = at(name).symlink_metadata().unwrap().ino();
            let error = stream(&at(name)).unwrap_err();
            assert!(matches!(error, PciError::Foreign(_)), "{name}: {error:?}");
            assert_eq!(at(name).symlink_metadata().unwrap().ino(), before, "{name}");
        }
        assert_eq!(std::fs::read_to_string(at("file")).unwrap(), "precious");
        assert!(!at("nowhere").exists());
    }

    #[test]
    fn a_planted_lock_is_not_followed_and_what_took_our_place_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fn1");
        let lock = dir.path().join("fn1.lock");
        symlink(dir.path().join("victim"), &lock).unwrap();
        assert!(stream(&path).is_err());
        assert!(!dir.path().join("victim").exists() && !path.exists());
        std::fs::remove_file(&lock).unwrap();
        nix::unistd::mkfifo(&lock, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
        assert!(stream(&path).is_err());
        std::fs::remove_file(&lock).unwrap();
        let (_listener, place) = stream(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "somebody else's").unwrap();
        drop(place);
        assert!(path.exists());
    }
}
