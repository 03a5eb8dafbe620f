//! Whether somebody listens on an abstract socket, without connecting to it.
//!
//! Source: proc(5), `/proc/net/unix`; kernel `net/unix/af_unix.c` (`unix_seq_show`).

use std::fs::File;
use std::io::{self, BufRead, BufReader};

/// `__SO_ACCEPTCON`.
const LISTENS: u64 = 1 << 16;
/// Longest line that counts.
const LINE: u64 = 1024;

/// Whether somebody in this network namespace listens there.
pub(super) fn abstract_socket(name: &str) -> io::Result<bool> {
    among(BufReader::new(File::open("/proc/net/unix")?), name)
}

fn among(mut table: impl BufRead, name: &str) -> io::Result<bool> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if io::Read::take(&mut table, LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(false);
        }
        if String::from_utf8_lossy(&line).lines().any(|line| is(line, name)) {
            return Ok(true);
        }
    }
}

/// Whether a line is that of a listening socket of the name. `Num RefCount Protocol Flags Type St Inode Path`.
fn is(line: &str, name: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    let flags = words.nth(3).and_then(|flags| u64::from_str_radix(flags, 16).ok());
    let path = words.nth(3).and_then(|path| path.strip_prefix('@'));
    // An abstract name that ends in NULs shows them as `@`.
    flags.is_some_and(|flags| flags & LISTENS != 0) && path.is_some_and(|p| p.trim_end_matches('@') == name)
}

#[cfg(test)]
mod tests {
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

    use super::*;

    #[test]
    fn a_listener_is_seen_and_one_that_is_gone_is_not() {
        let name = format!("hba-test-listening-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        assert!(!abstract_socket(&name).expect("read"));
        let listener = UnixListener::bind_addr(&address).expect("bound");
        assert!(abstract_socket(&name).expect("read"));
        // A connection of that name is no listener.
        let client = UnixStream::connect_addr(&address).expect("connected");
        let (held, _) = listener.accept().expect("accepted");
        drop(listener);
        assert!(!abstract_socket(&name).expect("read"));
        drop((client, held));
    }

    #[test]
    fn lines_of_any_shape_are_passed_over() {
        let table = "Num RefCount Protocol Flags Type St Inode Path\n\
                     0000000000000000: 00000002 00000000 00010000 0001 01 20 /run/x\n\
                     0: 1 2 zz 3 4 5 @NAME\n0: 1\n\n0: 1 2 00000000 3 4 5 @NAME\n";
        assert!(!among(table.as_bytes(), "NAME").expect("read"));
        let long = format!("{}\n0: 1 2 00010000 3 4 5 @NAME\n", "x".repeat(5000));
        assert!(among(long.as_bytes(), "NAME").expect("read"));
    }
}
