//! Interface records, all or one.

use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::model::{IfaceRecord, values};
use crate::nodes::iface::{self, ISER_IFACE};
use crate::nodes::{DEFAULT_IFACE, Database, Record, key};
use crate::ops::node::tell;
use crate::step::Step;

/// All interface records, sorted by name; with those that need no file.
///
/// # Errors
/// The database itself cannot be read.
pub fn list(ctx: &mut Ctx<'_>) -> Result<Vec<IfaceRecord>> {
    let database = Database::at(ctx.home.records.clone());
    let mut all = Vec::new();
    for found in database.ifaces()? {
        match found {
            Ok((name, record)) => all.push(whole(&name, &record)),
            Err(error) => ctx.warn(error.to_string()),
        }
    }
    let built_in = [DEFAULT_IFACE, ISER_IFACE].into_iter();
    all.extend(built_in.filter_map(|name| Some(whole(name, &iface::built_in(name)?))));
    tell(ctx, &database);
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// One interface record.
///
/// # Errors
/// [`Kind::NotFound`]; it cannot be read.
pub fn show(ctx: &mut Ctx<'_>, name: &str) -> Result<IfaceRecord> {
    let database = Database::at(ctx.home.records.clone());
    let record = find(
        &database,
        name,
        &format!("show the interface record {}", name.escape_debug()),
    )?;
    Ok(whole(name, &record))
}

pub(in crate::ops) fn find(database: &Database, name: &str, tried: &str) -> Result<Record> {
    let there = match iface::built_in(name) {
        Some(record) => Some(record),
        None => database.iface(name)?,
    };
    there.ok_or_else(|| {
        Error::new(Kind::NotFound, tried)
            .answered(format!(
                "no such record in {}",
                database.place().records.display()
            ))
            .hint(Step::IfaceRecordList)
    })
}

pub(super) fn whole(name: &str, record: &Record) -> IfaceRecord {
    let said = |key: &str| record.get(key).map(str::to_owned);
    IfaceRecord {
        name: name.to_owned(),
        transport: said("iface.transport_name"),
        hwaddress: said("iface.hwaddress"),
        netdev: said("iface.net_ifacename"),
        ipaddress: said("iface.ipaddress"),
        initiatorname: said("iface.initiatorname"),
        file: iface::built_in(name).is_none().then(|| record.place().to_owned()),
        values: values(record, key::Object::Iface),
    }
}
