//! `hbactl iface record`.

use hba::Ctx;
use hba::ops::iface_record;

use crate::args::Format;
use crate::args::record::Verb;
use crate::output::{Done, Out};
use crate::{assigned, interrupt, view};

/// What a new record is about, beside what was asked for.
const WHICH: [&str; 2] = ["iface.iscsi_ifacename", "iface.transport_name"];

/// What a record that is made for an adapter is about.
const MADE: [&str; 3] = ["iface.hwaddress", "iface.transport_name", "iface.ipaddress"];

pub(crate) fn run(ctx: &mut Ctx<'_>, out: &Out, verb: &Verb) -> Done {
    match verb {
        Verb::List => {
            let all = iface_record::list(ctx)?;
            out.list("iface.record.list", &all, &ctx.warnings, view::record::table)
        }
        Verb::Show(named) => {
            let one = iface_record::show(ctx, &named.name)?;
            out.one("iface.record.show", &one, &ctx.warnings, view::record::details)
        }
        Verb::Add(add) => {
            let assigned = assigned::read(&add.keys, ctx.deadline)?;
            ctx.deadline = interrupt::arm(ctx.deadline);
            let mut change = iface_record::add(ctx, &add.name, &assigned)?;
            if out.format() != Format::Json {
                change.keep(|key| WHICH.contains(&key) || assigned::names(&add.keys, key));
            }
            out.change("iface.record.add", &subject(&add.name), &change, &ctx.warnings)
        }
        Verb::Make(which) => {
            ctx.deadline = interrupt::arm(ctx.deadline);
            let mut change = iface_record::make(ctx, which.adapter.as_ref())?;
            if out.format() != Format::Json {
                change.keep(|key| MADE.iter().any(|made| key.ends_with(made)));
            }
            out.change("iface.record.make", "interface records", &change, &ctx.warnings)
        }
        Verb::Set(set) => {
            let assigned = assigned::read(&set.keys, ctx.deadline)?;
            ctx.deadline = interrupt::arm(ctx.deadline);
            let change = iface_record::set(ctx, &set.name, &assigned)?;
            out.change("iface.record.set", &subject(&set.name), &change, &ctx.warnings)
        }
        Verb::Remove(remove) => {
            ctx.force = remove.force;
            ctx.deadline = interrupt::arm(ctx.deadline);
            let change = iface_record::remove(ctx, &remove.name)?;
            out.change(
                "iface.record.remove",
                &subject(&remove.name),
                &change,
                &ctx.warnings,
            )
        }
    }
}

fn subject(name: &str) -> String {
    format!("interface record {name}")
}
