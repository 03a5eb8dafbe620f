//! Receiving side: BHS, AHS, header digest, data segment, padding, data digest.
//!
//! The caller's loop: `slot()` → read from the socket → `received(n)` → `poll()` until `None`. On [`Step::Header`] the caller looks at
//! [`Receiver::bhs`] and calls [`Receiver::place`]; on [`Step::Pdu`] it takes what it needs and calls [`Receiver::next`].

use crate::{
    buffer::{Buffer, Buffers},
    digest::{Crc, DIGEST_LEN, Digest},
    framer::padding,
    pdu::{BHS_LEN, Bhs, MAX_AHS_LEN},
};

/// An inline data segment grows by this much before more bytes have arrived, whatever length the peer claims.
const GROWTH: usize = 64 * 1024;
/// Where bytes go that nobody wants.
const SCRATCH: usize = 16 * 1024;
/// BHS, AHS and header digest.
const HEADER_MAX: usize = BHS_LEN + MAX_AHS_LEN + DIGEST_LEN;

/// Where the engine wants a data segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Into the receiver's own vector, see [`Receiver::data`].
    Inline,
    /// Into the task buffer of `token`, from `offset` on. Bytes beyond its end are read and dropped.
    Task {
        /// Token of the buffer.
        token: u32,
        /// Offset of the segment's first byte.
        offset: usize,
    },
    /// Read and dropped.
    Discard,
}

/// What the receiver came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A header is complete and has a data segment: say where it goes.
    Header,
    /// A PDU is complete.
    Pdu,
}

/// The stream cannot be followed any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum FrameError {
    /// The header digest does not match.
    #[error("header digest error")]
    HeaderDigest,
    /// The data segment is longer than this side declared to take.
    #[error("data segment of {len} bytes exceeds the limit of {limit}")]
    TooLong {
        /// Its length.
        len: usize,
        /// The limit.
        limit: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Collecting the header.
    Header,
    /// The header is complete, `place` has not been called.
    Placing,
    /// Data segment: bytes so far.
    Data(usize),
    /// Padding and data digest.
    Trailer,
    /// Complete, `next` has not been called.
    Complete,
    Failed(FrameError),
}

/// Receiving side of one connection.
#[derive(Debug)]
pub struct Receiver {
    state: State,
    header_digest: Digest,
    data_digest: Digest,
    max_data: usize,
    bhs: Bhs,
    header: Box<[u8; HEADER_MAX]>,
    header_len: usize,
    place: Place,
    inline: Vec<u8>,
    crc: Crc,
    trailer: [u8; 3 + DIGEST_LEN],
    trailer_len: usize,
    data_digest_ok: bool,
    scratch: Vec<u8>,
    octets: u64,
}

impl Receiver {
    /// A receiver for the login phase: no digests. `max_data` is the longest data segment taken, in bytes.
    #[must_use]
    pub fn new(max_data: usize) -> Self {
        Self {
            state: State::Header,
            header_digest: Digest::None,
            data_digest: Digest::None,
            max_data,
            bhs: Bhs::from_array([0; BHS_LEN]),
            header: Box::new([0; HEADER_MAX]),
            header_len: 0,
            place: Place::Discard,
            inline: Vec::new(),
            crc: Crc::default(),
            trailer: [0; 3 + DIGEST_LEN],
            trailer_len: 0,
            data_digest_ok: true,
            scratch: Vec::new(),
            octets: 0,
        }
    }

    /// Digests from the next PDU on. Call it when a PDU is complete, before [`Receiver::next`].
    pub const fn set_digests(&mut self, header: Digest, data: Digest) {
        self.header_digest = header;
        self.data_digest = data;
    }

    /// Longest data segment from the next PDU on, in bytes.
    pub const fn set_max_data(&mut self, max_data: usize) {
        self.max_data = max_data;
    }

    /// Octets received so far, digests and padding included.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        self.octets
    }

    /// Where the next bytes go. Never empty, except after an error or while a [`Step`] waits to be handled.
    pub fn slot<'a>(&'a mut self, buffers: &'a mut dyn Buffers) -> &'a mut [u8] {
        match self.state {
            State::Header => {
                let end = self.header_end();
                self.header.get_mut(self.header_len..end).unwrap_or_default()
            }
            State::Data(done) => {
                let left = self.bhs.data_len().saturating_sub(done);
                match self.place {
                    Place::Inline => {
                        // Grows with what really arrives.
                        if self.inline.len() == done {
                            self.inline.resize(done + left.min(GROWTH), 0);
                        }
                        self.inline.get_mut(done..).unwrap_or_default()
                    }
                    Place::Task { token, offset } => {
                        let at = offset.saturating_add(done);
                        let there = buffers
                            .buffer(token)
                            .is_some_and(|buffer| !buffer.chunk(at).is_empty());
                        match buffers.buffer_mut(token) {
                            Some(buffer) if there => {
                                let chunk = buffer.chunk_mut(at);
                                let len = chunk.len().min(left);
                                chunk.get_mut(..len).unwrap_or_default()
                            }
                            _ => self.scratch(left),
                        }
                    }
                    Place::Discard => self.scratch(left),
                }
            }
            State::Trailer => {
                let end = self.trailer_end();
                self.trailer.get_mut(self.trailer_len..end).unwrap_or_default()
            }
            State::Placing | State::Complete | State::Failed(_) => &mut [],
        }
    }

    /// Which bytes of which task buffer come next: its token, the offset, and how many belong to this PDU. `None` while the next bytes
    /// go elsewhere.
    #[must_use]
    pub fn next_place(&self) -> Option<(u32, usize, usize)> {
        match (self.state, self.place) {
            (State::Data(done), Place::Task { token, offset }) => {
                let left = self.bhs.data_len().saturating_sub(done);
                Some((token, offset.saturating_add(done), left))
            }
            _ => None,
        }
    }

    fn scratch(&mut self, left: usize) -> &mut [u8] {
        if self.scratch.is_empty() {
            self.scratch.resize(SCRATCH, 0);
        }
        let len = left.min(SCRATCH);
        self.scratch.get_mut(..len).unwrap_or_default()
    }

    /// End of what is known of the header; a digest follows even an empty AHS.
    const fn header_end(&self) -> usize {
        let ahs = if self.header_len < BHS_LEN {
            0
        } else {
            self.bhs.ahs_len()
        };
        BHS_LEN + ahs + self.header_digest.len()
    }

    const fn trailer_end(&self) -> usize {
        padding(self.bhs.data_len()) + self.data_digest.len()
    }

    /// `n` bytes of the slot are filled. More than the slot held is a caller's error; the excess is ignored.
    pub fn received(&mut self, n: usize, buffers: &dyn Buffers) {
        self.octets = self.octets.wrapping_add(n as u64);
        match self.state {
            State::Header => {
                let before = self.header_len;
                self.header_len = (before + n).min(self.header_end());
                if before < BHS_LEN
                    && self.header_len >= BHS_LEN
                    && let Some((bhs, _)) = self.header.split_first_chunk()
                {
                    self.bhs = Bhs::from_array(*bhs);
                }
                if self.header_len >= BHS_LEN && self.header_len == self.header_end() {
                    self.header_complete();
                }
            }
            State::Data(done) => {
                let n = n.min(self.bhs.data_len().saturating_sub(done));
                if self.data_digest == Digest::Crc32c {
                    self.digest(done, n, buffers);
                }
                self.state = State::Data(done + n);
                if done + n == self.bhs.data_len() {
                    self.inline.truncate(done + n);
                    self.state = State::Trailer;
                    self.trailer_len = 0;
                    if self.trailer_end() == 0 {
                        self.state = State::Complete;
                    }
                }
            }
            State::Trailer => {
                self.trailer_len = (self.trailer_len + n).min(self.trailer_end());
                if self.trailer_len == self.trailer_end() {
                    self.trailer_complete();
                }
            }
            State::Placing | State::Complete | State::Failed(_) => {}
        }
    }

    /// Adds the `n` bytes after `done` of the data segment to the running CRC.
    fn digest(&mut self, done: usize, n: usize, buffers: &dyn Buffers) {
        let there = match self.place {
            Place::Inline => self.inline.get(done..done + n),
            Place::Task { token, offset } => buffers.buffer(token).and_then(|buffer| {
                let chunk = buffer.chunk(offset.saturating_add(done));
                if chunk.is_empty() { None } else { chunk.get(..n) }
            }),
            Place::Discard => None,
        };
        match there.or_else(|| self.scratch.get(..n)) {
            Some(bytes) => self.crc.update(bytes),
            None => self.data_digest_ok = false,
        }
    }

    fn header_complete(&mut self) {
        let end = BHS_LEN + self.bhs.ahs_len();
        if self.header_digest == Digest::Crc32c {
            let mut crc = Crc::default();
            crc.update(self.header.get(..end).unwrap_or_default());
            if self.header.get(end..end + DIGEST_LEN) != Some(&crc.to_wire()[..]) {
                self.state = State::Failed(FrameError::HeaderDigest);
                return;
            }
        }
        let len = self.bhs.data_len();
        if len > self.max_data {
            self.state = State::Failed(FrameError::TooLong {
                len,
                limit: self.max_data,
            });
            return;
        }
        self.inline.clear();
        self.place = Place::Discard;
        self.data_digest_ok = true;
        self.crc = Crc::default();
        self.state = if len == 0 { State::Complete } else { State::Placing };
    }

    fn trailer_complete(&mut self) {
        if self.data_digest == Digest::Crc32c {
            let pad = padding(self.bhs.data_len());
            self.crc.update(self.trailer.get(..pad).unwrap_or_default());
            let got = self.trailer.get(pad..pad + DIGEST_LEN);
            self.data_digest_ok &= got == Some(&self.crc.to_wire()[..]);
        }
        self.state = State::Complete;
    }

    /// What the caller has to do before more bytes can be taken; `None`: read on.
    ///
    /// # Errors
    /// The stream cannot be followed; every later call says the same.
    pub const fn poll(&self) -> Result<Option<Step>, FrameError> {
        match self.state {
            State::Placing => Ok(Some(Step::Header)),
            State::Complete => Ok(Some(Step::Pdu)),
            State::Failed(why) => Err(why),
            State::Header | State::Data(_) | State::Trailer => Ok(None),
        }
    }

    /// Says where the data segment goes, after [`Step::Header`].
    pub fn place(&mut self, place: Place) {
        if self.state == State::Placing {
            self.place = place;
            self.state = State::Data(0);
        }
    }

    /// Where the current data segment went.
    #[must_use]
    pub const fn placed(&self) -> Place {
        self.place
    }

    /// The current header, after [`Step::Header`] or [`Step::Pdu`].
    #[must_use]
    pub const fn bhs(&self) -> &Bhs {
        &self.bhs
    }

    /// The current additional headers.
    #[must_use]
    pub fn ahs(&self) -> &[u8] {
        self.header
            .get(BHS_LEN..BHS_LEN + self.bhs.ahs_len())
            .unwrap_or_default()
    }

    /// The current data segment, if it was placed inline; empty otherwise.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.inline
    }

    /// As [`Receiver::data`], taken out.
    pub fn take_data(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.inline)
    }

    /// False if the data digest of the current PDU does not match.
    #[must_use]
    pub const fn data_digest_ok(&self) -> bool {
        self.data_digest_ok
    }

    /// Goes on to the next PDU, after [`Step::Pdu`].
    pub fn next(&mut self) {
        if self.state == State::Complete {
            self.state = State::Header;
            self.header_len = 0;
            self.inline.clear();
            self.inline.shrink_to(GROWTH);
        }
    }
}

/// A buffer's contents from `offset`, for `len` bytes, in contiguous pieces; zeros beyond its end.
pub(super) fn pieces(buffer: Option<&dyn Buffer>, offset: usize, len: usize) -> Pieces<'_> {
    Pieces {
        buffer,
        offset,
        left: len,
    }
}

/// See [`pieces`].
pub(super) struct Pieces<'a> {
    buffer: Option<&'a dyn Buffer>,
    offset: usize,
    left: usize,
}

/// Stands in for bytes of a buffer that is too short, so that the stream stays in step.
static ZEROS: [u8; 4096] = [0; 4096];

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.left == 0 {
            return None;
        }
        let chunk = self
            .buffer
            .map(|buffer| buffer.chunk(self.offset))
            .filter(|chunk| !chunk.is_empty());
        let chunk = chunk.unwrap_or(&ZEROS);
        let piece = chunk.get(..self.left).unwrap_or(chunk);
        self.offset = self.offset.saturating_add(piece.len());
        self.left -= piece.len();
        Some(piece)
    }
}
