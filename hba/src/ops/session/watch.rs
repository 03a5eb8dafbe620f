//! Watching over sessions: events are told, and what a policy wants done about some of them is done and told.
//!
//! The kernel adds no unit that a target maps while the session is up, and keeps the disks of a session that does not come back
//! (`scsi_error.c`, `scsi_report_sense`; `scsi_transport_iscsi.c`, `session_recovery_timedout`): here somebody can have both. Deeds follow
//! events one by one; one that fails is told and the watch goes on.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::super::event::{EventFilter, Follower, Watching, now_ms};
use super::super::in_use::guard;
use super::rescan::{rescan, take_out};
use crate::backend::LunScope;
use crate::ctx::Ctx;
use crate::error::{Kind, Result};
use crate::model::{Deed, DeedKind, Event, LoginCounts, Rescan, UnitChange, UnitFate, Watched};

/// How long after its last attention a target is left to finish what it does.
const CALM: Duration = Duration::from_millis(500);
/// How long one deed may take.
const DEED: Duration = Duration::from_secs(60);

/// What is done when a target's list of units changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LunPolicy {
    /// Nothing.
    Off,
    /// The target is asked, and what differs is told.
    Report,
    /// The session is scanned.
    Rescan,
}

/// What is done when a session was away longer than its recovery time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnExpiry {
    /// Nothing: the kernel has its disks answer with errors.
    Offline,
    /// Its disks are taken out; a scan brings them back with the session.
    Delete,
}

/// A policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchPolicy {
    /// About units.
    pub luns: LunPolicy,
    /// Whether a scan takes out what a target lists no more.
    pub remove: bool,
    /// About sessions that do not come back.
    pub on_expiry: OnExpiry,
}

/// Watches until `each` breaks, the deadline passes, or somebody asks for the end; what is being done then is finished.
///
/// # Errors
/// The endpoint cannot be listened to.
pub fn watch(
    ctx: &mut Ctx<'_>,
    filter: &EventFilter,
    watching: Watching,
    policy: WatchPolicy,
    each: &mut dyn FnMut(Watched) -> ControlFlow<()>,
) -> Result<()> {
    let mut watch = Watch {
        policy,
        due: BTreeMap::new(),
        taken: Vec::new(),
        counts: LoginCounts {
            since_ms: now_ms(),
            ..LoginCounts::default()
        },
    };
    let mut follower = Follower::begin(ctx, watching)?;
    while !ctx.deadline.expired() {
        let until = watch
            .next_deed()
            .map_or(ctx.deadline, |left| ctx.deadline.at_most(left));
        if let Some(record) = follower.next(ctx, until)? {
            watch.count(&record.event);
            watch.plan(&record.event);
            if filter.passes(&record) && each(Watched::Event(record)).is_break() {
                return Ok(());
            }
        }
        for (sid, deed, because) in watch.ripe() {
            let done = watch.carry_out(ctx, sid, deed, because);
            if each(Watched::Deed(done)).is_break() {
                return Ok(());
            }
        }
    }
    watch.counts.until_ms = now_ms();
    let _ = each(Watched::End(watch.counts));
    Ok(())
}

struct Watch {
    policy: WatchPolicy,
    /// What is to be done to a session, when, and because of what.
    due: BTreeMap<u32, (Instant, DeedKind, &'static str)>,
    /// Sessions whose disks were taken out.
    taken: Vec<u32>,
    counts: LoginCounts,
}

impl Watch {
    fn plan(&mut self, event: &Event) {
        let because = event.name();
        let scan = match self.policy.luns {
            LunPolicy::Off => None,
            LunPolicy::Report => Some(DeedKind::Report),
            LunPolicy::Rescan => Some(DeedKind::Rescan),
        };
        let (sid, deed) = match event {
            Event::LunsChanged { sid: Some(sid), .. } => (*sid, scan),
            Event::UnitChanged {
                sid: Some(sid), what, ..
            } if what == "capacity_data_has_changed" => (*sid, scan),
            Event::SessionExpired { sid, .. } if self.policy.on_expiry == OnExpiry::Delete => {
                (*sid, Some(DeedKind::Delete))
            }
            Event::SessionRecovered { sid, .. } if self.taken.contains(sid) => (*sid, Some(DeedKind::Rescan)),
            Event::SessionDestroyed { sid } => {
                self.due.remove(sid);
                self.taken.retain(|taken| taken != sid);
                return;
            }
            _ => return,
        };
        if let Some(deed) = deed {
            self.due.insert(sid, (Instant::now() + CALM, deed, because));
        }
    }

    fn count(&mut self, event: &Event) {
        let counts = &mut self.counts;
        match event {
            Event::SessionCreated { .. } | Event::SessionRecovered { .. } => counts.accepted += 1,
            Event::SessionFailed { .. } => counts.failed += 1,
            Event::SessionExpired { .. } => counts.expired += 1,
            Event::SessionDestroyed { .. } => counts.ended += 1,
            Event::LoginFailed { failure, .. } => *counts.login_failures.entry(*failure).or_default() += 1,
            Event::Lost => counts.gaps += 1,
            _ => {}
        }
    }

    fn next_deed(&self) -> Option<Duration> {
        let first = self.due.values().map(|due| due.0).min()?;
        Some(first.saturating_duration_since(Instant::now()))
    }

    /// What is due now.
    fn ripe(&mut self) -> Vec<(u32, DeedKind, &'static str)> {
        let now = Instant::now();
        let ripe: Vec<u32> = self
            .due
            .iter()
            .filter(|(_, due)| due.0 <= now)
            .map(|(sid, _)| *sid)
            .collect();
        ripe.into_iter()
            .filter_map(|sid| {
                self.due
                    .remove(&sid)
                    .map(|(_, deed, because)| (sid, deed, because))
            })
            .collect()
    }

    /// Does it, with a time limit and remarks of its own.
    fn carry_out(&mut self, ctx: &mut Ctx<'_>, sid: u32, deed: DeedKind, because: &str) -> Deed {
        let (deadline, dry) = (ctx.deadline, ctx.dry_run);
        let others = std::mem::take(&mut ctx.warnings);
        ctx.deadline = deadline.at_most(DEED);
        if deed == DeedKind::Report {
            ctx.dry_run = true.into();
        }
        let (planned, done) = match deed {
            DeedKind::Report | DeedKind::Rescan => match scan(ctx, sid, self.policy.remove) {
                Ok(done) => (
                    matches!(done.change, crate::Change::Planned { .. }),
                    Ok(done.units),
                ),
                Err(e) => (false, Err(e)),
            },
            DeedKind::Delete => match delete(ctx, sid) {
                Ok((planned, units)) => (planned, Ok(units)),
                Err(e) => (false, Err(e)),
            },
        };
        if deed == DeedKind::Delete && done.is_ok() && !planned {
            self.taken.push(sid);
        } else if deed == DeedKind::Rescan && done.is_ok() {
            self.taken.retain(|taken| *taken != sid);
        }
        (ctx.deadline, ctx.dry_run) = (deadline, dry);
        let remarks = std::mem::replace(&mut ctx.warnings, others);
        let (units, error) = match done {
            Ok(units) => (units, None),
            Err(e) => (Vec::new(), Some(e.to_string())),
        };
        Deed {
            time_ms: now_ms(),
            sid,
            deed,
            because: because.to_owned(),
            planned,
            units,
            remarks: remarks.iter().map(ToString::to_string).collect(),
            error,
        }
    }
}

/// Scans a session. What is in use is not taken out; the rest of the scan is made all the same.
fn scan(ctx: &mut Ctx<'_>, sid: u32, remove: bool) -> Result<Rescan> {
    match rescan(ctx, Some(sid), remove) {
        Err(refusal) if remove && refusal.kind() == Kind::Busy => {
            ctx.warn(format!("nothing is taken out: {refusal}"));
            rescan(ctx, Some(sid), false)
        }
        done => done,
    }
}

/// Takes the disks of a session out of the operating system; in a dry run they are told only.
fn delete(ctx: &mut Ctx<'_>, sid: u32) -> Result<(bool, Vec<UnitChange>)> {
    let tried = format!("take out the disks of session {sid}");
    guard(ctx, LunScope::Session(sid), &tried)?;
    let luns = ctx.backend.luns(LunScope::Session(sid))?;
    let written =
        super::super::write::unless_dry(ctx, |ctx| luns.iter().try_for_each(|lun| take_out(ctx, sid, lun)))?;
    let unit = |lun: &crate::model::Lun| UnitChange {
        sid,
        address: lun.address.clone(),
        block_device: lun.block_device.clone(),
        fate: UnitFate::Removed,
        bytes_before: lun.size_bytes,
        bytes: None,
    };
    Ok((written.is_none(), luns.iter().map(unit).collect()))
}
