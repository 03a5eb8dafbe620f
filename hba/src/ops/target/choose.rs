//! Which port and which portals a login takes.
//!
//! Owns the choice of a port; in which order portals are tried is [`crate::policy::portals`]'. Must not know how a login is made. Source: Microsoft `LoginIScsiTarget` (a target must be known; without a portal any
//! of the target's is taken; without an initiator one is chosen).

use iscsi::address::TargetAddress;

use super::list::{Target, of_port};
use super::wish::LoginWish;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result, Status};
use crate::ids::{HostNo, Portal};
use crate::ops::adapter::{all_able, resolve_able};
use crate::ops::flash::{port_can_call, reach};
use crate::policy::portals::{Known, Reach, Wish, order};
use crate::quirks::Ability;
use crate::step::Step;

/// The port of a login and the target as it knows it.
pub(super) fn port(ctx: &mut Ctx<'_>, wish: &LoginWish, tried: &str) -> Result<(HostNo, Option<Target>)> {
    let candidates = match &wish.adapter {
        Some(id) => vec![resolve_able(ctx, Some(id), tried, Ability::Flash)?],
        None => all_able(ctx, None, tried, Ability::Flash)?,
    };
    let candidates = named(ctx, candidates, wish, tried)?;
    let mut known = Vec::new();
    for host in candidates {
        let target = of_port(ctx, host)?.into_iter().find(|t| t.name == wish.target);
        known.push((host, target));
    }
    if known.len() == 1 {
        return known.pop().ok_or_else(|| nobody(tried));
    }
    // One that knows the target, or else one that can call the portal.
    if let Some(at) = known.iter().position(|(_, target)| target.is_some()) {
        let (host, target) = known.swap_remove(at);
        ctx.warn(format!("{host} was chosen: it knows the target"));
        return Ok((host, target));
    }
    let Some(portal) = wish.portal else {
        return known.into_iter().next().ok_or_else(|| nobody(tried));
    };
    for (host, target) in known {
        if port_can_call(ctx, host, portal.address)? {
            ctx.warn(format!(
                "{host} was chosen: it is the first that has an address of the portal's family"
            ));
            return Ok((host, target));
        }
    }
    Err(Error::new(Kind::Failed, tried)
        .answered("no port has an address of the portal's family")
        .hint(Step::IfaceSet.then(" gives it one")))
}

fn nobody(tried: &str) -> Error {
    Error::new(Kind::NotFound, tried)
        .answered("there is no adapter here that keeps targets in flash")
        .hint(Step::AdapterList.then(" shows what is there"))
}

/// Those of the ports that have the initiator name that is wanted.
fn named(ctx: &mut Ctx<'_>, ports: Vec<HostNo>, wish: &LoginWish, tried: &str) -> Result<Vec<HostNo>> {
    let Some(wanted) = &wish.initiator else {
        return Ok(ports);
    };
    let (mut named, mut others) = (Vec::new(), Vec::new());
    for host in ports {
        match ctx.backend.adapter(host)?.and_then(|a| a.initiator_name) {
            Some(name) if iscsi::names::same(&name, wanted) => named.push(host),
            name => others.push(format!("{host} is {}", name.as_deref().unwrap_or("unnamed"))),
        }
    }
    if !named.is_empty() {
        return Ok(named);
    }
    Err(Error::new(Kind::Unsupported, tried)
        .answered(format!(
            "a login goes out under the name of its port, and no port is named {}: {}",
            wanted.escape_debug(),
            others.join(", ")
        ))
        .with_status(Status::NodeNotFound)
        .hint(Step::AdapterShow.then(" shows a port's name")))
}

/// The portals to try, in this order: [`order`] has the rules. Paths that are up need no login.
pub(super) fn portals(
    ctx: &mut Ctx<'_>,
    wish: &LoginWish,
    host: HostNo,
    target: Option<&Target>,
    tried: &str,
) -> Result<Vec<Portal>> {
    let paths = target.map(|t| t.paths.as_slice()).unwrap_or_default();
    let down = paths.iter().filter(|path| !path.is_up());
    let places: Vec<TargetAddress> = down.filter_map(|path| path.at).map(TargetAddress::from).collect();
    let known: Vec<Known<'_>> = places
        .iter()
        .map(|at| Known {
            at,
            leading: false,
            told: false,
        })
        .collect();
    let given = wish.portal.map(TargetAddress::from);
    // Nobody needs to know what the port can call where there is nothing to choose.
    let choice = match given {
        Some(_) => wish.portal_hopping && !known.is_empty(),
        None => known.len() > 1,
    };
    let reach = if choice { reach(ctx, host)? } else { Reach::ANY };
    let order = order(
        &known,
        reach,
        &Wish {
            given: given.as_ref(),
            hopping: wish.portal_hopping,
            last_good: None,
        },
    );
    for (_, why) in order.skipped {
        ctx.warn(why);
    }
    let order: Vec<Portal> = order.tries.iter().filter_map(Portal::of).collect();
    if !order.is_empty() {
        return Ok(order);
    }
    let answer = if paths.is_empty() {
        format!("{host} knows no target {}", wish.target.escape_debug())
    } else if known.is_empty() {
        "all of its paths that are known have a session".to_owned()
    } else {
        format!("{host} can call none of its portals")
    };
    Err(Error::new(Kind::NotFound, tried)
        .answered(answer)
        .with_status(Status::TargetNotFound)
        .hint(
            Step::WithPortal
                .then(" says where it is; ")
                .then(Step::FlashDiscover)
                .then(" finds it"),
        ))
}
