//! A card behind its PCI functions.
//!
//! Owns the functions, the semaphores they share and the routing of the firmware's events. It must not know how accesses
//! arrive. After any call that may have given the card something to say: [`Adapter::settle`].

use std::time::Instant;

use super::function::Function;
use super::map::Face;
use super::memory::GuestMemory;
use super::semaphore::Semaphores;
use crate::fw::Card;

/// A card with a register file for each port.
pub struct Adapter<M> {
    face: &'static Face,
    card: Card,
    semaphores: Semaphores,
    functions: Vec<Function<M>>,
}

impl<M: GuestMemory> Adapter<M> {
    /// Puts registers in front of a card; `memory` makes the guest memory of each port.
    pub fn new(face: &'static Face, card: Card, memory: impl FnMut(usize) -> M) -> Self {
        let mut memory = memory;
        let numbers = card.chip().functions.iter().take(card.ports());
        let functions = numbers
            .enumerate()
            .map(|(port, number)| Function::new(face, port, *number, memory(port)))
            .collect();
        Self {
            face,
            card,
            semaphores: Semaphores::default(),
            functions,
        }
    }

    /// The card.
    #[must_use]
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The card, for the shell that moves its bytes.
    pub fn card_mut(&mut self) -> &mut Card {
        &mut self.card
    }

    /// The memory that a port may reach.
    pub fn memory_mut(&mut self, port: usize) -> Option<&mut M> {
        self.functions.get_mut(port).map(|function| &mut function.memory)
    }

    /// Reads register bytes, any length at any offset; what is no register reads as zero.
    pub fn read(&mut self, now: Instant, port: usize, offset: u64, into: &mut [u8]) {
        into.fill(0);
        let Some(function) = self.functions.get_mut(port) else {
            return;
        };
        let mut at = offset;
        let mut rest = into;
        while !rest.is_empty() && at < u64::from(self.face.len) {
            let within = (at % 4) as usize;
            let word = function.read(now, &self.semaphores, (at - within as u64) as u32);
            let bytes = &word.to_le_bytes()[within..];
            let len = bytes.len().min(rest.len());
            let (piece, tail) = rest.split_at_mut(len);
            piece.copy_from_slice(&bytes[..len]);
            rest = tail;
            at += len as u64;
        }
        function.advance(now);
    }

    /// Writes registers, aligned words only; anything else is ignored, as the chip's bus interface does.
    pub fn write(&mut self, now: Instant, port: usize, offset: u64, from: &[u8]) {
        let Some(function) = self.functions.get_mut(port) else {
            return;
        };
        if !offset.is_multiple_of(4) || !from.len().is_multiple_of(4) {
            tracing::debug!(port, offset, len = from.len(), "unaligned register write");
            return;
        }
        let offsets = (offset..u64::from(self.face.len)).step_by(4);
        for (offset, bytes) in offsets.zip(from.chunks_exact(4)) {
            let value = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            function.write(now, &mut self.card, &mut self.semaphores, offset as u32, value);
        }
        self.settle(now);
    }

    /// The level of a port's interrupt line.
    #[must_use]
    pub fn interrupt(&self, port: usize) -> bool {
        self.functions.get(port).is_some_and(Function::interrupt)
    }

    /// Fault injection: the next response of a port never reaches the guest.
    pub fn lose_response(&mut self, port: usize) {
        if let Some(function) = self.functions.get_mut(port) {
            function.lose_response = true;
        }
    }

    /// A function-level reset, or the guest went away: the port's firmware stops and nothing reaches guest memory any more.
    pub fn reset(&mut self, now: Instant, port: usize) {
        if let Some(function) = self.functions.get_mut(port) {
            self.card.reset(now, port);
            function.clear();
            self.semaphores.release(port);
            self.settle(now);
        }
    }

    /// Hands the firmware's events to the functions they concern.
    pub fn settle(&mut self, now: Instant) {
        while let Some((port, event)) = self.card.poll_event() {
            if let Some(function) = self.functions.get_mut(port) {
                function.event(now, event);
            }
        }
        for function in &mut self.functions {
            function.advance(now);
        }
    }

    /// When [`Adapter::handle_timeout`] is wanted at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let functions = self.functions.iter().filter_map(Function::poll_timeout);
        functions.chain(self.card.poll_timeout()).min()
    }

    /// Time has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.card.poll_timeout().is_some_and(|at| at <= now) {
            self.card.handle_timeout(now);
        }
        for function in &mut self.functions {
            if function.again.is_some() {
                function.turn(now, &mut self.card);
            }
        }
        self.settle(now);
    }
}
