//! Making a listening socket in the served directory.
//!
//! Must not know what it is for. Source: unix(7), SOCK_SEQPACKET.

use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, chown};
use std::os::unix::net::UnixListener;
use std::path::Path;

use nix::sys::socket::{self, AddressFamily, Backlog, SockFlag, SockType, UnixAddr};
use nix::unistd::Gid;

/// A listening seqpacket socket; connections queue until somebody accepts them. A socket that a dead server left there is
/// replaced, anything else is left alone.
pub(crate) fn socket_at(path: &Path, group: Option<Gid>) -> io::Result<UnixListener> {
    match path.symlink_metadata() {
        Ok(there) if there.file_type().is_socket() => std::fs::remove_file(path)?,
        Ok(_) => {
            let why = "something that is no socket is in the way";
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let fd = socket::socket(AddressFamily::Unix, SockType::SeqPacket, flags, None)?;
    let address = UnixAddr::new(path).map_err(|errno| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("the path is too long for a unix socket ({errno})"),
        )
    })?;
    socket::bind(fd.as_raw_fd(), &address)?;
    // Nobody can connect before listen(2), whatever the mask of the process.
    if let Some(group) = group {
        chown(path, None, Some(group.as_raw()))?;
    }
    let mode = if group.is_some() { 0o660 } else { 0o600 };
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    socket::listen(&fd, Backlog::new(128).unwrap_or(Backlog::MAXCONN))?;
    Ok(UnixListener::from(fd))
}
