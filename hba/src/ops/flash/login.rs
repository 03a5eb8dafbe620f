//! Logging in to a flash target.
//!
//! Source: qla4xxx `ql4_os.c` (`qla4xxx_ddb_login_nt`: returns before the login is done).

use std::time::Duration;

use super::super::adapter::resolve_able;
use super::super::in_use;
use super::super::write::{Done, LOOK_AGAIN, Plan, as_it_is};
use super::diagnose::{Diagnosis, diagnose};
use super::find::one;
use super::logout::{gone_anyway, wait_gone};
use super::paths::{Own, Paths, isid as isid_of};
use super::set::{FlashSettings, set};
use super::settling::Settling;
use crate::Change;
use crate::backend::LunScope;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result, Status};
use crate::ids::{AdapterId, HostNo};
use crate::message::Message;
use crate::model::{Event, FlashTarget, LoginFailureType, Owner, Session};
use crate::params::{FlashnodeParam, Parameter};
use crate::quirks::Ability;
use crate::step::Step;
use crate::writer::Scope;

/// What to do when another path to the same target is up with the same ISID: the login would end that one's session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clash {
    /// Refuse, and tell what would mend it.
    Refuse,
    /// Give the entry an ISID of its own first.
    Mend,
}

/// Looks at a failed session before its target is asked,
const FAILED_LOOKS: u32 = 15;
/// or so long where a look takes long.
const FAILED_WAIT: Duration = Duration::from_secs(3);

/// Logs in to a flash target and waits until the session is up. Of several logins and logouts at once each sees what the one before has
/// done. Other writers of the adapter wait only until the driver has taken the order.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Failed`] with the reason when the login is refused, [`Kind::Unknown`] when it was ordered and is not up
/// in time.
pub fn login(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, index: u32, clash: Clash) -> Result<Change<Session>> {
    let tried = format!("log in to flash target {index}");
    let host = resolve_able(ctx, id, &tried, Ability::Flash)?;
    let _turn = ctx.turn(Scope::Login(index), host, "flash login", &tried)?;
    let writer = ctx.writer(host, "flash login", &tried)?;
    let mut target = one(ctx, host, index, &tried)?;
    if target.discovery {
        return Err(Error::new(Kind::Invalid, tried)
            .answered("it is a discovery entry")
            .hint(
                Message::from("use it with ")
                    .then(Step::FlashDiscover)
                    .then(", or add the target itself"),
            ));
    }
    let before = session_of(ctx, &target)?;
    if let Some(s) = before.as_ref().filter(|s| s.logged_in()) {
        return Ok(as_it_is(Some(s.clone())));
    }
    if stand_beside(ctx, &target, clash, &tried)? {
        target = one(ctx, host, index, &tried)?;
    }
    let name = target.target_name.clone().unwrap_or_default();
    let plan = Plan {
        before,
        after: None,
        diff: vec![Difference::new("session", None, Some(name))],
    };
    plan.carry_out(ctx, |ctx, plan| {
        let before = plan.before.as_ref();
        let listening = ctx.backend.listen().is_ok();
        if let Some(other) = order(ctx, host, &target, before, &tried)? {
            return Ok(Done::AsItIs(Some(other)));
        }
        drop(writer);
        let after = wait_logged_in(ctx, host, index, &tried, listening)?;
        let diff = vec![Difference::new(
            "session.state",
            before.and_then(|s| s.state.clone()),
            after.state.clone(),
        )];
        Ok(Done::ReadBack {
            after: Some(after),
            diff,
        })
    })
}

/// Looks whether the login would end the session over another path, which it does when both have one ISID; says whether the entry was
/// changed so that it does not.
fn stand_beside(ctx: &mut Ctx<'_>, target: &FlashTarget, clash: Clash, tried: &str) -> Result<bool> {
    let (Some(isid), Some(name)) = (isid_of(target), target.target_name.as_deref()) else {
        return Ok(false);
    };
    let address = target.address.as_deref().and_then(|a| a.parse().ok());
    let own = Own {
        host: target.host,
        target: name,
        at: address.zip(target.port),
        index: Some(target.index),
        sid: target.session.as_ref().map(|s| s.sid),
    };
    let Err(refusal) = Paths::live(ctx, own)?.check(own, isid, tried) else {
        return Ok(false);
    };
    if clash == Clash::Refuse {
        return Err(refusal);
    }
    let new_isid = FlashSettings {
        new_isid: true,
        ..FlashSettings::default()
    };
    let changed = set(ctx, Some(&AdapterId::Host(target.host)), target.index, &new_isid)?;
    for d in changed
        .diff()
        .iter()
        .filter(|d| d.field == FlashnodeParam::Isid.name())
    {
        let (before, after) = (
            d.before.as_deref().unwrap_or("n/a"),
            d.after.as_deref().unwrap_or("n/a"),
        );
        ctx.warn(format!(
            "flash target {} had the isid of another path ({before}) and has one of its own now ({after})",
            target.index
        ));
    }
    Ok(changed.is_changed())
}

/// Orders the login. Returns the session when another program was first and has it up.
fn order(
    ctx: &mut Ctx<'_>,
    host: HostNo,
    target: &FlashTarget,
    before: Option<&Session>,
    tried: &str,
) -> Result<Option<Session>> {
    let index = target.index;
    // A session that does not come up was made with what the entry said then (or by a discovery, without CHAP). It is ended,
    // so that the login is made with what the entry says now. A boot session cannot be.
    let stale = before.filter(|s| s.owner == Owner::Flash && !target.boot);
    if let Some(sid) = stale.map(|s| s.sid) {
        in_use::guard(ctx, LunScope::Session(sid), tried)?;
        if let Err(e) = ctx.backend.logout_session(host, sid, ctx.deadline) {
            gone_anyway(ctx, sid, e.during(tried))?;
        }
        wait_gone(ctx, sid, tried)?;
    }
    if (before.is_none() || stale.is_some())
        && let Err(e) = ctx.backend.login_flash_target(host, index, ctx.deadline)
    {
        // Another program may have been first.
        let target = one(ctx, host, index, tried)?;
        return match session_of(ctx, &target)? {
            Some(s) if s.logged_in() && before.is_none() => Ok(Some(s)),
            Some(_) => Ok(None),
            None => Err(e.during(tried)),
        };
    }
    Ok(None)
}

/// The session of a target in full, if it has one.
pub(super) fn session_of(ctx: &mut Ctx<'_>, target: &FlashTarget) -> Result<Option<Session>> {
    let found = match &target.session {
        Some(s) => ctx.backend.session(s.sid)?,
        None => None,
    };
    Ok(found.map(|mut s| {
        s.flash_index = Some(target.index);
        s
    }))
}

/// Waits until the session is up and its target scanned. A session that stays FAILED has its target asked from this host: what the
/// target refuses need not be waited for any longer.
fn wait_logged_in(
    ctx: &mut Ctx<'_>,
    host: HostNo,
    index: u32,
    tried: &str,
    listening: bool,
) -> Result<Session> {
    let mut reason: Option<String> = None;
    // Said only if the login fails: a host without a way to the target is no fault of its own.
    let mut remark: Option<String> = None;
    let (mut failed, mut asked) = (0, false);
    let mut settling = Settling::default();
    let mut patience = None;
    let mut next = None;
    let mut status = Status::LoginFailed;
    loop {
        let target = one(ctx, host, index, tried)?;
        let state = match session_of(ctx, &target)? {
            Some(s) if s.logged_in() => {
                if settling.done(&s) || ctx.deadline.expired() {
                    return Ok(s);
                }
                failed = 0;
                "the session is up and being scanned".to_owned()
            }
            Some(s) => {
                if s.state.as_deref() == Some("FAILED") {
                    failed += 1;
                    patience.get_or_insert_with(|| ctx.deadline.at_most(FAILED_WAIT));
                }
                format!(
                    "session {} is {}",
                    s.sid,
                    s.state.as_deref().unwrap_or("in an unknown state")
                )
            }
            None => "there is no session".to_owned(),
        };
        let long = failed >= FAILED_LOOKS || patience.is_some_and(|wait| wait.expired());
        if failed > 0 && !asked && long {
            asked = true;
            let found = diagnose(ctx, &target)?;
            next = Some(advice(&target, &found));
            match found {
                Diagnosis::Refused(refusal) => {
                    status = status_of(refusal.kind);
                    reason = Some(refusal.why);
                }
                Diagnosis::NoAddress(why) | Diagnosis::Otherwise(why) | Diagnosis::Silent(why) => {
                    reason = Some(why);
                }
                Diagnosis::Unreachable(why) => remark = Some(why),
                Diagnosis::Accepted => {
                    remark = Some("this host gets in with the adapter's name and account".to_owned());
                }
                Diagnosis::Nothing => {}
            }
        }
        let over = ctx.deadline.expired();
        if let Some(remark) = remark.take_if(|_| reason.is_some() || over) {
            ctx.warn(remark);
        }
        if let Some(reason) = &reason {
            return Err(Error::new(Kind::Failed, tried)
                .with_status(status)
                .answered(format!("{reason}; {state}"))
                .hint(next.unwrap_or_else(|| advice(&target, &Diagnosis::Nothing))));
        }
        if over {
            // The order was given and stands.
            return Err(Error::timeout(tried, format!("session state LOGGED_IN; {state}"))
                .with_kind(Kind::Unknown)
                .hint(
                    Message::from("look: ")
                        .then(Step::SessionList)
                        .then("; ")
                        .then(next.unwrap_or_else(|| advice(&target, &Diagnosis::Nothing))),
                ));
        }
        let sid = target.session.as_ref().map(|s| s.sid);
        if listening {
            reason = failure(ctx, sid)?;
        } else {
            ctx.backend.pause(LOOK_AGAIN.min(ctx.deadline.remaining()));
        }
    }
}

/// Why the login of session `sid` failed, if an event tells before the next look.
fn failure(ctx: &mut Ctx<'_>, sid: Option<u32>) -> Result<Option<String>> {
    let look = ctx.deadline.at_most(LOOK_AGAIN);
    while let Some(record) = ctx.backend.next_event(look)? {
        match record.event {
            Event::ConnectionError { sid: s, reason, .. } if Some(s) == sid => return Ok(Some(reason)),
            Event::LoginState { .. } | Event::SessionCreated { .. } => return Ok(None),
            _ => {}
        }
    }
    Ok(None)
}

/// What neighbouring systems call a refusal.
fn status_of(kind: LoginFailureType) -> Status {
    match kind {
        LoginFailureType::LoginAuthFail | LoginFailureType::LoginAuthenticateFail => Status::AuthFailed,
        LoginFailureType::LoginNegotiateFail => Status::LoginFatal,
        LoginFailureType::LoginOtherFail => Status::LoginFailed,
    }
}

/// What is best looked at next, by what is known.
fn advice(target: &FlashTarget, found: &Diagnosis) -> Message {
    let first = match found {
        Diagnosis::Refused(_) if target.chap_index.is_some() => {
            Message::from("check the target's name, and the chap entry against its account (")
                .then(Step::ChapList)
                .then(")")
        }
        Diagnosis::Refused(_) => Message::from(
            "check the target's name, whether it wants chap, and whether it lets this initiator in",
        ),
        Diagnosis::NoAddress(_) => Message::from("give the port an address: ")
            .then(Step::IfaceSet)
            .then(", then ")
            .then(Step::IfaceApply),
        Diagnosis::Otherwise(_) => {
            Message::from("let the target take a list of algorithms, or the adapter offer MD5 alone")
        }
        Diagnosis::Silent(_) => Message::from("check the port (")
            .then(Step::FlashShow)
            .then("); an iscsi target's is 3260 mostly"),
        Diagnosis::Unreachable(_) | Diagnosis::Accepted | Diagnosis::Nothing => {
            Message::from("check the portal with ").then(Step::IfacePing)
        }
    };
    first
        .then("; the adapter goes on trying until ")
        .then(Step::FlashLogout(Some(target.index)))
}
