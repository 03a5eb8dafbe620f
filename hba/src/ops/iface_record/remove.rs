//! Taking an interface record away.

use super::list::{find, whole};
use crate::Change;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::model::IfaceRecord;
use crate::nodes::{Database, iface};
use crate::ops::node::hold;
use crate::ops::write::{Done, Plan};
use crate::step::Step;

/// Takes an interface record away. While node records name it, it is refused; with force they stay, and cannot be logged in to until there is
/// such an interface again.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Busy`] when node records name it, or when others write.
pub fn remove(ctx: &mut Ctx<'_>, name: &str) -> Result<Change<IfaceRecord>> {
    let database = Database::at(ctx.home.records.clone());
    let tried = format!("remove the interface record {}", name.escape_debug());
    let held = hold(ctx, &database, "iface record remove", &tried)?;
    let record = find(&database, name, &tried)?;
    if iface::built_in(name).is_some() {
        return Err(Error::new(Kind::Invalid, tried).answered("it has no file: it is always there"));
    }
    if !ctx.force {
        let users = database
            .nodes()?
            .filter_map(Result::ok)
            .filter(|(id, _)| id.iface == name);
        let users: Vec<String> = users.map(|(id, _)| id.to_string()).take(4).collect();
        if !users.is_empty() {
            return Err(Error::new(Kind::Busy, tried)
                .answered(format!("node records name it: {}", users.join("; ")))
                .hint(Step::WithForce));
        }
    }
    let plan = Plan {
        diff: vec![Difference::new("record", Some(name.to_owned()), None)],
        before: Some(whole(name, &record)),
        after: None,
    };
    plan.carry_out(ctx, |_, _| {
        let held = held
            .as_ref()
            .ok_or_else(|| Error::new(Kind::Failed, tried.clone()))?;
        database.remove_iface(held, name)?;
        Ok(Done::AsPlanned)
    })
}
