//! Adding a node record.

use iscsi::names::IscsiName;

use super::set::{Assigned, assign, hold};
use super::show::whole;
use crate::Change;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::model::{NodeRecord, shown};
use crate::nodes::{Conf, DEFAULT_IFACE, Database, NodeId, Portal, Record};
use crate::ops::iface_record;
use crate::ops::write::{Done, Plan, as_it_is};
use crate::step::Step;

/// A record to be made.
#[derive(Debug, Clone)]
pub struct NewNode {
    /// The target.
    pub target: IscsiName,
    /// Its portal.
    pub portal: Portal,
    /// The interface; the peer's `default` when not said.
    pub iface: Option<String>,
    /// Keys that shall differ from the defaults.
    pub assigned: Vec<Assigned>,
}

/// Makes a record with the defaults of iscsid.conf. One that is there stays as it is, unless keys are given that it has otherwise: then it
/// is refused.
///
/// # Errors
/// [`Kind::NotFound`] for an interface without a record; [`Kind::Invalid`]; [`Kind::Busy`] when others write.
pub fn add(ctx: &mut Ctx<'_>, new: &NewNode) -> Result<Change<NodeRecord>> {
    let database = Database::at(ctx.home.records.clone());
    let id = NodeId {
        target: new.target.clone(),
        portal: new.portal.clone(),
        iface: new.iface.clone().unwrap_or_else(|| DEFAULT_IFACE.to_owned()),
    };
    let tried = format!("add the record of {id}");
    let held = hold(ctx, &database, "node add", &tried)?;
    let conf = Conf::read(database.place(), &mut |told| ctx.warn(told))?;
    let iface = match &new.iface {
        None => Record::unbound(),
        Some(name) => iface_record::find(&database, name, &tried)?,
    };
    let mut record = Record::node(&id, &iface, &conf);
    assign(&mut record, &new.assigned)?;
    if let Some(there) = database.node(&id)? {
        let mut wanted = there.clone();
        assign(&mut wanted, &new.assigned)?;
        if wanted == there {
            return Ok(as_it_is(Some(whole(&id, &there))));
        }
        return Err(Error::new(Kind::Invalid, tried)
            .answered("it is there already, with other values")
            .hint(Step::NodeSet));
    }
    let diff = record
        .pairs()
        .map(|(name, value)| Difference::new(name, None, Some(shown(name, value))));
    let plan = Plan {
        diff: diff.collect(),
        before: None,
        after: Some(whole(&id, &record)),
    };
    plan.carry_out(ctx, |_, _| {
        let held = held
            .as_ref()
            .ok_or_else(|| Error::new(Kind::Failed, tried.clone()))?;
        database.put_node(held, &id, &record)?;
        match database.node(&id)? {
            Some(there) if there == record => Ok(Done::AsPlanned),
            _ => Err(Error::new(Kind::VerifyFailed { rolled_back: false }, tried)
                .answered("read back, the record is another")),
        }
    })
}
