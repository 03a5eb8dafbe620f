//! One rule: read from a line, written as one, compared with a candidate.

use std::fmt;
use std::net::IpAddr;
use std::slice;

use iscsi::IscsiName;

use super::candidate::Candidate;
use super::key::{KEYS, Key};
use crate::error::{Error, Kind};
use crate::ids::{AdapterId, Portal, why_not};

/// The longest name of an interface or a transport.
const NAME_MAX: usize = 64;

/// The least that is to match. All that is said must be so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// The target's name.
    pub target: Option<String>,
    /// Where it listens.
    pub portal: Option<PortalRule>,
    /// The interface's name.
    pub iface: Option<String>,
    /// The adapter port.
    pub host: Option<AdapterId>,
    /// The transport.
    pub transport: Option<String>,
}

/// An address, and a port of it or all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortalRule {
    /// The address, IPv4 as IPv4.
    pub address: IpAddr,
    /// The TCP port; every one when left out.
    pub port: Option<u16>,
}

impl PortalRule {
    /// That one portal.
    #[must_use]
    pub fn of(portal: Portal) -> Self {
        Self {
            address: portal.address.to_canonical(),
            port: Some(portal.port),
        }
    }

    /// Reads `ADDRESS`, `ADDRESS:PORT`, or either with an IPv6 address in brackets.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bare = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(text);
        if let Ok(address) = bare.parse::<IpAddr>() {
            let address = address.to_canonical();
            return match why_not(address) {
                Some(why) => Err(format!("a target cannot have the address {address}: {why}")),
                None => Ok(Self { address, port: None }),
            };
        }
        let portal: Portal = text
            .parse()
            .map_err(|e: Error| e.answer().unwrap_or("it is no portal").to_owned())?;
        if portal.tag.is_some() {
            return Err("a portal group tag says nothing here: leave it out".to_owned());
        }
        Ok(Self::of(portal))
    }

    fn has(self, portal: Portal) -> bool {
        self.address == portal.address.to_canonical() && self.port.is_none_or(|port| port == portal.port)
    }
}

impl fmt::Display for PortalRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => Portal::new(self.address, port).fmt(f),
            None => self.address.fmt(f),
        }
    }
}

impl Rule {
    /// Reads a line without its comment; `None` when nothing stands there.
    ///
    /// # Errors
    /// Why it is no rule: a word that is not known, that is there twice, or whose value does not read.
    pub fn parse(line: &str) -> Result<Option<Self>, String> {
        let mut rule = Self::default();
        let mut words = line
            .split_ascii_whitespace()
            .take_while(|word| !word.starts_with('#'));
        let mut any = false;
        words.try_for_each(|word| {
            any = true;
            rule.take(word)
        })?;
        Ok(any.then_some(rule))
    }

    fn take(&mut self, word: &str) -> Result<(), String> {
        let shown = word.escape_debug();
        let Some((name, value)) = word.split_once('=') else {
            return Err(format!("{shown} is no NAME=VALUE"));
        };
        let Some(key) = Key::of(name) else {
            let known: Vec<&str> = KEYS.iter().map(|(_, name, _)| *name).collect();
            return Err(format!(
                "{} is not known here (known are {})",
                name.escape_debug(),
                known.join(", ")
            ));
        };
        self.set(key, value).map_err(|why| format!("{shown}: {why}"))
    }

    /// Adds one word.
    ///
    /// # Errors
    /// It is there already, or the value does not read.
    pub fn set(&mut self, key: Key, value: &str) -> Result<(), String> {
        let twice = match key {
            Key::Target => {
                let name: IscsiName = value.parse().map_err(|e: iscsi::names::BadName| e.to_string())?;
                self.target.replace(name.to_string()).is_some()
            }
            Key::Portal => self.portal.replace(PortalRule::parse(value)?).is_some(),
            Key::Iface => self.iface.replace(plain(value)?).is_some(),
            Key::Host => {
                let host: AdapterId = value
                    .parse()
                    .map_err(|e: Error| e.answer().unwrap_or("it is no adapter").to_owned())?;
                self.host.replace(host).is_some()
            }
            Key::Transport => self.transport.replace(plain(value)?).is_some(),
        };
        if twice {
            return Err(format!("{} is there twice", key.name()));
        }
        Ok(())
    }

    /// Whether it says nothing: it would match everything, and is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Refuses a rule that is not to be written.
    ///
    /// # Errors
    /// [`Kind::Invalid`] for one that says nothing.
    pub fn check(&self, tried: &str) -> Result<(), Error> {
        if self.is_empty() {
            return Err(Error::new(Kind::Invalid, tried)
                .answered("the rule says nothing, and would exclude everything")
                .hint("name a target, a portal, an interface, an adapter or a transport"));
        }
        Ok(())
    }

    /// Whether both exclude the same.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        let targets = match (&self.target, &other.target) {
            (Some(a), Some(b)) => iscsi::names::same(a, b),
            (a, b) => a == b,
        };
        targets
            && (self.portal, &self.iface, &self.host, &self.transport)
                == (other.portal, &other.iface, &other.host, &other.transport)
    }

    /// Whether it excludes a candidate.
    #[must_use]
    pub fn matches(&self, candidate: &Candidate<'_>) -> bool {
        fn said<W, K>(wanted: Option<W>, known: Option<K>, is: impl FnOnce(W, K) -> bool) -> bool {
            match (wanted, known) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(wanted), Some(known)) => is(wanted, known),
            }
        }
        let transport = candidate
            .transport
            .or_else(|| candidate.adapter.and_then(|key| key.transport.as_deref()));
        !self.is_empty()
            && said(self.target.as_deref(), candidate.target, iscsi::names::same)
            && said(self.portal, candidate.portal, PortalRule::has)
            && said(self.iface.as_deref(), candidate.iface, |a, b| a == b)
            && said(self.host.as_ref(), candidate.adapter, |id, key| {
                id.resolve(slice::from_ref(key)).is_ok()
            })
            && said(self.transport.as_deref(), transport, |a, b| a == b)
    }

    /// The value of a word, as it is written.
    #[must_use]
    pub fn value(&self, key: Key) -> Option<String> {
        match key {
            Key::Target => self.target.clone(),
            Key::Portal => self.portal.map(|portal| portal.to_string()),
            Key::Iface => self.iface.clone(),
            Key::Host => self.host.as_ref().map(ToString::to_string),
            Key::Transport => self.transport.clone(),
        }
    }
}

impl fmt::Display for Rule {
    /// The line, without an end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = KEYS
            .iter()
            .filter_map(|(key, name, _)| Some(format!("{name}={}", self.value(*key)?)))
            .collect();
        f.write_str(&words.join(" "))
    }
}

/// A name of an interface or a transport.
fn plain(value: &str) -> Result<String, String> {
    let plain = |b: u8| b.is_ascii_graphic() && b != b'#' && b != b'=';
    if value.is_empty() || value.len() > NAME_MAX || !value.bytes().all(plain) {
        return Err(format!("expected a name of at most {NAME_MAX} plain characters"));
    }
    Ok(value.to_owned())
}
