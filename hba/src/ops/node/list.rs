//! Listing node records.

use super::{Which, tell};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::model::NodeBrief;
use crate::nodes::Database;

/// The records meant, sorted by target, portal and interface. One that cannot be read is told, and the others are listed.
///
/// # Errors
/// The database itself cannot be read.
pub fn list(ctx: &mut Ctx<'_>, which: &Which) -> Result<Vec<NodeBrief>> {
    let database = Database::at(ctx.home.records.clone());
    let mut all = Vec::new();
    for found in which.each(&database)? {
        match found {
            Ok((id, record)) => all.push(NodeBrief::of(&id, &record)),
            Err(error) => ctx.warn(error.to_string()),
        }
    }
    tell(ctx, &database);
    all.sort_by(|a, b| {
        (&a.target, &a.address, a.port, a.tag, &a.iface)
            .cmp(&(&b.target, &b.address, b.port, b.tag, &b.iface))
    });
    Ok(all)
}
