//! Whether a session is the one that a record, or an operator, means.
//!
//! Owns the order of the questions and what stands for "any". Must not know where sessions come from. Names are only looked up
//! when session number and target fit.
//!
//! Source: open-iscsi `usr/iscsi_util.c` (`__iscsi_match_session`), whose wildcards these are: session number 0, an empty name, an empty address,
//! port -1, no interface. Names of targets are compared as RFC 7143 compares them, without case.

use super::address::Names;
use super::iface::{self, Iface};
use crate::error::{Error, Kind, Result};

/// What is meant. What is `None` is any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pattern<'a> {
    /// Session number.
    pub sid: Option<u32>,
    /// Target name.
    pub target: Option<&'a str>,
    /// Address or name of the target's portal.
    pub address: Option<&'a str>,
    /// Its port.
    pub port: Option<u16>,
    /// Interface.
    pub iface: Option<Iface<'a>>,
}

/// What is looked at: a session, or a record, which has no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject<'a> {
    /// Session number.
    pub sid: Option<u32>,
    /// Target name.
    pub target: &'a str,
    /// The address that was logged in to first: a redirect does not change which record it is.
    pub address: &'a str,
    /// Its port.
    pub port: u16,
    /// Interface, where it is told.
    pub iface: Option<Iface<'a>>,
}

/// The first thing that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Differs {
    /// Session number.
    Sid,
    /// Target name.
    Target,
    /// Address.
    Address,
    /// Port.
    Port,
    /// Interface.
    Iface,
}

impl<'a> Pattern<'a> {
    /// A pattern in the numbers of records: 0, an empty text and -1 are any.
    ///
    /// # Errors
    /// [`Kind::Invalid`]: there is no such port.
    pub fn of_record(
        sid: u32,
        target: &'a str,
        address: &'a str,
        port: i32,
        iface: Option<Iface<'a>>,
    ) -> Result<Self> {
        let port = match port {
            -1 => None,
            port => Some(u16::try_from(port).map_err(|_| {
                Error::new(Kind::Invalid, "match sessions by a record")
                    .answered(format!("{port} is no port: expected 0 to 65535, or -1 for any"))
            })?),
        };
        Ok(Self {
            sid: (sid != 0).then_some(sid),
            target: Some(target).filter(|t| !t.is_empty()),
            address: Some(address).filter(|a| !a.is_empty()),
            port,
            iface,
        })
    }

    /// What does not fit first; `None` when everything fits.
    pub fn differs(&self, of: &Subject<'_>, names: &mut Names<'_>) -> Option<Differs> {
        // A record has no number: none is none that differs.
        if self.sid.zip(of.sid).is_some_and(|(a, b)| a != b) {
            return Some(Differs::Sid);
        }
        if self.target.is_some_and(|t| !iscsi::names::same(t, of.target)) {
            return Some(Differs::Target);
        }
        if self.address.is_some_and(|a| !names.same(a, of.address)) {
            return Some(Differs::Address);
        }
        if self.port.is_some_and(|p| p != of.port) {
            return Some(Differs::Port);
        }
        (!iface::matches(self.iface, of.iface)).then_some(Differs::Iface)
    }

    /// Whether everything fits.
    pub fn matches(&self, of: &Subject<'_>, names: &mut Names<'_>) -> bool {
        self.differs(of, names).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::super::address::Nobody;
    use super::super::address::tests::Server;
    use super::*;

    const TARGET: &str = "iqn.2026-01.test:disk0";
    const PORT0: Iface<'static> = Iface {
        name: "port0",
        transport: "qla4xxx",
    };

    const SESSION: Subject<'static> = Subject {
        sid: Some(7),
        target: TARGET,
        address: "10.0.0.1",
        port: 3260,
        iface: Some(PORT0),
    };

    /// Each column's values and whether they fit [`SESSION`].
    const SIDS: &[(u32, bool)] = &[(0, true), (7, true), (8, false)];
    const TARGETS: &[(&str, bool)] = &[
        ("", true),
        (TARGET, true),
        ("IQN.2026-01.test:Disk0", true),
        ("iqn.2026-01.test:disk", false),
    ];
    const ADDRESSES: &[(&str, bool)] = &[
        ("", true),
        ("10.0.0.1", true),
        ("::ffff:10.0.0.1", true),
        ("storage.example", true),
        ("10.0.0.2", false),
        ("nowhere.example", false),
    ];
    const PORTS: &[(i32, bool)] = &[(-1, true), (3260, true), (0, false), (3261, false)];
    const IFACES: &[(Option<Iface<'static>>, bool)] = &[
        (None, true),
        (
            Some(Iface {
                name: "",
                transport: "tcp",
            }),
            true,
        ),
        (
            Some(Iface {
                name: "port0",
                transport: "",
            }),
            true,
        ),
        (Some(PORT0), true),
        (
            Some(Iface {
                name: "port0",
                transport: "tcp",
            }),
            false,
        ),
        (
            Some(Iface {
                name: "default",
                transport: "",
            }),
            false,
        ),
    ];

    fn server() -> Server {
        Server::of(&[("storage.example", &["10.0.0.9", "10.0.0.1"])])
    }

    #[test]
    fn every_combination_says_what_differs_first() {
        let mut server = server();
        let mut names = Names::new(&mut server);
        let mut count = 0;
        for (sid, a) in SIDS {
            for (target, b) in TARGETS {
                for (address, c) in ADDRESSES {
                    for (port, d) in PORTS {
                        for (iface, e) in IFACES {
                            let pattern = Pattern::of_record(*sid, target, address, *port, *iface).unwrap();
                            let expected = match (a, b, c, d, e) {
                                (false, ..) => Some(Differs::Sid),
                                (_, false, ..) => Some(Differs::Target),
                                (_, _, false, ..) => Some(Differs::Address),
                                (_, _, _, false, _) => Some(Differs::Port),
                                (.., false) => Some(Differs::Iface),
                                _ => None,
                            };
                            assert_eq!(pattern.differs(&SESSION, &mut names), expected, "{pattern:?}");
                            count += 1;
                        }
                    }
                }
            }
        }
        assert_eq!(count, 3 * 4 * 6 * 4 * 6);
        assert_eq!(server.asked, 2, "one look-up a name");
    }

    #[test]
    fn no_pattern_means_everything_and_a_record_has_no_number_to_differ_in() {
        let mut nobody = Nobody;
        let mut names = Names::new(&mut nobody);
        assert!(Pattern::default().matches(&SESSION, &mut names));
        let record = Subject {
            sid: None,
            iface: None,
            ..SESSION
        };
        let pattern = Pattern {
            sid: Some(9),
            iface: Some(PORT0),
            ..Pattern::default()
        };
        assert!(pattern.matches(&record, &mut names));
    }

    #[test]
    fn nobody_is_asked_for_a_name_when_the_target_is_another_one() {
        let mut server = server();
        let mut names = Names::new(&mut server);
        let pattern = Pattern {
            target: Some("iqn.other"),
            address: Some("storage.example"),
            ..Pattern::default()
        };
        assert_eq!(pattern.differs(&SESSION, &mut names), Some(Differs::Target));
        assert_eq!(server.asked, 0);
    }

    #[test]
    fn a_port_that_there_is_not_is_refused() {
        for port in [-2, 65536, i32::MAX, i32::MIN] {
            let e = Pattern::of_record(0, "", "", port, None).unwrap_err();
            assert_eq!(e.kind(), Kind::Invalid, "{e}");
        }
    }
}
