//! One discovery, from the question to the records.

use std::collections::HashMap;

use iscsi::address::TargetAddress;

use super::ask::{ask_all, id_of, ifaces, questions};
use super::records::{Wanted, bring};
use super::settings::Settings;
use super::wish::{DiscoverWish, Keep, Whom};
use super::{firmware, told, twice};
use crate::ctx::Ctx;
use crate::discovery::heard::{Found, Heard};
use crate::discovery::merge::{Step as Fate, Terms};
use crate::discovery::records::{Beside, Origin};
use crate::discovery::sendtargets::Listed;
use crate::discovery::{self, Answer, Discovery, Hop, Means};
use crate::error::{Error, Kind, Result};
use crate::ids::{Family, Portal};
use crate::initiator::Chap;
use crate::nodes::{Conf, Database, Record};
use crate::ops::flash::{self, Asking};
use crate::ops::write::unless_dry;

/// Asks, and keeps what is found as it is wished. A dry run asks as well, shows what would become of the records, and writes nothing.
///
/// # Errors
/// Who was asked refuses, does not answer, or names only what cannot be used; [`Kind::Invalid`]; [`Kind::Busy`] when others write.
pub fn discover(ctx: &mut Ctx<'_>, wish: &DiscoverWish) -> Result<Discovery> {
    if wish.keep == Keep::Flash {
        return by_adapter(ctx, wish);
    }
    check(wish)?;
    let database = Database::at(ctx.home.records.clone());
    let conf = Conf::read(database.place(), &mut |told| ctx.warn(told))?;
    let done = match &wish.whom {
        Whom::Portal(at) | Whom::Isns(at) => {
            let tried = format!("discover targets at {at}");
            if matches!(wish.whom, Whom::Isns(_)) && wish.chap.is_some() {
                return Err(Error::new(Kind::Invalid, tried).answered("iSNS servers ask for no proof"));
            }
            let all = questions(ctx, &database, &conf, at, wish, &tried)?;
            let answers = ask_all(ctx, all);
            settle(ctx, &database, &conf, at, wish, answers)
        }
        Whom::Firmware => by_firmware(ctx, &database, &conf, wish),
    };
    let done = done?;
    if wish.keep == Keep::Db && unless_dry(ctx, |_| Ok(()))?.is_none() {
        ctx.warn("dry run: who was named was asked, and nothing was written");
    }
    Ok(done)
}

/// What says nothing to a question of this host's is refused, so that nobody believes it was heeded.
fn check(wish: &DiscoverWish) -> Result<()> {
    let why = if wish.adapter.is_some() || wish.chap_entry.is_some() {
        "this host asks, with names and secrets that it is given: a port and its CHAP entries are for flash"
    } else if wish.keep == Keep::Nowhere && (wish.reset || wish.remove_gone) {
        "nothing is kept, so nothing begins anew or goes"
    } else {
        return Ok(());
    };
    Err(Error::new(Kind::Invalid, "discover targets").answered(why))
}

/// The adapter asks, and what it finds becomes flash targets.
fn by_adapter(ctx: &mut Ctx<'_>, wish: &DiscoverWish) -> Result<Discovery> {
    let refuse = |why: &str| Err(Error::new(Kind::Invalid, "discover targets into flash").answered(why));
    let Whom::Portal(portal) = &wish.whom else {
        return refuse("an adapter asks portals only: name one");
    };
    if wish.chap.is_some()
        || !wish.ifaces.is_empty()
        || !wish.algorithms.is_empty()
        || wish.header_digest.is_some()
        || wish.data_digest.is_some()
        || wish.reset
        || wish.remove_gone
    {
        return refuse(
            "an adapter asks with an entry of its CHAP table, through its own interfaces, and keeps what is there",
        );
    }
    let at: Portal = portal.to_string().parse()?;
    let asking = Asking {
        at,
        chap: wish.chap_entry,
        keep: false,
        adapter_only: false,
    };
    let mut found = flash::discover_and_add(ctx, wish.adapter.as_ref(), asking)?;
    let database = Database::at(ctx.home.records.clone());
    twice::mark_kept_in_flash(ctx, &database, &mut found);
    Ok(found)
}

/// What the interfaces heard, as one answer; what one of them did not hear is told where another one did.
fn joined(
    ctx: &mut Ctx<'_>,
    answers: Vec<(String, Result<Listed>)>,
) -> Result<(Heard, Vec<Vec<String>>, Vec<Hop>)> {
    let (mut heard, mut through, mut hops) = (Heard::default(), Vec::new(), Vec::new());
    let (mut failed, mut answered, mut places) = (None, false, HashMap::new());
    for (iface, answer) in answers {
        let listed = match answer {
            Ok(listed) => listed,
            Err(error) if error.kind() == Kind::Interrupted => return Err(error),
            Err(error) => {
                if let Some(earlier) = failed.replace((iface, error)) {
                    ctx.warn(format!("through interface {}: {}", earlier.0, earlier.1));
                }
                continue;
            }
        };
        answered = true;
        for remark in listed.remarks {
            ctx.warn(remark);
        }
        for hop in listed.hops {
            if !hops.contains(&hop) {
                hops.push(hop);
            }
        }
        let more = listed.heard;
        heard.listed = heard.listed.max(more.listed);
        heard.beyond = heard.beyond.max(more.beyond);
        for found in more.found {
            let key = (found.target.clone(), found.at.clone());
            match places.get(&key).copied() {
                Some(n) => through
                    .get_mut(n)
                    .map(|t: &mut Vec<String>| t.push(iface.clone())),
                None => {
                    places.insert(key, heard.found.len());
                    heard.found.push(found);
                    through.push(vec![iface.clone()]);
                    None
                }
            };
        }
        for left in more.left_out {
            if !heard.left_out.contains(&left) {
                heard.left_out.push(left);
            }
        }
    }
    match failed {
        Some((iface, error)) if answered => {
            ctx.warn(format!("through interface {iface}: {error}"));
            Ok((heard, through, hops))
        }
        Some((_, error)) => Err(error),
        None => Ok((heard, through, hops)),
    }
}

/// What a portal's answers mean for the records.
pub(in crate::ops::target) fn settle(
    ctx: &mut Ctx<'_>,
    database: &Database,
    conf: &Conf,
    portal: &TargetAddress,
    wish: &DiscoverWish,
    answers: Vec<(String, Result<Listed>)>,
) -> Result<Discovery> {
    let tried = format!("discover targets at {portal}");
    let asked = ifaces(wish);
    // An interface that heard nothing says nothing of what is gone.
    let silent = answers.iter().any(|(_, answer)| answer.is_err());
    let (heard, through, hops) = joined(ctx, answers).map_err(|e| e.during(tried.clone()))?;
    let id = id_of(portal);
    let record = database.portal(crate::nodes::Discovery::SendTargets, &id)?;
    let settings = Settings {
        conf,
        record: record.as_ref(),
        wish,
    };
    let chap = settings.chap();
    let (means, origin) = match wish.whom {
        Whom::Isns(_) => (Means::Isns, Origin::Isns(id)),
        Whom::Portal(_) | Whom::Firmware => (Means::Sendtargets, Origin::SendTargets(id)),
    };
    let beside = Beside {
        chap: chap.filter(|_| means == Means::Sendtargets),
        ..Beside::default()
    };
    let algorithms: Vec<String> = wish
        .algorithms
        .iter()
        .map(|a| a.name().replace("SHA-256", "SHA256"))
        .collect();
    let kept = (
        wish.chap.clone(),
        Some(algorithms.join(",")).filter(|text| !text.is_empty()),
    );
    let mut answer = Discovery::new(means, portal_text(portal), Answer::Found);
    answer.redirected = hops;
    let beside: Vec<Beside> = heard.found.iter().map(|_| beside.clone()).collect();
    let wanted = Wanted {
        tried: &tried,
        conf,
        origin: &origin,
        found: &heard.found,
        through: &through,
        beside: &beside,
        asked: Some(&asked),
        terms: terms(wish, heard.is_whole() && !silent),
        portal: Some(kept),
        ifaces: &[],
        look_only: wish.keep == Keep::Nowhere,
    };
    finish(ctx, database, &heard, &wanted, answer)
}

fn terms(wish: &DiscoverWish, whole: bool) -> Terms {
    Terms {
        reset: wish.reset,
        remove_gone: wish.remove_gone,
        whole,
    }
}

fn portal_text(portal: &TargetAddress) -> String {
    TargetAddress {
        tag: None,
        ..portal.clone()
    }
    .to_string()
}

/// The common end of every way: records, answer, remarks.
fn finish(
    ctx: &mut Ctx<'_>,
    database: &Database,
    heard: &Heard,
    wanted: &Wanted<'_>,
    mut answer: Discovery,
) -> Result<Discovery> {
    answer.listed = Some(heard.listed);
    if heard.listed == 0 {
        answer.answer = Answer::Nothing;
    } else if heard.found.is_empty() {
        return Err(told::unusable(heard, wanted.tried));
    }
    for remark in told::remarks(heard) {
        ctx.warn(remark);
    }
    let became = bring(ctx, database, wanted)?;
    answer.paths = told::paths(heard, &became);
    let kept: Vec<_> = became
        .planned
        .iter()
        .filter(|p| became.written || matches!(p.step, Fate::Keep(_)))
        .filter(|p| !matches!(p.step, Fate::Gone { remove: true, .. }))
        .map(|p| p.step.id().clone())
        .collect();
    twice::mark(ctx, database, &kept, &mut answer);
    Ok(answer)
}

/// What the firmware boots from.
fn by_firmware(
    ctx: &mut Ctx<'_>,
    database: &Database,
    conf: &Conf,
    wish: &DiscoverWish,
) -> Result<Discovery> {
    let tried = "discover what the firmware boots from";
    let tables = ctx.backend.boot_tables()?;
    if tables.is_empty() {
        return Err(Error::new(Kind::NotFound, tried)
            .answered("the firmware has no table: there is neither /sys/firmware/ibft nor iscsi_boot*")
            .hint("load the module iscsi_ibft; an adapter's driver shows its table when it does not log in by itself"));
    }
    if !wish.ifaces.is_empty() || wish.chap.is_some() {
        return Err(
            Error::new(Kind::Invalid, tried).answered("interfaces and accounts are the firmware's own")
        );
    }
    let (heard, reached) = discovery::firmware::read(&tables);
    let family = |found: &Found| {
        if found.at.address.contains(':') {
            Family::Ipv6
        } else {
            Family::Ipv4
        }
    };
    let through: Vec<_> = heard.found.iter().map(family).zip(&reached).collect();
    let (through, new) = firmware::ifaces(ctx, database, conf, &through, tried)?;
    let beside = |one: &discovery::firmware::Through| Beside {
        chap: one.chap.clone(),
        chap_first: true,
        startup: Some("onboot"),
        initiator: one.initiator.clone(),
    };
    let beside: Vec<Beside> = reached.iter().map(beside).collect();
    let names: Vec<&str> = tables.iter().map(|t| t.name.as_str()).collect();
    let answer = Discovery::new(Means::Firmware, names.join(", "), Answer::Found);
    let none: Option<(Option<Chap>, Option<String>)> = None;
    let new: Vec<(String, Record)> = new;
    let wanted = Wanted {
        tried,
        conf,
        origin: &Origin::Firmware,
        found: &heard.found,
        through: &through,
        beside: &beside,
        asked: None,
        terms: terms(wish, heard.is_whole()),
        portal: none,
        ifaces: &new,
        look_only: wish.keep == Keep::Nowhere,
    };
    finish(ctx, database, &heard, &wanted, answer)
}
