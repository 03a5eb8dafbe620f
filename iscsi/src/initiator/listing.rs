//! What a target listed: its SendTargets answer, read.
//!
//! Owns which entries are usable. Nothing is left out without a word: what cannot be read stays as text. Source: RFC 7143 appendix C.

use super::TextFailure;
use crate::{
    IscsiName,
    address::TargetAddress,
    negotiate::{IRRELEVANT, Key, NOT_UNDERSTOOD, REJECT},
    text::raw_pairs,
};

/// A target that SendTargets reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveredTarget {
    /// TargetName.
    pub name: IscsiName,
    /// Its portals; see [`DiscoveredTarget::at_the_portal_asked`].
    pub addresses: Vec<TargetAddress>,
    /// TargetAddress values that are none.
    pub unusable: Vec<String>,
}

impl DiscoveredTarget {
    /// No portal was named at all, which means: the one that was asked.
    #[must_use]
    pub const fn at_the_portal_asked(&self) -> bool {
        self.addresses.is_empty() && self.unusable.is_empty()
    }
}

/// A complete answer to SendTargets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// The targets, in the order in which they came.
    pub targets: Vec<DiscoveredTarget>,
    /// TargetName values that nothing can carry; the portals that followed them are left out with them.
    pub unusable_names: Vec<String>,
}

impl Listing {
    /// How many entries were left out.
    #[must_use]
    pub fn unusable(&self) -> usize {
        let addresses: usize = self.targets.iter().map(|target| target.unusable.len()).sum();
        self.unusable_names.len() + addresses
    }

    pub(super) fn read(text: &[u8]) -> Result<Self, TextFailure> {
        let mut listing = Self::default();
        // False while the entries belong to a target whose name is none.
        let mut usable = true;
        for pair in raw_pairs(text) {
            let (name, value) = pair?;
            let shown = || String::from_utf8_lossy(value).into_owned();
            match Key::from_name(name) {
                Some(Key::TargetName) => {
                    let parsed = IscsiName::from_bytes(value);
                    usable = parsed.is_ok();
                    match parsed {
                        Ok(name) => listing.targets.push(DiscoveredTarget {
                            name,
                            addresses: Vec::new(),
                            unusable: Vec::new(),
                        }),
                        Err(_) => listing.unusable_names.push(shown()),
                    }
                }
                Some(Key::SendTargets)
                    if [REJECT, NOT_UNDERSTOOD, IRRELEVANT]
                        .map(str::as_bytes)
                        .contains(&value) =>
                {
                    return Err(TextFailure::Refused);
                }
                Some(Key::TargetAddress) if usable => {
                    let target = listing.targets.last_mut().ok_or(TextFailure::Malformed)?;
                    match str::from_utf8(value).ok().and_then(|text| text.parse().ok()) {
                        Some(address) => target.addresses.push(address),
                        None => target.unusable.push(shown()),
                    }
                }
                _ => {}
            }
        }
        Ok(listing)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_scopes_and_tags_are_kept_and_what_is_unreadable_is_told() {
        let text = b"TargetName=iqn.2024-01.example:a\0TargetAddress=storage.example.net:3260,1\0\
            TargetAddress=[fe80::1%enp0s9]:3260,2\0TargetAddress=10.9.9.9:3260,0x0001\0TargetAddress=10.9.9.9:0,1\0\
            TargetName=two words\0TargetAddress=10.0.0.1,1\0TargetName=caf\xe9\0TargetAddress=10.0.0.2\0\
            TargetName=iqn.2024-01.example:b\0X-org.example=\xff\0";
        let listing = Listing::read(text).unwrap();
        let [a, b] = &listing.targets[..] else {
            panic!("{listing:?}")
        };
        let portals: Vec<String> = a.addresses.iter().map(ToString::to_string).collect();
        assert_eq!(
            portals,
            [
                "storage.example.net:3260,1",
                "[fe80::1%enp0s9]:3260,2",
                "10.9.9.9:3260,1"
            ]
        );
        assert_eq!(a.unusable, ["10.9.9.9:0,1"]);
        assert!(!a.at_the_portal_asked() && b.at_the_portal_asked());
        assert_eq!(listing.unusable_names, ["two words", "caf\u{fffd}"]);
        assert_eq!(listing.unusable(), 3);
    }

    #[test]
    fn a_target_whose_only_portal_is_unreadable_is_not_at_the_portal_that_was_asked() {
        let listing = Listing::read(b"TargetName=a\0TargetAddress=[zz]:1\0").unwrap();
        assert!(!listing.targets[0].at_the_portal_asked());
    }

    #[test]
    fn an_address_needs_a_target() {
        assert_eq!(
            Listing::read(b"TargetAddress=10.0.0.1\0"),
            Err(TextFailure::Malformed)
        );
        assert_eq!(Listing::read(b"SendTargets=Reject\0"), Err(TextFailure::Refused));
    }

    proptest! {
        #[test]
        fn every_entry_is_a_target_or_told(text in proptest::collection::vec("[A-Za-z=:.,%\\[\\]\0 ]{0,30}", 0..20)) {
            let mut all = String::new();
            for name in &text {
                all.push_str(&format!("TargetName={}\0", name.replace('\0', "")));
            }
            let listing = Listing::read(all.as_bytes()).unwrap();
            prop_assert_eq!(listing.targets.len() + listing.unusable_names.len(), text.len());
        }
    }
}
