//! Making the records of an adapter's interfaces, under the names that open-iscsi gives them.
//!
//! open-iscsi makes them whenever it looks, with a copy of everything the adapter has at that moment, which its `apply` writes back later. Here
//! they are made when asked for, and say no more than which interface is meant: what it is stands in the adapter.

use super::list::whole;
use super::set::{difference, verify};
use crate::Change;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::{AdapterId, Family, parse_mac};
use crate::model::{AdapterKey, IfaceRecord};
use crate::nodes::iface::AutoName;
use crate::nodes::{Conf, Database, Record, Version, key};
use crate::ops::adapter::resolve_key;
use crate::ops::node::{hold, tell};
use crate::ops::write::{Done, Plan, as_it_is};
use crate::step::Step;

/// Makes the records of a port's interfaces that have none, under either of open-iscsi's names. Those that are there stay as they are.
///
/// # Errors
/// [`Kind::NotFound`] for the adapter; [`Kind::Unsupported`] for a port without a MAC address; [`Kind::Busy`] when others write.
pub fn make(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Change<Vec<IfaceRecord>>> {
    let key = resolve_key(ctx, id)?;
    let tried = format!("make the interface records of {}", key.host);
    let database = Database::at(ctx.home.records.clone());
    let held = hold(ctx, &database, "iface record make", &tried)?;
    let version = Conf::read(database.place(), &mut |told| ctx.warn(told))?.version();
    let mut records = Vec::new();
    let mut there = Vec::new();
    for wanted in interfaces(ctx, &key, &tried)? {
        match wanted.found(&database)? {
            Some((name, record)) => there.push(whole(&name, &record)),
            None => records.push(wanted.record(version)?),
        }
    }
    tell(ctx, &database);
    if records.is_empty() {
        return Ok(as_it_is(Some(there)));
    }
    let plan = Plan {
        diff: records
            .iter()
            .flat_map(|(name, record)| {
                let all = difference(None, record).into_iter();
                all.map(move |mut field| {
                    field.field = format!("{name}: {}", field.field);
                    field
                })
            })
            .collect(),
        before: Some(there.clone()),
        after: Some(
            there
                .into_iter()
                .chain(records.iter().map(|(name, record)| whole(name, record)))
                .collect(),
        ),
    };
    plan.carry_out(ctx, |_, _| {
        let held = held
            .as_ref()
            .ok_or_else(|| Error::new(Kind::Failed, tried.clone()))?;
        for (name, record) in &records {
            database.put_iface(held, name, record)?;
            verify(&database, name, record, &tried)?;
        }
        Ok(Done::AsPlanned)
    })
}

/// An interface that shall have a record.
struct Wanted {
    /// The names under which it can have one; the first is that of a new one.
    names: Vec<AutoName>,
    number: u32,
    address: Option<String>,
}

/// The interfaces of a port: those that the kernel shows, or the port itself where it shows none (bnx2i, qedi, cxgb4i).
fn interfaces(ctx: &mut Ctx<'_>, key: &AdapterKey, tried: &str) -> Result<Vec<Wanted>> {
    let (Some(transport), Some(mac)) = (key.transport.as_deref(), key.mac.as_deref().and_then(parse_mac))
    else {
        return Err(Error::new(Kind::Unsupported, tried)
            .answered("its interfaces are named by the port's MAC address, and it tells none")
            .hint(Step::AdapterShow));
    };
    let shown = ctx.backend.ifaces(key.host)?;
    let all: Vec<Wanted> = shown
        .into_iter()
        .filter(|iface| iface.present && iface.helper.is_none())
        .map(|iface| Wanted {
            names: AutoName::candidates(transport, mac, iface.family, iface.num),
            number: iface.num,
            address: iface.address,
        })
        .collect();
    if !all.is_empty() {
        return Ok(all);
    }
    // The older form names the port: it comes first where there is nothing else to name.
    let mut names = AutoName::candidates(transport, mac, Family::Ipv4, 0);
    names.reverse();
    Ok(vec![Wanted {
        names,
        number: 0,
        address: None,
    }])
}

impl Wanted {
    fn found(&self, database: &Database) -> Result<Option<(String, Record)>> {
        for name in self.names.iter().map(ToString::to_string) {
            if let Some(record) = database.iface(&name)? {
                return Ok(Some((name, record)));
            }
        }
        Ok(None)
    }

    fn record(&self, version: Version) -> Result<(String, Record)> {
        let name = &self.names[0];
        let mut record = Record::interface(&name.to_string(), &name.transport, version);
        let mac = name.mac.map(|byte| format!("{byte:02x}")).join(":");
        let mut put = |key: &str, value: &str| record.put(key::Object::Iface, key, value).map(drop);
        put("iface.hwaddress", &mac)?;
        put("iface.iface_num", &self.number.to_string())?;
        let given = self.address.as_deref().filter(|address| {
            let address = address.parse::<std::net::IpAddr>();
            address.is_ok_and(|address| !address.is_unspecified())
        });
        if let Some(address) = given {
            put("iface.ipaddress", address)?;
        }
        Ok((name.to_string(), record))
    }
}
