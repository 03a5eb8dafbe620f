//! Waiting for every open ring at once.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::task::Poll;

use tokio::io::Interest;

use super::Core;
use super::ready::Ready;

/// The descriptors of the open rings.
#[derive(Debug, Default)]
pub(super) struct Watch {
    rings: BTreeMap<u32, (u64, Ready)>,
    /// Who was first last time: the one behind is first now.
    last: u32,
    /// The state of the core that was taken over.
    seen: u64,
}

impl Watch {
    /// Takes over which rings are open. A ring that cannot be waited for is told of, and looked at by its timer only.
    pub(super) fn follow(&mut self, core: &Core) {
        if self.seen == core.changes() {
            return;
        }
        self.seen = core.changes();
        let mut open = BTreeMap::new();
        for (host, generation, nic) in core.rings() {
            let there = self.rings.remove(&host).filter(|(of, _)| *of == generation);
            let made = || Ready::new(nic.fd(), Interest::READABLE);
            match there.map_or_else(|| made().map(|fd| (generation, fd)), Ok) {
                Ok(watched) => drop(open.insert(host, watched)),
                Err(error) => tracing::warn!(host, "the ring {} cannot be waited for: {error}", nic.name()),
            }
        }
        self.rings = open;
    }

    /// The host of a ring that has something.
    pub(super) async fn ready(&self) -> u32 {
        poll_fn(|context| {
            let behind = self.rings.range(self.last.saturating_add(1)..);
            let before = self.rings.range(..=self.last);
            for (host, (_, fd)) in behind.chain(before) {
                if fd.poll_readable(context) {
                    return Poll::Ready(*host);
                }
            }
            Poll::Pending
        })
        .await
    }

    /// The ring of a host had its turn; `empty`: it has nothing more.
    pub(super) fn had(&mut self, host: u32, empty: bool) {
        self.last = host;
        if empty && let Some((_, fd)) = self.rings.get(&host) {
            fd.clear(Interest::READABLE);
        }
    }
}
