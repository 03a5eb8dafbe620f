//! What follows the event in a message: how it is read, and what is wrong with it.
//!
//! Two readers look at the same bytes. A careful one refuses whatever contradicts itself ([`Body::odd`]). The kernel takes what is
//! there: it walks attributes up to the first lie, cuts values to their attribute, ignores what it was not told of, and refuses
//! only what its own checks find ([`Body::refused`]). So reading never stops: it gives the value that the kernel sees and notes
//! the first fault of each sort; the caller decides which of the two it minds.

use nix::errno::Errno;
use zeroize::Zeroizing;

use super::error::DecodeError;

/// Bytes behind an event, with what was found wrong so far.
pub(crate) struct Body<'p> {
    bytes: &'p [u8],
    odd: Option<DecodeError>,
    refused: Option<Errno>,
}

impl<'p> Body<'p> {
    pub(crate) const fn new(bytes: &'p [u8]) -> Self {
        Self {
            bytes,
            odd: None,
            refused: None,
        }
    }

    /// All of them.
    pub(crate) const fn bytes(&self) -> &'p [u8] {
        self.bytes
    }

    /// Notes what contradicts itself, though the kernel does not look at it.
    pub(crate) fn odd(&mut self, error: DecodeError) {
        self.odd.get_or_insert(error);
    }

    /// Notes what the kernel refuses with EINVAL.
    pub(crate) fn refused(&mut self, error: DecodeError) {
        self.odd(error);
        self.refused.get_or_insert(Errno::EINVAL);
    }

    /// Notes when there are fewer bytes than the kernel takes.
    pub(crate) fn at_least(&mut self, need: usize) {
        let have = self.bytes.len();
        if have < need {
            self.refused(DecodeError::Short {
                what: "payload",
                need,
                have,
            });
        }
    }

    /// The careful reader's verdict.
    pub(crate) fn careful(self) -> Result<(), DecodeError> {
        self.odd.map_or(Ok(()), Err)
    }

    /// The kernel's verdict.
    pub(crate) const fn kernels(&self) -> Option<Errno> {
        self.refused
    }
}

/// What follows an event, with the members of the layout `M` that speak of it.
pub(crate) trait Payload<M>: Sized {
    /// Its bytes; sets the members. They may be secret.
    fn write(&self, layout: &mut M) -> Zeroizing<Vec<u8>>;
    /// It out of its bytes.
    fn read(layout: &M, body: &mut Body<'_>) -> Self;
}

/// A length as a member carries it.
pub(crate) fn len32(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// The first `claimed` bytes, or all when the claim is a lie; the second says so.
pub(crate) fn claimed<'p>(
    what: &'static str,
    bytes: &'p [u8],
    claimed: u32,
) -> (&'p [u8], Option<DecodeError>) {
    let claimed = usize::try_from(claimed).unwrap_or(usize::MAX);
    match bytes.get(..claimed) {
        Some(value) => (value, None),
        None => (
            bytes,
            Some(DecodeError::Length {
                what,
                claimed,
                have: bytes.len(),
            }),
        ),
    }
}
