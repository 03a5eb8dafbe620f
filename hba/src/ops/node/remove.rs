//! Taking node records away.

use std::net::IpAddr;
use std::ops::ControlFlow;

use super::Which;
use super::set::hold;
use super::show::whole;
use crate::Change;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::model::{NodeRecord, SessionBrief};
use crate::nodes::{Database, NodeId};
use crate::ops::write::{Done, Plan};
use crate::step::Step;

/// Takes away every record meant, with the links that lead to it. One that a session stands on is refused, unless the context says
/// otherwise: the session goes on, and nobody would know how to make it again.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Busy`] when a session stands on one, or when others write.
pub fn remove(ctx: &mut Ctx<'_>, which: &Which) -> Result<Change<Vec<NodeRecord>>> {
    let database = Database::at(ctx.home.records.clone());
    let tried = format!("remove the records of {which}");
    let held = hold(ctx, &database, "node remove", &tried)?;
    let found = which.all(&database, &tried)?;
    if !ctx.force {
        let mut standing = None;
        ctx.backend.for_each_session(&mut |session| match found
            .iter()
            .find(|(id, _)| stands_on(&session, id))
        {
            Some((id, _)) => {
                standing = Some((session.sid, id.clone()));
                ControlFlow::Break(())
            }
            None => ControlFlow::Continue(()),
        })?;
        if let Some((sid, id)) = standing {
            return Err(Error::new(Kind::Busy, tried)
                .answered(format!("session {sid} stands on the record of {id}"))
                .hint(Step::SessionLogout(sid).then(" first, or ").then(Step::WithForce)));
        }
    }
    let before: Vec<NodeRecord> = found.iter().map(|(id, record)| whole(id, record)).collect();
    let plan = Plan {
        diff: found
            .iter()
            .map(|(id, _)| Difference::new("record", Some(id.to_string()), None))
            .collect(),
        before: Some(before),
        after: None,
    };
    plan.carry_out(ctx, |_, _| {
        let held = held
            .as_ref()
            .ok_or_else(|| Error::new(Kind::Failed, tried.clone()))?;
        for (id, _) in &found {
            database.remove_node(held, id)?;
        }
        Ok(Done::AsPlanned)
    })
}

/// Whether a session was made from this record, as far as its target and portal tell.
fn stands_on(session: &SessionBrief, id: &NodeId) -> bool {
    let address = match (
        session.address.parse::<IpAddr>(),
        id.portal.address.parse::<IpAddr>(),
    ) {
        (Ok(one), Ok(other)) => one.to_canonical() == other.to_canonical(),
        _ => session.address == id.portal.address,
    };
    session.target_name == id.target.as_str() && address && session.port == id.portal.port
}
