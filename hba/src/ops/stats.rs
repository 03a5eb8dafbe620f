//! Statistics: host, session, connection.

use crate::ctx::Ctx;
use crate::error::Result;
use crate::ids::AdapterId;
use crate::model::{HostStats, SessionStats};

/// Statistics of one port, or of all.
///
/// # Errors
/// [`crate::Kind::NotFound`], [`crate::Kind::Unsupported`], [`crate::Kind::Permission`], [`crate::Kind::Timeout`].
pub fn host(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Vec<HostStats>> {
    let hosts = match id {
        Some(id) => vec![super::adapter::resolve(ctx, Some(id))?],
        None => ctx.backend.adapter_keys()?.into_iter().map(|k| k.host).collect(),
    };
    hosts
        .into_iter()
        .map(|h| ctx.backend.host_stats(h, ctx.deadline))
        .collect()
}

/// Statistics of a session: the sum over its connections.
///
/// # Errors
/// As [`host`].
pub fn session(ctx: &mut Ctx<'_>, sid: u32) -> Result<SessionStats> {
    let mut stats = connection(ctx, sid, 0)?;
    stats.cid = None;
    Ok(stats)
}

/// Statistics of a connection.
///
/// # Errors
/// As [`host`].
pub fn connection(ctx: &mut Ctx<'_>, sid: u32, cid: u32) -> Result<SessionStats> {
    ctx.backend.connection_stats(sid, cid, ctx.deadline)
}
