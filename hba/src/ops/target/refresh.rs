//! Refreshing what is known of targets: every way of discovery that an adapter has is gone through again, and every portal and server that the
//! database has.
//!
//! Must not know how a portal is asked: [`crate::ops::flash`] and [`super::discover()`] do that. Source: Microsoft `iscsimgt.mof`
//! (RefreshTargetList).

use schemars::JsonSchema;
use serde::Serialize;

use super::list::of_port;
use super::portals::PortalKind;
use crate::ctx::Ctx;
use crate::discovery::{Answer, Discovery, PathState};
use crate::error::{Kind, Result};
use crate::ids::{AdapterId, HostNo, Portal};
use crate::ops::adapter::all_able;
use crate::ops::flash::{self, Asking};
use crate::quirks::Ability;

/// What a refresh of one port, or of the database, came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Refresh {
    /// The port; `null` for the database.
    pub host: Option<HostNo>,
    /// Every SendTargets portal that is in flash, or every portal and iSNS server of the database, asked again.
    pub portals: Vec<Refreshed>,
    /// Targets that flash has by name, which the adapter logs in to without asking anybody; targets that somebody wrote down in the database.
    pub static_targets: usize,
    /// Targets that the port knows now, flash and sessions together; targets that the database has.
    pub targets: usize,
    /// Ways of discovery that the adapter does not have.
    pub not_supported: Vec<String>,
}

/// A portal that was asked again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Refreshed {
    /// Index of its SendTargets entry; `null` in the database.
    pub entry: Option<u32>,
    /// How it is asked.
    pub kind: PortalKind,
    /// The portal.
    pub portal: String,
    /// What it came to.
    pub discovery: Option<Discovery>,
    /// Why it came to nothing.
    pub failure: Option<String>,
    /// The rule that keeps it from being asked.
    pub excluded: Option<String>,
}

impl Refresh {
    /// Whether every portal answered.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.portals.iter().all(|portal| portal.failure.is_none())
    }

    /// Paths that were not known before.
    #[must_use]
    pub fn new_paths(&self) -> usize {
        let new = |portal: &Refreshed| portal.discovery.as_ref().map_or(0, |d| d.count(PathState::New));
        self.portals.iter().map(new).sum()
    }

    /// Sessions that the refresh made.
    #[must_use]
    pub fn new_sessions(&self) -> usize {
        let found = |portal: &Refreshed| {
            portal
                .discovery
                .as_ref()
                .and_then(|d| d.adapter.as_ref())
                .map_or(0, |a| a.sessions.len())
        };
        self.portals.iter().map(found).sum()
    }
}

/// Asks every SendTargets portal in flash again, on one port or on all; without a port every portal and server of the database, too. One that
/// fails does not keep the others from being asked; one in flash that is excluded is not asked, and what it lists that is excluded is logged out
/// of again: the adapter logs in without asking.
///
/// # Errors
/// The adapter or the database cannot be read; the end was asked for, or the time is over.
pub fn refresh(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Vec<Refresh>> {
    // Those of the database are asked side by side and take little time: first, so that none in flash takes theirs.
    let records = match id {
        None => super::refresh_db::refresh(ctx)?,
        Some(_) => None,
    };
    let hosts = match all_able(ctx, id, "refresh the targets", Ability::Flash) {
        // Where the database has something to ask, nobody misses an adapter.
        Err(e) if e.kind() == Kind::Unsupported && records.is_some() => Vec::new(),
        hosts => hosts?,
    };
    let mut all = Vec::new();
    for host in hosts {
        let known = ctx.backend.flash_targets(host)?;
        let excluding = flash::Excluding::of(ctx, host)?;
        let mut portals = Vec::new();
        for entry in known.iter().filter(|t| t.discovery) {
            let address = entry.address.as_deref().and_then(|a| a.parse().ok());
            let Some((address, port)) = address.zip(entry.port) else {
                continue;
            };
            let at = Portal::new(address, port);
            if let Some(why) = excluding.why(None, Some(at)) {
                portals.push(Refreshed {
                    entry: Some(entry.index),
                    kind: PortalKind::Sendtargets,
                    portal: at.to_string(),
                    discovery: None,
                    failure: None,
                    excluded: Some(why),
                });
                continue;
            }
            let asking = Asking {
                at,
                chap: None,
                keep: true,
                adapter_only: false,
            };
            let (discovery, failure) = match flash::discover(ctx, Some(&AdapterId::Host(host)), asking) {
                Ok(found) => (Some(found), None),
                Err(e) if matches!(e.kind(), Kind::Interrupted | Kind::Unknown | Kind::Timeout) => {
                    return Err(e);
                }
                Err(e) => (None, Some(e.answer().unwrap_or("it failed").to_owned())),
            };
            portals.push(Refreshed {
                entry: Some(entry.index),
                kind: PortalKind::Sendtargets,
                portal: at.to_string(),
                discovery: discovery.filter(|d| d.answer != Answer::NotAsked),
                failure,
                excluded: None,
            });
        }
        all.push(Refresh {
            host: Some(host),
            portals,
            static_targets: known.iter().filter(|t| t.target_name.is_some()).count(),
            targets: of_port(ctx, host)?.len(),
            not_supported: super::discovery::MISSING
                .iter()
                .map(|(way, _)| (*way).to_owned())
                .collect(),
        });
    }
    all.extend(records);
    Ok(all)
}
