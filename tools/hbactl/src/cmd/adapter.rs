//! `hbactl adapter`.

use hba::Ctx;
use hba::ops::adapter;

use super::event;
use crate::args::adapter::Verb;
use crate::output::{Done, Out};
use crate::view;

pub(crate) fn run(ctx: &mut Ctx<'_>, out: &Out, verb: &Verb) -> Done {
    match verb {
        Verb::List => {
            let all = adapter::list(ctx)?;
            out.list("adapter.list", &all, &ctx.warnings, view::adapter::table)
        }
        Verb::Show(which) => {
            let one = adapter::show(ctx, which.id())?;
            out.one("adapter.show", &one, &ctx.warnings, view::adapter::details)
        }
        Verb::Reset(reset) => {
            ctx.force = reset.force;
            let change = adapter::reset(ctx, reset.which.id())?;
            out.change("adapter.reset", "adapter", &change, &ctx.warnings)
        }
        Verb::Events(follow) => event::follow(ctx, out, follow),
    }
}
