//! Records of the database as they are shown: nodes and interfaces.
//!
//! Owns what of a record is shown, and that a secret is not. Must not know files.

use schemars::JsonSchema;
use serde::Serialize;

use crate::nodes::{NodeId, Record, key};
use crate::secret::REDACTED;

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ValueOrigin {
    /// The record says it.
    Record,
    /// The record does not say it: the default counts.
    Default,
}

/// One key of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Value {
    /// The key, as the file has it.
    pub key: String,
    /// Its value, `********` for a secret; `None` where there is none.
    pub value: Option<String>,
    /// Where it comes from.
    pub from: ValueOrigin,
}

/// How a record came to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Origin {
    /// `send_targets`, `isns`, `static` or `fw`, as the file has it.
    pub way: String,
    /// The portal that was asked.
    pub address: Option<String>,
    /// Its port.
    pub port: Option<u16>,
}

/// A node record in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NodeBrief {
    /// The target.
    pub target: String,
    /// Address of the portal, without brackets; can be a host name.
    pub address: String,
    /// The TCP port.
    pub port: u16,
    /// The target portal group tag, where it is known.
    pub tag: Option<u16>,
    /// The interface's name.
    pub iface: String,
    /// The transport.
    pub transport: Option<String>,
    /// Who logs in: `manual`, `automatic` or `onboot`.
    pub startup: Option<String>,
    /// How it came to be.
    pub discovered: Option<Origin>,
}

/// A node record with every key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NodeRecord {
    /// In short.
    #[serde(flatten)]
    pub brief: NodeBrief,
    /// The file it is in.
    pub file: String,
    /// Its keys: those that the file has, in its order, then the defaults of the others.
    pub values: Vec<Value>,
}

/// An interface record with every key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct IfaceRecord {
    /// Its name.
    pub name: String,
    /// The transport.
    pub transport: Option<String>,
    /// MAC address of the port it is bound to.
    pub hwaddress: Option<String>,
    /// Network device it is bound to.
    pub netdev: Option<String>,
    /// Its address.
    pub ipaddress: Option<String>,
    /// The initiator name it logs in with.
    pub initiatorname: Option<String>,
    /// The file it is in; `None` for one that needs none.
    pub file: Option<String>,
    /// Its keys.
    pub values: Vec<Value>,
}

/// The keys of a record, secrets hidden; with those of `object` that it does not say.
#[must_use]
pub fn values(record: &Record, object: key::Object) -> Vec<Value> {
    let said = record.pairs().map(|(key, value)| Value {
        key: key.to_owned(),
        value: Some(shown(key, value)),
        from: ValueOrigin::Record,
    });
    let unsaid = key::TABLE
        .iter()
        .filter(|key| key.objects.has(object) && key.written && record.get(key.name).is_none())
        .map(|key| Value {
            key: key.name.to_owned(),
            value: record.effective(key.name).map(|value| shown(key.name, value)),
            from: ValueOrigin::Default,
        });
    said.chain(unsaid).collect()
}

/// A value as it may be shown.
#[must_use]
pub fn shown(key: &str, value: &str) -> String {
    match key::find(key) {
        Some(known) if !known.kind.is_secret() => value.to_owned(),
        // Of a key that nobody knows nobody can say what it holds.
        None if !key.contains("password") && !key.contains("secret") => value.to_owned(),
        _ => REDACTED.to_owned(),
    }
}

impl NodeBrief {
    /// The portal as people write it: `ADDRESS:PORT[,TAG]`, IPv6 in brackets.
    #[must_use]
    pub fn portal(&self) -> String {
        let address = if self.address.contains(':') {
            format!("[{}]", self.address)
        } else {
            self.address.clone()
        };
        let tag = self.tag.map_or_else(String::new, |tag| format!(",{tag}"));
        format!("{address}:{}{tag}", self.port)
    }

    /// A record in short.
    #[must_use]
    pub fn of(id: &NodeId, record: &Record) -> Self {
        let said = |key: &str| record.get(key).map(str::to_owned);
        let way = said("node.discovery_type");
        Self {
            target: id.target.to_string(),
            address: id.portal.address.clone(),
            port: id.portal.port,
            tag: id.portal.tag,
            iface: id.iface.clone(),
            transport: said("iface.transport_name"),
            startup: said("node.startup"),
            discovered: way.map(|way| Origin {
                way,
                address: said("node.discovery_address"),
                port: said("node.discovery_port").and_then(|port| port.parse().ok()),
            }),
        }
    }
}
