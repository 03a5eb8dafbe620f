//! Values of parameters: parsing what an operator writes and what sysfs shows into one form, so that both compare.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Access, ParamKind, ParamSpec};
use crate::error::{Error, Kind, Result};
use crate::secret::REDACTED;

/// Names more alike than this (Jaro-Winkler, 0 to 1) are offered to who mistyped one.
const ALIKE: f64 = 0.88;
/// So many are offered at the most.
const OFFERED: usize = 4;

/// A parameter's value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ParamValue {
    /// On or off.
    Flag(bool),
    /// A number.
    Number(u64),
    /// Anything else, as text.
    Text(String),
}

impl fmt::Display for ParamValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(true) => f.write_str("on"),
            Self::Flag(false) => f.write_str("off"),
            Self::Number(n) => n.fmt(f),
            Self::Text(t) => f.write_str(t),
        }
    }
}

impl ParamValue {
    /// The flag, if it is one.
    #[must_use]
    pub fn as_flag(&self) -> Option<bool> {
        if let Self::Flag(b) = self { Some(*b) } else { None }
    }

    /// The number, if it is one.
    #[must_use]
    pub fn as_number(&self) -> Option<u64> {
        if let Self::Number(n) = self {
            Some(*n)
        } else {
            None
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(t) = self { Some(t) } else { None }
    }
}

/// All parameters of an object by name; `None` (null) for one that the adapter does not tell.
pub type Params = BTreeMap<String, Option<ParamValue>>;

/// A parameter to set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The row.
    pub spec: &'static ParamSpec,
    /// The checked value.
    pub value: ParamValue,
}

impl Assignment {
    /// Reads `name=value` by `table`.
    ///
    /// # Errors
    /// [`Kind::Invalid`]: no `=`, unknown name, value out of range; [`Kind::Unsupported`]: the driver does not take it.
    pub fn parse(table: &'static [ParamSpec], text: &str) -> Result<Self> {
        let Some((name, value)) = text.split_once('=') else {
            return Err(Error::new(Kind::Invalid, "read a parameter").answered("expected NAME=VALUE"));
        };
        if name.trim().is_empty() {
            return Err(Error::new(Kind::Invalid, "read a parameter")
                .answered("expected NAME=VALUE, there is no name"));
        }
        Self::new(table, name.trim(), value.trim())
    }

    /// Checks `value` for the parameter `name` of `table`.
    ///
    /// # Errors
    /// As [`Assignment::parse`].
    pub fn new(table: &'static [ParamSpec], name: &str, value: &str) -> Result<Self> {
        let Some(spec) = table.iter().find(|s| s.name == name) else {
            let alike = |s: &ParamSpec| strsim::jaro_winkler(s.name, name);
            let mut close: Vec<&ParamSpec> = table
                .iter()
                .filter(|s| s.name.contains(name) || alike(s) > ALIKE)
                .collect();
            close.sort_by(|a, b| alike(b).total_cmp(&alike(a)));
            let close: Vec<_> = close.iter().take(OFFERED).map(|s| s.name).collect();
            let e = Error::new(Kind::Invalid, format!("set parameter {}", name.escape_debug()))
                .answered("no such parameter");
            return Err(if close.is_empty() {
                e.hint(
                    crate::Message::from("`")
                        .then(crate::Step::IfaceParams)
                        .then("` and `")
                        .then(crate::Step::FlashParams)
                        .then("` list the names"),
                )
            } else {
                e.hint(format!("did you mean {}?", close.join(", ")))
            });
        };
        if let Access::ReadOnly(why) = spec.access {
            return Err(Error::new(Kind::Unsupported, format!("set parameter {name}")).answered(why));
        }
        Ok(Self {
            spec,
            value: spec.parse(value)?,
        })
    }
}

impl ParamSpec {
    /// Reads what an operator wrote.
    ///
    /// # Errors
    /// [`Kind::Invalid`] when type or range do not fit; the text of a secret is not repeated.
    pub fn parse(&self, text: &str) -> Result<ParamValue> {
        self.read(text).filter(|v| self.in_range(v)).ok_or_else(|| {
            let shown = if self.kind == ParamKind::Secret {
                REDACTED.to_owned()
            } else {
                text.escape_debug().to_string()
            };
            Error::new(Kind::Invalid, format!("set {} to {shown}", self.name))
                .answered(format!("expected {}", self.kind))
        })
    }

    /// Reads what sysfs shows; `None` when it tells nothing. Out-of-range values are kept, unreadable ones become text.
    #[must_use]
    pub fn from_sysfs(&self, text: &str) -> Option<ParamValue> {
        let text = text.trim_end_matches('\n');
        if text == "(null)" || text == "<NULL>" {
            return None;
        }
        if self.kind == ParamKind::Secret {
            return (!text.is_empty()).then(|| ParamValue::Text(REDACTED.to_owned()));
        }
        if text.is_empty() && !matches!(self.kind, ParamKind::Text(_)) {
            return None;
        }
        Some(
            self.read(text)
                .unwrap_or_else(|| ParamValue::Text(text.to_owned())),
        )
    }

    fn read(&self, text: &str) -> Option<ParamValue> {
        Some(match self.kind {
            ParamKind::Flag => ParamValue::Flag(match text.to_ascii_lowercase().as_str() {
                "1" | "on" | "yes" | "true" | "enable" | "enabled" => true,
                "0" | "off" | "no" | "false" | "disable" | "disabled" => false,
                _ => return None,
            }),
            ParamKind::Number { .. } | ParamKind::Bytes { .. } => {
                ParamValue::Number(match text.strip_prefix("0x") {
                    Some(hex) => u64::from_str_radix(hex, 16).ok()?,
                    None => text.parse().ok()?,
                })
            }
            ParamKind::Ipv4 => ParamValue::Text(text.parse::<Ipv4Addr>().ok()?.to_string()),
            ParamKind::Ipv6 => ParamValue::Text(text.parse::<Ipv6Addr>().ok()?.to_string()),
            ParamKind::Ip => ParamValue::Text(text.parse::<IpAddr>().ok()?.to_string()),
            ParamKind::Text(_) => ParamValue::Text(text.to_owned()),
            ParamKind::Isid => {
                if text.len() != 12 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return None;
                }
                ParamValue::Text(text.to_ascii_lowercase())
            }
            ParamKind::Choice(words) => {
                let word = text.to_ascii_lowercase();
                ParamValue::Text(words.iter().find(|w| **w == word).map(|w| (*w).to_owned())?)
            }
            ParamKind::Secret => ParamValue::Text(REDACTED.to_owned()),
        })
    }

    fn in_range(&self, value: &ParamValue) -> bool {
        match (self.kind, value) {
            (ParamKind::Number { min, max }, ParamValue::Number(n)) => {
                (u64::from(min)..=u64::from(max)).contains(n)
            }
            (ParamKind::Bytes { min, max, step }, ParamValue::Number(n)) => {
                (u64::from(min)..=u64::from(max)).contains(n) && n.is_multiple_of(u64::from(step.max(1)))
            }
            (ParamKind::Text(max), ParamValue::Text(t)) => t.len() <= max && !t.contains(['\0', '\n']),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FLASH, IFACE};
    use super::*;

    #[test]
    fn what_an_operator_writes_equals_what_sysfs_shows() {
        for (table, name, written, shown) in [
            (FLASH, "header_digest", "on", "1"),
            (FLASH, "max_burst_len", "262144", "262144"),
            (
                FLASH,
                "ipaddress",
                "fe80::1",
                "fe80:0000:0000:0000:0000:0000:0000:0001",
            ),
            (FLASH, "isid", "0A1e0e010040", "0a1e0e010040"),
            (IFACE, "bootproto", "STATIC", "static"),
            (IFACE, "vlan_enabled", "no", "disable"),
        ] {
            let a = Assignment::new(table, name, written).expect(name);
            assert_eq!(a.spec.from_sysfs(shown), Some(a.value), "{name}");
        }
    }

    #[test]
    fn a_mistyped_name_is_answered_with_those_like_it() {
        for (table, text, hint) in [
            (IFACE, "ipadress=10.0.0.1", "did you mean ipaddress"),
            (FLASH, "max_burst_lenght=512", "did you mean max_burst_len"),
            (FLASH, "zzz=1", "flash params"),
        ] {
            let error = Assignment::parse(table, text).expect_err(text);
            assert!(
                error
                    .next_step()
                    .is_some_and(|next| next.to_string().contains(hint)),
                "{text}: {error:?}"
            );
        }
    }

    #[test]
    fn out_of_range_values_are_refused() {
        for text in [
            "max_burst_len=100",
            "max_burst_len=4294967296",
            "port=0",
            "port=65536",
            "erl=3",
            "ipaddress=1.2.3",
            "isid=12",
        ] {
            assert_eq!(
                Assignment::parse(FLASH, text).expect_err(text).kind(),
                Kind::Invalid,
                "{text}"
            );
        }
        assert_eq!(
            Assignment::parse(FLASH, "targetname")
                .expect_err("no value")
                .kind(),
            Kind::Invalid
        );
        let e = Assignment::parse(FLASH, "burst=1").expect_err("unknown");
        assert!(
            e.next_step()
                .is_some_and(|h| h.to_string().contains("max_burst_len"))
        );
    }

    #[test]
    fn parameters_the_driver_refuses_are_refused_before_it() {
        for name in [
            "username",
            "password",
            "chap_in_idx",
            "discovery_parent_type",
            "is_boot_target",
        ] {
            let e = Assignment::new(FLASH, name, "1").expect_err(name);
            assert_eq!(e.kind(), Kind::Unsupported, "{name}");
        }
    }

    #[test]
    fn secrets_are_redacted_when_read() {
        let spec = FLASH.iter().find(|s| s.name == "password").expect("row");
        assert_eq!(
            spec.from_sysfs("top-secret-word"),
            Some(ParamValue::Text(REDACTED.to_owned()))
        );
        assert_eq!(spec.from_sysfs(""), None);
        assert!(
            !spec
                .parse("top-secret-word")
                .map_or_else(|e| e.to_string(), |v| v.to_string())
                .contains("top")
        );
    }

    #[test]
    fn unset_is_told_apart_from_unreadable() {
        let spec = FLASH.iter().find(|s| s.name == "max_burst_len").expect("row");
        assert_eq!(spec.from_sysfs("(null)"), None);
        assert_eq!(spec.from_sysfs(""), None);
        assert_eq!(spec.from_sysfs("weird"), Some(ParamValue::Text("weird".into())));
    }

    #[test]
    fn names_are_unique_in_each_table() {
        for table in [FLASH, IFACE] {
            let mut names: Vec<_> = table.iter().map(|s| s.name).collect();
            names.sort_unstable();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count);
        }
    }
}
