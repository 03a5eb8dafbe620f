//! `hbactl event`.

use std::io::Write;
use std::ops::ControlFlow;
use std::time::Duration;

use hba::Ctx;
use hba::model::Event;
use hba::ops::{adapter, event};
use terminal::stdout;

use crate::args::Format;
use crate::args::event::{Follow, Looks, Verb};
use crate::output::{Done, Failure, Out};
use crate::view;

pub(crate) fn run(ctx: &mut Ctx<'_>, out: &Out, verb: &Verb) -> Done {
    match verb {
        Verb::Follow(options) => follow(ctx, out, options),
    }
}

/// Prints events until interrupted, or until the count or the time given.
pub(crate) fn follow(ctx: &mut Ctx<'_>, out: &Out, options: &Follow) -> Done {
    let host = match &options.adapter.adapter {
        Some(id) => Some(adapter::resolve(ctx, Some(id))?),
        None => None,
    };
    let filter = event::EventFilter {
        host,
        names: options.only.clone(),
        objects: options.objects,
    };
    if let Some(seconds) = options.seconds {
        ctx.deadline = ctx.deadline.at_most(Duration::from_secs(seconds));
    }
    let mut seen = 0;
    let mut failed = None;
    let mut watching = watching(&options.looks);
    watching.paths = options.paths;
    event::follow(ctx, &filter, watching, &mut |record| {
        // That some were lost is told beside those that were asked for.
        seen += u64::from(record.event != Event::Lost);
        if let Err(error) = print(out, &record) {
            failed = Some(error);
            return ControlFlow::Break(());
        }
        if options.count.is_some_and(|count| seen >= count) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    match failed {
        Some(error) => Err(error),
        // A script that waits for a number of events must be able to tell that they did not come.
        None if options.count.is_some_and(|count| seen < count) => Err(Failure::Answered(1)),
        None => Ok(()),
    }
}

/// How states are to be watched.
pub(crate) const fn watching(looks: &Looks) -> event::Watching {
    event::Watching {
        look_every: match looks.look_every {
            0 => None,
            seconds => Some(Duration::from_secs(seconds)),
        },
        ask: !looks.no_ask,
        paths: false,
    }
}

fn print(out: &Out, record: &hba::model::EventRecord) -> Done {
    if out.format() == Format::Json {
        return out.json_line("event.follow", record);
    }
    let mut lines = stdout();
    writeln!(
        lines,
        "{}",
        view::event::line(record, out.format() == Format::Plain)
    )?;
    Ok(lines.flush()?)
}
