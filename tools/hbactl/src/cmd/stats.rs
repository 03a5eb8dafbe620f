//! `hbactl stats`.

use hba::Ctx;
use hba::ops::stats;

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
