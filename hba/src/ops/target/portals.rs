//! Portals and iSNS servers that are asked for targets, as the database has them: list, show, add, remove.
//!
//! Owns what of their records is shown. Must not know how one is asked ([`super::discover()`]).

use iscsi::address::TargetAddress;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::node::{hold, tell};
use super::discover::portal_record;
use crate::Change;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::discovery::records::differences;
use crate::error::{Error, Kind, Result};
use crate::initiator::Chap;
use crate::model::shown;
use crate::nodes::key::Object;
use crate::nodes::{Conf, Database, Discovery as Way, Portal, Record};
use crate::ops::write::{Done, Plan, as_it_is};
use crate::step::Step;

/// How a portal is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PortalKind {
    /// By SendTargets.
    Sendtargets,
    /// As an iSNS server.
    Isns,
}

impl PortalKind {
    pub(super) const fn way(self) -> Way {
        match self {
            Self::Sendtargets => Way::SendTargets,
            Self::Isns => Way::Isns,
        }
    }

    const fn object(self) -> Object {
        match self {
            Self::Sendtargets => Object::SendTargets,
            Self::Isns => Object::Isns,
        }
    }

    /// The port where none is said.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Sendtargets => iscsi::address::ISCSI_PORT,
            Self::Isns => 3205,
        }
    }

    const ALL: [Self; 2] = [Self::Sendtargets, Self::Isns];
}

/// One setting of a portal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PortalSetting {
    /// The key, as the file has it.
    pub key: String,
    /// Its value; `********` for a secret.
    pub value: String,
}

/// A portal or server that is asked for targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DiscoveryPortal {
    /// How it is asked.
    pub kind: PortalKind,
    /// Its address or name.
    pub address: String,
    /// The TCP port.
    pub port: u16,
    /// The name that this host proves itself with, where it does.
    pub chap_user: Option<String>,
    /// Whether the other side must prove itself, too.
    pub mutual_chap: bool,
    /// How many records it was found to be the source of.
    pub records: usize,
    /// What its record says, in its order.
    pub settings: Vec<PortalSetting>,
}

impl DiscoveryPortal {
    /// How it is shown.
    #[must_use]
    pub fn portal(&self) -> String {
        crate::address::portal(&self.address, self.port)
    }

    fn of(database: &Database, kind: PortalKind, portal: &Portal, record: &Record) -> Result<Self> {
        let account = |suffix: &str| record.secret(&format!("discovery.sendtargets.auth.password{suffix}"));
        let user = record.get("discovery.sendtargets.auth.username");
        Ok(Self {
            kind,
            address: portal.address.clone(),
            port: portal.port,
            chap_user: account("").map(|_| user.unwrap_or_default().to_owned()),
            mutual_chap: account("_in").is_some(),
            records: database.found_by(kind.way(), portal)?.len(),
            settings: record
                .pairs()
                .map(|(key, value)| PortalSetting {
                    key: key.to_owned(),
                    value: shown(key, value),
                })
                .collect(),
        })
    }
}

/// All of them, SendTargets first, in the database's order. One that cannot be read is told.
///
/// # Errors
/// The database cannot be read.
pub fn portals(ctx: &mut Ctx<'_>) -> Result<Vec<DiscoveryPortal>> {
    let database = Database::at(ctx.home.records.clone());
    let mut all = Vec::new();
    for kind in PortalKind::ALL {
        for listed in database.portals(kind.way())? {
            match listed.and_then(|(portal, record)| DiscoveryPortal::of(&database, kind, &portal, &record)) {
                Ok(portal) => all.push(portal),
                Err(why) => ctx.warn(format!("a portal was passed over: {why}")),
            }
        }
    }
    tell(ctx, &database);
    Ok(all)
}

/// Which portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhichPortalOf {
    /// How it is asked; any when not said.
    pub kind: Option<PortalKind>,
    /// Its address, and its port.
    pub at: TargetAddress,
    /// Whether the port was said.
    pub port_said: bool,
}

impl WhichPortalOf {
    fn id(&self, kind: PortalKind) -> Portal {
        Portal {
            address: self.at.host.to_string(),
            port: if self.port_said { self.at.port } else { kind.port() },
            tag: None,
        }
    }

    fn find(&self, database: &Database, tried: &str) -> Result<(PortalKind, Portal, Record)> {
        let kinds: Vec<PortalKind> = self
            .kind
            .map_or_else(|| PortalKind::ALL.to_vec(), |kind| vec![kind]);
        for kind in kinds {
            let id = self.id(kind);
            if let Some(record) = database.portal(kind.way(), &id)? {
                return Ok((kind, id, record));
            }
        }
        Err(Error::new(Kind::NotFound, tried)
            .answered(format!(
                "there is no such record in {}",
                database.place().records.display()
            ))
            .hint(Step::TargetPortalList.then(" shows those that there are")))
    }
}

/// One of them.
///
/// # Errors
/// [`Kind::NotFound`]; the database cannot be read.
pub fn portal(ctx: &mut Ctx<'_>, which: &WhichPortalOf) -> Result<DiscoveryPortal> {
    let database = Database::at(ctx.home.records.clone());
    let tried = format!("show the discovery portal {}", which.at.host);
    let (kind, id, record) = which.find(&database, &tried)?;
    let portal = DiscoveryPortal::of(&database, kind, &id, &record);
    tell(ctx, &database);
    portal
}

/// A portal to be added, or to be given other settings.
#[derive(Debug, Clone)]
pub struct NewPortal {
    /// How it is asked.
    pub kind: PortalKind,
    /// Where it is.
    pub at: WhichPortalOf,
    /// Who proves himself with what.
    pub chap: Option<Chap>,
    /// Keys and their values.
    pub settings: Vec<(String, String)>,
}

/// Adds a portal with the defaults of iscsid.conf; one that is there gets the settings that are given, and keeps all others. Nobody is asked.
///
/// # Errors
/// [`Kind::Invalid`] for a key or value; [`Kind::Busy`] when others write.
pub fn add_portal(ctx: &mut Ctx<'_>, new: &NewPortal) -> Result<Change<DiscoveryPortal>> {
    let database = Database::at(ctx.home.records.clone());
    let (kind, id) = (new.kind, new.at.id(new.kind));
    let tried = format!("add the discovery portal {id}");
    if new.chap.is_some() && kind == PortalKind::Isns {
        return Err(Error::new(Kind::Invalid, tried).answered("iSNS servers ask for no proof"));
    }
    let held = hold(ctx, &database, "target portal add", &tried)?;
    let conf = Conf::read(database.place(), &mut |told| ctx.warn(told))?;
    let before = database.portal(kind.way(), &id)?;
    let mut after = match &before {
        Some(record) => record.clone(),
        None => portal_record(kind.way(), &id, &conf, None, None)?,
    };
    if let Some(chap) = &new.chap {
        crate::discovery::records::prove(&mut after, kind.object(), "discovery.sendtargets.auth", chap)?;
    }
    for (key, value) in &new.settings {
        if crate::nodes::key::find(key).is_some_and(|key| key.kind.is_secret()) {
            return Err(Error::new(Kind::Invalid, tried)
                .answered(format!(
                    "{key} is a secret, which is read from a file or from standard input"
                ))
                .hint(Step::WithAccount));
        }
        after.set(kind.object(), key, value)?;
    }
    let portal = |record: &Record| DiscoveryPortal::of(&database, kind, &id, record);
    let diff = match &before {
        Some(before) => differences(before, &after),
        None => after
            .pairs()
            .map(|(key, value)| Difference::new(key, None, Some(shown(key, value))))
            .collect(),
    };
    if before.is_some() && diff.is_empty() {
        return Ok(as_it_is(Some(portal(&after)?)));
    }
    let plan = Plan {
        before: before.as_ref().map(portal).transpose()?,
        after: Some(portal(&after)?),
        diff,
    };
    plan.carry_out(ctx, |ctx, _| {
        let held = held
            .as_ref()
            .ok_or_else(|| Error::new(Kind::Failed, tried.clone()))?;
        database.put_portal(held, kind.way(), &id, &after)?;
        tell(ctx, &database);
        match database.portal(kind.way(), &id)? {
            Some(there) if there.bytes() == after.bytes() => Ok(Done::AsPlanned),
            _ => Err(
                Error::new(Kind::VerifyFailed { rolled_back: false }, tried.clone())
                    .answered("read back, the record is another: somebody else writes it"),
            ),
        }
    })
}

/// Takes a portal away; the records of its targets stay.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Busy`] when others write.
pub fn remove_portal(ctx: &mut Ctx<'_>, which: &WhichPortalOf) -> Result<Change<DiscoveryPortal>> {
    let database = Database::at(ctx.home.records.clone());
    let tried = format!("remove the discovery portal {}", which.at.host);
    let held = hold(ctx, &database, "target portal remove", &tried)?;
    let (kind, id, record) = which.find(&database, &tried)?;
    let before = DiscoveryPortal::of(&database, kind, &id, &record)?;
    if before.records > 0 {
        ctx.warn(format!(
            "{} records that were found through it stay, and no discovery says any more whether they are gone",
            before.records
        ));
    }
    let plan = Plan {
        diff: vec![Difference::new("portal", Some(before.portal()), None)],
        before: Some(before),
        after: None,
    };
    plan.carry_out(ctx, |ctx, _| {
        let held = held
            .as_ref()
            .ok_or_else(|| Error::new(Kind::Failed, tried.clone()))?;
        database.remove_portal(held, kind.way(), &id)?;
        tell(ctx, &database);
        match database.portal(kind.way(), &id)? {
            None => Ok(Done::AsPlanned),
            Some(_) => Err(
                Error::new(Kind::VerifyFailed { rolled_back: false }, tried.clone())
                    .answered("it is still there: somebody else writes it"),
            ),
        }
    })
}
