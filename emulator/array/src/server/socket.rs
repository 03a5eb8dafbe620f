//! A unix socket at a path that somebody typed.
//!
//! Owns what may be replaced there: a socket of this user's that nobody listens on any more. Anything else stays as it is, and the
//! caller hears what it is. The socket is this user's alone (0600) from its first instant, whatever the umask; what goes at the end is
//! what was made here. Source: unix(7); the mode of a bound socket is that of the descriptor's inode (fchmod before bind).

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::socket::{self, AddressFamily, Backlog, SockFlag, SockType, UnixAddr};
use nix::sys::stat::{Mode, fchmod};
use nix::unistd::geteuid;

/// Callers that wait to be accepted.
const BACKLOG: i32 = 64;
/// Others that start at the same time may be in the way so often.
const ATTEMPTS: usize = 8;

/// The file of a socket that was made here. It goes with this value, if it is still the same.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

/// Listens at a path.
///
/// # Errors
/// `AlreadyExists` for anything that is no dead socket of this user's, `AddrInUse` for one that answers, or what the system says.
pub(super) fn listen(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    let address = UnixAddr::new(path)?;
    for _ in 0..ATTEMPTS {
        if let Some(found) = lstat(path)? {
            check(&found)?;
            match socket::connect(descriptor()?.as_raw_fd(), &address) {
                Ok(()) | Err(Errno::EAGAIN) => {
                    return Err(io::Error::new(
                        ErrorKind::AddrInUse,
                        "a running server answers there",
                    ));
                }
                Err(Errno::ECONNREFUSED) => remove(path, identity(&found))?,
                Err(Errno::ENOENT) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        let fd = descriptor()?;
        fchmod(&fd, Mode::S_IRUSR | Mode::S_IWUSR)?;
        match socket::bind(fd.as_raw_fd(), &address) {
            Ok(()) => {}
            Err(Errno::EADDRINUSE) => continue,
            Err(errno) => return Err(errno.into()),
        }
        let file = SocketFile {
            path: path.to_owned(),
            identity: identity(&fs::symlink_metadata(path)?),
        };
        socket::listen(&fd, Backlog::new(BACKLOG)?)?;
        // The standard library's listener accepts from any unix socket, this packet-preserving one included.
        return Ok((UnixListener::from(fd), file));
    }
    Err(ErrorKind::AddrInUse.into())
}

fn descriptor() -> io::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    Ok(socket::socket(
        AddressFamily::Unix,
        SockType::SeqPacket,
        flags,
        None,
    )?)
}

fn lstat(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn identity(found: &Metadata) -> (u64, u64) {
    (found.dev(), found.ino())
}

/// Only a socket of this user's may go.
fn check(found: &Metadata) -> io::Result<()> {
    let why = if !found.file_type().is_socket() {
        "there is something that is no socket; it is left as it is"
    } else if found.uid() != geteuid().as_raw() {
        "there is a socket of another user; it is left as it is"
    } else {
        return Ok(());
    };
    Err(io::Error::new(ErrorKind::AlreadyExists, why))
}

/// Removes the file if it is the one that was looked at: it gets a name of its own first, so that nothing that took its place
/// meanwhile is lost.
fn remove(path: &Path, wanted: (u64, u64)) -> io::Result<()> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
    let mut aside = path.as_os_str().to_owned();
    aside.push(format!(".{:016x}", u64::from_ne_bytes(random)));
    let aside = PathBuf::from(aside);
    match fs::rename(path, &aside) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    if identity(&fs::symlink_metadata(&aside)?) == wanted {
        return fs::remove_file(&aside);
    }
    // Back, unless the name is taken again.
    fs::hard_link(&aside, path)?;
    fs::remove_file(&aside)?;
    Err(ErrorKind::AlreadyExists.into())
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let same = lstat(&self.path).is_ok_and(|found| found.is_some_and(|f| identity(&f) == self.identity));
        if same && let Err(error) = remove(&self.path, self.identity) {
            tracing::debug!(%error, path = %self.path.display(), "the control socket's file stays");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn failure(path: &Path) -> io::Error {
        listen(path).map(drop).unwrap_err()
    }

    #[test]
    fn what_is_no_dead_socket_of_ours_stays() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("precious"), "precious").unwrap();
        fs::create_dir(at("directory")).unwrap();
        std::os::unix::fs::symlink(at("precious"), at("link")).unwrap();
        std::os::unix::fs::symlink(at("nowhere"), at("dangling")).unwrap();
        nix::unistd::mkfifo(&at("fifo"), Mode::S_IRUSR).unwrap();
        for name in ["precious", "directory", "link", "dangling", "fifo"] {
            let error = failure(&at(name));
            assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{name}: {error}");
        }
        assert_eq!(fs::read(at("precious")).unwrap(), b"precious");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 5);
    }

    #[test]
    fn a_dead_socket_is_replaced_and_a_live_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control");
        let (listener, file) = listen(&path).unwrap();
        assert_eq!(failure(&path).kind(), ErrorKind::AddrInUse);
        // As after a kill: the file stays, nobody listens.
        std::mem::forget(file);
        drop(listener);
        let (listener, file) = listen(&path).unwrap();
        drop((listener, file));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_took_its_place_is_not_removed_at_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control");
        let (_listener, file) = listen(&path).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, "precious").unwrap();
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"precious");
        assert!(remove(&path, (0, 0)).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"precious");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_socket_is_for_its_user_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control");
        let _kept = listen(&path).unwrap();
        let mode = fs::symlink_metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
