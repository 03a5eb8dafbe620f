//! `hbactl stats`.

use std::time::Duration;

use hba::Ctx;
use hba::ops::{helper, stats};

use crate::args::Format;
use crate::args::stats::Verb;
use crate::output::{Done, Out};
use crate::view;

pub(crate) fn run(ctx: &mut Ctx<'_>, out: &Out, verb: &Verb) -> Done {
    match verb {
        Verb::Host(which) => {
            let all = stats::host(ctx, which.adapter.as_ref())?;
            if out.format() == Format::Json {
                return out.json("stats.host", &all, &ctx.warnings);
            }
            for one in &all {
                out.details(&view::stats::host(one))?;
            }
            Ok(())
        }
        Verb::Adapter(which) => {
            let all = stats::adapter(ctx, which.adapter.as_ref())?;
            if out.format() == Format::Json {
                return out.json("stats.adapter", &all, &ctx.warnings);
            }
            for one in &all {
                out.details(&view::stats::adapter(one))?;
            }
            Ok(())
        }
        Verb::Helper(which) => {
            let helper = helper::stats(ctx, which.adapter.as_ref())?;
            out.one("stats.helper", &helper, &ctx.warnings, view::stats::helper)
        }
        Verb::Requests { sid, seconds } => {
            let times = stats::requests(ctx, *sid, seconds.map(Duration::from_secs))?;
            out.one("stats.requests", &times, &ctx.warnings, view::stats::requests)
        }
        Verb::Login => match stats::logins()? {},
        Verb::Session { sid } => {
            let one = stats::session(ctx, *sid)?;
            out.one("stats.session", &one, &ctx.warnings, view::stats::session)
        }
        Verb::Connection { sid, cid } => {
            let one = stats::connection(ctx, *sid, *cid)?;
            out.one("stats.connection", &one, &ctx.warnings, view::stats::session)
        }
    }
}
