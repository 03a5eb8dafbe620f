//! `hbactl adapter`.

use std::io::Write;

use driver_sys::hw::mailbox::FactoryAreas;
use hba::ops::memory::{self, Area, Part, Test};
use hba::ops::{adapter, generation};
use hba::{Ctx, Error, Kind};

use super::event;
use crate::args::adapter::{self as args, Verb};
use crate::output::{Done, Failure, Out};
use crate::view;

pub(crate) fn run(ctx: &mut Ctx<'_>, out: &Out, verb: &Verb) -> Done {
    match verb {
        Verb::List => {
            let all = adapter::list(ctx)?;
            out.list("adapter.list", &all, &ctx.warnings, view::adapter::table)
        }
        Verb::Show(which) => {
            let mut one = adapter::show(ctx, which.id())?;
            // It takes more than sysfs: where that cannot be had, it is not known.
            one.generation = generation::of(ctx, which.id()).ok().map(|g| g.id);
            out.one("adapter.show", &one, &ctx.warnings, view::adapter::details)
        }
        Verb::Reset(reset) => {
            ctx.force = reset.force;
            let change = adapter::reset(ctx, reset.which.id())?;
            out.change("adapter.reset", "adapter", &change, &ctx.warnings)
        }
        Verb::Portals(which) => {
            let all = adapter::portals(ctx, which.id())?;
            out.list("adapter.portals", &all, &ctx.warnings, view::adapter::portals)
        }
        Verb::SetName(set) => {
            ctx.consent.flash = set.yes_write_flash;
            let change = memory::set_name(ctx, set.adapter.adapter.as_ref(), set.name.as_deref())?;
            out.change("adapter.set-name", "initiator name", &change, &ctx.warnings)
        }
        Verb::Dump(dump) => self::dump(ctx, out, dump),
        Verb::Diag(diag) => {
            ctx.consent.disturb = diag.yes_disturb;
            ctx.force = diag.force;
            let tried = || Error::new(Kind::NotFound, format!("run self test {}", diag.test));
            let test = Test::by_name(&diag.test).ok_or_else(tried)?;
            let report = memory::test(ctx, diag.adapter.adapter.as_ref(), test)?;
            out.one("adapter.diag", &report, &ctx.warnings, view::adapter::self_test)?;
            // What was found wrong is an answer, and a script must see it.
            if report.passed == Some(false) {
                Err(Failure::Answered(1))
            } else {
                Ok(())
            }
        }
        Verb::RestoreDefaults(restore) => {
            ctx.consent.flash = restore.yes_write_flash;
            let areas = restore.regions.iter().map(|region| match region {
                args::Region::Ifcb => FactoryAreas::IFCB,
                args::Region::Ddb => FactoryAreas::DDB,
                args::Region::Chap => FactoryAreas::CHAP,
                args::Region::Nvram => FactoryAreas::NVRAM,
            });
            let change = memory::restore(ctx, restore.adapter.adapter.as_ref(), areas.collect())?;
            out.change(
                "adapter.restore-defaults",
                "factory settings",
                &change,
                &ctx.warnings,
            )
        }
        Verb::Events(follow) => event::follow(ctx, out, follow),
    }
}

/// Shows what was read, or writes it into a new file for its owner only.
fn dump(ctx: &mut Ctx<'_>, out: &Out, dump: &args::Dump) -> Done {
    let part = match (dump.memory, dump.area) {
        (args::Memory::Nvram, _) => Part::Nvram,
        (args::Memory::Acb, _) => Part::Acb(dump.index),
        (args::Memory::AcbState, _) => Part::AcbState,
        (args::Memory::Flash, Some(args::Area::Sysinfo)) => Part::Flash(Area::SysInfo),
        (args::Memory::Flash, Some(args::Area::Ddb)) => Part::Flash(Area::Ddb),
        (args::Memory::Flash, Some(args::Area::Chap)) => Part::Flash(Area::Chap),
        (args::Memory::Flash, Some(args::Area::Ifcb) | None) => Part::Flash(Area::Ifcb),
    };
    let (mut found, bytes) = memory::dump(ctx, dump.adapter.adapter.as_ref(), part, dump.with_secrets)?;
    match &dump.out {
        Some(path) => {
            let tried = || format!("write {} to {}", found.memory, path.display());
            let mut file = files::create_new(path, 0o600).map_err(|e| Error::file(tried(), &e))?;
            let written = file.write_all(&bytes).and_then(|()| file.sync_all());
            written.map_err(|e| Error::io(tried(), &e))?;
            found.file = Some(path.display().to_string());
        }
        None => found.data = Some(bytes.iter().map(|b| format!("{b:02x}")).collect()),
    }
    out.one("adapter.dump", &found, &ctx.warnings, view::adapter::dump)
}
