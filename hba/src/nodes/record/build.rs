//! New records, as the stock programs write them: every key of the record in its order, with what is given, what iscsid.conf says, or the default.
//!
//! Owns which of the three a key takes. Must not know where the record goes.
//!
//! Source: the records that open-iscsi's programs of 2.1.8, 2.1.11 and 2.1.13 write for `-o new`.

use std::borrow::Cow;

use zeroize::Zeroizing;

use super::{Record, lines};
use crate::ids::Family;
use crate::nodes::key::{self, Key, Object};
use crate::nodes::{Conf, DEFAULT_IFACE, NodeId, Version, iface};

impl Record {
    /// The record of a target behind a portal through an interface.
    ///
    /// Of the interface's record counts what it says: what is empty or 0 there leaves what iscsid.conf says. Without an interface of its
    /// own a record takes the transport of iscsid.conf, too: then `iface` is [`Record::unbound`].
    #[must_use]
    pub fn node(id: &NodeId, iface: &Self, conf: &Conf) -> Self {
        let own = |key: &Key| -> Option<Cow<'_, [u8]>> {
            let text = |text: String| Some(Cow::Owned(text.into_bytes()));
            match key.name {
                "node.name" => text(id.target.to_string()),
                "node.tpgt" => text(
                    id.portal
                        .tag
                        .map_or_else(|| "-1".to_owned(), |tag| tag.to_string()),
                ),
                "node.conn[0].address" => text(id.portal.address.clone()),
                "node.conn[0].port" => text(id.portal.port.to_string()),
                "iface.iscsi_ifacename" => text(id.iface.clone()),
                // The stock programs do not copy it.
                "iface.prefix_len" => None,
                name if name.starts_with("iface.") => iface
                    .said(name)
                    .map(|said| Cow::Borrowed(said.1))
                    .filter(|value| !(key.kind.zero_is_nothing() && &**value == b"0")),
                _ => None,
            }
        };
        let family = iface::family(&id.iface, iface.get("iface.ipaddress"));
        Self::filled(Object::Node, conf, Some(family), own)
    }

    /// The record of an interface that is bound to nothing yet. iscsid.conf says nothing of it.
    #[must_use]
    pub fn interface(name: &str, transport: &str, version: Version) -> Self {
        let own = |key: &Key| match key.name {
            "iface.iscsi_ifacename" => Some(Cow::Borrowed(name.as_bytes())),
            "iface.transport_name" => Some(Cow::Borrowed(transport.as_bytes())),
            _ => None,
        };
        let family = iface::family(name, None);
        Self::filled(Object::Iface, &Conf::of_version(version), Some(family), own)
    }

    /// What a record of a target takes where no interface is named: only the name `default`.
    #[must_use]
    pub fn unbound() -> Self {
        let mut record = Self::new(Object::Iface, Version::BASE);
        record.write(Object::Iface, "iface.iscsi_ifacename", DEFAULT_IFACE);
        record
    }

    /// The record of a portal that SendTargets asks.
    #[must_use]
    pub fn send_targets(address: &str, port: u16, conf: &Conf) -> Self {
        Self::asked(Object::SendTargets, "sendtargets", address, port, conf)
    }

    /// The record of an iSNS server.
    #[must_use]
    pub fn isns(address: &str, port: u16, conf: &Conf) -> Self {
        Self::asked(Object::Isns, "isns", address, port, conf)
    }

    fn asked(object: Object, kind: &str, address: &str, port: u16, conf: &Conf) -> Self {
        let port = port.to_string();
        let own = |key: &Key| match key.name {
            "discovery.type" => Some(Cow::Borrowed(kind.as_bytes())),
            "discovery.sendtargets.address" => Some(Cow::Borrowed(address.as_bytes())),
            "discovery.sendtargets.port" => Some(Cow::Borrowed(port.as_bytes())),
            _ => None,
        };
        Self::filled(object, conf, None, own)
    }

    fn filled<'a>(
        object: Object,
        conf: &'a Conf,
        family: Option<Family>,
        own: impl Fn(&Key) -> Option<Cow<'a, [u8]>>,
    ) -> Self {
        let version = conf.version();
        let mut text = Zeroizing::new(Vec::with_capacity(4096));
        text.extend_from_slice(format!("# BEGIN RECORD {version}\n").as_bytes());
        for key in key::in_order(object) {
            let other = key.family().zip(family).is_some_and(|(its, ours)| its != ours);
            if !key.written || key.since > version || other {
                continue;
            }
            let said = || {
                key.objects
                    .has(Object::Conf)
                    .then(|| conf.bytes_of(key))
                    .flatten()
            };
            let default = || key.default_of(version).map(|text| Cow::Borrowed(text.as_bytes()));
            let Some(value) = own(key).or_else(said).or_else(default) else {
                continue;
            };
            for part in [key.name.as_bytes(), b" = ", &value, b"\n"] {
                text.extend_from_slice(part);
            }
        }
        text.extend_from_slice(b"# END RECORD\n");
        Self {
            place: format!("a new {object} record").into(),
            lines: lines(&text),
            text,
        }
    }
}
