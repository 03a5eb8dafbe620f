//! Values of parameters: reading what an operator writes and what sysfs shows into one form, so that both compare.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use driver_sys::netlink::params::{ParamInfo, Polarity, Values};
use iscsi::IscsiName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::secret::REDACTED;

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

    /// What an operator wrote; `None` when type or range do not fit.
    #[must_use]
    pub fn written(values: Values, text: &str) -> Option<Self> {
        read(values, text).filter(|value| in_range(values, value))
    }

    /// What sysfs shows; `None` when it tells nothing. Out-of-range values are kept, unreadable ones become text.
    #[must_use]
    pub fn shown(info: &ParamInfo, text: &str) -> Option<Self> {
        let text = text.trim_end_matches('\n');
        if text == "(null)" || text == "<NULL>" {
            return None;
        }
        if info.is_secret() {
            return (!text.is_empty()).then(|| Self::Text(REDACTED.to_owned()));
        }
        if text.is_empty() && !matches!(info.values, Values::Text(_) | Values::Name) {
            return None;
        }
        Some(match read(info.values, text) {
            Some(Self::Flag(on)) => Self::Flag(on != (info.polarity == Polarity::Inverted)),
            Some(value) => value,
            None => Self::Text(text.to_owned()),
        })
    }
}

fn read(values: Values, text: &str) -> Option<ParamValue> {
    Some(match values {
        Values::Flag => ParamValue::Flag(match text.to_ascii_lowercase().as_str() {
            "1" | "on" | "yes" | "true" | "enable" | "enabled" => true,
            "0" | "off" | "no" | "false" | "disable" | "disabled" => false,
            _ => return None,
        }),
        Values::Number { .. } | Values::Bytes { .. } => ParamValue::Number(match text.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16).ok()?,
            None => text.parse().ok()?,
        }),
        Values::Ipv4 => ParamValue::Text(text.parse::<Ipv4Addr>().ok()?.to_string()),
        Values::Ipv6 => ParamValue::Text(text.parse::<Ipv6Addr>().ok()?.to_string()),
        Values::Ip => ParamValue::Text(text.parse::<IpAddr>().ok()?.to_string()),
        Values::Text(_) | Values::Name => ParamValue::Text(text.to_owned()),
        Values::Isid => {
            if text.len() != 12 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
                return None;
            }
            ParamValue::Text(text.to_ascii_lowercase())
        }
        Values::Words(words) => {
            let text = text.to_ascii_lowercase();
            ParamValue::Text(words.iter().find(|w| w.0 == text)?.0.to_owned())
        }
        Values::Secret => ParamValue::Text(REDACTED.to_owned()),
    })
}

fn in_range(values: Values, value: &ParamValue) -> bool {
    match (values, value) {
        (Values::Number { min, max }, ParamValue::Number(n)) => (u64::from(min)..=u64::from(max)).contains(n),
        (Values::Bytes { min, max, step }, ParamValue::Number(n)) => {
            (u64::from(min)..=u64::from(max)).contains(n) && n.is_multiple_of(u64::from(step.max(1)))
        }
        (Values::Text(max), ParamValue::Text(t)) => t.len() <= max && !t.contains(['\0', '\n']),
        (Values::Name, ParamValue::Text(t)) => t.is_empty() || t.parse::<IscsiName>().is_ok(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FlashnodeParam, NetParam};
    use super::*;

    fn row(param: FlashnodeParam) -> &'static ParamInfo {
        param.info().expect("a row")
    }

    #[test]
    fn secrets_are_redacted_when_read() {
        let password = row(FlashnodeParam::Password);
        assert_eq!(
            ParamValue::shown(password, "top-secret-word"),
            Some(ParamValue::Text(REDACTED.to_owned()))
        );
        assert_eq!(ParamValue::shown(password, ""), None);
        let written = ParamValue::written(password.values, "top-secret-word");
        assert!(!format!("{written:?}").contains("top"));
    }

    #[test]
    fn unset_is_told_apart_from_unreadable() {
        let burst = row(FlashnodeParam::MaxBurst);
        assert_eq!(ParamValue::shown(burst, "(null)"), None);
        assert_eq!(ParamValue::shown(burst, ""), None);
        assert_eq!(
            ParamValue::shown(burst, "weird"),
            Some(ParamValue::Text("weird".into()))
        );
    }

    #[test]
    fn a_switch_that_denies_a_feature_is_on_when_sysfs_shows_the_feature_off() {
        let shown = |param: NetParam, text| ParamValue::shown(param.info().expect("a row"), text);
        assert_eq!(
            shown(NetParam::TcpNagleDisable, "disable"),
            Some(ParamValue::Flag(true))
        );
        assert_eq!(
            shown(NetParam::TcpNagleDisable, "enable"),
            Some(ParamValue::Flag(false))
        );
        assert_eq!(
            shown(NetParam::DelayedAckEn, "enable"),
            Some(ParamValue::Flag(true))
        );
        assert_eq!(
            ParamValue::shown(row(FlashnodeParam::TcpNagleDisable), "1"),
            Some(ParamValue::Flag(true)),
            "those of flash targets are as they are called"
        );
    }
}
