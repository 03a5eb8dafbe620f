//! Which records are meant.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use iscsi::address::{Host, TargetAddress};
use iscsi::names::IscsiName;

use crate::error::{Error, Kind, Result};
use crate::nodes::{Database, NodeId, Portal, Record};

/// A portal as an operator names it; what is not said matches all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhichPortal {
    /// Address or name, without brackets.
    pub address: String,
    /// The port.
    pub port: Option<u16>,
    /// The tag.
    pub tag: Option<u16>,
}

impl FromStr for WhichPortal {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let read: TargetAddress = text.parse().map_err(|_| {
            Error::new(Kind::Invalid, format!("read portal {}", text.escape_debug()))
                .answered("expected ADDRESS or NAME, with :PORT and ,TAG if you like, IPv6 in brackets")
        })?;
        // The parser fills in the port that was not said.
        let bare = text.split(',').next().unwrap_or_default();
        let said = match bare.rsplit_once(']') {
            Some((_, rest)) => rest.starts_with(':'),
            None => bare.matches(':').count() == 1,
        };
        let address = match read.host {
            Host::Ip(ip) => ip.to_string(),
            Host::Name(name) => name.to_string(),
            Host::Scoped(ip, zone) => format!("{ip}%{zone}"),
        };
        Ok(Self {
            address,
            port: said.then_some(read.port),
            tag: read.tag,
        })
    }
}

impl fmt::Display for WhichPortal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)?;
        if let Some(port) = self.port {
            write!(f, " port {port}")?;
        }
        self.tag.map_or(Ok(()), |tag| write!(f, " tag {tag}"))
    }
}

impl WhichPortal {
    fn is(&self, portal: &Portal) -> bool {
        let same = match (self.address.parse::<IpAddr>(), portal.address.parse::<IpAddr>()) {
            (Ok(one), Ok(other)) => one.to_canonical() == other.to_canonical(),
            _ => self.address.eq_ignore_ascii_case(&portal.address),
        };
        same && self.port.is_none_or(|port| port == portal.port)
            && self.tag.is_none_or(|tag| portal.tag == Some(tag))
    }
}

/// Which records; what is not said matches all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Which {
    /// The target, byte for byte.
    pub target: Option<IscsiName>,
    /// The portal.
    pub portal: Option<WhichPortal>,
    /// The interface.
    pub iface: Option<String>,
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            Some(target) => write!(f, "{target}")?,
            None => f.write_str("any target")?,
        }
        if let Some(portal) = &self.portal {
            write!(f, " at {portal}")?;
        }
        if let Some(iface) = &self.iface {
            write!(f, " over {iface}")?;
        }
        Ok(())
    }
}

/// Records as they come.
type Each<'d> = Box<dyn Iterator<Item = Result<(NodeId, Record)>> + 'd>;

impl Which {
    fn is(&self, id: &NodeId) -> bool {
        self.target.as_ref().is_none_or(|target| *target == id.target)
            && self.portal.as_ref().is_none_or(|portal| portal.is(&id.portal))
            && self.iface.as_ref().is_none_or(|iface| *iface == id.iface)
    }

    /// The one record that this names exactly, if it names one so: then it is one path.
    fn exact(&self) -> Option<NodeId> {
        let portal = self.portal.as_ref()?;
        Some(NodeId {
            target: self.target.clone()?,
            portal: Portal {
                address: portal.address.clone(),
                port: portal.port?,
                tag: Some(portal.tag?),
            },
            iface: self.iface.clone()?,
        })
    }

    /// Every record meant, as it comes from the database: what cannot be read is an error in its place.
    pub(super) fn each<'d>(&'d self, database: &'d Database) -> Result<Each<'d>> {
        if let Some(id) = self.exact()
            && let Ok(Some(record)) = database.node(&id)
        {
            return Ok(Box::new(std::iter::once(Ok((id, record)))));
        }
        let all = match &self.target {
            Some(target) => database.nodes_of(target)?,
            None => database.nodes()?,
        };
        Ok(Box::new(all.filter(|found| {
            found.as_ref().map_or(true, |(id, _)| self.is(id))
        })))
    }

    /// Every record meant; there is at least one, and all of them can be read.
    ///
    /// # Errors
    /// [`Kind::NotFound`] when there is none; a record cannot be read.
    pub(super) fn all(&self, database: &Database, tried: &str) -> Result<Vec<(NodeId, Record)>> {
        let found = self.each(database)?.collect::<Result<Vec<_>>>()?;
        if found.is_empty() {
            return Err(Error::new(Kind::NotFound, tried)
                .answered(format!(
                    "no record of {self} in {}",
                    database.place().records.display()
                ))
                .hint(crate::step::Step::NodeList));
        }
        Ok(found)
    }
}
