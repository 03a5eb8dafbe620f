//! `hbactl target`.

use hba::Ctx;
use hba::ops::target::{self, Refresh};

use crate::args::target::{Discovery, Verb};
use crate::output::{Done, Failure, Out};
use crate::view;

pub(crate) fn run(ctx: &mut Ctx<'_>, out: &Out, verb: &Verb) -> Done {
    match verb {
        Verb::List(which) => {
            let all = target::list(ctx, which.adapter.as_ref())?;
            out.list("target.list", &all, &ctx.warnings, view::target::table)
        }
        Verb::Login(login) => {
            let change = target::login(ctx, &login.wish())?;
            let subject = format!("login to target {}", login.target);
            out.change("target.login", &subject, &change, &ctx.warnings)
        }
        Verb::Logout(named) => {
            ctx.force = named.force;
            let change = target::logout(ctx, named.adapter.adapter.as_ref(), &named.target, named.portal)?;
            let subject = format!("logout of target {}", named.target);
            out.change("target.logout", &subject, &change, &ctx.warnings)
        }
        Verb::Remove(named) => {
            ctx.force = named.force;
            let change = target::remove(ctx, named.adapter.adapter.as_ref(), &named.target, named.portal)?;
            let subject = format!("target {}", named.target);
            out.change("target.remove", &subject, &change, &ctx.warnings)
        }
        Verb::Refresh(which) => {
            let all = target::refresh(ctx, which.adapter.as_ref())?;
            out.list("target.refresh", &all, &ctx.warnings, view::target::refreshed)?;
            if all.iter().all(Refresh::is_whole) {
                Ok(())
            } else {
                Err(Failure::Answered(1))
            }
        }
        Verb::Discovery(Discovery::Show(which)) => {
            let all = target::discovery(ctx, which.adapter.as_ref())?;
            out.list(
                "target.discovery.show",
                &all,
                &ctx.warnings,
                view::target::discovery,
            )
        }
    }
}
