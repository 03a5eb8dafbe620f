//! The initiator session identifiers of an initiator's paths: two sessions of one initiator name to one target must differ in theirs,
//! or each login ends the session before it (reinstatement).
//!
//! Owns which identifiers are taken and which one is given next. Must not know where paths are found, or when one is needed. Identifiers are
//! those that the kernel shows. Sessions to different portal groups do not meet; an entry that was never logged in does not know its group,
//! and may meet any.
//!
//! Source: RFC 7143 sections 4.4.3 and 6.3.5; qla4xxx `ql4_os.c` (`qla4xxx_update_isid`: bits 5 to 7 of byte 1; sysfs shows the bytes
//! from last to first).

use std::collections::HashMap;

use iscsi::Isid;
use iscsi::names::key;

/// Identifiers that one target's paths can have beside each other: eight as the driver gives them, for each value of the byte beside them.
pub const PATHS: usize = 8 * 256;

/// Who has which identifier, by target. `W` says who; looking and giving take time for the paths of that target only.
#[derive(Debug, Clone)]
pub struct Taken<W> {
    by_target: HashMap<String, HashMap<Isid, Vec<(Group, W)>>>,
}

/// A portal group; `None` may be any.
type Group = Option<u16>;

impl<W> Default for Taken<W> {
    fn default() -> Self {
        Self {
            by_target: HashMap::new(),
        }
    }
}

impl<W> Taken<W> {
    /// Notes that `who` has `isid` at `target`. The first one to have it stays its owner.
    pub fn take(&mut self, target: &str, isid: Isid, who: W) {
        self.take_in(target, None, isid, who);
    }

    /// The same within a portal group.
    pub fn take_in(&mut self, target: &str, group: Group, isid: Isid, who: W) {
        let of_target = self.by_target.entry(key(target)).or_default();
        let owners = of_target.entry(isid).or_default();
        // Whoever met one of them before meets him still: who is in all groups, or in this one, says it all.
        if !owners.iter().any(|(of, _)| of.is_none() || *of == group) {
            owners.push((group, who));
        }
    }

    /// Who has `isid` at `target`.
    #[must_use]
    pub fn owner(&self, target: &str, isid: Isid) -> Option<&W> {
        self.owner_in(target, None, isid)
    }

    /// Who has `isid` at `target` in a portal group, or may have it there.
    #[must_use]
    pub fn owner_in(&self, target: &str, group: Group, isid: Isid) -> Option<&W> {
        let owners = self.by_target.get(&key(target))?.get(&isid)?;
        let met = owners.iter().find(|(of, _)| meet(*of, group))?;
        Some(&met.1)
    }

    /// Any identifier that is in use at `target`.
    #[must_use]
    pub fn any(&self, target: &str) -> Option<Isid> {
        self.by_target.get(&key(target))?.keys().min().copied()
    }

    /// An identifier like `like` that nobody has at `target`: `like` itself when it is free. `None` when all [`PATHS`] are taken.
    #[must_use]
    pub fn free(&self, target: &str, like: Isid) -> Option<Isid> {
        self.free_in(target, None, like)
    }

    /// The same within a portal group.
    #[must_use]
    pub fn free_in(&self, target: &str, group: Group, like: Isid) -> Option<Isid> {
        let of_target = self.by_target.get(&key(target));
        let free = |isid: &Isid| {
            let owners = of_target.and_then(|taken| taken.get(isid));
            owners.is_none_or(|all| !all.iter().any(|(of, _)| meet(*of, group)))
        };
        std::iter::once(like).chain(alike(like)).find(free)
    }
}

/// Whether sessions of two portal groups can be one and the same.
fn meet(one: Group, other: Group) -> bool {
    one.is_none() || other.is_none() || one == other
}

/// The identifiers of other paths, in the order in which the driver gives them; the type of the identifier stays.
fn alike(like: Isid) -> impl Iterator<Item = Isid> {
    (0..=u8::MAX).flat_map(move |more| {
        (0..8u8).map(move |path| {
            let mut bytes = like.0;
            // Shown from last to first: these are bytes 1 and 2.
            bytes[4] = (bytes[4] & 0x1f) | (path << 5);
            bytes[3] = bytes[3].wrapping_add(more);
            Isid(bytes)
        })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    const T: &str = "iqn.2026-01.test:disk0";

    fn isid(text: &str) -> Isid {
        text.parse().expect("an isid")
    }

    #[test]
    fn other_paths_get_the_bits_that_the_driver_would_give_them() {
        let mut taken = Taken::default();
        let first = isid("4414d0ddc000");
        taken.take(T, first, 2);
        let second = taken.free(T, first).expect("free");
        assert_eq!(second.to_string(), "4414d0dd0000");
        taken.take(T, second, 3);
        assert_eq!(taken.free(T, first).expect("free").to_string(), "4414d0dd2000");
        assert_eq!(
            taken.free("iqn.other", first),
            Some(first),
            "another target's are its own"
        );
    }

    #[test]
    fn the_first_owner_is_named_whatever_the_case_of_the_name() {
        let mut taken = Taken::default();
        taken.take("IQN.A:B", isid("000000000001"), "first");
        taken.take("iqn.a:b", isid("000000000001"), "second");
        assert_eq!(taken.owner("iqn.A:b", isid("000000000001")), Some(&"first"));
        assert_eq!(taken.owner("iqn.A:b", isid("000000000002")), None);
    }

    #[test]
    fn a_full_target_is_told() {
        let (mut taken, like) = (Taken::default(), isid("4414d0ddc000"));
        for n in 0..PATHS {
            let next = taken.free(T, like).expect("one is free");
            taken.take(T, next, n);
        }
        assert_eq!(taken.free(T, like), None);
    }

    proptest! {
        /// Whatever is taken and in which order: what is given is new, keeps its type, and is given for as long as there is one.
        #[test]
        fn what_is_given_is_never_taken(start in any::<[u8; 6]>(), others in prop::collection::vec(any::<[u8; 6]>(), 0..40), count in 1usize..200) {
            let mut taken = Taken::default();
            let mut seen: HashSet<Isid> = others.iter().map(|other| Isid(*other)).collect();
            for other in &seen {
                taken.take(T, *other, ());
            }
            for _ in 0..count {
                let given = taken.free(T, Isid(start)).expect("fewer than there are");
                prop_assert!(seen.insert(given), "{given} twice");
                prop_assert_eq!(given.0[5], start[5], "the byte with the type");
                taken.take(T, given, ());
            }
        }
    }
}
