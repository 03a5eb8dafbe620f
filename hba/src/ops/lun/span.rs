//! Which blocks of a logical unit a transfer touches, and whether what is to be written fits there: all that can be known before the
//! first byte moves.

use super::capacity::capacity;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::Hctl;
use crate::message::Message;
use crate::model::Capacity;
use crate::step::Step;

/// Most bytes of one transfer.
pub(super) const CHUNK: usize = 256 * 1024;
/// Largest block a device may have for us.
const BLOCK_MAX: usize = 64 * 1024;

/// A range of blocks; `blocks` `None` goes to the end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BlockRange {
    /// First block.
    pub start: u64,
    /// Number of blocks.
    pub blocks: Option<u64>,
}

/// What is known of the length of something to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// As many bytes.
    Known(u64),
    /// It ends somewhere (a pipe).
    Unknown,
    /// It never ends (`/dev/zero`): as much is taken as the range says.
    Endless,
}

/// A range of blocks that is there.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    pub(super) lun: Hctl,
    pub(super) start: u64,
    pub(super) blocks: u64,
    pub(super) block: usize,
    /// Blocks of one transfer.
    pub(super) step: u64,
    /// Whether the number of blocks was asked for, not just all to the end.
    asked: bool,
}

impl Span {
    /// Asks the unit for its capacity and checks the range against it; `tried` says for what.
    ///
    /// # Errors
    /// As [`super::inquiry()`]; [`Kind::Invalid`] for a range beyond the end.
    pub fn of(ctx: &mut Ctx<'_>, lun: Hctl, range: BlockRange, tried: &str) -> Result<Self> {
        Self::within(lun, range, &capacity(ctx, lun)?, tried)
    }

    fn within(lun: Hctl, range: BlockRange, capacity: &Capacity, tried: &str) -> Result<Self> {
        let refuse = |why: String| Err(Error::new(Kind::Invalid, tried).answered(why));
        if range.start >= capacity.blocks {
            return refuse(format!(
                "block {} is beyond the end ({} blocks)",
                range.start, capacity.blocks
            ));
        }
        let rest = capacity.blocks - range.start;
        let blocks = range.blocks.unwrap_or(rest);
        if blocks > rest {
            return refuse(format!(
                "{blocks} blocks from {} are beyond the end ({} blocks)",
                range.start, capacity.blocks
            ));
        }
        let block = usize::try_from(capacity.block_length).unwrap_or(usize::MAX);
        if block > BLOCK_MAX {
            return Err(Error::new(Kind::Unsupported, tried)
                .answered(format!("the device has blocks of {block} bytes")));
        }
        Ok(Self {
            lun,
            start: range.start,
            blocks,
            block,
            step: (CHUNK / block) as u64,
            asked: range.blocks.is_some(),
        })
    }

    /// Its length in bytes.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.blocks.saturating_mul(self.block as u64)
    }

    /// How many bytes of an input go here, as far as that is known.
    ///
    /// # Errors
    /// [`Kind::Invalid`] when the input ends within a block or does not fit: then nothing of it is to be written.
    pub fn takes(&self, input: Length) -> Result<Option<u64>> {
        let refuse = |why: String, hint: Message| {
            Err(Error::new(Kind::Invalid, format!("write {}", self.lun))
                .answered(why)
                .hint(hint))
        };
        match input {
            Length::Known(bytes) if bytes > self.bytes() => refuse(
                format!(
                    "the input has {bytes} bytes, {} takes {}; nothing was written",
                    if self.asked {
                        "the range"
                    } else {
                        "the logical unit from there on"
                    },
                    self.bytes()
                ),
                "cut the input yourself if only a part of it is wanted".into(),
            ),
            Length::Known(bytes) if !bytes.is_multiple_of(self.block as u64) => refuse(
                format!(
                    "the input ends within a block of {} bytes; nothing was written",
                    self.block
                ),
                "pad the input to whole blocks".into(),
            ),
            Length::Known(bytes) => Ok(Some(bytes)),
            Length::Endless if !self.asked => refuse(
                "the input is a device whose end is not known; nothing was written".to_owned(),
                Message::from("say with ")
                    .then(Step::WithBlocks)
                    .then(" how much of it is wanted"),
            ),
            Length::Endless => Ok(Some(self.bytes())),
            Length::Unknown => Ok(None),
        }
    }
}
