//! Reading and writing ranges of blocks, in chunks of one transfer.

use std::io::{ErrorKind, Read, Write};

use super::capacity::capacity;
use super::command::{Data, run};
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::Hctl;
use crate::model::Capacity;

/// Most bytes of one transfer.
const CHUNK: usize = 256 * 1024;
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

/// Called with bytes done and bytes in all (`None` while unknown).
pub type Progress<'p> = &'p mut dyn FnMut(u64, Option<u64>);

struct Plan {
    lun: Hctl,
    start: u64,
    blocks: u64,
    block: usize,
    /// Blocks of one transfer.
    step: u64,
}

impl Plan {
    fn new(lun: Hctl, range: BlockRange, capacity: &Capacity, tried: &str) -> Result<Self> {
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
        let step = (CHUNK / block) as u64;
        Ok(Self {
            lun,
            start: range.start,
            blocks,
            block,
            step,
        })
    }

    fn bytes(&self) -> u64 {
        self.blocks.saturating_mul(self.block as u64)
    }
}

/// READ or WRITE, (10) where it fits, else (16). `count` is at most [`CHUNK`] bytes of blocks.
fn cdb(write: bool, block: u64, count: u64) -> Vec<u8> {
    let short = u32::try_from(block).ok().zip(u16::try_from(count).ok());
    match short {
        Some((block, count)) => {
            let mut cdb = vec![if write { 0x2A } else { 0x28 }, 0];
            cdb.extend(block.to_be_bytes());
            cdb.push(0);
            cdb.extend(count.to_be_bytes());
            cdb.push(0);
            cdb
        }
        None => {
            let mut cdb = vec![if write { 0x8A } else { 0x88 }, 0];
            cdb.extend(block.to_be_bytes());
            cdb.extend(u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
            cdb.extend([0, 0]);
            cdb
        }
    }
}

fn read_chunk(ctx: &mut Ctx<'_>, plan: &Plan, tried: &str, block: u64, buffer: &mut [u8]) -> Result<()> {
    let count = (buffer.len() / plan.block) as u64;
    let want = buffer.len();
    let outcome = run(
        ctx,
        plan.lun,
        tried,
        &cdb(false, block, count),
        &mut Data::In(buffer),
    )?;
    if outcome.transferred < want {
        return Err(Error::new(Kind::Failed, tried).answered(format!(
            "block {block}: the device gave {} of {want} bytes",
            outcome.transferred
        )));
    }
    Ok(())
}

fn check_time(ctx: &Ctx<'_>, tried: &str, done: u64) -> Result<()> {
    if ctx.deadline.expired() {
        return Err(Error::timeout(
            tried,
            format!("the transfer to end; {done} bytes are done"),
        ));
    }
    Ok(())
}

/// Reads blocks into `out`; returns the bytes read.
///
/// # Errors
/// As [`super::inquiry()`]; [`Kind::Invalid`] for a range beyond the end.
pub fn read(
    ctx: &mut Ctx<'_>,
    lun: Hctl,
    range: BlockRange,
    out: &mut dyn Write,
    progress: Progress<'_>,
) -> Result<u64> {
    let tried = format!("read {lun}");
    let plan = Plan::new(lun, range, &capacity(ctx, lun)?, &tried)?;
    let mut buffer = vec![0; CHUNK / plan.block * plan.block];
    let mut done = 0;
    while done < plan.blocks {
        check_time(ctx, &tried, done * plan.block as u64)?;
        let count = plan.step.min(plan.blocks - done);
        let length = usize::try_from(count).unwrap_or(0) * plan.block;
        let part = &mut buffer[..length];
        read_chunk(ctx, &plan, &tried, plan.start + done, part)?;
        out.write_all(part)
            .map_err(|e| Error::io(format!("write what was read from {lun}"), &e))?;
        done += count;
        progress(done * plan.block as u64, Some(plan.bytes()));
    }
    out.flush()
        .map_err(|e| Error::io(format!("write what was read from {lun}"), &e))?;
    Ok(done * plan.block as u64)
}

/// Writes blocks from `input` until it ends or the range is full; returns the bytes written. A last partial block is refused
/// before anything of its chunk is written. With `verify`, each chunk is read back and compared. A dry run reads the input and
/// checks its length only.
///
/// # Errors
/// As [`read`]; [`Kind::VerifyFailed`].
pub fn write(
    ctx: &mut Ctx<'_>,
    lun: Hctl,
    range: BlockRange,
    input: &mut dyn Read,
    verify: bool,
    progress: Progress<'_>,
) -> Result<u64> {
    let tried = format!("write {lun}");
    let plan = Plan::new(lun, range, &capacity(ctx, lun)?, &tried)?;
    let chunk = CHUNK / plan.block * plan.block;
    let (mut buffer, mut back) = (vec![0; chunk], vec![0; if verify { chunk } else { 0 }]);
    let total = range.blocks.map(|_| plan.bytes());
    let mut done = 0;
    while done < plan.blocks {
        check_time(ctx, &tried, done * plan.block as u64)?;
        let room = usize::try_from(plan.step.min(plan.blocks - done)).unwrap_or(0) * plan.block;
        let got = fill(input, &mut buffer[..room])
            .map_err(|e| Error::io(format!("read what is to be written to {lun}"), &e))?;
        if !got.is_multiple_of(plan.block) {
            return Err(Error::new(Kind::Invalid, tried)
                .answered(format!(
                    "the input ends within a block of {} bytes; {} bytes were written",
                    plan.block,
                    done * plan.block as u64
                ))
                .hint("pad the input to whole blocks"));
        }
        if got == 0 {
            break;
        }
        let count = (got / plan.block) as u64;
        if !ctx.dry_run {
            run(
                ctx,
                lun,
                &tried,
                &cdb(true, plan.start + done, count),
                &mut Data::Out(&buffer[..got]),
            )?;
            if verify {
                read_chunk(ctx, &plan, &tried, plan.start + done, &mut back[..got])?;
                compare(&plan, &tried, plan.start + done, &buffer[..got], &back[..got])?;
            }
        }
        done += count;
        progress(done * plan.block as u64, total);
        if got < room {
            break;
        }
    }
    Ok(done * plan.block as u64)
}

fn compare(plan: &Plan, tried: &str, block: u64, written: &[u8], read: &[u8]) -> Result<()> {
    let differs = written
        .chunks(plan.block)
        .zip(read.chunks(plan.block))
        .position(|(w, r)| w != r);
    match differs {
        None => Ok(()),
        Some(i) => Err(Error::new(Kind::VerifyFailed { rolled_back: false }, tried)
            .answered(format!(
                "read back, block {} has other contents than were written",
                block + i as u64
            ))
            .hint("the blocks before were overwritten and cannot be restored")),
    }
}

/// Reads until the buffer is full or the input ends.
fn fill(input: &mut dyn Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}
