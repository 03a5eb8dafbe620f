//! Errors of a port: its own counters, and the sums over its sessions.

use super::super::adapter::{is_able, resolve_key};
use super::connection;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::ids::AdapterId;
use crate::model::{AdapterStats, Counters};
use crate::quirks::Ability;

/// Errors of one port, or of all.
///
/// # Errors
/// [`crate::Kind::NotFound`] for an unknown adapter; the sessions cannot be listed.
pub fn adapter(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Vec<AdapterStats>> {
    let keys = match id {
        Some(_) => vec![resolve_key(ctx, id)?],
        None => ctx.backend.adapter_keys()?,
    };
    let sessions = super::super::session::list(ctx, id)?;
    let mut all = Vec::new();
    for key in keys {
        let able = is_able(&key, Ability::HostStats);
        // A port that does not answer has no count of its own; its sessions may still.
        let own = if able {
            ctx.backend.host_stats(key.host, ctx.deadline).ok()
        } else {
            None
        };
        let own = |name: &str| own.as_ref()?.groups.get("iscsi")?.get(name).copied();
        let mut counters = Counters::new();
        let (mut asked, mut unasked) = (0, Vec::new());
        for session in sessions.iter().filter(|session| session.host == key.host) {
            match connection(ctx, session.sid, 0) {
                Ok(stats) => {
                    asked += 1;
                    for (name, value) in stats.counters {
                        let sum = counters.entry(name).or_default();
                        *sum = sum.saturating_add(value);
                    }
                }
                Err(error) => {
                    tracing::debug!(sid = session.sid, %error, "no counters");
                    unasked.push(session.sid);
                }
            }
        }
        let sum = |name: &str| counters.get(name).copied().unwrap_or_default();
        let digests = own("iscsi_hdr_digest_error").zip(own("iscsi_data_digest_error"));
        all.push(AdapterStats {
            host: key.host,
            sessions: asked,
            unasked,
            digest_errors: digests
                .map_or_else(|| sum("digest_err"), |(header, data)| header.saturating_add(data)),
            timeout_errors: sum("timeout_err"),
            format_errors: own("iscsi_format_error"),
            session_failures: None,
            counters,
        });
    }
    Ok(all)
}
