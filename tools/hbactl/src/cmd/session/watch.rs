//! `hbactl session watch`: what happens and what is done about it, one a line, until the end is asked for.

use std::io::Write;
use std::ops::ControlFlow;
use std::time::Duration;

use hba::Ctx;
use hba::model::Watched;
use hba::ops::adapter;
use hba::ops::event::EventFilter;
use hba::ops::session::{self, LunPolicy, OnExpiry, WatchPolicy};
use terminal::stdout;

use crate::args::Format;
use crate::args::session::{Expiry, Luns, Watch};
use crate::cmd::event::watching;
use crate::output::{Done, Failure, Out};
use crate::{interrupt, view};

pub(super) fn run(ctx: &mut Ctx<'_>, out: &Out, options: &Watch) -> Done {
    let filter = EventFilter {
        host: match &options.adapter.adapter {
            Some(id) => Some(adapter::resolve(ctx, Some(id))?),
            None => None,
        },
        ..EventFilter::default()
    };
    let policy = WatchPolicy {
        luns: match options.luns {
            Luns::Off => LunPolicy::Off,
            Luns::Report => LunPolicy::Report,
            Luns::Rescan => LunPolicy::Rescan,
        },
        remove: options.remove,
        on_expiry: match options.on_expiry {
            Expiry::Offline => OnExpiry::Offline,
            Expiry::Delete => OnExpiry::Delete,
        },
    };
    ctx.force = options.force;
    if let Some(seconds) = options.seconds {
        ctx.deadline = ctx.deadline.at_most(Duration::from_secs(seconds));
    }
    let mut failed = None;
    session::watch(
        ctx,
        &filter,
        watching(&options.looks),
        policy,
        &mut |told| match print(out, &told) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        },
    )?;
    match (failed, interrupt::came()) {
        (Some(error), _) => Err(error),
        // It ended in order, by a signal: the code says so, as for every command.
        (None, Some(signal)) => Err(Failure::Answered(
            u8::try_from(128 + signal as i32).unwrap_or(u8::MAX),
        )),
        (None, None) => Ok(()),
    }
}

fn print(out: &Out, told: &Watched) -> Done {
    if out.format() == Format::Json {
        return out.json_line("session.watch", told);
    }
    let mut lines = stdout();
    let plain = out.format() == Format::Plain;
    for line in view::watch::lines(told, plain) {
        writeln!(lines, "{line}")?;
    }
    Ok(lines.flush()?)
}
