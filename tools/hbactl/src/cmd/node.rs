//! `hbactl node`.

use hba::Ctx;
use hba::ids::ISCSI_PORT;
use hba::nodes::Portal;
use hba::ops::node::{self, NewNode, Which};

use crate::args::Format;
use crate::args::node::{Named, Path, Verb};
use crate::output::{Done, Out};
use crate::{assigned, interrupt, view};

/// What a record is found by: people want to see it of a new one, and what they asked for. JSON has every key.
const WHICH: [&str; 5] = [
    "node.name",
    "node.tpgt",
    "node.conn[0].address",
    "node.conn[0].port",
    "iface.iscsi_ifacename",
];

pub(crate) fn run(ctx: &mut Ctx<'_>, out: &Out, verb: &Verb) -> Done {
    match verb {
        Verb::List(which) => {
            let all = node::list(ctx, &narrowed(which.target.clone(), &which.path))?;
            out.list("node.list", &all, &ctx.warnings, view::node::table)
        }
        Verb::Show(named) => {
            let one = node::show(ctx, &meant(named))?;
            out.one("node.show", &one, &ctx.warnings, view::node::details)
        }
        Verb::Add(add) => {
            let new = NewNode {
                target: add.target.clone(),
                portal: Portal {
                    address: add.portal.address.clone(),
                    port: add.portal.port.unwrap_or(ISCSI_PORT),
                    tag: add.portal.tag,
                },
                iface: add.iface.clone(),
                assigned: assigned::read(&add.keys, ctx.deadline)?,
            };
            ctx.deadline = interrupt::arm(ctx.deadline);
            let mut change = node::add(ctx, &new)?;
            if out.format() != Format::Json {
                change.keep(|key| WHICH.contains(&key) || assigned::names(&add.keys, key));
            }
            let subject = format!("record of {} at {}", new.target, new.portal);
            out.change("node.add", &subject, &change, &ctx.warnings)
        }
        Verb::Set(set) => {
            let assigned = assigned::read(&set.keys, ctx.deadline)?;
            ctx.deadline = interrupt::arm(ctx.deadline);
            let which = meant(&set.named);
            let change = node::set(ctx, &which, &assigned)?;
            out.change("node.set", &format!("records of {which}"), &change, &ctx.warnings)
        }
        Verb::Remove(remove) => {
            ctx.force = remove.force;
            ctx.deadline = interrupt::arm(ctx.deadline);
            let which = meant(&remove.named);
            let change = node::remove(ctx, &which)?;
            out.change(
                "node.remove",
                &format!("records of {which}"),
                &change,
                &ctx.warnings,
            )
        }
        Verb::Keys => keys(out),
    }
}

/// The keys of records.
pub(crate) fn keys(out: &Out) -> Done {
    view::node::keys(out)
}

fn meant(named: &Named) -> Which {
    narrowed(Some(named.target.clone()), &named.path)
}

fn narrowed(target: Option<hba::ids::TargetName>, path: &Path) -> Which {
    Which {
        target,
        portal: path.portal.clone(),
        iface: path.iface.clone(),
    }
}
