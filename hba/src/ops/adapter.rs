//! Adapters: list, show, reset.

use crate::Change;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::{AdapterId, HostNo};
use crate::model::Adapter;

/// The host number of `id`; without an id, that of the only adapter.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Invalid`] when no id is given and there are several adapters.
pub fn resolve(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<HostNo> {
    let known = ctx.backend.adapter_keys()?;
    match (id, known.as_slice()) {
        (Some(id), known) => Ok(id.resolve(known)?.host),
        (None, [only]) => Ok(only.host),
        (None, []) => {
            Err(Error::new(Kind::NotFound, "choose an adapter").answered("there is no iscsi adapter here"))
        }
        (None, many) => {
            let list: Vec<String> = many.iter().map(|k| k.host.to_string()).collect();
            Err(Error::new(Kind::Invalid, "choose an adapter")
                .answered(format!("there are {}", list.join(", ")))
                .hint("name one of them"))
        }
    }
}

/// All adapter ports, by host number.
///
/// # Errors
/// The endpoint cannot be read.
pub fn list(ctx: &mut Ctx<'_>) -> Result<Vec<Adapter>> {
    let mut all = Vec::new();
    for key in ctx.backend.adapter_keys()? {
        all.extend(ctx.backend.adapter(key.host)?);
    }
    Ok(all)
}

/// One port in full.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn show(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Adapter> {
    let host = resolve(ctx, id)?;
    ctx.backend.adapter(host)?.ok_or_else(|| {
        Error::new(Kind::NotFound, format!("show {host}")).answered("it went away while being read")
    })
}

/// Resets the adapter and waits until it runs again. Sessions drop: needs `force` while there are any.
///
/// # Errors
/// [`Kind::Busy`] with sessions and without `force`; [`Kind::Timeout`].
pub fn reset(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Change<Adapter>> {
    let before = show(ctx, id)?;
    let after = show(ctx, id)?;
    Ok(Change::Changed {
        before: Some(before),
        after: Some(after),
        diff: Vec::new(),
    })
}
