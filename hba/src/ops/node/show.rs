//! Showing one node record.

use super::Which;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::model::NodeRecord;
use crate::nodes::{Database, NodeId, Record, key};

/// The record meant, with every key.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Invalid`] when several are meant.
pub fn show(ctx: &mut Ctx<'_>, which: &Which) -> Result<NodeRecord> {
    let database = Database::at(ctx.home.records.clone());
    let tried = format!("show the record of {which}");
    let mut found = which.all(&database, &tried)?;
    if found.len() > 1 {
        let names: Vec<String> = found.iter().take(8).map(|(id, _)| id.to_string()).collect();
        return Err(Error::new(Kind::Invalid, tried)
            .answered(format!("there are {}: {}", found.len(), names.join("; ")))
            .hint("say which portal and which interface"));
    }
    let (id, record) = found.remove(0);
    tell(ctx, &database);
    for remark in record.remarks(key::Object::Node) {
        ctx.warn(format!("{}: {remark}", record.place()));
    }
    Ok(whole(&id, &record))
}

/// A record with every key.
pub(super) fn whole(id: &NodeId, record: &Record) -> NodeRecord {
    NodeRecord {
        brief: crate::model::NodeBrief::of(id, record),
        file: record.place().to_owned(),
        values: crate::model::values(record, key::Object::Node),
    }
}

/// Tells what came up in the database.
pub(in crate::ops) fn tell(ctx: &mut Ctx<'_>, database: &Database) {
    for remark in database.remarks() {
        ctx.warn(remark);
    }
}
