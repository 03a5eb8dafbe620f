//! `hbactl lun`.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use hba::backend::LunScope;
use hba::ops::{adapter, lun};
use hba::{Ctx, Error, Kind, Result};

use crate::args::lun::{self as args, Range, Verb};
use crate::output::{Done, Out};
use crate::progress::Progress;
use crate::view;
use crate::view::transfer::Transfer;

pub(crate) fn run(ctx: &mut Ctx<'_>, out: &Out, verb: &Verb) -> Done {
    match verb {
        Verb::List(list) => {
            let scope = match (list.session, &list.adapter.adapter) {
                (Some(sid), _) => LunScope::Session(sid),
                (None, Some(id)) => LunScope::Host(adapter::resolve(ctx, Some(id))?),
                (None, None) => LunScope::All,
            };
            let all = lun::list(ctx, scope)?;
            out.list("lun.list", &all, &ctx.warnings, view::lun::table)
        }
        Verb::Inquiry(inquiry) => match inquiry.vpd {
            Some(page) => {
                let page = lun::vpd(ctx, inquiry.which.lun, page)?;
                out.one("lun.vpd", &page, &ctx.warnings, view::lun::vpd)
            }
            None => {
                let answer = lun::inquiry(ctx, inquiry.which.lun)?;
                out.one("lun.inquiry", &answer, &ctx.warnings, view::lun::inquiry)
            }
        },
        Verb::Report(which) => {
            let all = lun::report(ctx, which.lun)?;
            out.list("lun.report", &all, &ctx.warnings, view::lun::reported)
        }
        Verb::Capacity(which) => {
            let capacity = lun::capacity(ctx, which.lun)?;
            out.one("lun.capacity", &capacity, &ctx.warnings, view::lun::capacity)
        }
        Verb::Read(read) => read_blocks(ctx, out, read),
        Verb::Write(write) => write_blocks(ctx, out, write),
    }
}

fn read_blocks(ctx: &mut Ctx<'_>, out: &Out, read: &args::Read) -> Done {
    // A file is emptied only for a logical unit that is there.
    let lun = read.which.lun;
    let capacity = lun::capacity(ctx, lun)?;
    let to_stdout = read.out == Path::new("-");
    let mut transfer = Transfer::new(lun, &read.out, read.range.start);
    if ctx.dry_run {
        let blocks = capacity.blocks.saturating_sub(read.range.start);
        let blocks = read.range.blocks.unwrap_or(blocks);
        transfer.planned = true;
        transfer.bytes = Some(blocks.saturating_mul(u64::from(capacity.block_length)));
        return out.one("lun.read", &transfer, &ctx.warnings, view::transfer::details);
    }
    let mut to: Box<dyn Write> = if to_stdout {
        Box::new(io::stdout().lock())
    } else {
        let tried = format!("create {}", read.out.display());
        Box::new(File::create(&read.out).map_err(|error| Error::io(tried, &error))?)
    };
    let mut progress = Progress::new("reading");
    let range = range(&read.range);
    let bytes = lun::read(ctx, lun, range, &mut to, &mut |done, all| {
        progress.at(done, all);
    })?;
    let flushed = to.flush();
    drop(to);
    let transfer = transfer.done(bytes, progress.finish(), false);
    if to_stdout {
        return Ok(flushed?);
    }
    flushed.map_err(|error| Error::io(format!("write {}", read.out.display()), &error))?;
    out.one("lun.read", &transfer, &ctx.warnings, view::transfer::details)
}

fn write_blocks(ctx: &mut Ctx<'_>, out: &Out, write: &args::Write) -> Done {
    let lun = write.which.lun;
    let mut transfer = Transfer::new(lun, &write.input, write.range.start);
    if ctx.dry_run {
        let capacity = lun::capacity(ctx, lun)?;
        let asked = write.range.blocks;
        transfer.planned = true;
        transfer.bytes = match asked {
            Some(blocks) => Some(blocks.saturating_mul(u64::from(capacity.block_length))),
            None => file_length(&write.input)?,
        };
        return out.one("lun.write", &transfer, &ctx.warnings, view::transfer::details);
    }
    let mut from = input(&write.input)?;
    if !write.yes {
        return Err(Error::new(Kind::Invalid, format!("write to {lun}"))
            .answered("this overwrites what is on the logical unit")
            .hint("say --yes if that is wanted, or --dry-run to see what would be done")
            .into());
    }
    let mut progress = Progress::new("writing");
    let mut each = |done, all| {
        progress.at(done, all);
    };
    let range = range(&write.range);
    let bytes = lun::write(ctx, lun, range, &mut from, write.verify, &mut each)?;
    let transfer = transfer.done(bytes, progress.finish(), write.verify);
    out.one("lun.write", &transfer, &ctx.warnings, view::transfer::details)
}

/// The length of a plain file; a pipe has none.
fn file_length(path: &Path) -> Result<Option<u64>> {
    if path == Path::new("-") {
        return Ok(None);
    }
    let found =
        std::fs::metadata(path).map_err(|error| Error::io(format!("open {}", path.display()), &error))?;
    Ok(found.is_file().then_some(found.len()))
}

fn input(path: &Path) -> Result<Box<dyn Read>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).map_err(|error| Error::io(format!("open {}", path.display()), &error))?;
    Ok(Box::new(file))
}

const fn range(range: &Range) -> lun::BlockRange {
    lun::BlockRange {
        start: range.start,
        blocks: range.blocks,
    }
}
