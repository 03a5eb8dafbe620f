//! Reading and writing ranges of blocks, in chunks of one transfer.

use std::io::{self, ErrorKind, Read, Write};

use super::super::write::unless_dry;
use super::command::{Data, run};
use super::span::{CHUNK, Length, Span};
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};

/// Called with bytes done and bytes in all (`None` while unknown).
pub type Progress<'p> = &'p mut dyn FnMut(u64, Option<u64>);

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

fn read_chunk(ctx: &mut Ctx<'_>, span: &Span, tried: &str, block: u64, buffer: &mut [u8]) -> Result<()> {
    let count = (buffer.len() / span.block) as u64;
    let want = buffer.len();
    let outcome = run(
        ctx,
        span.lun,
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

/// Reads a span into `out`; returns the bytes read.
///
/// # Errors
/// As [`super::inquiry()`]; `out` cannot be written.
pub fn read(ctx: &mut Ctx<'_>, span: &Span, out: &mut dyn Write, progress: Progress<'_>) -> Result<u64> {
    let tried = format!("read {}", span.lun);
    let mut buffer = vec![0; CHUNK / span.block * span.block];
    let mut done = 0;
    let failed = |e: &io::Error| Error::io(format!("write what was read from {}", span.lun), e);
    while done < span.blocks {
        check_time(ctx, &tried, done * span.block as u64)?;
        let count = span.step.min(span.blocks - done);
        let length = usize::try_from(count).unwrap_or(0) * span.block;
        let part = &mut buffer[..length];
        read_chunk(ctx, span, &tried, span.start + done, part)?;
        out.write_all(part).map_err(|e| failed(&e))?;
        done += count;
        progress(done * span.block as u64, Some(span.bytes()));
    }
    out.flush().map_err(|e| failed(&e))?;
    Ok(done * span.block as u64)
}

/// Writes all of `input` from the beginning of the span on; returns the bytes written. An input whose `length` is known is refused
/// before the first byte when it does not fit; of another one, what fits is written, and then it is an error that there is more.
/// With `verify`, each chunk is read back and compared. A dry run reads the input and checks its length only.
///
/// # Errors
/// As [`read`]; [`Span::takes`]; [`Kind::VerifyFailed`]. What was written before is said.
pub fn write(
    ctx: &mut Ctx<'_>,
    span: &Span,
    input: &mut dyn Read,
    length: Length,
    verify: bool,
    progress: Progress<'_>,
) -> Result<u64> {
    let total = span.takes(length)?;
    let mut work = Writing {
        span,
        tried: format!("write {}", span.lun),
        back: vec![
            0;
            if verify {
                CHUNK / span.block * span.block
            } else {
                0
            }
        ],
        done: 0,
    };
    let mut buffer = vec![0; CHUNK / span.block * span.block];
    loop {
        check_time(ctx, &work.tried, work.bytes())?;
        let room = usize::try_from(span.step.min(span.blocks - work.done)).unwrap_or(0) * span.block;
        if room == 0 {
            return match length {
                Length::Endless => Ok(work.bytes()),
                _ => work.full(input),
            };
        }
        let got = fill(input, &mut buffer[..room]).map_err(|e| work.input_failed(&e))?;
        if !got.is_multiple_of(span.block) {
            let why = format!("the input ends within a block of {} bytes", span.block);
            let failure = Error::new(Kind::Invalid, &work.tried).answered(work.so_far(&why));
            return Err(failure.hint("pad the input to whole blocks"));
        }
        if got > 0 {
            work.chunk(ctx, &buffer[..got])?;
            progress(work.bytes(), total);
        }
        if got < room {
            return match total {
                Some(all) if all != work.bytes() => {
                    let why = format!("the input was to have {all} bytes and ended before");
                    Err(Error::new(Kind::Failed, &work.tried).answered(work.so_far(&why)))
                }
                _ => Ok(work.bytes()),
            };
        }
    }
}

struct Writing<'s> {
    span: &'s Span,
    tried: String,
    /// What is read back; empty when nothing is.
    back: Vec<u8>,
    /// Blocks written.
    done: u64,
}

impl Writing<'_> {
    const fn bytes(&self) -> u64 {
        self.done * self.span.block as u64
    }

    fn so_far(&self, why: &str) -> String {
        format!("{why}; {} bytes were written before", self.bytes())
    }

    /// Writes one chunk and reads it back.
    fn chunk(&mut self, ctx: &mut Ctx<'_>, bytes: &[u8]) -> Result<()> {
        let (span, at) = (self.span, self.span.start + self.done);
        let count = (bytes.len() / span.block) as u64;
        unless_dry(ctx, |ctx| {
            let cdb = cdb(true, at, count);
            let outcome = run(ctx, span.lun, &self.tried, &cdb, &mut Data::Out(bytes))
                .map_err(|e| self.broken_off(e))?;
            if outcome.transferred < bytes.len() {
                let why = format!(
                    "block {at}: the device took {} of {} bytes",
                    outcome.transferred,
                    bytes.len()
                );
                return Err(Error::new(Kind::Failed, &self.tried).answered(self.so_far(&why)));
            }
            if let Some(back) = self.back.get_mut(..bytes.len()) {
                read_chunk(ctx, span, &self.tried, at, back).map_err(|e| {
                    let why = e.answer().unwrap_or("it cannot be read").to_owned();
                    e.answered(format!("block {at} and on were written and not read back: {why}"))
                })?;
                compare(span, &self.tried, at, bytes, back)?;
            }
            Ok(())
        })?;
        self.done += count;
        Ok(())
    }

    /// The range is full: an input that has more was not written as a whole.
    fn full(&self, input: &mut dyn Read) -> Result<u64> {
        match fill(input, &mut [0]).map_err(|e| self.input_failed(&e))? {
            0 => Ok(self.bytes()),
            _ => Err(Error::new(Kind::Failed, &self.tried)
                .answered(format!(
                    "the input is longer than there is room; its first {} bytes were written",
                    self.bytes()
                ))
                .hint("cut the input yourself if only a part of it is wanted")),
        }
    }

    fn input_failed(&self, error: &io::Error) -> Error {
        let failure = Error::io(format!("read what is to be written to {}", self.span.lun), error);
        failure.answered(self.so_far(&error.to_string()))
    }

    /// Says how far the transfer came.
    fn broken_off(&self, error: Error) -> Error {
        match error.answer() {
            Some(why) if self.done > 0 => {
                let text = self.so_far(why);
                error.answered(text)
            }
            _ => error,
        }
    }
}

fn compare(span: &Span, tried: &str, block: u64, written: &[u8], read: &[u8]) -> Result<()> {
    let differs = written
        .chunks(span.block)
        .zip(read.chunks(span.block))
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
fn fill(input: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
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
