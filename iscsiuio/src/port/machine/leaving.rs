//! Interfaces that are gone, as long as they have something to send: the address of a DHCP server may have to be asked for before a
//! lease can be given back.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::super::interface::Interface;
use crate::stack::Frame;

/// Interfaces that leave at once; beyond that the oldest is gone.
const CAPACITY: usize = 64;
/// How long one may take.
const LIMIT: Duration = Duration::from_secs(4);

/// The interfaces, oldest first.
#[derive(Default)]
pub(super) struct Leaving {
    list: VecDeque<(u16, Instant, Interface)>,
    /// Frames of those that are gone.
    frames: VecDeque<Vec<u8>>,
}

impl Leaving {
    pub(super) fn push(&mut self, now: Instant, vlan_id: u16, interface: Interface) {
        if self.list.len() >= CAPACITY {
            self.list.pop_front();
        }
        self.list.push_back((vlan_id, now + LIMIT, interface));
        self.tidy(now);
    }

    pub(super) fn frame(&mut self, now: Instant, frame: &Frame<'_>) {
        for (_, _, interface) in self.list.iter_mut().filter(|(id, ..)| *id == frame.vlan_id) {
            interface.frame(now, frame);
        }
        self.tidy(now);
    }

    pub(super) fn poll_frame(&mut self) -> Option<Vec<u8>> {
        self.frames.pop_front()
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.list
            .iter()
            .map(|(_, limit, i)| i.poll_timeout().map_or(*limit, |at| at.min(*limit)))
            .min()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.list
            .iter_mut()
            .for_each(|(_, _, interface)| interface.handle_timeout(now));
        self.tidy(now);
    }

    fn tidy(&mut self, now: Instant) {
        for (_, _, interface) in &mut self.list {
            self.frames.extend(std::iter::from_fn(|| interface.poll_frame()));
        }
        self.list
            .retain(|(_, limit, interface)| interface.is_waiting() && now < *limit);
    }
}
