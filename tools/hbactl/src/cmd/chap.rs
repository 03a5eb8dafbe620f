//! `hbactl chap`.

use hba::Ctx;
use hba::model::ChapDirection;
use hba::ops::chap::{self, NewChap};

use crate::args::{
    self,
    chap::{Direction, Verb},
};
use crate::output::{Done, Out};
use crate::{interrupt, secret, view};

pub(crate) fn run(ctx: &mut Ctx<'_>, out: &Out, verb: &Verb) -> Done {
    match verb {
        Verb::List(which) => {
            let all = chap::list(ctx, which.adapter.as_ref())?;
            out.list("chap.list", &all, &ctx.warnings, view::chap::table)
        }
        Verb::Show(which) => {
            let one = chap::show(ctx, which.adapter.adapter.as_ref(), which.index)?;
            out.one("chap.show", &one, &ctx.warnings, view::chap::details)
        }
        Verb::Clear(clear) => {
            ctx.force = clear.force;
            ctx.deadline = interrupt::arm(ctx.deadline);
            let change = chap::clear(ctx, clear.adapter.adapter.as_ref())?;
            out.change("chap.clear", "chap table", &change, &ctx.warnings)
        }
        Verb::Add(add) => {
            let new = NewChap {
                index: add.index,
                direction: match add.direction {
                    Direction::Out => ChapDirection::Out,
                    Direction::In => ChapDirection::In,
                },
                username: add.user.clone(),
                secret: secret::read(&add.secret, ctx.deadline)?,
            };
            ctx.deadline = interrupt::arm(ctx.deadline);
            let change = chap::add(ctx, add.adapter.adapter.as_ref(), &new)?;
            let subject = change
                .after()
                .map_or_else(|| "chap entry".to_owned(), |e| format!("chap entry {}", e.index));
            out.change("chap.add", &subject, &change, &ctx.warnings)
        }
        Verb::Set(set) => {
            let secret = secret::given(&set.secret, ctx.deadline)?;
            ctx.deadline = interrupt::arm(ctx.deadline);
            let which = &set.which;
            let id = which.adapter.adapter.as_ref();
            let change = chap::set(ctx, id, which.index, set.user.as_deref(), secret.as_ref())?;
            out.change(
                "chap.set",
                &format!("chap entry {}", which.index),
                &change,
                &ctx.warnings,
            )
        }
        Verb::Remove(args::chap::Remove { which, force }) => {
            ctx.force = *force;
            ctx.deadline = interrupt::arm(ctx.deadline);
            let change = chap::remove(ctx, which.adapter.adapter.as_ref(), which.index)?;
            out.change(
                "chap.remove",
                &format!("chap entry {}", which.index),
                &change,
                &ctx.warnings,
            )
        }
    }
}
