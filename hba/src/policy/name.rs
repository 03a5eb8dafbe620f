//! Under whose name a login goes out.
//!
//! Owns the order: the interface's name, that of the adapter, that of the daemon. Must not read where they stand.
//!
//! Source: open-iscsi `usr/initiator.c` (`iscsi_session_create`: `iface.iname`, else `initiator_name`, else `ISCSI_ERR_INVAL`; the alias likewise and
//! without a failure); drivers whose adapters keep a name log in under that one.

use iscsi::names::IscsiName;

use crate::error::{Error, Kind, Result};
use crate::message::Message;
use crate::step::Step;

/// What there is; empty and `None` are nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Given<'a> {
    /// In the interface's record.
    pub iface: Option<&'a str>,
    /// In the adapter's memory.
    pub adapter: Option<&'a str>,
    /// The machine's own.
    pub daemon: Option<&'a str>,
}

/// Where a name or an alias is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// The interface's record.
    Iface,
    /// The adapter.
    Adapter,
    /// The machine.
    Daemon,
}

/// The first that there is.
#[must_use]
pub fn first<'a>(given: &Given<'a>) -> Option<(&'a str, From)> {
    let all = [
        (given.iface, From::Iface),
        (given.adapter, From::Adapter),
        (given.daemon, From::Daemon),
    ];
    all.into_iter()
        .find_map(|(text, from)| text.filter(|text| !text.is_empty()).map(|text| (text, from)))
}

/// The initiator name of a login.
///
/// # Errors
/// [`Kind::Invalid`]: there is none, or the first one cannot be carried. The next one is not taken then: a login under another name than was set
/// would meet another one's rights.
pub fn initiator(given: &Given<'_>, tried: &str) -> Result<(IscsiName, From)> {
    let Some((text, from)) = first(given) else {
        return Err(Error::new(Kind::Invalid, tried)
            .answered("there is no initiator name: neither interface nor adapter nor machine has one")
            .hint(
                Message::from("put one into /etc/iscsi/initiatorname.iscsi, or give the adapter one: ")
                    .then(Step::AdapterSetName),
            ));
    };
    let name = text.parse().map_err(|why| {
        let whose = match from {
            From::Iface => "the interface's record",
            From::Adapter => "the adapter",
            From::Daemon => "/etc/iscsi/initiatorname.iscsi",
        };
        Error::new(Kind::Invalid, tried)
            .answered(format!("the initiator name of {whose} cannot be used: {why}"))
    })?;
    Ok((name, from))
}

#[cfg(test)]
mod tests {
    use super::*;

    const I: &str = "iqn.2026-01.test:iface";
    const A: &str = "iqn.2026-01.test:adapter";
    const D: &str = "iqn.2026-01.test:daemon";

    #[test]
    fn every_combination_takes_the_first_that_there_is() {
        for bits in 0..8 {
            for empty in [None, Some("")] {
                let pick = |bit: u32, name| if bits & bit != 0 { Some(name) } else { empty };
                let given = Given {
                    iface: pick(4, I),
                    adapter: pick(2, A),
                    daemon: pick(1, D),
                };
                let expected = match bits {
                    4..=7 => Some((I, From::Iface)),
                    2 | 3 => Some((A, From::Adapter)),
                    1 => Some((D, From::Daemon)),
                    _ => None,
                };
                assert_eq!(first(&given), expected, "{given:?}");
                match (initiator(&given, "log in"), expected) {
                    (Ok((name, from)), Some(expected)) => assert_eq!((name.as_str(), from), expected),
                    (Err(e), None) => assert_eq!(e.kind(), Kind::Invalid, "{e}"),
                    (other, _) => panic!("{given:?}: {other:?}"),
                }
            }
        }
    }

    #[test]
    fn a_name_that_cannot_be_carried_is_refused_and_no_other_takes_its_place() {
        let given = Given {
            iface: Some("iqn.2026-01.test:a b"),
            daemon: Some(D),
            ..Given::default()
        };
        let e = initiator(&given, "log in").unwrap_err();
        assert!(
            e.to_string().contains("interface's record") && e.to_string().contains("blanks"),
            "{e}"
        );
    }
}
