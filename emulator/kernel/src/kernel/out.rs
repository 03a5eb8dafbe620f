//! What the kernel leaves for the sockets to send or do.

use std::os::unix::net::UnixListener;

/// Names one connected client of any socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ClientId(pub(crate) u64);

/// Something to be sent or done by the sockets. Packets may hold secrets: nothing of it is ever printed.
pub(crate) enum Out {
    /// To one client, as one packet.
    To(ClientId, Vec<u8>),
    /// To every netlink client in a group.
    Group(u32, Vec<u8>),
    /// To every uevent client.
    Uevent(Vec<u8>),
    /// A logical unit came: its sg socket, listening already so that whoever sees the unit can connect.
    SgOpen(String, UnixListener),
    /// A logical unit is gone: its sg socket closes.
    SgClose(String),
}
