//! Making an interface record.

use super::list::whole;
use super::set::{assign, difference};
use crate::Change;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::model::IfaceRecord;
use crate::nodes::{Conf, Database, Record, iface};
use crate::ops::node::{Assigned, hold};
use crate::ops::write::{Done, Plan, as_it_is};
use crate::step::Step;

const TRANSPORT: &str = "iface.transport_name";

/// Makes an interface record. One that is there stays as it is, unless keys are given that it has otherwise: then it is refused.
///
/// # Errors
/// [`Kind::Invalid`] for a name, key or value that a record cannot have; [`Kind::Busy`] when others write.
pub fn add(ctx: &mut Ctx<'_>, name: &str, assigned: &[Assigned]) -> Result<Change<IfaceRecord>> {
    let database = Database::at(ctx.home.records.clone());
    let tried = format!("add the interface record {}", name.escape_debug());
    let held = hold(ctx, &database, "iface record add", &tried)?;
    iface::check_name(name)?;
    let version = Conf::read(database.place(), &mut |told| ctx.warn(told))?.version();
    let transport = assigned.iter().find(|one| one.key == TRANSPORT);
    let transport = transport.map_or("tcp", |one| one.value.as_str());
    let mut record = Record::interface(name, transport, version);
    assign(&mut record, assigned)?;
    if let Some(there) = database.iface(name)? {
        let mut wanted = there.clone();
        assign(&mut wanted, assigned)?;
        if wanted == there {
            return Ok(as_it_is(Some(whole(name, &there))));
        }
        return Err(Error::new(Kind::Invalid, tried)
            .answered("it is there already, with other values")
            .hint(Step::IfaceRecordSet));
    }
    let plan = Plan {
        diff: difference(None, &record),
        before: None,
        after: Some(whole(name, &record)),
    };
    plan.carry_out(ctx, |_, _| {
        let held = held
            .as_ref()
            .ok_or_else(|| Error::new(Kind::Failed, tried.clone()))?;
        database.put_iface(held, name, &record)?;
        super::set::verify(&database, name, &record, &tried)?;
        Ok(Done::AsPlanned)
    })
}
