//! What somebody named: targets at portals that this host can use, and the rest with the reasons.
//!
//! Owns the limits on a list and what of it counts twice. Must not know who named them, nor what is known already.

use std::collections::HashSet;
use std::net::SocketAddr;

use iscsi::IscsiName;
use iscsi::address::TargetAddress;
use iscsi::initiator::Listing;
use iscsi::names::MAX_NAME;

use super::answer::Path;
use super::isns;
use super::usable;
use crate::nodes::Portal;

/// So many targets of one answer are looked at.
pub const TARGETS_MAX: usize = 4096;
/// So many portals of one target are.
pub const PORTALS_MAX: usize = 64;

/// A target at a portal that this host can use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The target.
    pub target: IscsiName,
    /// Where it is, as a record has it.
    pub at: Portal,
    /// Where it is, as it was named.
    pub named: String,
    /// The target's alias, where one was told.
    pub alias: Option<String>,
}

/// What was named and cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// The target's name, or what stood in its place.
    pub target: String,
    /// The portal, as it was named.
    pub portal: String,
    /// Why.
    pub why: String,
}

impl From<&Unusable> for Path {
    fn from(of: &Unusable) -> Self {
        Self::left_out(&of.target, &of.portal, &of.why)
    }
}

/// An answer, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// What can be used, each path once.
    pub found: Vec<Found>,
    /// What cannot.
    pub left_out: Vec<Unusable>,
    /// How many targets were named, usable or not.
    pub listed: usize,
    /// How many of them are beyond [`TARGETS_MAX`] and were not looked at.
    pub beyond: usize,
}

impl Heard {
    /// Whether everything that was named was looked at: only then is what is missing gone.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.beyond == 0
    }

    /// The answer to SendTargets of the portal at `by`, heard over the network device `zone`.
    #[must_use]
    pub fn of_listing(listing: Listing, by: SocketAddr, zone: Option<&str>) -> Self {
        let mut heard = Self {
            listed: listing.targets.len() + listing.unusable_names.len(),
            ..Self::default()
        };
        let mut seen = Seen::default();
        let mut looked_at = 0;
        for target in listing.targets {
            if looked_at == TARGETS_MAX {
                break;
            }
            looked_at += 1;
            let asked = target.at_the_portal_asked().then(|| TargetAddress::from(by));
            let mut portals = 0;
            for address in asked.iter().chain(&target.addresses) {
                portals += 1;
                if portals > PORTALS_MAX {
                    heard.leave_out(
                        target.name.as_str(),
                        format!("{address} and {} more", target.addresses.len() - PORTALS_MAX - 1),
                        format!("{PORTALS_MAX} portals of one target are looked at"),
                    );
                    break;
                }
                heard.take(&mut seen, &target.name, address, zone);
            }
            for text in target.unusable {
                heard.leave_out(target.name.as_str(), text, "it is no portal".to_owned());
            }
        }
        for name in listing.unusable_names {
            if looked_at == TARGETS_MAX {
                break;
            }
            looked_at += 1;
            heard.leave_out(
                &name,
                "n/a".to_owned(),
                format!(
                    "its name cannot be carried: 1 to {MAX_NAME} bytes of UTF-8 without blanks and control characters can"
                ),
            );
        }
        heard.beyond = heard.listed - looked_at;
        heard
    }

    /// The answer of an iSNS server.
    #[must_use]
    pub fn of_isns(told: isns::Told) -> Self {
        let targets: HashSet<&str> = told.found.iter().map(|found| found.target.as_str()).collect();
        let others = told.left_out.iter().map(|left| left.target.as_str());
        let targets: HashSet<&str> = targets.into_iter().chain(others).collect();
        let mut heard = Self {
            listed: targets.len() + told.beyond,
            beyond: told.beyond,
            ..Self::default()
        };
        let mut seen = Seen::default();
        for found in told.found {
            let before = heard.found.len();
            heard.take(&mut seen, &found.target, &found.at, None);
            if let Some(new) = heard.found.get_mut(before) {
                new.alias = found.alias;
            }
        }
        for left in told.left_out {
            let portal = left.portal.map_or_else(|| "n/a".to_owned(), |at| at.to_string());
            heard.leave_out(&left.target, portal, left.why);
        }
        heard
    }

    fn take(&mut self, seen: &mut Seen, target: &IscsiName, address: &TargetAddress, zone: Option<&str>) {
        match usable::portal(address, zone) {
            Ok(at) if seen.again(target, &at) => {}
            Ok(at) => self.found.push(Found {
                target: target.clone(),
                at,
                named: address.to_string(),
                alias: None,
            }),
            Err(why) => self.leave_out(target.as_str(), address.to_string(), why),
        }
    }

    fn leave_out(&mut self, target: &str, portal: String, why: String) {
        self.left_out.push(Unusable {
            target: target.to_owned(),
            portal,
            why,
        });
    }
}

/// Paths that were named before: a list that names one twice, with another tag, too, means one.
#[derive(Debug, Default)]
struct Seen(HashSet<(String, String, u16)>);

impl Seen {
    fn again(&mut self, target: &IscsiName, at: &Portal) -> bool {
        let name = iscsi::names::key(target.as_str());
        !self.0.insert((name, at.address.to_ascii_lowercase(), at.port))
    }
}

#[cfg(test)]
mod tests {
    use iscsi::initiator::DiscoveredTarget;

    use super::*;

    fn by() -> SocketAddr {
        "10.0.0.9:3260".parse().expect("an address")
    }

    fn target(name: &str, portals: &[&str]) -> DiscoveredTarget {
        DiscoveredTarget {
            name: name.parse().expect("a name"),
            addresses: portals.iter().map(|p| p.parse().expect("a portal")).collect(),
            unusable: Vec::new(),
        }
    }

    #[test]
    fn what_is_usable_is_found_once_and_the_rest_has_its_reasons() {
        let listing = Listing {
            targets: vec![
                target(
                    "iqn.a",
                    &["10.0.0.1:3260,1", "10.0.0.1:3260,2", "[fe80::1%x]:3260,1"],
                ),
                DiscoveredTarget {
                    unusable: vec!["10.9.9.9:0,1".to_owned()],
                    ..target("iqn.b", &["storage.example:3260,1"])
                },
                target("iqn.c", &[]),
            ],
            unusable_names: vec!["two words".to_owned()],
        };
        let heard = Heard::of_listing(listing, by(), None);
        let found: Vec<String> = heard
            .found
            .iter()
            .map(|f| format!("{} {}:{} {:?}", f.target, f.at.address, f.at.port, f.at.tag))
            .collect();
        assert_eq!(
            found,
            [
                "iqn.a 10.0.0.1:3260 Some(1)",
                "iqn.b storage.example:3260 Some(1)",
                "iqn.c 10.0.0.9:3260 None"
            ]
        );
        let left_out: Vec<&str> = heard.left_out.iter().map(|l| l.portal.as_str()).collect();
        assert_eq!(left_out, ["[fe80::1%x]:3260,1", "10.9.9.9:0,1", "n/a"]);
        assert_eq!((heard.listed, heard.beyond), (4, 0));
    }

    #[test]
    fn what_is_beyond_the_limit_is_counted_and_makes_the_list_no_whole_one() {
        let targets = (0..TARGETS_MAX + 3)
            .map(|n| target(&format!("iqn.t{n}"), &["10.0.0.1"]))
            .collect();
        let listing = Listing {
            targets,
            unusable_names: vec![String::new()],
        };
        let heard = Heard::of_listing(listing, by(), None);
        assert_eq!(
            (heard.listed, heard.found.len(), heard.beyond),
            (TARGETS_MAX + 4, TARGETS_MAX, 4)
        );
        assert!(!heard.is_whole());
    }

    #[test]
    fn what_a_server_tells_is_heard_like_a_list() {
        let found = |target: &str, at: &str| isns::Found {
            target: target.parse().expect("a name"),
            at: at.parse().expect("a portal"),
            alias: Some("disk".to_owned()),
        };
        let heard = Heard::of_isns(isns::Told {
            found: vec![
                found("iqn.a", "10.0.0.1:3260,1"),
                found("iqn.a", "[fe80::1]:3260,1"),
            ],
            left_out: vec![isns::LeftOut {
                target: "two words".to_owned(),
                portal: None,
                why: "no name".to_owned(),
            }],
            beyond: 2,
            ..isns::Told::default()
        });
        assert_eq!((heard.found.len(), heard.left_out.len(), heard.listed), (1, 2, 4));
        assert_eq!(heard.found[0].alias.as_deref(), Some("disk"));
        assert!(!heard.is_whole());
    }

    #[test]
    fn portals_of_one_target_have_a_limit_that_is_told() {
        let many: Vec<String> = (0..PORTALS_MAX + 6)
            .map(|n| format!("10.0.0.1:{}", n + 1))
            .collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let listing = Listing {
            targets: vec![target("iqn.a", &many)],
            unusable_names: Vec::new(),
        };
        let heard = Heard::of_listing(listing, by(), None);
        assert_eq!((heard.found.len(), heard.left_out.len()), (PORTALS_MAX, 1));
        assert!(
            heard.left_out[0].portal.contains("and 5 more"),
            "{:?}",
            heard.left_out
        );
    }
}
