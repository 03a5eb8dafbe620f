//! A connection that a server makes to tell of changes.
//!
//! Owns how long a message may take to be whole. Must not know who listens, nor how many connections there are. Notices are answered.
//! It is driven as a [`super::Client`] is.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{
    header::MAX_PAYLOAD,
    notice::{Notice, hear},
    receive::{FrameError, Receiver},
};
use crate::IscsiName;

/// The longest notice: some thousand changes.
const NOTICE_LIMIT: usize = 1 << 20;
/// What is kept for a server that does not take its answers.
const UNSENT: usize = 2 * NOTICE_LIMIT;
/// How long a notice may take from its first byte to its last.
pub const WHOLE_WITHIN: Duration = Duration::from_secs(30);

/// A server's connection.
#[derive(Debug)]
pub struct Listener {
    node: IscsiName,
    receiver: Receiver,
    output: Vec<u8>,
    notices: VecDeque<Notice>,
    until: Option<Instant>,
    closed: bool,
    why: Option<FrameError>,
}

impl Listener {
    /// A connection that was just taken; it is for `node`.
    #[must_use]
    pub const fn new(node: IscsiName) -> Self {
        Self {
            node,
            receiver: Receiver::new(NOTICE_LIMIT),
            output: Vec::new(),
            notices: VecDeque::new(),
            until: None,
            closed: false,
            why: None,
        }
    }

    /// Takes what came.
    pub fn handle_input(&mut self, now: Instant, bytes: &[u8]) {
        if self.closed {
            return;
        }
        self.receiver.feed(bytes);
        loop {
            match self.receiver.poll() {
                Ok(Some(message)) => {
                    self.until = None;
                    let (notice, answer) = hear(&message, &self.node);
                    self.notices.extend(notice);
                    let refused = answer.is_some_and(|a| a.encode(MAX_PAYLOAD, &mut self.output).is_err());
                    if refused || self.output.len() > UNSENT {
                        return self.close();
                    }
                }
                Ok(None) => break,
                Err(why) => {
                    self.why = Some(why);
                    return self.close();
                }
            }
        }
        if !self.receiver.is_within() {
            self.until = None;
        } else if self.until.is_none() {
            self.until = now.checked_add(WHOLE_WITHIN);
        }
    }

    /// What is to be sent.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// So many bytes of it were sent.
    pub fn sent(&mut self, count: usize) {
        self.output.drain(..count.min(self.output.len()));
    }

    /// What the server said; ask until there is nothing.
    pub fn poll(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    /// When [`Listener::handle_timeout`] is due.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Instant> {
        self.until
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.until.is_some_and(|until| until <= now) {
            self.close();
        }
    }

    /// Whether the connection is of no more use.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.closed
    }

    /// What the server did against the protocol.
    #[must_use]
    pub const fn why(&self) -> Option<FrameError> {
        self.why
    }

    fn close(&mut self) {
        self.closed = true;
        self.until = None;
        self.output = Vec::new();
    }
}
