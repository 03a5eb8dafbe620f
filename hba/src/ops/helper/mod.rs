//! What the network helper tells of the ports that need it.
//!
//! Owns when it is asked: once, and only where some port needs it. Must not know how. That it is silent fails no listing.

use super::adapter::driver;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::{AdapterId, HostNo};
use crate::message::Message;
use crate::model::{AdapterKey, Helper, HelperPresence};
use crate::step::Step;

/// The helper's answer, if it was asked.
#[derive(Debug, Default)]
pub(super) struct Asked(Option<Option<Helper>>);

impl Asked {
    /// What the helper tells, where a port needs it. What it should tell and does not is a remark.
    pub(super) fn about(&mut self, ctx: &mut Ctx<'_>, key: &AdapterKey) -> Option<&Helper> {
        if !driver(key).helper {
            return None;
        }
        if self.0.is_none() {
            self.0 = Some(match ctx.backend.helper(ctx.deadline) {
                Ok(helper) => {
                    if let Some(remark) = remark(helper.presence) {
                        ctx.warn(remark);
                    }
                    Some(helper)
                }
                Err(error) => {
                    ctx.warn(error.to_string());
                    None
                }
            });
        }
        self.0.as_ref().and_then(Option::as_ref)
    }
}

/// What is said beside a listing when the helper tells nothing.
fn remark(presence: HelperPresence) -> Option<Message> {
    match presence {
        HelperPresence::Running => None,
        HelperPresence::NotRunning => Some(
            Message::from("the network helper (iscsiuio) does not run, and no session comes up without it; start it: ")
                .then(Step::StartHelper),
        ),
        HelperPresence::Foreign => Some(
            "the network helper that serves this machine's session daemons tells nothing of addresses, leases and neighbours"
                .into(),
        ),
        HelperPresence::NotPermitted => {
            Some("the network helper (iscsiuio) tells root only of addresses, leases and neighbours".into())
        }
    }
}

/// What the helper tells and counts, of one port or of all.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Unsupported`] when no such port has a helper; the helper does not run, or does not let us ask.
pub fn stats(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Helper> {
    let tried = "read the counters of the network helper";
    let known = ctx.backend.adapter_keys()?;
    let asked: Vec<HostNo> = match id {
        Some(id) => {
            let key = id.resolve(&known)?;
            if !driver(key).helper {
                let name = key.transport.as_deref().unwrap_or("an unknown driver");
                return Err(unhelped(
                    tried,
                    format!("{} is of {name}, which needs none", key.host),
                ));
            }
            vec![key.host]
        }
        None => known
            .iter()
            .filter(|k| driver(k).helper)
            .map(|k| k.host)
            .collect(),
    };
    if asked.is_empty() {
        return Err(unhelped(tried, "no adapter here needs one".to_owned()));
    }
    let mut helper = ctx.backend.helper(ctx.deadline).map_err(|e| e.during(tried))?;
    if helper.presence != HelperPresence::Running {
        return Err(Error::helper_absent(helper.presence, tried));
    }
    helper.ports.retain(|port| asked.contains(&HostNo(port.host)));
    Ok(helper)
}

fn unhelped(tried: &str, why: String) -> Error {
    Error::new(Kind::Unsupported, tried)
        .answered(why)
        .hint(Step::StatsHost.then(" has the counters of ports that keep their own addresses"))
}

#[cfg(test)]
pub(in crate::ops) mod tests;
