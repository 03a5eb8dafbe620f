//! Datagrams out of their pieces.
//!
//! Source: RFC 791, RFC 8200 section 4.5, RFC 5722: pieces that overlap void their datagram, with IPv4 too. What waits for its rest is
//! bounded in number, size and time.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::packet::{Fragment, Packet};

/// Datagrams that wait for their rest; beyond that the oldest goes.
const DATAGRAMS: usize = 16;
/// Pieces of a datagram. 65535 bytes over the smallest MTU of IPv6 are 54.
const PIECES: usize = 128;
/// Largest datagram in bytes.
const LARGEST: usize = 65_535;
/// How long a datagram waits for its rest.
const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    source: IpAddr,
    destination: IpAddr,
    /// With IPv6 all protocols share the numbers.
    protocol: u8,
    identification: u32,
}

#[derive(Debug)]
struct Datagram {
    pieces: BTreeMap<usize, Vec<u8>>,
    /// Bytes of `pieces`.
    held: usize,
    total: Option<usize>,
    /// Of the first piece.
    protocol: Option<u8>,
    /// Pieces did not fit each other: all others are thrown away too.
    void: bool,
    expires: Instant,
}

/// What waits for its rest.
#[derive(Debug, Default)]
pub(super) struct Reassembly {
    datagrams: BTreeMap<Key, Datagram>,
    evicted: u64,
}

/// A piece that is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Useless;

impl Reassembly {
    /// A piece. `Some` is the whole datagram, with the protocol of its first piece.
    pub(super) fn add(
        &mut self,
        now: Instant,
        packet: &Packet<'_>,
        fragment: Fragment,
    ) -> Result<Option<(u8, Vec<u8>)>, Useless> {
        self.expire(now);
        let Fragment {
            identification,
            offset,
            more,
        } = fragment;
        let length = packet.payload.len();
        let end = offset + length;
        if length == 0 || end > LARGEST || (more && !length.is_multiple_of(8)) {
            return Err(Useless);
        }
        let protocol = u8::from(packet.protocol);
        let key = Key {
            source: packet.source,
            destination: packet.destination,
            protocol: if packet.source.is_ipv4() { protocol } else { 0 },
            identification,
        };
        if !self.datagrams.contains_key(&key) {
            self.make_room();
        }
        let datagram = self.datagrams.entry(key).or_insert_with(|| Datagram {
            pieces: BTreeMap::new(),
            held: 0,
            total: None,
            protocol: None,
            void: false,
            expires: now + PATIENCE,
        });
        datagram.add(offset, end, more, protocol, packet.payload)?;
        if datagram.total != Some(datagram.held) {
            return Ok(None);
        }
        let whole = self.datagrams.remove(&key).ok_or(Useless)?;
        let protocol = whole.protocol.ok_or(Useless)?;
        Ok(Some((protocol, whole.pieces.into_values().flatten().collect())))
    }

    pub(super) fn expire(&mut self, now: Instant) {
        self.datagrams.retain(|_, d| d.expires > now);
    }

    /// Datagrams that were pushed out.
    pub(super) const fn evicted(&self) -> u64 {
        self.evicted
    }

    fn make_room(&mut self) {
        if self.datagrams.len() < DATAGRAMS {
            return;
        }
        if let Some(oldest) = self
            .datagrams
            .iter()
            .min_by_key(|(_, d)| d.expires)
            .map(|(k, _)| *k)
        {
            self.datagrams.remove(&oldest);
            self.evicted += 1;
        }
    }
}

impl Datagram {
    fn add(
        &mut self,
        offset: usize,
        end: usize,
        more: bool,
        protocol: u8,
        bytes: &[u8],
    ) -> Result<(), Useless> {
        if self.void {
            return Err(Useless);
        }
        if self.pieces.get(&offset).is_some_and(|held| held == bytes) {
            return if more || self.total == Some(end) {
                Ok(())
            } else {
                self.voided()
            };
        }
        let before = self
            .pieces
            .range(..=offset)
            .next_back()
            .map_or(0, |(at, p)| at + p.len());
        let after = self
            .pieces
            .range(offset..)
            .next()
            .map_or(usize::MAX, |(at, _)| *at);
        let last = self.pieces.last_key_value().map_or(0, |(at, p)| at + p.len());
        let beyond = match self.total {
            Some(total) => end > total || (!more && end != total),
            None => !more && end < last,
        };
        if before > offset || after < end || beyond || self.pieces.len() >= PIECES {
            return self.voided();
        }
        if !more {
            self.total = Some(end);
        }
        if offset == 0 {
            self.protocol = Some(protocol);
        }
        self.held += bytes.len();
        self.pieces.insert(offset, bytes.to_vec());
        Ok(())
    }

    fn voided(&mut self) -> Result<(), Useless> {
        self.void = true;
        self.pieces.clear();
        self.held = 0;
        self.total = None;
        Err(Useless)
    }
}
