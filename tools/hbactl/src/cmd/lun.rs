//! `hbactl lun`.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::path::Path;

use files::{Existing, Input, Kind, Output, Why};
use hba::backend::LunScope;
use hba::ops::lun::{self, Length};
use hba::ops::{adapter, in_use};
use hba::{Ctx, Error};

use crate::args::Format;
use crate::args::lun::{self as args, Range, Verb};
use crate::output::{Done, Out};
use crate::progress::Progress;
use crate::view;
use crate::view::transfer::Transfer;

pub(crate) fn run(ctx: &mut Ctx<'_>, out: &Out, verb: &Verb, dry_run: bool) -> Done {
    match verb {
        Verb::List(list) => {
            let scope = scope(ctx, list)?;
            let all = lun::list(ctx, scope)?;
            for lun in &all {
                if let Some(why) = &lun.unusable {
                    ctx.warn(format!("{} cannot be used: {why}", lun.address));
                }
            }
            let view = if out.format() == Format::Plain {
                view::lun::columns
            } else {
                view::lun::table
            };
            out.list("lun.list", &all, &ctx.warnings, view)
        }
        Verb::Uses(list) => {
            let scope = scope(ctx, list)?;
            let all = in_use::uses(ctx, scope)?;
            out.list("lun.uses", &all, &ctx.warnings, view::lun::uses)
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
        Verb::Read(read) => read_blocks(ctx, out, read, dry_run),
        Verb::Write(write) => write_blocks(ctx, out, write, dry_run),
    }
}

/// Which units are meant.
fn scope(ctx: &mut Ctx<'_>, list: &args::List) -> hba::Result<LunScope> {
    Ok(match (list.session, &list.adapter.adapter) {
        (Some(sid), _) => LunScope::Session(sid),
        (None, Some(id)) => LunScope::Host(adapter::resolve(ctx, Some(id))?),
        (None, None) => LunScope::All,
    })
}

fn read_blocks(ctx: &mut Ctx<'_>, out: &Out, read: &args::Read, dry_run: bool) -> Done {
    // The unit and the range come first: a file is made only for an answer that can be had.
    let lun = read.which.lun;
    let span = lun::Span::of(ctx, lun, range(&read.range), &format!("read {lun}"))?;
    let existing = if read.overwrite {
        Existing::Overwrite
    } else {
        Existing::Refuse
    };
    let to_stdout = read.out == Path::new("-");
    let mut transfer = Transfer::new(lun, &read.out, read.range.start);
    if dry_run {
        if !to_stdout {
            Output::check(&read.out, existing).map_err(|error| not_written(&read.out, &error))?;
        }
        transfer.planned = true;
        transfer.bytes = Some(span.bytes());
        return out.one("lun.read", &transfer, &ctx.warnings, view::transfer::details);
    }
    let mut progress = Progress::new("reading");
    let mut each = |done, all| {
        progress.at(done, all);
    };
    if to_stdout {
        lun::read(ctx, &span, &mut io::stdout().lock(), &mut each)?;
        progress.finish();
        return Ok(());
    }
    let mut to = Output::create(&read.out, existing).map_err(|error| not_written(&read.out, &error))?;
    let bytes = lun::read(ctx, &span, &mut to, &mut each)?;
    to.finish().map_err(|error| not_written(&read.out, &error))?;
    let transfer = transfer.done(bytes, progress.finish(), false);
    out.one("lun.read", &transfer, &ctx.warnings, view::transfer::details)
}

/// Why nothing, or not all, is at the place that was named, and what was there before still is.
fn not_written(path: &Path, error: &files::Error) -> Error {
    let failure = Error::file(format!("write to {}", path.display()), error);
    match error.why() {
        Why::Exists => failure.hint("say --overwrite if it is to be replaced"),
        Why::InUse => failure.hint("unmount it, or name another device"),
        Why::Kind(Kind::Pipe, _) => failure.hint("use --out - and a pipe"),
        _ => failure,
    }
}

fn write_blocks(ctx: &mut Ctx<'_>, out: &Out, write: &args::Write, dry_run: bool) -> Done {
    let lun = write.which.lun;
    let tried = format!("write to {lun}");
    if !dry_run && !write.yes {
        return Err(Error::new(hba::Kind::Invalid, tried)
            .answered("this overwrites what is on the logical unit")
            .hint("say --yes if that is wanted, or --dry-run to see what would be done")
            .into());
    }
    let deadline = Some(ctx.deadline.instant());
    let input = if write.input == Path::new("-") {
        Input::stdin(deadline)
    } else {
        Input::open(&write.input, deadline)
    };
    let mut input = input.map_err(|error| Error::file(format!("read {}", write.input.display()), &error))?;
    let span = lun::Span::of(ctx, lun, range(&write.range), &tried)?;
    let length = match (input.length(), input.kind()) {
        (Some(bytes), _) => Length::Known(bytes),
        (None, Kind::Character) if !input.as_fd().is_terminal() => Length::Endless,
        (None, _) => Length::Unknown,
    };
    let mut transfer = Transfer::new(lun, &write.input, write.range.start);
    if dry_run {
        transfer.planned = true;
        transfer.bytes = span.takes(length)?;
        return out.one("lun.write", &transfer, &ctx.warnings, view::transfer::details);
    }
    let mut progress = Progress::new("writing");
    let mut each = |done, all| {
        progress.at(done, all);
    };
    let bytes = lun::write(ctx, &span, &mut input, length, write.verify, &mut each)?;
    let transfer = transfer.done(bytes, progress.finish(), write.verify);
    out.one("lun.write", &transfer, &ctx.warnings, view::transfer::details)
}

const fn range(range: &Range) -> lun::BlockRange {
    lun::BlockRange {
        start: range.start,
        blocks: range.blocks,
    }
}
