//! What the driver was loaded with.

use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::model::ModuleParameter;
use crate::quirks::module::{Counts, PARAMS};

/// The driver's parameters with their values, by name.
///
/// # Errors
/// [`Kind::NotFound`] when the driver is not loaded.
pub fn show(ctx: &mut Ctx<'_>) -> Result<Vec<ModuleParameter>> {
    let Some(found) = ctx.backend.module_parameters()? else {
        return Err(Error::new(Kind::NotFound, "show the parameters of qla4xxx")
            .answered("the driver is not loaded")
            .hint("load it: modprobe qla4xxx"));
    };
    let row = |param: &crate::quirks::module::ModuleParam| {
        let shown = found
            .iter()
            .find(|(name, _)| name == param.name)
            .map(|(_, value)| value.clone());
        ModuleParameter {
            name: param.name.to_owned(),
            value: shown,
            default: param.write(param.default),
            values: param.takes.to_string(),
            counts: param.counts.to_string(),
            writable: param.counts != Counts::AtLoad,
            help: param.help.to_owned(),
        }
    };
    Ok(PARAMS.iter().map(row).collect())
}
