//! What is done with a discovery's answer: making flash targets of it, or only looking at it.
//!
//! Owns neither the asking ([`super::discover()`]) nor how a target is added or logged in to.

use super::super::adapter::resolve_able;
use super::add::{NewFlashTarget, add_to};
use super::answer::{paths, places, plain, told};
use super::diagnose::ask_list;
use super::discover::{Asking, discover, portal_of};
use super::excluding::Excluding;
use super::find::one;
use super::login::{Clash, login};
use crate::backend::ListOutcome;
use crate::ctx::Ctx;
use crate::discovery::{Answer, Discovery, LeftOut, Means, Path, PathState};
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
    let mut answer = discover(ctx, Some(&only), asking)?;
    let mut found = answer.adapter.take().unwrap_or_default();
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
    let mut kept: Vec<(String, Portal)> = Vec::new();
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
            Ok(change) if change.is_changed() => {
                found.targets.extend(change.after().cloned());
                kept.push((name, at));
            }
            // It is in flash.
            Ok(_) => kept.push((name, at)),
            Err(why) if why.kind() == Kind::Busy => kept.push((name, at)),
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
            Ok(change) => {
                found.sessions.extend(change.after().cloned());
                kept.push((twin.target, at));
            }
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
    answer.paths = paths(&found, |target, portal| {
        let at = portal.parse::<Portal>().ok();
        at.is_some_and(|at| {
            kept.iter()
                .any(|(name, kept)| name == target && kept.at() == at.at())
        })
    });
    answer.adapter = Some(found);
    Ok(answer)
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

/// Asks a portal for its targets from this host, with the adapter's name and a CHAP entry of its. The adapter does nothing.
///
/// # Errors
/// [`Kind::Failed`] when the portal refuses or does not answer this host.
pub fn list_targets(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    at: Portal,
    chap: Option<u16>,
) -> Result<Discovery> {
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
    let answer = if targets.is_empty() {
        Answer::Nothing
    } else {
        Answer::Found
    };
    let mut listing = Discovery::new(Means::Sendtargets, asked.to_string(), answer);
    listing.listed = Some(targets.len());
    for target in &targets {
        for (portal, at) in places(asked, target) {
            listing.paths.push(match at {
                Ok(_) => Path::new(&target.name, portal, PathState::New),
                Err(why) => Path::left_out(&target.name, portal, why),
            });
        }
    }
    Ok(listing)
}
