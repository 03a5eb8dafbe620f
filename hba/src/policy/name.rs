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

/// Whose a name or an alias is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The interface's record.
    Iface,
    /// The adapter.
    Adapter,
    /// The machine.
    Daemon,
}

/// The first that there is.
#[must_use]
pub fn first<'a>(given: &Given<'a>) -> Option<(&'a str, Whose)> {
    let all = [
        (given.iface, Whose::Iface),
        (given.adapter, Whose::Adapter),
        (given.daemon, Whose::Daemon),
    ];
    all.into_iter()
        .find_map(|(text, whose)| text.filter(|text| !text.is_empty()).map(|text| (text, whose)))
}

/// The initiator name of a login.
///
/// # Errors
/// [`Kind::Invalid`]: there is none, or the first one cannot be carried. The next one is not taken then: a login under another name than was set
/// would meet another one's rights.
pub fn initiator(given: &Given<'_>, tried: &str) -> Result<(IscsiName, Whose)> {
    let Some((text, whose)) = first(given) else {
        return Err(Error::new(Kind::Invalid, tried)
            .answered("there is no initiator name: neither interface nor adapter nor machine has one")
            .hint(
                Message::from("put one into initiatorname.iscsi (in /etc/iscsi, or where the database is that was named), or give the adapter one: ")
                    .then(Step::AdapterSetName),
            ));
    };
    let name = text.parse().map_err(|why| {
        let place = match whose {
            Whose::Iface => "the interface's record",
            Whose::Adapter => "the adapter",
            Whose::Daemon => "/etc/iscsi/initiatorname.iscsi",
        };
        Error::new(Kind::Invalid, tried)
            .answered(format!("the initiator name of {place} cannot be used: {why}"))
    })?;
    Ok((name, whose))
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
                    4..=7 => Some((I, Whose::Iface)),
                    2 | 3 => Some((A, Whose::Adapter)),
                    1 => Some((D, Whose::Daemon)),
                    _ => None,
                };
                assert_eq!(first(&given), expected, "{given:?}");
                match (initiator(&given, "log in"), expected) {
                    (Ok((name, whose)), Some(expected)) => assert_eq!((name.as_str(), whose), expected),
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
