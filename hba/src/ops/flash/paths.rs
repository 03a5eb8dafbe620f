//! The paths that an initiator name has to one target, and the identifiers they need to stand beside each other.
//!
//! Owns where paths are looked for: flash entries and sessions of every port that has the same initiator name. Must not know how an identifier
//! is chosen ([`crate::isid`]). Source: qla4xxx `ql4_os.c` (`qla4xxx_is_session_exists`: name, address and port make a path).

use std::net::IpAddr;
use std::ops::ControlFlow;

use iscsi::Isid;
use iscsi::names::same;

use super::super::adapter::is_able;
use super::find::{isid_of, same_address};
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result, Status};
use crate::ids::HostNo;
use crate::isid::Taken;
use crate::message::Message;
use crate::policy::isid::Who;
use crate::quirks::Ability;
use crate::step::Step;

/// The path that is asked about: it is not in its own way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own<'n> {
    /// The port.
    pub(super) host: HostNo,
    /// Target name.
    pub(super) target: &'n str,
    /// Its portal.
    pub(super) at: Option<(IpAddr, u16)>,
    /// Its entry, if it has one.
    pub(super) index: Option<u32>,
    /// Its session, if it has one.
    pub(super) sid: Option<u32>,
}

/// Index and name of an entry.
pub(super) type Named = (u32, Option<String>);

/// The other paths to a target.
#[derive(Debug, Default)]
pub(super) struct Paths {
    /// Who has which identifier.
    pub(super) taken: Taken<Who>,
    /// The identifier of a session over the very portal that is asked about.
    pub(super) same: Option<Isid>,
}

impl Paths {
    /// The other paths, in flash and live.
    /// Names that are known already need not be read.
    pub(super) fn all(ctx: &mut Ctx<'_>, own: Own<'_>, known: Option<&[Named]>) -> Result<Self> {
        let mut paths = Self::default();
        let ports = ports(ctx, own.host)?;
        for port in &ports {
            match known.filter(|_| *port == own.host) {
                Some(known) => paths.add_flash(ctx, *port, known, own)?,
                None => {
                    let names = ctx.backend.flash_names(*port)?;
                    paths.add_flash(ctx, *port, &names, own)?;
                }
            }
        }
        paths.add_sessions(ctx, &ports, own)?;
        Ok(paths)
    }

    /// The other paths that have a session.
    pub(super) fn live(ctx: &mut Ctx<'_>, own: Own<'_>) -> Result<Self> {
        let mut paths = Self::default();
        let ports = ports(ctx, own.host)?;
        paths.add_sessions(ctx, &ports, own)?;
        Ok(paths)
    }

    fn add_flash(&mut self, ctx: &mut Ctx<'_>, port: HostNo, names: &[Named], own: Own<'_>) -> Result<()> {
        for (index, name) in names {
            let index = *index;
            let mine = port == own.host && Some(index) == own.index;
            if mine || !name.as_deref().is_some_and(|name| same(name, own.target)) {
                continue;
            }
            // One that went away meanwhile is no path.
            if let Some(isid) = ctx.backend.flash_target(port, index)?.as_ref().and_then(isid) {
                self.taken.take(own.target, isid, Who::Flash(port, index));
            }
        }
        Ok(())
    }

    fn add_sessions(&mut self, ctx: &mut Ctx<'_>, ports: &[HostNo], own: Own<'_>) -> Result<()> {
        let mut found = Vec::new();
        ctx.backend.for_each_session(&mut |s| {
            if ports.contains(&s.host) && Some(s.sid) != own.sid && same(&s.target_name, own.target) {
                found.push(s);
            }
            ControlFlow::Continue(())
        })?;
        for s in found {
            let text = ctx.backend.session(s.sid)?.and_then(|full| full.isid);
            let Some(isid) = text.and_then(|text| text.parse().ok()) else {
                continue;
            };
            let here = |(address, port): (IpAddr, u16)| {
                s.host == own.host && s.port == port && same_address(&s.address, &address.to_string())
            };
            if own.at.is_some_and(here) {
                self.same = Some(isid);
            } else {
                self.taken.take(own.target, isid, Who::Session(s.host, s.sid));
            }
        }
        Ok(())
    }

    /// The identifier that a new path gets; `None` when the adapter's own will do, since there is no other path.
    pub(super) fn choose(&self, own: Own<'_>, tried: &str) -> Result<Option<Isid>> {
        let like = match (self.same, self.taken.any(own.target)) {
            (Some(same), _) => same,
            (None, Some(any)) => any,
            (None, None) => return Ok(None),
        };
        self.beside(own, like, tried).map(Some)
    }

    /// `like` if nobody else has it, or one like it.
    pub(super) fn beside(&self, own: Own<'_>, like: Isid, tried: &str) -> Result<Isid> {
        self.taken.free(own.target, like).ok_or_else(|| {
            Error::new(Kind::Failed, tried)
                .answered(format!(
                    "all {} identifiers of paths to this target are taken",
                    crate::isid::PATHS
                ))
                .hint(Step::FlashList.then(" shows its paths; remove those that are not needed"))
        })
    }

    /// Refuses an identifier that another path has.
    pub(super) fn check(&self, own: Own<'_>, isid: Isid, tried: &str) -> Result<()> {
        let Some(owner) = self.taken.owner(own.target, isid) else {
            return Ok(());
        };
        let error = Error::new(Kind::Busy, tried).with_status(Status::SessionExists).answered(format!(
            "{owner} has isid {isid} at this target already: each login over one of the two paths would end the session over the other"
        ));
        Err(match (own.index, self.taken.free(own.target, isid)) {
            (Some(index), _) => {
                error.hint(Message::from("give it one of its own: ").then(Step::FlashNewIsid(index)))
            }
            (None, Some(free)) => error.hint(format!(
                "leave isid out, and one is chosen, or take a free one, as {free}"
            )),
            (None, None) => error.hint(Step::FlashList.then(" shows its paths")),
        })
    }
}

/// The identifier of an entry.
pub(super) fn isid(target: &crate::model::FlashTarget) -> Option<Isid> {
    isid_of(target).and_then(|text| text.parse().ok())
}

/// The ports whose sessions stand beside each other: those with the initiator name of `host`.
fn ports(ctx: &mut Ctx<'_>, host: HostNo) -> Result<Vec<HostNo>> {
    let keys = ctx.backend.adapter_keys()?;
    let mut ports = vec![host];
    if keys.len() < 2 {
        return Ok(ports);
    }
    let mine = ctx.backend.adapter(host)?.and_then(|a| a.initiator_name);
    for key in keys {
        if key.host == host || !is_able(&key, Ability::Flash) {
            continue;
        }
        let name = ctx.backend.adapter(key.host)?.and_then(|a| a.initiator_name);
        if name.is_some() && name == mine {
            ports.push(key.host);
        }
    }
    Ok(ports)
}
