//! `hbactl session`.

use std::io::Write;
use std::ops::ControlFlow;

use hba::Ctx;
use hba::ops::session;

use crate::args::Format;
use crate::args::session::{List, Verb};
use crate::output::{Done, Out, stdout};
use crate::{report, view};

pub(crate) fn run(ctx: &mut Ctx<'_>, out: &Out, verb: &Verb) -> Done {
    match verb {
        Verb::List(list) if list.detail => detail(ctx, out, list),
        Verb::List(list) if out.format() == Format::Json => {
            let all = session::list(ctx, list.adapter.adapter.as_ref())?;
            out.json("session.list", &all, &ctx.warnings)
        }
        Verb::List(list) => stream(ctx, out, list),
        Verb::Show(which) => {
            let one = session::show(ctx, which.sid)?;
            out.one("session.show", &one, &ctx.warnings, view::session::details)
        }
        Verb::Logout(which) => {
            let change = session::logout(ctx, which.sid)?;
            out.change(
                "session.logout",
                &format!("logout of session {}", which.sid),
                &change,
                &ctx.warnings,
            )
        }
        Verb::Rescan { sid } => {
            let change = session::rescan(ctx, *sid)?;
            out.change("session.rescan", "logical units", &change, &ctx.warnings)
        }
    }
}

/// Writes every session as it is read: thousands of them need no memory here.
fn stream(ctx: &mut Ctx<'_>, out: &Out, list: &List) -> Done {
    let mut lines = stdout();
    let mut broken = None;
    let mut count = 0_u64;
    let plain = out.format() == Format::Plain;
    session::for_each(ctx, list.adapter.adapter.as_ref(), &mut |brief| {
        let heading = if count == 0 && !plain {
            view::session::heading(&mut lines)
        } else {
            Ok(())
        };
        count += 1;
        match heading.and_then(|()| view::session::line(&mut lines, &brief, plain)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                broken = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    if let Some(error) = broken {
        return Err(error.into());
    }
    if count == 0 {
        report::note("There are no sessions.");
    }
    Ok(lines.flush()?)
}

fn detail(ctx: &mut Ctx<'_>, out: &Out, list: &List) -> Done {
    let all = session::list_detail(ctx, list.adapter.adapter.as_ref())?;
    if out.format() == Format::Json {
        return out.json("session.list", &all, &ctx.warnings);
    }
    for one in &all {
        out.details(&view::session::details(one))?;
    }
    Ok(())
}
