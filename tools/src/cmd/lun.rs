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
use crate::{report, view};

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
        Verb::Read(read) => read_blocks(ctx, read),
        Verb::Write(write) => write_blocks(ctx, write),
    }
}

fn read_blocks(ctx: &mut Ctx<'_>, read: &args::Read) -> Done {
    let mut to: Box<dyn Write> = if read.out == Path::new("-") {
        Box::new(io::stdout().lock())
    } else {
        let tried = format!("create {}", read.out.display());
        Box::new(File::create(&read.out).map_err(|error| Error::io(tried, &error))?)
    };
    let mut progress = Progress::new("reading");
    let range = range(&read.range);
    let bytes = lun::read(ctx, read.which.lun, range, &mut to, &mut |done, all| {
        progress.at(done, all);
    })?;
    to.flush()?;
    report::note(&format!("read {}", progress.finish(bytes)));
    Ok(())
}

fn write_blocks(ctx: &mut Ctx<'_>, write: &args::Write) -> Done {
    let mut from = input(&write.input)?;
    if ctx.dry_run {
        report::note(&format!(
            "would write {} to {}",
            write.input.display(),
            write.which.lun
        ));
        return Ok(());
    }
    if !write.yes {
        return Err(Error::new(Kind::Invalid, format!("write to {}", write.which.lun))
            .answered("this overwrites what is on the logical unit")
            .hint("say --yes if that is wanted, or --dry-run to see what would be done")
            .into());
    }
    let mut progress = Progress::new("writing");
    let mut each = |done, all| progress.at(done, all);
    let range = range(&write.range);
    let bytes = lun::write(ctx, write.which.lun, range, &mut from, write.verify, &mut each)?;
    let verified = if write.verify { " (read back equal)" } else { "" };
    report::note(&format!("wrote {}{verified}", progress.finish(bytes)));
    Ok(())
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
