//! `hbactl target`.

use hba::Ctx;
use hba::ops::session::Leaving;
use hba::ops::target::exclude::{self, CheckOf};
use hba::ops::target::{self, Refresh};

use crate::args::target::{Discovery, Exclude, Verb};
use crate::output::{Done, Failure, Out};
use crate::view;

pub(crate) fn run(ctx: &mut Ctx<'_>, out: &Out, verb: &Verb) -> Done {
    match verb {
        Verb::List(which) => {
            let all = target::list(ctx, which.adapter.as_ref())?;
            out.list("target.list", &all, &ctx.warnings, view::target::table)
        }
        Verb::Discover(asked) => super::discover::discover(ctx, out, asked),
        Verb::Portal(verb) => super::discover::portal(ctx, out, verb),
        Verb::Persistent(verb) => super::persistent::run(ctx, out, verb),
        Verb::Login(login) => {
            let change = target::login(ctx, &login.wish())?;
            let subject = format!("login to target {}", login.target);
            out.change("target.login", &subject, &change, &ctx.warnings)
        }
        Verb::Logout(logout) => {
            let named = &logout.named;
            ctx.force = named.force;
            let leaving = Leaving {
                exclude: logout.exclude,
                owner: logout.owner.clone(),
            };
            let id = named.adapter.adapter.as_ref();
            let change = target::logout(ctx, id, &named.target, named.portal, &leaving)?;
            let subject = format!("logout of target {}", named.target);
            out.change("target.logout", &subject, &change, &ctx.warnings)
        }
        Verb::Exclude(verb) => excluding(ctx, out, verb),
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

fn excluding(ctx: &mut Ctx<'_>, out: &Out, verb: &Exclude) -> Done {
    match verb {
        Exclude::List => {
            let all = exclude::list(ctx);
            out.list(
                "target.exclude.list",
                &all,
                &ctx.warnings,
                view::target::exclusions,
            )
        }
        Exclude::Add(rule) => {
            let change = exclude::add(ctx, &rule.rule())?;
            let place = change.after().and_then(|one| one.file.as_ref().zip(one.line));
            let subject = place.map_or_else(
                || "exclusion".to_owned(),
                |(file, line)| format!("exclusion at {file}:{line}"),
            );
            out.change("target.exclude.add", &subject, &change, &ctx.warnings)
        }
        Exclude::Remove(rule) => {
            let change = exclude::remove(ctx, &rule.rule())?;
            out.change("target.exclude.remove", "exclusion", &change, &ctx.warnings)
        }
        Exclude::Check(check) => {
            let of = CheckOf {
                target: check.target.clone(),
                portal: check.portal,
                iface: check.iface.clone(),
                adapter: check.adapter.clone(),
                transport: check.transport.clone(),
            };
            let checked = exclude::check(ctx, &of)?;
            out.one(
                "target.exclude.check",
                &checked,
                &ctx.warnings,
                view::target::checked,
            )
        }
    }
}
