//! `hbactl iface`, and `ping`.

use std::io::Write;
use std::time::Duration;

use hba::ids::IfaceId;
use hba::ops::{adapter, iface, ping};
use hba::params::IfaceCode;
use hba::{Ctx, Result};
use terminal::stdout;

use crate::args::Format;
use crate::args::iface::{Ping, Verb, Which};
use crate::output::{Done, Failure, Out};
use crate::view;

pub(crate) fn run(ctx: &mut Ctx<'_>, out: &Out, verb: &Verb) -> Done {
    match verb {
        Verb::List(which) => {
            let all = iface::list(ctx, which.adapter.as_ref())?;
            out.list("iface.list", &all, &ctx.warnings, view::iface::table)
        }
        Verb::Show(show) => {
            let id = resolve(ctx, &show.which)?;
            let one = iface::show(ctx, id)?;
            let view = if show.neighbours {
                view::iface::with_neighbours
            } else {
                view::iface::details
            };
            out.one("iface.show", &one, &ctx.warnings, view)
        }
        Verb::Set(set) => {
            let params = hba::params::ifaces(&set.params)?;
            let id = resolve(ctx, &set.which)?;
            let change = iface::set(ctx, id, &params)?;
            out.change("iface.set", &format!("{id} (staged)"), &change, &ctx.warnings)
        }
        Verb::Unset(unset) => {
            let id = resolve(ctx, &unset.which)?;
            let change = iface::unset(ctx, id, &unset.names)?;
            out.change("iface.unset", &format!("{id} (staged)"), &change, &ctx.warnings)
        }
        Verb::Apply(apply) => {
            ctx.force = apply.force;
            let change = iface::apply(ctx, apply.adapter.adapter.as_ref())?;
            out.change("iface.apply", "interfaces", &change, &ctx.warnings)
        }
        Verb::Ping(request) => ping(ctx, out, request),
        Verb::Record(verb) => super::record::run(ctx, out, verb),
        Verb::Params => params(out),
    }
}

/// Names, ranges and units.
pub(crate) fn params(out: &Out) -> Done {
    view::params::table::<IfaceCode>(out, "iface.params")
}

/// Pings, printing every reply as it comes.
pub(crate) fn ping(ctx: &mut Ctx<'_>, out: &Out, request: &Ping) -> Done {
    let id = resolve(ctx, &request.which)?;
    let asked = ping::PingRequest {
        address: request.address,
        count: request.count,
        size: request.size,
        interval: Duration::from_millis(request.interval),
        timeout: Duration::from_millis(request.wait),
    };
    let live = out.format() == Format::Table;
    let mut failed = None;
    let result = ping::ping(ctx, id, &asked, &mut |reply| {
        if live {
            let line = view::ping::reply(request.address, reply);
            let mut out = stdout();
            if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
                failed.get_or_insert(error);
            }
        }
    })?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    out.one("iface.ping", &result, &ctx.warnings, view::ping::summary)?;
    if result.received == 0 {
        Err(Failure::Answered(1))
    } else {
        Ok(())
    }
}

fn resolve(ctx: &mut Ctx<'_>, which: &Which) -> Result<IfaceId> {
    // A full kernel name carries its host; a short one belongs to the adapter named, or to the only one.
    if which.adapter.adapter.is_none()
        && let Ok(id) = IfaceId::parse(&which.iface, None)
    {
        return Ok(id);
    }
    let host = adapter::resolve(ctx, which.adapter.adapter.as_ref())?;
    IfaceId::parse(&which.iface, Some(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameter_table_has_no_secret_that_could_be_set() {
        use hba::params::{FlashnodeParam, Settable};

        fn safe<P: Settable>() -> bool {
            let can_be_set = |param: &P| param.take().why_not().is_none();
            !P::all().any(|param| param.info().is_none_or(|info| info.is_secret()) && can_be_set(&param))
        }
        assert!(safe::<IfaceCode>() && safe::<FlashnodeParam>());
    }
}
