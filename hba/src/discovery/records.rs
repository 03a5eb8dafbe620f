//! The text of records that a discovery makes or moves.
//!
//! Owns which keys say where a record comes from and where it leads; everything else of a record that is there stays byte for byte. Must not know
//! files. Source: open-iscsi's `usr/idbm.c` (`idbm_add_nodes`, `idbm_create_rec_from_boot_context`), as its programs write them.

use crate::change::Difference;
use crate::error::Result;
use crate::initiator::Chap;
use crate::model::shown;
use crate::nodes::key::Object;
use crate::nodes::{Conf, NodeId, Portal, Record};

/// Whom a record comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A portal that was asked.
    SendTargets(Portal),
    /// An iSNS server.
    Isns(Portal),
    /// The boot firmware.
    Firmware,
}

impl Origin {
    /// The word of `node.discovery_type`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::SendTargets(_) => "send_targets",
            Self::Isns(_) => "isns",
            Self::Firmware => "fw",
        }
    }

    /// Whom was asked.
    #[must_use]
    pub const fn portal(&self) -> Option<&Portal> {
        match self {
            Self::SendTargets(portal) | Self::Isns(portal) => Some(portal),
            Self::Firmware => None,
        }
    }

    /// Whether a record says that it comes from here.
    #[must_use]
    pub fn is_of(&self, record: &Record) -> bool {
        let port = record
            .get("node.discovery_port")
            .and_then(|port| port.parse().ok());
        record.get("node.discovery_type") == Some(self.word())
            && self.portal().is_none_or(|portal| {
                let from = record
                    .get("node.discovery_address")
                    .zip(port)
                    .map(|(address, port)| Portal {
                        address: address.to_owned(),
                        port,
                        tag: None,
                    });
                from.is_some_and(|from| super::merge::same_place(&from, portal))
            })
    }

    fn mark(&self, record: &mut Record) -> Result<()> {
        if let Some(portal) = self.portal() {
            record.put(Object::Node, "node.discovery_address", &portal.address)?;
            record.put(Object::Node, "node.discovery_port", &portal.port.to_string())?;
        }
        record
            .put(Object::Node, "node.discovery_type", self.word())
            .map(drop)
    }
}

/// What a new record has beside the defaults of iscsid.conf.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// Who proves himself with what.
    pub chap: Option<Chap>,
    /// Whether that goes before an account of iscsid.conf.
    pub chap_first: bool,
    /// `node.startup`.
    pub startup: Option<&'static str>,
    /// The initiator's name.
    pub initiator: Option<String>,
}

/// A new record: the defaults of iscsid.conf, where it comes from, and what it has besides.
///
/// # Errors
/// Something of it cannot stand in a record.
pub fn new(id: &NodeId, iface: &Record, conf: &Conf, origin: &Origin, beside: &Beside) -> Result<Record> {
    let mut record = Record::node(id, iface, conf);
    origin.mark(&mut record)?;
    if let Some(startup) = beside.startup {
        record.put(Object::Node, "node.startup", startup)?;
        record.put(Object::Node, "node.conn[0].startup", startup)?;
    }
    if let Some(name) = &beside.initiator {
        record.put(Object::Node, "iface.initiatorname", name)?;
    }
    let conf_has = conf.says("node.session.auth.username") || conf.says("node.session.auth.password");
    if let Some(chap) = beside.chap.as_ref().filter(|_| beside.chap_first || !conf_has) {
        prove(&mut record, Object::Node, "node.session.auth", chap)?;
    }
    Ok(record)
}

/// Writes who proves himself with what below `prefix`.
///
/// # Errors
/// A name or a secret cannot stand in a record.
pub fn prove(record: &mut Record, object: Object, prefix: &str, chap: &Chap) -> Result<()> {
    record.put(object, &format!("{prefix}.authmethod"), "CHAP")?;
    record.put(object, &format!("{prefix}.username"), &chap.outgoing.name)?;
    record.set_secret(object, &format!("{prefix}.password"), &chap.outgoing.secret)?;
    if let Some(incoming) = &chap.incoming {
        record.put(object, &format!("{prefix}.username_in"), &incoming.name)?;
        record.set_secret(object, &format!("{prefix}.password_in"), &incoming.secret)?;
    }
    Ok(())
}

/// The record with the place of `to`, and every setting as it was.
///
/// # Errors
/// The place cannot stand in a record.
pub fn moved(record: &Record, to: &NodeId) -> Result<Record> {
    let mut record = record.clone();
    let tag = to
        .portal
        .tag
        .map_or_else(|| "-1".to_owned(), |tag| tag.to_string());
    record.put(Object::Node, "node.tpgt", &tag)?;
    record.put(Object::Node, "node.conn[0].address", &to.portal.address)?;
    record.put(Object::Node, "node.conn[0].port", &to.portal.port.to_string())?;
    Ok(record)
}

/// What differs between two records; secrets are hidden.
#[must_use]
pub fn differences(before: &Record, after: &Record) -> Vec<Difference> {
    let mut names: Vec<&str> = after.pairs().map(|(name, _)| name).collect();
    let gone = before
        .pairs()
        .map(|(name, _)| name)
        .filter(|name| after.get(name).is_none());
    names.extend(gone);
    // One that is no text differs, too.
    let secret = |record: &Record, name: &str| record.secret(name).map(|secret| secret.expose().to_vec());
    let value = |record: &Record, name: &str| record.get(name).map(|value| shown(name, value));
    names
        .into_iter()
        .filter(|name| before.get(name) != after.get(name) || secret(before, name) != secret(after, name))
        .map(|name| Difference::new(name, value(before, name), value(after, name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::initiator::Account;
    use crate::nodes::Version;
    use crate::secret::{REDACTED, Secret};

    fn id(tag: Option<u16>) -> NodeId {
        NodeId {
            target: "iqn.2026-11.org.example:disk".parse().expect("a name"),
            portal: at("10.0.0.1", 3260).with_tag(tag),
            iface: "default".to_owned(),
        }
    }

    fn at(address: &str, port: u16) -> Portal {
        Portal {
            address: address.to_owned(),
            port,
            tag: None,
        }
    }

    fn chap(name: &str) -> Chap {
        Chap {
            outgoing: Account {
                name: name.to_owned(),
                secret: Secret::stored(format!("secret-of-{name}").into_bytes()),
            },
            incoming: None,
        }
    }

    fn conf(text: &str) -> Conf {
        Conf::parse("iscsid.conf", text.as_bytes(), &mut |_| {}).expect("a configuration")
    }

    #[test]
    fn a_new_record_says_where_it_comes_from_and_takes_the_account_that_iscsid_conf_does_not_have() {
        let origin = Origin::SendTargets(at("10.0.0.9", 3261));
        let beside = Beside {
            chap: Some(chap("asked")),
            ..Beside::default()
        };
        let record = new(
            &id(Some(2)),
            &Record::unbound(),
            &conf("node.startup = automatic\n"),
            &origin,
            &beside,
        );
        let record = record.expect("a record");
        for (key, value) in [
            ("node.discovery_type", "send_targets"),
            ("node.discovery_address", "10.0.0.9"),
            ("node.discovery_port", "3261"),
            ("node.tpgt", "2"),
            ("node.startup", "automatic"),
            ("node.session.auth.authmethod", "CHAP"),
            ("node.session.auth.username", "asked"),
        ] {
            assert_eq!(record.get(key), Some(value), "{key}");
        }
        assert!(origin.is_of(&record));
        assert!(!Origin::Isns(at("10.0.0.9", 3261)).is_of(&record));
        assert!(!Origin::SendTargets(at("10.0.0.8", 3261)).is_of(&record));
        let has = conf("node.session.auth.username = own\nnode.session.auth.password = secret-of-own\n");
        let record = new(&id(None), &Record::unbound(), &has, &origin, &beside).expect("a record");
        assert_eq!(record.get("node.session.auth.username"), Some("own"));
        let first = Beside {
            chap_first: true,
            ..beside
        };
        let record = new(&id(None), &Record::unbound(), &has, &Origin::Firmware, &first).expect("a record");
        assert_eq!(record.get("node.session.auth.username"), Some("asked"));
        assert_eq!(record.get("node.discovery_type"), Some("fw"));
    }

    #[test]
    fn a_record_that_moves_keeps_every_setting_and_comment() {
        let conf = Conf::of_version(Version::BASE);
        let mut record = Record::node(&id(Some(1)), &Record::unbound(), &conf);
        record
            .set(Object::Node, "node.session.queue_depth", "7")
            .expect("set");
        let text = record.text().replace("# END", "# mine\nown.key = 1\n# END");
        let record = Record::parse("here", text.as_bytes()).expect("a record");
        let to = NodeId {
            portal: at("2001:db8::1", 3261).with_tag(Some(4)),
            ..id(None)
        };
        let moved = moved(&record, &to).expect("moved");
        let changed: Vec<String> = differences(&record, &moved)
            .into_iter()
            .map(|d| d.field)
            .collect();
        assert_eq!(
            changed,
            ["node.tpgt", "node.conn[0].address", "node.conn[0].port"]
        );
        let line = |text: &str| {
            text.lines()
                .filter(|l| !changed.iter().any(|c| l.starts_with(c.as_str())))
                .count()
        };
        assert_eq!(line(&record.text()), line(&moved.text()));
        assert!(moved.text().contains("# mine\nown.key = 1\n"));
    }

    #[test]
    fn another_secret_is_a_difference_that_shows_none() {
        let conf = Conf::of_version(Version::BASE);
        let before = Record::node(&id(Some(1)), &Record::unbound(), &conf);
        let (mut one, mut other) = (before.clone(), before.clone());
        prove(&mut one, Object::Node, "node.session.auth", &chap("a")).expect("set");
        prove(&mut other, Object::Node, "node.session.auth", &chap("a")).expect("set");
        assert!(differences(&one, &other).is_empty());
        other
            .set_secret(
                Object::Node,
                "node.session.auth.password",
                &Secret::stored(b"another-secret".to_vec()),
            )
            .expect("set");
        let differ = differences(&one, &other);
        assert_eq!(differ.len(), 1);
        assert_eq!(differ[0].after.as_deref(), Some(REDACTED));
    }
}
