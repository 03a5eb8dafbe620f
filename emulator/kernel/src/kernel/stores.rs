//! Writes to attributes that clients have sent, each client's in the order of their coming.
//!
//! A write lasts as long as its effect does in a kernel, where the writer sleeps meanwhile; here only his socket waits. Must not know what
//! a write does.

use std::collections::{BTreeMap, VecDeque};

use super::ClientId;
use crate::midlayer::Stored;

/// Most writes of one client that wait.
const MAX_WAITING: usize = 64;

/// What is to be done about the first write of a client.
pub(super) enum Step {
    /// It is to be carried out: path and value.
    New(String, Vec<u8>),
    /// It waits for this.
    Waits(Stored),
}

#[derive(Default)]
struct Writes {
    waits: Option<Stored>,
    queue: VecDeque<(String, Vec<u8>)>,
}

/// The writes of every client.
#[derive(Default)]
pub(super) struct Stores(BTreeMap<ClientId, Writes>);

impl Stores {
    /// Takes a write in; false when too many wait.
    pub(super) fn push(&mut self, client: ClientId, path: &str, value: &[u8]) -> bool {
        let writes = self.0.entry(client).or_default();
        let room = writes.queue.len() < MAX_WAITING;
        if room {
            writes.queue.push_back((path.to_owned(), value.to_vec()));
        }
        room
    }

    /// Everybody who waits.
    pub(super) fn clients(&self) -> Vec<ClientId> {
        self.0.keys().copied().collect()
    }

    /// The first write of a client.
    pub(super) fn first(&mut self, client: ClientId) -> Option<Step> {
        let writes = self.0.get_mut(&client)?;
        if let Some(stored) = writes.waits.clone() {
            return Some(Step::Waits(stored));
        }
        match writes.queue.pop_front() {
            Some((path, value)) => Some(Step::New(path, value)),
            None => {
                self.0.remove(&client);
                None
            }
        }
    }

    /// The first write of a client waits for something.
    pub(super) fn wait(&mut self, client: ClientId, stored: Stored) {
        self.0.entry(client).or_default().waits = Some(stored);
    }

    /// The first write of a client is answered.
    pub(super) fn answered(&mut self, client: ClientId) {
        if let Some(writes) = self.0.get_mut(&client) {
            writes.waits = None;
        }
    }

    /// A client is gone: what it still wanted to write is not written. What it waits for goes on.
    pub(super) fn forget(&mut self, client: ClientId) {
        self.0.remove(&client);
    }
}
