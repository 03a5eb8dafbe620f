//! `hbactl boot`.

use hba::Ctx;
use hba::model::{BootMode, Slot};
use hba::ops::boot::{self, BootSettings};

use crate::args::boot::{self as args, Verb};
use crate::output::{Done, Out};
use crate::view;

pub(crate) fn run(ctx: &mut Ctx<'_>, out: &Out, verb: &Verb) -> Done {
    match verb {
        Verb::Show(which) => {
            let all = boot::show(ctx, which.adapter.as_ref())?;
            out.list("boot.show", &all, &ctx.warnings, view::boot::table)
        }
        Verb::Set(set) => {
            ctx.consent.nvram = set.yes_write_nvram;
            let settings = BootSettings {
                mode: set.settings.mode.map(mode),
                primary: set.settings.primary,
                secondary: set.settings.secondary,
            };
            let change = boot::set(ctx, set.adapter.adapter.as_ref(), &settings)?;
            out.change("boot.set", "boot configuration", &change, &ctx.warnings)
        }
        Verb::Clear(clear) => {
            ctx.consent.nvram = clear.yes_write_nvram;
            let slot = clear.slot.map(|slot| match slot {
                args::Slot::Primary => Slot::Primary,
                args::Slot::Secondary => Slot::Secondary,
            });
            let change = boot::clear(ctx, clear.adapter.adapter.as_ref(), slot)?;
            out.change("boot.clear", "boot configuration", &change, &ctx.warnings)
        }
    }
}

const fn mode(mode: args::Mode) -> BootMode {
    match mode {
        args::Mode::Disabled => BootMode::Disabled,
        args::Mode::Manual => BootMode::Manual,
        args::Mode::Dhcp => BootMode::Dhcp,
    }
}
