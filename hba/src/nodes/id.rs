//! What a node record is found by: target, portal, interface; and the names of its files.
//!
//! Owns both layouts of the peer (a directory a portal with a file an interface, and the older single file), and that no name leads out of the
//! tree. Must not know what is in the files.
//!
//! Source: open-iscsi's `usr/idbm.c` (`idbm_rec_read`, `idbm_open_rec_w`, `setup_disc_to_node_link`), as its programs name their files.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use iscsi::address::{Host, TargetAddress};
use iscsi::names::IscsiName;

use super::Record;
use crate::error::{Error, Kind, Result};

/// The interface of records that name none.
pub const DEFAULT_IFACE: &str = "default";
/// How the peer writes a tag that it does not know.
const UNKNOWN_TAG: &str = "-1";
/// As long is a file's name on every file system that Linux has.
const NAME_MAX: usize = 255;

/// A portal as a record has it: its address can be a name, its tag unknown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Portal {
    /// IPv4 or IPv6 address without brackets, or a host name.
    pub address: String,
    /// The TCP port.
    pub port: u16,
    /// The target portal group tag; `None` where the record has the peer's -1.
    pub tag: Option<u16>,
}

/// Which node record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    /// The target.
    pub target: IscsiName,
    /// Its portal.
    pub portal: Portal,
    /// The interface's name.
    pub iface: String,
}

impl Portal {
    /// The name of the directory of a discovery portal, and of the older single file of a node: `ADDRESS,PORT`.
    #[must_use]
    pub fn bare_name(&self) -> String {
        format!("{},{}", self.address, self.port)
    }

    /// The name of a node's directory: `ADDRESS,PORT,TAG`, -1 for a tag that is not known.
    #[must_use]
    pub fn full_name(&self) -> String {
        match self.tag {
            Some(tag) => format!("{},{},{tag}", self.address, self.port),
            None => format!("{},{},{UNKNOWN_TAG}", self.address, self.port),
        }
    }

    /// Reads `ADDRESS,PORT` and `ADDRESS,PORT,TAG`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let mut parts = name.split(',');
        let address = plain(parts.next()?).ok()?.to_owned();
        let port = number(parts.next()?)?;
        let tag = match parts.next() {
            None => None,
            Some(tag) => read_tag(tag)?,
        };
        (parts.next().is_none() && port > 0).then_some(Self { address, port, tag })
    }

    /// The same with another tag.
    #[must_use]
    pub fn with_tag(&self, tag: Option<u16>) -> Self {
        Self { tag, ..self.clone() }
    }

    /// Whether its names are names of files.
    ///
    /// # Errors
    /// [`Kind::Invalid`]: they are not.
    pub fn check(&self) -> Result<()> {
        let refuse = |why: &str| {
            Error::new(
                Kind::Invalid,
                format!("use the portal {}", self.full_name().escape_debug()),
            )
            .answered(format!("its address {why}"))
        };
        plain(&self.address).map_err(refuse)?;
        if self.address.contains(',') {
            return Err(refuse("has a comma"));
        }
        if self.full_name().len() > NAME_MAX {
            return Err(refuse("is too long for the name of a file"));
        }
        Ok(())
    }
}

fn number(text: &str) -> Option<u16> {
    text.bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

/// A tag of a name or a record; `Some(None)` for one that the peer does not know.
pub(super) fn read_tag(text: &str) -> Option<Option<u16>> {
    if text == UNKNOWN_TAG {
        return Some(None);
    }
    number(text).map(Some)
}

impl fmt::Display for Portal {
    /// `ADDRESS:PORT[,TAG]`, IPv6 in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.address.contains(':') {
            write!(f, "[{}]:{}", self.address, self.port)?;
        } else {
            write!(f, "{}:{}", self.address, self.port)?;
        }
        self.tag.map_or(Ok(()), |tag| write!(f, ",{tag}"))
    }
}

impl FromStr for Portal {
    type Err = Error;

    /// `ADDRESS[:PORT][,TAG]`; the port is 3260 where none is given.
    fn from_str(text: &str) -> Result<Self> {
        let read: TargetAddress = text.parse().map_err(|_| {
            Error::new(Kind::Invalid, format!("read portal {}", text.escape_debug())).answered(
                "expected ADDRESS, ADDRESS:PORT, [IPV6]:PORT or NAME:PORT, with ,TAG or without (port 1 to 65535, tag 0 to 65535)",
            )
        })?;
        let address = match &read.host {
            Host::Ip(ip) => ip.to_string(),
            Host::Scoped(ip, zone) => format!("{ip}%{zone}"),
            Host::Name(name) => name.to_string(),
        };
        let portal = Self {
            address,
            port: read.port,
            tag: read.tag,
        };
        portal.check()?;
        Ok(portal)
    }
}

impl NodeId {
    /// What a record says of itself.
    ///
    /// # Errors
    /// [`Kind::Invalid`]: it says too little, or what cannot be the name of a file.
    pub fn of(record: &Record) -> Result<Self> {
        let refuse = |why: String| Error::new(Kind::Invalid, "tell which node a record is for").answered(why);
        let get = |key: &str| {
            record
                .get(key)
                .filter(|value| !value.is_empty())
                .ok_or_else(|| refuse(format!("it has no {key}")))
        };
        let target = get(NAME)?;
        let port = get(PORT)?;
        let tag = record.get(TAG).unwrap_or(UNKNOWN_TAG);
        let id = Self {
            target: target
                .parse()
                .map_err(|why| refuse(format!("{NAME} = {}: {why}", target.escape_debug())))?,
            portal: Portal {
                address: get(ADDRESS)?.to_owned(),
                port: number(port)
                    .filter(|port| *port > 0)
                    .ok_or_else(|| refuse(format!("{PORT} = {}: no port", port.escape_debug())))?,
                tag: read_tag(tag)
                    .ok_or_else(|| refuse(format!("{TAG} = {}: no tag", tag.escape_debug())))?,
            },
            iface: iface_of(record).to_owned(),
        };
        id.check()?;
        Ok(id)
    }

    /// Whether all its names are names of files: nothing that leads out of the tree is looked up, read or written.
    ///
    /// # Errors
    /// [`Kind::Invalid`], naming the part.
    pub fn check(&self) -> Result<()> {
        self.portal.check()?;
        check_name("target", self.target.as_str())?;
        check_name("interface", &self.iface)
    }

    /// The names of the links that lead to it.
    #[must_use]
    pub fn link_name(&self) -> String {
        format!("{},{},{}", self.target, self.portal.full_name(), self.iface)
    }

    /// The directory of its portal, below `nodes`.
    pub(super) fn portal_dir(&self) -> PathBuf {
        Path::new(self.target.as_str()).join(self.portal.full_name())
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.portal, self.target)?;
        if self.iface != DEFAULT_IFACE {
            write!(f, " ({})", self.iface)?;
        }
        Ok(())
    }
}

const NAME: &str = "node.name";
const TAG: &str = "node.tpgt";
const ADDRESS: &str = "node.conn[0].address";
const PORT: &str = "node.conn[0].port";
const IFACE: &str = "iface.iscsi_ifacename";

/// The interface that a record is for.
pub(super) fn iface_of(record: &Record) -> &str {
    record
        .get(IFACE)
        .filter(|name| !name.is_empty())
        .unwrap_or(DEFAULT_IFACE)
}

/// The tag that a record has; `None` where it says none that can be read.
pub(super) fn tag_of(record: &Record) -> Option<Option<u16>> {
    read_tag(record.get(TAG)?)
}

/// In what a record says otherwise than the names of its file; keys that it does not have say nothing.
pub(super) fn contradiction(id: &NodeId, record: &Record) -> Option<String> {
    let port = id.portal.port.to_string();
    let tag = id
        .portal
        .tag
        .map_or_else(|| UNKNOWN_TAG.to_owned(), |tag| tag.to_string());
    let named = [
        (NAME, id.target.as_str()),
        (ADDRESS, id.portal.address.as_str()),
        (PORT, port.as_str()),
        (TAG, tag.as_str()),
        (IFACE, id.iface.as_str()),
    ];
    named.into_iter().find_map(|(key, named)| {
        let said = record
            .get(key)
            .filter(|said| !said.is_empty() && *said != named)?;
        Some(format!(
            "it says {key} = {}, and its name says {}",
            said.escape_debug(),
            named.escape_debug()
        ))
    })
}

/// A name that is one file's in its directory, and nothing else.
pub(super) fn check_name(what: &str, name: &str) -> Result<()> {
    plain(name).map(drop).map_err(|why| {
        Error::new(
            Kind::Invalid,
            format!("use the name {} of the {what}", name.escape_debug()),
        )
        .answered(format!("it {why}"))
    })
}

fn plain(name: &str) -> std::result::Result<&str, &'static str> {
    match name {
        "" => Err("is empty"),
        "." | ".." => Err("names another directory"),
        _ if name.contains('/') => Err("has a slash and would lead elsewhere"),
        _ if name.contains(char::is_control) => Err("has control characters"),
        _ if name.len() > NAME_MAX => Err("is too long for the name of a file"),
        _ => Ok(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn portal(address: &str, port: u16, tag: Option<u16>) -> Portal {
        Portal {
            address: address.to_owned(),
            port,
            tag,
        }
    }

    #[test]
    fn names_of_portals_are_read_and_written_as_the_peer_does() {
        for (name, read) in [
            ("10.0.0.5,3260,1", portal("10.0.0.5", 3260, Some(1))),
            ("fd00::1,3261,65535", portal("fd00::1", 3261, Some(65535))),
            ("10.0.0.5,3260,-1", portal("10.0.0.5", 3260, None)),
            ("array.example,860,0", portal("array.example", 860, Some(0))),
        ] {
            assert_eq!(Portal::from_name(name).as_ref(), Some(&read), "{name}");
            assert_eq!(read.full_name(), name);
        }
        let bare = Portal::from_name("fd00::1,3260").expect("a name");
        assert_eq!((bare.bare_name().as_str(), bare.tag), ("fd00::1,3260", None));
        for bad in [
            "",
            "10.0.0.5",
            "10.0.0.5,",
            "10.0.0.5,0",
            "10.0.0.5,65536,1",
            "10.0.0.5,3260,65536",
            "10.0.0.5,3260,+1",
            "10.0.0.5,3260,1,2",
            ",3260,1",
            "..,3260,1/",
            "a/b,3260",
            "..,",
            ".new",
        ] {
            assert_eq!(Portal::from_name(bad), None, "{bad}");
        }
    }

    #[test]
    fn portals_are_written_for_people_in_one_way() {
        for (given, shown) in [
            ("10.0.0.5", "10.0.0.5:3260"),
            ("[FD00:0::1]:3261,2", "[fd00::1]:3261,2"),
            ("array.example:860", "array.example:860"),
        ] {
            assert_eq!(given.parse::<Portal>().expect(given).to_string(), shown);
        }
        assert!("10.0.0.5:99999".parse::<Portal>().is_err());
    }

    #[test]
    fn a_record_says_which_node_it_is_for() {
        let record = |text: &str| Record::parse("test", text.as_bytes()).expect("a record");
        let text = "node.name = iqn.2026-11.test:a\nnode.tpgt = -1\nnode.conn[0].address = fd00::1\nnode.conn[0].port = 3260\n";
        let id = NodeId::of(&record(text)).expect("an id");
        assert_eq!(id.portal, portal("fd00::1", 3260, None));
        assert_eq!(id.iface, DEFAULT_IFACE);
        assert_eq!(id.link_name(), "iqn.2026-11.test:a,fd00::1,3260,-1,default");
        assert_eq!(contradiction(&id, &record(text)), None);
        let other = text.replace("test:a", "test:b");
        assert!(
            contradiction(&id, &record(&other))
                .expect("another name")
                .contains("node.name")
        );
        for (from, to, part) in [
            ("iqn.2026-11.test:a", "../../../etc/passwd", "target"),
            ("iqn.2026-11.test:a", "..", "target"),
            ("fd00::1", "../x", "address"),
            ("fd00::1", "10.0.0.1,7", "address"),
            ("3260", "0", "port"),
            ("-1", "70000", "tag"),
        ] {
            let error = NodeId::of(&record(&text.replace(from, to))).expect_err(to);
            assert_eq!(error.kind(), Kind::Invalid, "{to}");
            let said = format!("{error}");
            assert!(said.contains(part) || said.contains("node.tpgt"), "{to}: {said}");
        }
    }

    #[test]
    fn no_name_leads_out_of_the_tree() {
        for bad in ["", ".", "..", "a/b", "../x", "/etc", "a\0b", "a\nb"] {
            assert!(check_name("interface", bad).is_err(), "{bad:?}");
        }
        assert!(check_name("interface", &"x".repeat(256)).is_err());
        for good in [
            "default",
            "eth0.5",
            "qla4xxx.00:0e:1e:11:22:33.ipv4.0",
            "..x",
            ".x",
        ] {
            assert!(check_name("interface", good).is_ok(), "{good}");
        }
    }
}
