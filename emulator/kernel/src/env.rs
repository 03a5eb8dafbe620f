//! What every room writes on: the tree of objects, the queue of what is to be sent, the clock.
//!
//! Must not know what a packet or an object means. The sockets that carry it all are the server's.

use std::collections::VecDeque;
use std::io;
use std::os::unix::net::UnixListener;
use std::time::Instant;

use crate::tree::{Object, Tree};

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

/// The tree, the queue and the clock.
pub(crate) struct Env {
    /// The tree of objects.
    pub(crate) tree: Tree,
    /// The time.
    pub(crate) now: Instant,
    /// Netlink groups that somebody listens to, as a bit mask.
    pub(crate) listeners: u32,
    out: VecDeque<Out>,
}

impl Env {
    /// Nothing is in the queue.
    pub(crate) fn new(tree: Tree, now: Instant) -> Self {
        Self {
            tree,
            now,
            listeners: 0,
            out: VecDeque::new(),
        }
    }

    /// Leaves something to be sent behind what is there already.
    pub(crate) fn push(&mut self, out: Out) {
        self.out.push_back(out);
    }

    /// The next thing to be sent.
    pub(crate) fn poll_out(&mut self) -> Option<Out> {
        self.out.pop_front()
    }

    /// Leaves the uevents of what has happened in the tree to be sent.
    pub(crate) fn push_uevents(&mut self) {
        for event in self.tree.take_uevents() {
            self.out.push_back(Out::Uevent(event.bytes));
        }
    }

    /// Sends to a netlink group; `false` when nobody listens.
    pub(crate) fn multicast(&mut self, group: u32, packet: Vec<u8>) -> bool {
        self.out.push_back(Out::Group(group, packet));
        self.listeners & (1 << (group - 1)) != 0
    }

    /// A failure of the tree's disk is logged; the kernel goes on. `what` is the kind of object.
    pub(crate) fn done(&self, what: &str, result: io::Result<()>) {
        if let Err(error) = result {
            tracing::error!(%error, what, "cannot write the sysfs tree");
        }
    }

    /// Shows an object, now or as soon as there is room.
    pub(crate) fn show(&mut self, what: &str, object: Object) {
        let done = self.tree.add_soon(object);
        self.done(what, done);
    }

    /// Takes an object away.
    pub(crate) fn hide(&mut self, what: &str, path: &str) {
        let done = self.tree.remove(path);
        self.done(what, done);
    }

    /// Writes an attribute; a newline is added.
    pub(crate) fn write(&mut self, what: &str, path: &str, value: &str) {
        let done = self.tree.set(path, &format!("{value}\n")).map(|_| ());
        self.done(what, done);
    }

    /// Writes attributes of an object; newlines are added. Those without a value refuse to be read.
    pub(crate) fn write_shown(
        &mut self,
        what: &str,
        path: &str,
        values: Vec<(&'static str, Option<String>)>,
    ) {
        for (name, value) in values {
            let at = format!("{path}/{name}");
            let done = match value {
                Some(value) => self.tree.set(&at, &format!("{value}\n")),
                None => self.tree.refuse(&at),
            };
            self.done(what, done.map(drop));
        }
    }

    /// Writes attributes of an object; newlines are added.
    pub(crate) fn write_all(&mut self, what: &str, path: &str, values: Vec<(&'static str, String)>) {
        let line = |(n, v): (&'static str, String)| (n, format!("{v}\n"));
        let done = self.tree.set_all(path, values.into_iter().map(line));
        self.done(what, done);
    }
}
