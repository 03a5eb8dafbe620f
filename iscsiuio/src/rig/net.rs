//! A link with stacks of ours and others' stations.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::Peer;
use crate::stack::{Address, Event, Frame, Route, Stack, StackConfig};

/// A link.
pub(crate) struct Net {
    pub(crate) stacks: Vec<Stack>,
    pub(crate) peers: Vec<Peer>,
    start: Instant,
    pub(crate) now: Instant,
    /// Every frame, and which stack sent it (`None`: a peer).
    pub(crate) frames: Vec<(Option<usize>, Vec<u8>)>,
    /// What stacks told.
    pub(crate) events: Vec<(usize, Event)>,
}

impl Net {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self {
            stacks: Vec::new(),
            peers: Vec::new(),
            start: now,
            now,
            frames: Vec::new(),
            events: Vec::new(),
        }
    }

    /// One more stack of ours, with these addresses and what they have on the link; its MAC address.
    pub(crate) fn stack(&mut self, mtu: u16, addresses: &[&str]) -> [u8; 6] {
        let number = u8::try_from(self.stacks.len() + 1).expect("few stacks");
        let mac = [2, 0, 0, 0, 0, number];
        let mut stack = Stack::new(StackConfig {
            mac,
            vlan: None,
            mtu,
            seed: [number; 32],
        });
        let (addresses, routes) = ours(addresses);
        stack.set(&addresses, &routes);
        self.stacks.push(stack);
        self.settle();
        mac
    }

    /// Carries frames until nobody sends any more.
    pub(crate) fn settle(&mut self) {
        let mut carried: VecDeque<(Option<usize>, Vec<u8>)> = VecDeque::new();
        loop {
            for (n, stack) in self.stacks.iter_mut().enumerate() {
                while let Some(frame) = stack.poll_frame() {
                    carried.push_back((Some(n), frame));
                }
                while let Some(event) = stack.poll_event() {
                    self.events.push((n, event));
                }
            }
            let Some((from, frame)) = carried.pop_front() else {
                return;
            };
            for (n, stack) in self
                .stacks
                .iter_mut()
                .enumerate()
                .filter(|(n, _)| Some(*n) != from)
            {
                let _ = n;
                stack.frame(self.now, &Frame::parse(&frame).expect("a whole frame"));
            }
            if from.is_some() {
                let millis = i64::try_from((self.now - self.start).as_millis()).expect("a short test");
                let answers = self.peers.iter_mut().flat_map(|peer| peer.frame(millis, &frame));
                carried.extend(answers.map(|answer| (None, answer)));
            }
            self.frames.push((from, frame));
        }
    }

    /// Lets time pass.
    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        self.settle();
        while let Some(at) = self
            .stacks
            .iter()
            .filter_map(Stack::poll_timeout)
            .min()
            .filter(|at| *at <= end)
        {
            self.now = self.now.max(at);
            self.stacks
                .iter_mut()
                .for_each(|stack| stack.handle_timeout(self.now));
            self.settle();
        }
        self.now = end;
    }

    /// What the first stack told since it was asked last.
    pub(crate) fn told(&mut self) -> Vec<Event> {
        self.settle();
        std::mem::take(&mut self.events)
            .into_iter()
            .filter(|(n, _)| *n == 0)
            .map(|(_, event)| event)
            .collect()
    }
}

/// Addresses as `192.0.2.1/24`, each with its prefix on the link.
pub(crate) fn ours(list: &[&str]) -> (Vec<Address>, Vec<Route>) {
    let parse = |text: &&str| {
        let (address, prefix) = text.split_once('/').expect("address/prefix");
        (
            address.parse::<IpAddr>().expect("an address"),
            prefix.parse::<u8>().expect("a length"),
        )
    };
    let list: Vec<_> = list.iter().map(parse).collect();
    let addresses = list.iter().map(|&(address, prefix)| Address {
        address,
        prefix,
        preferred: true,
    });
    let routes = list.iter().map(|&(destination, prefix)| Route {
        destination,
        prefix,
        gateway: None,
    });
    (addresses.collect(), routes.collect())
}
