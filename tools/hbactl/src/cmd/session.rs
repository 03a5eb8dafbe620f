//! `hbactl session`.

mod watch;

use std::io::{self, Write};
use std::ops::ControlFlow;

use hba::Ctx;
use hba::ops::session::{self, Leaving};
use terminal::{Stdout, stdout};

use crate::args::Format;
use crate::args::session::{List, Logout, Verb};
use crate::output::{Done, Out};
use crate::view;

pub(crate) fn run(ctx: &mut Ctx<'_>, out: &Out, verb: &Verb) -> Done {
    match verb {
        Verb::List(list) if list.detail => detail(ctx, out, list),
        Verb::List(list) if out.format() == Format::Json => {
            let mut all = session::list(ctx, list.adapter.adapter.as_ref())?;
            all.retain(|s| is_of(list, &s.held_by));
            out.json("session.list", &all, &ctx.warnings)
        }
        Verb::List(list) => stream(ctx, out, list),
        Verb::Show(which) => {
            let one = session::show(ctx, which.sid)?;
            out.one("session.show", &one, &ctx.warnings, view::session::details)
        }
        Verb::Claim(claim) => {
            ctx.force = claim.force;
            let change = session::claim(ctx, claim.which.sid, &claim.owner)?;
            let subject = format!("owner of session {}", claim.which.sid);
            out.change("session.claim", &subject, &change, &ctx.warnings)
        }
        Verb::Release(release) => {
            let change = match release.sid {
                Some(sid) => session::release(ctx, sid)?,
                None => session::release_gone(ctx)?,
            };
            let subject = release.sid.map_or_else(
                || "owners of sessions that are gone".to_owned(),
                |sid| format!("owner of session {sid}"),
            );
            out.change("session.release", &subject, &change, &ctx.warnings)
        }
        Verb::Logout(logout) => logout_of(ctx, out, logout),
        Verb::Set(set) => {
            let changes: Result<Vec<_>, hba::Error> = set
                .settings
                .iter()
                .map(|text| session::SettingChange::parse(text))
                .collect();
            let change = session::set(ctx, set.which.sid, &changes?)?;
            let subject = format!("session {}", set.which.sid);
            out.change("session.set", &subject, &change, &ctx.warnings)
        }
        Verb::Watch(options) => watch::run(ctx, out, options),
        Verb::Paths(which) => {
            let paths = session::paths(ctx, which.sid)?;
            out.one("session.paths", &paths, &ctx.warnings, view::session::paths)
        }
        Verb::Policy(which) => match which.sid {
            None => policies(out),
            Some(sid) => {
                let policy = session::policy(ctx, sid)?;
                out.one("session.policy", &policy, &ctx.warnings, view::policy::applied)
            }
        },
        Verb::Mappings(which) => {
            let all = session::mappings(ctx, which.adapter.as_ref())?;
            out.list("session.mappings", &all, &ctx.warnings, view::session::mappings)
        }
        Verb::Rescan(rescan) => {
            ctx.force = rescan.force;
            let done = session::rescan(ctx, rescan.sid, rescan.remove)?;
            if out.format() == Format::Json {
                return out.json("session.rescan", &done, &ctx.warnings);
            }
            let mut lines = stdout();
            view::rescan::write(&mut lines, &done, out.format() == Format::Plain)?;
            Ok(lines.flush()?)
        }
    }
}

/// The rules, which need no endpoint.
pub(crate) fn policies(out: &Out) -> Done {
    let policy = session::policies();
    match out.format() {
        Format::Json => out.json("session.policy", &policy, &[]),
        _ => out.table(view::policy::table(&policy)),
    }
}

fn logout_of(ctx: &mut Ctx<'_>, out: &Out, logout: &Logout) -> Done {
    ctx.force = logout.force;
    match (logout.sid, &logout.owner) {
        (None, Some(owner)) => {
            let id = logout.adapter.adapter.as_ref();
            let change = session::logout_owned(ctx, id, owner, logout.exclude)?;
            let subject = format!("logout of the sessions that {owner} owns");
            out.change("session.logout.owned", &subject, &change, &ctx.warnings)
        }
        (sid, owner) => {
            let sid = sid.unwrap_or_default();
            let leaving = Leaving {
                exclude: logout.exclude,
                owner: owner.clone(),
            };
            let change = session::logout(ctx, sid, &leaving)?;
            let subject = format!("logout of session {sid}");
            out.change("session.logout", &subject, &change, &ctx.warnings)
        }
    }
}

/// Whether a session is among those that were asked for.
fn is_of(list: &List, held_by: &str) -> bool {
    list.owner.as_ref().is_none_or(|owner| owner.as_str() == held_by)
}

/// Writes every session as it is read: thousands of them need no memory here.
fn stream(ctx: &mut Ctx<'_>, out: &Out, list: &List) -> Done {
    let plain = out.format() == Format::Plain;
    let mut lines = Lines::new();
    session::for_each(ctx, list.adapter.adapter.as_ref(), &mut |brief| {
        if !is_of(list, &brief.held_by) {
            return ControlFlow::Continue(());
        }
        lines.add(|out, first| {
            if first && !plain {
                view::session::heading(out)?;
            }
            view::session::line(out, &brief, plain)
        })
    })?;
    lines.end()
}

fn detail(ctx: &mut Ctx<'_>, out: &Out, list: &List) -> Done {
    let adapter = list.adapter.adapter.as_ref();
    if out.format() == Format::Json {
        let mut all = session::list_detail(ctx, adapter)?;
        all.retain(|s| is_of(list, &s.brief.held_by));
        return out.json("session.list.detail", &all, &ctx.warnings);
    }
    let plain = out.format() == Format::Plain;
    let mut lines = Lines::new();
    session::for_each_detail(ctx, adapter, &mut |one| {
        if !is_of(list, &one.brief.held_by) {
            return ControlFlow::Continue(());
        }
        lines.add(|out, first| {
            if plain {
                return view::session::detail_line(out, &one);
            }
            if !first {
                writeln!(out)?;
            }
            view::session::detail(out, &one)
        })
    })?;
    lines.end()
}

/// Output written from inside a walk over sessions: the first failure ends the walk.
struct Lines {
    out: Stdout,
    broken: Option<io::Error>,
    any: bool,
}

impl Lines {
    fn new() -> Self {
        Self {
            out: stdout(),
            broken: None,
            any: false,
        }
    }

    /// Writes one session; `write` learns whether it is the first.
    fn add(&mut self, write: impl FnOnce(&mut dyn Write, bool) -> io::Result<()>) -> ControlFlow<()> {
        let first = !std::mem::replace(&mut self.any, true);
        match write(&mut self.out, first) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.broken = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn end(mut self) -> Done {
        if let Some(error) = self.broken {
            return Err(error.into());
        }
        if !self.any {
            terminal::note("There are no sessions.");
        }
        Ok(self.out.flush()?)
    }
}
