//! Logging in to a target by its name, in one call: port and portal are chosen, the target is put into flash first, then the adapter logs in.
//!
//! Must not know how an entry is written or a session waited for: [`crate::ops::flash`] does both. Source: Microsoft `iscsiop.mof`
//! (LoginToTarget).

use schemars::JsonSchema;
use serde::Serialize;

use super::choose::{port, portals};
use super::list::{Target, TargetPath};
use super::wish::{Auth, LoginWish};
use crate::Change;
use crate::backend::LunScope;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result, Status};
use crate::ids::{AdapterId, HostNo, Portal};
use crate::message::Message;
use crate::model::Session;
use crate::ops::flash::{self, Clash, FlashSettings, NewFlashTarget};
use crate::ops::write::{Done, Plan, as_it_is};
use crate::step::Step;

/// What a login came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TargetLogin {
    /// `logged_in`.
    pub status: String,
    /// The port.
    pub host: HostNo,
    /// Initiator name of the session, or of its port.
    pub initiator_name: Option<String>,
    /// Target name.
    pub target: String,
    /// The portal, `ADDRESS:PORT`.
    pub portal: Option<String>,
    /// Target portal group tag.
    pub tag: Option<i32>,
    /// Session id.
    pub session_id: u32,
    /// Connection id.
    pub connection_id: Option<u32>,
    /// Initiator's part of the session id, hex.
    pub isid: Option<String>,
    /// Target's part of the session id.
    pub tsih: Option<u32>,
    /// Its entry in flash.
    pub flash_index: Option<u32>,
    /// Whether the adapter logs in again at its next start.
    pub persistent: bool,
    /// Header digest in use.
    pub header_digest: Option<String>,
    /// Data digest in use.
    pub data_digest: Option<String>,
    /// Its units: block devices, or addresses `H:C:T:L` of units that have none.
    pub devices: Vec<String>,
    /// Portals that were tried before.
    pub attempts: Vec<Attempt>,
}

/// A portal that did not let us in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Attempt {
    /// The portal.
    pub portal: String,
    /// Why not.
    pub why: String,
}

/// Logs in to a target.
///
/// # Errors
/// [`Kind::Unsupported`] for what no adapter here can do, and [`Kind::Invalid`], both before anything is asked; [`Kind::NotFound`] for a target
/// that nobody knows; [`Kind::Busy`] when it has a session and a second one was not asked for; as [`flash::add`], [`flash::set`] and
/// [`flash::login`].
pub fn login(ctx: &mut Ctx<'_>, wish: &LoginWish) -> Result<Change<TargetLogin>> {
    let tried = format!("log in to target {}", wish.target.escape_debug());
    wish.check(&tried)?;
    let (host, known) = port(ctx, wish, &tried)?;
    if let Some(up) = already(wish, known.as_ref(), &tried)? {
        let session = match &up.session {
            Some(s) => ctx.backend.session(s.sid)?,
            None => None,
        };
        if let Some(session) = session {
            let result = result(ctx, host, &session, up.flash_index, Vec::new())?;
            return Ok(as_it_is(Some(result)));
        }
    }
    let order = portals(ctx, wish, host, known.as_ref(), &tried)?;
    let first = order.first().map(ToString::to_string);
    let mut diff = vec![
        Difference::new("session", None, Some(wish.target.clone())),
        Difference::new("portal", None, first),
    ];
    diff.extend(
        wish.params()?
            .iter()
            .map(|a| Difference::new(a.name(), None, Some(a.value.to_string()))),
    );
    let plan = Plan {
        before: None,
        after: None,
        diff,
    };
    plan.carry_out(ctx, |ctx, _| {
        let after = try_all(ctx, host, wish, known.as_ref(), &order, &tried)?;
        let diff = vec![
            Difference::new("session", None, Some(after.session_id.to_string())),
            Difference::new("portal", None, after.portal.clone()),
            Difference::new("isid", None, after.isid.clone()),
            Difference::new(
                "devices",
                None,
                Some(after.devices.join(" ")).filter(|d| !d.is_empty()),
            ),
        ];
        Ok(Done::ReadBack {
            after: Some(after),
            diff,
        })
    })
}

/// The path that is up and makes the login unnecessary. A session over another path refuses it, unless several are wanted.
fn already<'t>(wish: &LoginWish, known: Option<&'t Target>, tried: &str) -> Result<Option<&'t TargetPath>> {
    let mut up = known
        .into_iter()
        .flat_map(|t| &t.paths)
        .filter(|path| path.is_up())
        .peekable();
    let Some(first) = up.peek().copied() else {
        return Ok(None);
    };
    let Some(portal) = wish.portal else {
        return Ok((!wish.multipath).then_some(first));
    };
    if let Some(same) = up.find(|path| path.at.is_some_and(|at| at.at() == portal.at())) {
        return Ok(Some(same));
    }
    if wish.multipath {
        return Ok(None);
    }
    let sid = first.session.as_ref().map_or(0, |s| s.sid);
    let over = first.portal.as_deref().unwrap_or("n/a");
    Err(Error::new(Kind::Busy, tried)
        .answered(format!("session {sid} over {over} is up"))
        .with_status(Status::SessionExists)
        .hint(
            Message::from("a second one beside it, for dm-multipath: ")
                .then(Step::WithMultipath)
                .then("; or end it first: ")
                .then(Step::SessionLogout(sid)),
        ))
}

/// Tries the portals in order until one lets us in.
fn try_all(
    ctx: &mut Ctx<'_>,
    host: HostNo,
    wish: &LoginWish,
    known: Option<&Target>,
    order: &[Portal],
    tried: &str,
) -> Result<TargetLogin> {
    let mut attempts: Vec<Attempt> = Vec::new();
    let (last, before) = order
        .split_last()
        .ok_or_else(|| Error::new(Kind::NotFound, tried).answered("no portal is known"))?;
    let whole = ctx.deadline;
    for (n, at) in before.iter().enumerate() {
        // Each gets its share of the time.
        let left = u32::try_from(order.len() - n).unwrap_or(u32::MAX);
        ctx.deadline = whole.at_most(whole.remaining() / left);
        let done = over(ctx, host, wish, known, *at, &attempts);
        ctx.deadline = whole;
        match done {
            // What is not known may be done yet: nothing else is tried then.
            Err(e) if e.kind() != Kind::Unknown && e.kind() != Kind::Interrupted => attempts.push(Attempt {
                portal: at.to_string(),
                why: e.answer().unwrap_or_default().to_owned(),
            }),
            done => return done.map_err(|e| e.during(tried.to_owned())),
        }
    }
    over(ctx, host, wish, known, *last, &attempts).map_err(|e| {
        let answer = e.answer().unwrap_or_default().to_owned();
        let all: Vec<String> = attempts
            .iter()
            .map(|a| format!("{}: {}", a.portal, a.why))
            .collect();
        let e = e.during(tried.to_owned());
        if all.is_empty() {
            e
        } else {
            e.answered(format!("{}; {last}: {answer}", all.join("; ")))
        }
    })
}

/// Logs in over one portal: the entry first, then the session. An entry that was made for it goes again when the login is refused.
fn over(
    ctx: &mut Ctx<'_>,
    host: HostNo,
    wish: &LoginWish,
    known: Option<&Target>,
    at: Portal,
    attempts: &[Attempt],
) -> Result<TargetLogin> {
    let id = AdapterId::Host(host);
    let there = known
        .into_iter()
        .flat_map(|t| &t.paths)
        .find(|path| path.flash_index.is_some() && path.at.is_some_and(|own| own.at() == at.at()))
        .and_then(|path| path.flash_index);
    let index = match there {
        Some(index) => {
            let settings = FlashSettings {
                chap: match wish.auth {
                    Some(Auth::None) => Some(None),
                    _ => wish.chap.map(Some),
                },
                bidi_chap: wish.auth.map(|auth| auth == Auth::Mutual),
                new_isid: false,
                params: wish.params()?,
            };
            flash::set(ctx, Some(&id), index, &settings)?;
            index
        }
        None => {
            let new = NewFlashTarget {
                target_name: Some(wish.target.clone()),
                address: at.address,
                port: at.port,
                tpgt: at.tag,
                chap: wish.chap,
                bidi_chap: wish.auth == Some(Auth::Mutual),
                params: wish.params()?,
            };
            let made = flash::add(ctx, Some(&id), &new)?;
            let index = made.after().map(|t| t.index);
            index.ok_or_else(|| {
                Error::new(Kind::Failed, "add the target to flash").answered("the new entry went away")
            })?
        }
    };
    let session = match flash::login(ctx, Some(&id), index, Clash::Mend) {
        Ok(change) => change.after().cloned(),
        Err(e) if there.is_none() && !ctx.deadline.stopped() => {
            return Err(take_back(ctx, host, index, e));
        }
        Err(e) => return Err(e),
    };
    let session = session.ok_or_else(|| {
        Error::new(Kind::Failed, "log in").answered("the session went away as soon as it was up")
    })?;
    let mut kept = Some(index);
    if wish.no_persist {
        if there.is_none() {
            ctx.cleaning_up(|ctx| flash::delete(ctx, host, index, "take the target out of flash again"))?;
            kept = None;
        } else {
            ctx.warn(format!(
                "flash target {index} was there before and stays: the adapter logs in again at its next start"
            ));
        }
    }
    result(ctx, host, &session, kept, attempts.to_vec())
}

/// A login that was refused leaves neither its session nor the entry that was made for it.
fn take_back(ctx: &mut Ctx<'_>, host: HostNo, index: u32, refusal: Error) -> Error {
    let done = ctx.cleaning_up(|ctx| {
        flash::logout(ctx, Some(&AdapterId::Host(host)), index)?;
        flash::delete(ctx, host, index, "take the target out of flash again")
    });
    match done {
        // What was not known is known now: it is undone.
        Ok(()) => settled(refusal).hint(
            Message::from("nothing was left behind; check name, portal and account; ")
                .then(Step::FlashAdd)
                .then(" and ")
                .then(Step::FlashLogin(None))
                .then(" keep the target, and the adapter goes on trying"),
        ),
        Err(why) => {
            let answer = refusal.answer().unwrap_or_default().to_owned();
            refusal
                .answered(format!(
                    "{answer}; flash target {index}, made for it, is still there: {why}"
                ))
                .hint(Step::FlashRemove(Some(index)).then(" takes it away"))
        }
    }
}

fn settled(refusal: Error) -> Error {
    match refusal.kind() {
        Kind::Unknown => refusal
            .with_kind(Kind::Timeout)
            .with_status(Status::ConnectionFailed),
        _ => refusal,
    }
}

/// The members of a result.
fn result(
    ctx: &mut Ctx<'_>,
    host: HostNo,
    session: &Session,
    flash_index: Option<u32>,
    attempts: Vec<Attempt>,
) -> Result<TargetLogin> {
    let initiator_name = match session.initiator_name.clone() {
        Some(name) => Some(name),
        None => ctx.backend.adapter(host)?.and_then(|a| a.initiator_name),
    };
    let connection = session.connections.first();
    let portal = connection.and_then(|c| {
        let address = c.persistent_address.as_deref()?.parse().ok()?;
        Some(Portal::new(address, c.persistent_port?).to_string())
    });
    let units = ctx.backend.luns(LunScope::Session(session.sid))?;
    Ok(TargetLogin {
        status: "logged_in".to_owned(),
        host,
        initiator_name,
        target: session.target_name.clone(),
        portal,
        tag: session.tpgt,
        session_id: session.sid,
        connection_id: connection.map(|c| c.cid),
        isid: session.isid.clone(),
        tsih: session.tsid,
        flash_index,
        persistent: flash_index.is_some(),
        header_digest: connection.and_then(|c| c.header_digest.clone()),
        data_digest: connection.and_then(|c| c.data_digest.clone()),
        devices: units
            .into_iter()
            .map(|u| u.block_device.unwrap_or(u.address))
            .collect(),
        attempts,
    })
}
