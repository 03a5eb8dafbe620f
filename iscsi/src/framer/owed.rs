//! What waits to be sent because the peer asked for it: the account that bounds it.
//!
//! A peer that asks and does not read must not make the queue grow. Owns how much of a [`super::Transmitter`]'s queue is answers to the
//! peer, in PDUs and in bytes of this side's own memory (payload that is lent from task buffers is held anyway and does not count). Must
//! not know what the PDUs are: whatever is queued while a PDU of the peer is handled is asked for.

use std::collections::VecDeque;

/// PDUs and the memory that they took in the send queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// PDUs.
    pub pdus: usize,
    /// Headers, digests and copied data, in bytes.
    pub bytes: usize,
}

impl Cost {
    /// What came on top of `earlier`.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            pdus: self.pdus.wrapping_sub(earlier.pdus),
            bytes: self.bytes.wrapping_sub(earlier.bytes),
        }
    }
}

/// Answers that have not been sent.
#[derive(Debug, Default)]
pub struct Owed {
    /// Each with the octet count of the stream at which it is out.
    waiting: VecDeque<(u64, Cost)>,
    total: Cost,
}

impl Owed {
    /// An answer has been queued; it is out once the link has taken `mark` octets.
    pub fn add(&mut self, mark: u64, cost: Cost) {
        if cost.pdus > 0 {
            self.waiting.push_back((mark, cost));
            self.total.pdus += cost.pdus;
            self.total.bytes += cost.bytes;
        }
    }

    /// The link has taken `octets` so far.
    pub fn sent(&mut self, octets: u64) {
        while let Some((_, cost)) = self.waiting.pop_front_if(|(mark, _)| *mark <= octets) {
            self.total.pdus -= cost.pdus;
            self.total.bytes -= cost.bytes;
        }
    }

    /// What waits.
    #[must_use]
    pub const fn total(&self) -> Cost {
        self.total
    }

    /// More waits than this.
    #[must_use]
    pub const fn exceeds(&self, limit: Cost) -> bool {
        self.total.pdus > limit.pdus || self.total.bytes > limit.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_is_not_owed_any_more() {
        let cost = |pdus, bytes| Cost { pdus, bytes };
        let mut owed = Owed::default();
        owed.add(48, cost(1, 48));
        owed.add(48, cost(0, 0));
        owed.add(148, cost(2, 100));
        assert_eq!(owed.total(), cost(3, 148));
        owed.sent(147);
        assert_eq!(owed.total(), cost(2, 100));
        assert!(owed.exceeds(cost(1, 1000)) && owed.exceeds(cost(2, 99)) && !owed.exceeds(cost(2, 100)));
        owed.sent(148);
        assert_eq!(owed.total(), Cost::default());
        assert_eq!(cost(5, 50).since(cost(2, 20)), cost(3, 30));
    }
}
