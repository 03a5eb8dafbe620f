//! `hbactl target persistent`.

use hba::Ctx;
use hba::discovery;
use hba::ops::target::persistent;

use crate::args::persistent::{Store, Verb};
use crate::output::{Done, Out};
use crate::view;

pub(crate) fn run(ctx: &mut Ctx<'_>, out: &Out, verb: &Verb) -> Done {
    match verb {
        Verb::List(list) => {
            let all = persistent::list(ctx, list.adapter.adapter.as_ref(), list.store.map(store))?;
            out.list(
                "target.persistent.list",
                &all,
                &ctx.warnings,
                view::target::persistent,
            )
        }
        Verb::Add(add) => {
            let id = add.adapter.adapter.as_ref();
            let iface = add.iface.as_deref();
            let mut change = persistent::add(ctx, id, store(add.store), &add.target, add.portal, iface)?;
            change.keep(|field| WHICH.iter().any(|which| field.ends_with(which)));
            let subject = format!("permanent login to {} at {}", add.target, add.portal);
            out.change("target.persistent.add", &subject, &change, &ctx.warnings)
        }
        Verb::Remove(remove) => {
            ctx.force = remove.force;
            let id = remove.adapter.adapter.as_ref();
            let change = persistent::forget(ctx, id, store(remove.store), &remove.target, remove.portal)?;
            let subject = format!("permanent login to {}", remove.target);
            out.change("target.persistent.remove", &subject, &change, &ctx.warnings)
        }
    }
}

/// What of a new entry or record says that it is permanent, and to whom.
const WHICH: [&str; 6] = [
    "targetname",
    "ipaddress",
    "port",
    "node.name",
    "node.conn[0].address",
    "node.startup",
];

fn store(store: Store) -> discovery::Store {
    match store {
        Store::Flash => discovery::Store::Flash,
        Store::Db => discovery::Store::Db,
    }
}
