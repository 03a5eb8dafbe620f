//! Targets with their paths: entries in flash and sessions, put together by name.
//!
//! Must not know how either is changed. Source: qla4xxx `ql4_os.c` (`qla4xxx_build_ddb_list`: entries and what they discover).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::ControlFlow;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::flash::all_targets;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::ids::{AdapterId, HostNo, Portal};
use crate::model::{FlashSession, FlashTarget, NodeBrief, Owner, Session};
use crate::params::{FlashnodeParam, ParamValue};

/// Where a path is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// An entry in flash: the adapter logs in to it at every start.
    Flash,
    /// A discovery found it; it lasts as long as its session.
    Discovered,
    /// A user program logged in to it.
    User,
    /// A record of the database, for whoever logs in by it.
    Record,
}

/// A target as one port knows it, or the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Target {
    /// The port; `null` where the database knows it.
    pub host: Option<HostNo>,
    /// Its name, byte for byte.
    pub name: String,
    /// The ways to it.
    pub paths: Vec<TargetPath>,
}

/// One way to a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TargetPath {
    /// Its portal, `ADDRESS:PORT`.
    pub portal: Option<String>,
    /// Target portal group tag, as the session has it, or else as flash has it.
    pub tag: Option<u16>,
    /// Where it is known from.
    pub known: Known,
    /// Its entry in flash.
    pub flash_index: Option<u32>,
    /// Its session.
    pub session: Option<FlashSession>,
    /// Initiator's part of the session id, as the session has it, or else as flash has it.
    pub isid: Option<String>,
    /// CHAP entry used to prove ourselves.
    pub chap_index: Option<u16>,
    /// Whether the machine boots from it.
    pub boot: bool,
    /// The SendTargets entry that found it.
    pub found_by: Option<u32>,
    /// Where the adapter says that the target has moved.
    pub redirected_to: Option<String>,
    /// The portal as a value.
    #[serde(skip)]
    pub(super) at: Option<Portal>,
}

impl TargetPath {
    /// Whether its session is up.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.session
            .as_ref()
            .is_some_and(|s| s.state.as_deref() == Some("LOGGED_IN"))
    }
}

/// Targets of one port, or of all and of the database, by port and name.
///
/// # Errors
/// [`crate::Kind::NotFound`]; the adapter cannot be read.
pub fn list(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Vec<Target>> {
    let mut all = Vec::new();
    let known = ctx.backend.adapter_keys()?;
    let ports: Vec<HostNo> = match id {
        Some(id) => vec![id.resolve(&known)?.host],
        None => known.iter().map(|key| key.host).collect(),
    };
    // A port without flash knows those of its sessions.
    for host in ports {
        all.extend(of_port(ctx, host)?);
    }
    if id.is_none() {
        all.extend(of_records(super::persistent::records(ctx)?));
    }
    Ok(all)
}

/// Targets of a port, by name.
pub(super) fn of_port(ctx: &mut Ctx<'_>, host: HostNo) -> Result<Vec<Target>> {
    let mut by_name: BTreeMap<String, Vec<TargetPath>> = BTreeMap::new();
    let flash = all_targets(ctx, host)?;
    let mut sids = Vec::new();
    ctx.backend.for_each_session(&mut |s| {
        if s.host == host {
            sids.push(s.sid);
        }
        ControlFlow::Continue(())
    })?;
    let mut sessions = Vec::new();
    for sid in sids {
        sessions.extend(ctx.backend.session(sid)?);
    }
    for entry in flash {
        let Some(name) = entry.target_name.clone() else {
            continue;
        };
        let own = entry.session.as_ref().map(|s| s.sid);
        let at = sessions.iter().position(|s| Some(s.sid) == own);
        let session = at.map(|at| sessions.swap_remove(at));
        by_name.entry(name).or_default().push(in_flash(entry, session));
    }
    sessions.sort_by_key(|s| s.sid);
    for session in sessions {
        let paths = by_name.entry(session.target_name.clone()).or_default();
        paths.push(by_session(session));
    }
    Ok(by_name
        .into_iter()
        .map(|(name, paths)| Target {
            host: Some(host),
            name,
            paths,
        })
        .collect())
}

/// Targets of the database, by name.
fn of_records(records: Vec<NodeBrief>) -> Vec<Target> {
    let mut by_name: BTreeMap<String, Vec<TargetPath>> = BTreeMap::new();
    for node in records {
        let at = node
            .address
            .parse()
            .ok()
            .map(|address| Portal::new(address, node.port));
        let path = TargetPath {
            portal: Some(at.map_or_else(|| format!("{}:{}", node.address, node.port), |at| at.to_string())),
            tag: node.tag,
            known: Known::Record,
            flash_index: None,
            session: None,
            isid: None,
            chap_index: None,
            boot: false,
            found_by: None,
            redirected_to: None,
            at,
        };
        by_name.entry(node.target).or_default().push(path);
    }
    by_name
        .into_iter()
        .map(|(name, paths)| Target {
            host: None,
            name,
            paths,
        })
        .collect()
}

fn tag_of(session: &Session) -> Option<u16> {
    session.tpgt.and_then(|tag| u16::try_from(tag).ok())
}

fn in_flash(entry: FlashTarget, session: Option<Session>) -> TargetPath {
    let text = |param| {
        entry
            .params
            .value(param)
            .and_then(ParamValue::as_text)
            .map(str::to_owned)
    };
    let address = entry.address.as_deref().and_then(|a| a.parse().ok());
    let at = address
        .zip(entry.port)
        .map(|(address, port)| Portal::new(address, port));
    TargetPath {
        portal: at.map(|at| at.to_string()),
        tag: session.as_ref().and_then(tag_of).or(entry.tpgt),
        known: Known::Flash,
        flash_index: Some(entry.index),
        isid: session
            .and_then(|s| s.isid)
            .or_else(|| text(FlashnodeParam::Isid)),
        chap_index: entry.chap_index,
        boot: entry.boot,
        found_by: entry.discovery_parent,
        redirected_to: text(FlashnodeParam::RedirectIpaddr)
            .filter(|a| a.parse::<IpAddr>().is_ok_and(|a| !a.is_unspecified())),
        session: entry.session,
        at,
    }
}

fn by_session(session: Session) -> TargetPath {
    let connection = session.connections.first();
    let at = connection.and_then(|c| {
        let address = c.persistent_address.as_deref()?.parse().ok()?;
        Some(Portal::new(address, c.persistent_port?))
    });
    let moved = connection.filter(|c| c.redirected == Some(true));
    TargetPath {
        portal: at.map(|at| at.to_string()),
        tag: tag_of(&session),
        known: if session.owner == Owner::Flash {
            Known::Discovered
        } else {
            Known::User
        },
        flash_index: None,
        session: Some(FlashSession {
            sid: session.sid,
            state: session.state.clone(),
        }),
        isid: session.isid.clone(),
        chap_index: session.chap_index,
        boot: session.kind == crate::model::SessionKind::Boot,
        found_by: session.discovery_parent(),
        redirected_to: moved.and_then(|c| c.address.clone()),
        at,
    }
}
