//! What is done with a discovery's answer: making flash targets of it, or only looking at it.
//!
//! Owns neither the asking ([`super::discover()`]) nor how a target is added or logged in to.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::adapter::resolve_able;
use super::add::{NewFlashTarget, add_to};
use super::answer::{Discovery, LeftOut, places, plain, told};
use super::diagnose::ask_list;
use super::discover::{Asking, discover, portal_of};
use super::excluding::Excluding;
use super::find::one;
use super::login::{Clash, login};
use super::wanted::odd;
use crate::backend::ListOutcome;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::{AdapterId, Portal};
use crate::message::Message;
use crate::quirks::Ability;
use crate::step::Step;
use std::time::Duration;

/// How long this host asks a portal.
const ASK: Duration = Duration::from_secs(10);

/// As [`discover`], and every path that is found becomes a flash target with an ISID of its own, which the adapter logs in to.
///
/// # Errors
/// As [`discover`]. A path that cannot be added or logged in to is left out, with the reason.
pub fn discover_and_add(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, asking: Asking) -> Result<Discovery> {
    let tried = format!("add what {} lists", asking.at);
    let host = resolve_able(ctx, id, &tried, Ability::Flash)?;
    let only = AdapterId::Host(host);
    let _writer = ctx.writer(host, "flash discover", &tried)?;
    // What of the list is not in force is said, whatever becomes of the other remarks.
    let excluding = Excluding::of(ctx, host)?;
    let warned = ctx.warnings.len();
    let mut found = discover(ctx, Some(&only), asking)?;
    let up = found
        .sessions
        .iter()
        .filter_map(|s| Some((s.target_name.clone(), portal_of(s)?, s.tpgt)));
    let up: Vec<_> = up
        .map(|(name, at, tag)| (name, at, tag.and_then(|t| u16::try_from(t).ok())))
        .collect();
    let (twins, rest): (Vec<LeftOut>, Vec<LeftOut>) = std::mem::take(&mut found.left_out)
        .into_iter()
        .partition(|l| l.twin.is_some());
    found.left_out = rest;
    let present = found
        .present
        .iter()
        .filter_map(|p| Some((p.target.clone(), p.portal.parse::<Portal>().ok()?, None)));
    for (name, at, tag) in up.into_iter().chain(present) {
        // It was up before: its session stays, and goes without an entry.
        if let Some(why) = excluding.why(Some(&name), Some(at)) {
            found.left_out.push(LeftOut {
                target: name,
                portal: plain(at),
                why: format!("it has a session and does not become a flash target: {why}"),
                twin: None,
            });
            continue;
        }
        match add_to(ctx, host, &new(&name, at, tag, asking.chap), &tried) {
            Ok(change) if change.is_changed() => found.targets.extend(change.after().cloned()),
            // It is in flash.
            Ok(_) => {}
            Err(why) if why.kind() == Kind::Busy => {}
            Err(why) => ctx.warn(format!("{name} at {at} has a session and was not added: {why}")),
        }
    }
    for mut twin in twins {
        let Some(at) = twin.twin else { continue };
        let added = add_to(ctx, host, &new(&twin.target, at, at.tag, asking.chap), &tried);
        let logged_in = added.and_then(|change| {
            let Some(target) = change.after().cloned() else {
                return Err(Error::new(Kind::Failed, &tried).answered("the new entry went away"));
            };
            let index = target.index;
            found.targets.push(target);
            login(ctx, Some(&only), index, Clash::Mend)
        });
        match logged_in {
            Ok(change) => found.sessions.extend(change.after().cloned()),
            Err(why) => {
                twin.why = why.to_string();
                found.left_out.push(twin);
            }
        }
    }
    let mut now = Vec::new();
    for target in &found.targets {
        now.push(one(ctx, host, target.index, &tried)?);
    }
    found.targets = now;
    // What was said to be left out may be in by now.
    ctx.warnings.truncate(warned);
    if let Some(remark) = super::discover::left_out(&found) {
        ctx.warn(remark);
    }
    Ok(found)
}

fn new(name: &str, at: Portal, tpgt: Option<u16>, chap: Option<u16>) -> NewFlashTarget {
    NewFlashTarget {
        target_name: Some(name.to_owned()),
        address: at.address,
        port: at.port,
        tpgt,
        chap,
        bidi_chap: false,
        params: Vec::new(),
    }
}

/// What a portal lists, asked by this host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Listing {
    /// The portal asked, `ADDRESS:PORT`.
    pub portal: String,
    /// What it lists, a path a line.
    pub paths: Vec<ListedPath>,
}

/// A target at a portal, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ListedPath {
    /// Target name, byte for byte.
    pub target: String,
    /// Its portal, as listed.
    pub portal: String,
    /// Why an adapter cannot use it; `null` when it can.
    pub unusable: Option<String>,
    /// What is odd about its name.
    pub remark: Option<String>,
}

/// Asks a portal for its targets from this host, with the adapter's name and a CHAP entry of its. The adapter does nothing.
///
/// # Errors
/// [`Kind::Failed`] when the portal refuses or does not answer this host.
pub fn list_targets(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    at: Portal,
    chap: Option<u16>,
) -> Result<Listing> {
    let asked = Portal { tag: None, ..at };
    let tried = format!("list the targets of {asked} from this host");
    let host = resolve_able(ctx, id, &tried, Ability::Flash)?;
    let targets = match ask_list(ctx, host, asked.at(), chap, ASK)? {
        ListOutcome::Listed(targets) => targets,
        ListOutcome::Not(why) => {
            return Err(Error::new(Kind::Failed, tried)
                .answered(told(&why))
                .hint(Message::from("the adapter may reach it: ").then(Step::FlashDiscover)));
        }
    };
    let paths = targets.iter().flat_map(|target| {
        places(asked, target).into_iter().map(|(portal, at)| ListedPath {
            target: target.name.clone(),
            portal,
            unusable: at.err(),
            remark: odd(&target.name),
        })
    });
    Ok(Listing {
        portal: asked.to_string(),
        paths: paths.collect(),
    })
}
