//! What an answer means for the records that are there: which are made, kept, moved, begun anew, or gone.
//!
//! Owns the rules. A record that is there is kept as it is, whatever somebody set in it, unless it is asked that it begins anew; what the list says of
//! a place (tag, address) is no setting, and follows the list. What is missing from a list is told, and removed only when that is asked. A record
//! that somebody wrote down without any discovery is never gone. Must not read nor write records: identities come in, steps go out.

use std::collections::{BTreeMap, HashMap, HashSet};

use iscsi::names::key;

use super::heard::Found;
use crate::address;
use crate::nodes::{NodeId, Portal};

/// A record that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Which.
    pub id: NodeId,
    /// Whether an earlier discovery of the same place made it. Only such a one can be gone.
    pub ours: bool,
}

/// What is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terms {
    /// Records that are named begin anew.
    pub reset: bool,
    /// Records that are not named any more go.
    pub remove_gone: bool,
    /// The list is all that there is: what is missing is gone.
    pub whole: bool,
}

/// What becomes of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A new one is made.
    Create(NodeId),
    /// It is as it was.
    Keep(NodeId),
    /// It begins anew, under this identity.
    Reset {
        /// The identity it had.
        from: NodeId,
        /// The identity it has then.
        to: NodeId,
    },
    /// The same settings at another place: another tag or address.
    Move {
        /// The identity it had.
        from: NodeId,
        /// The identity it has then.
        to: NodeId,
    },
    /// It is not named any more.
    Gone {
        /// Which.
        id: NodeId,
        /// Whether it goes.
        remove: bool,
    },
}

impl Step {
    /// The record that it is about, as it is afterwards.
    #[must_use]
    pub const fn id(&self) -> &NodeId {
        match self {
            Self::Create(id) | Self::Keep(id) | Self::Gone { id, .. } => id,
            Self::Reset { to, .. } | Self::Move { to, .. } => to,
        }
    }
}

/// A step, and which of the paths that were found it is for; none for what is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The step.
    pub step: Step,
    /// Index of the path.
    pub path: Option<usize>,
}

/// What becomes of the records: a step for every path through every interface that it is to be reached by (`through`, by the path's index), in the
/// order of the list, then what is gone.
#[must_use]
pub fn plan<'a>(
    known: &[Known],
    found: &[Found],
    through: impl Fn(usize) -> &'a [String],
    terms: Terms,
) -> Vec<Planned> {
    let mut left = Left::of(known);
    let mut steps: Vec<Option<Planned>> = Vec::with_capacity(found.len());
    let mut new: Vec<(usize, usize, NodeId)> = Vec::new();
    for (path, found) in found.iter().enumerate() {
        for iface in through(path) {
            let wanted = NodeId {
                target: found.target.clone(),
                portal: found.at.clone(),
                iface: iface.clone(),
            };
            match left.take_at(&wanted) {
                Some(there) => steps.push(Some(Planned {
                    step: there_already(&there.id, &wanted, terms),
                    path: Some(path),
                })),
                None => {
                    new.push((steps.len(), path, wanted));
                    steps.push(None);
                }
            }
        }
    }
    let mut moved = left.moved(&new, terms);
    for (slot, path, wanted) in new {
        let step = match moved.remove(&slot) {
            Some(from) if terms.reset => Step::Reset { from, to: wanted },
            Some(from) => {
                let to = under_its_name(&from, &wanted);
                Step::Move { from, to }
            }
            None => Step::Create(wanted),
        };
        if let Some(place) = steps.get_mut(slot) {
            *place = Some(Planned {
                step,
                path: Some(path),
            });
        }
    }
    let gone = left.gone(terms);
    steps.into_iter().flatten().chain(gone).collect()
}

/// A record that is at the place: its tag follows the list, where the list has one.
fn there_already(there: &NodeId, wanted: &NodeId, terms: Terms) -> Step {
    let mut to = there.clone();
    if wanted.portal.tag.is_some() {
        to.portal.tag = wanted.portal.tag;
    }
    match (terms.reset, to == *there) {
        (true, _) => Step::Reset {
            from: there.clone(),
            to,
        },
        (false, true) => Step::Keep(to),
        (false, false) => Step::Move {
            from: there.clone(),
            to,
        },
    }
}

/// A record's name is not changed by a list that writes it in other letters.
fn under_its_name(from: &NodeId, wanted: &NodeId) -> NodeId {
    NodeId {
        target: from.target.clone(),
        ..wanted.clone()
    }
}

/// Records that no path was found for yet, by target and interface.
struct Left<'a> {
    by_target: HashMap<(String, String), Vec<&'a Known>>,
    order: Vec<&'a Known>,
}

impl<'a> Left<'a> {
    fn of(known: &'a [Known]) -> Self {
        let mut by_target: HashMap<(String, String), Vec<&Known>> = HashMap::new();
        for one in known {
            let of = (key(one.id.target.as_str()), one.id.iface.clone());
            by_target.entry(of).or_default().push(one);
        }
        Self {
            by_target,
            order: known.iter().collect(),
        }
    }

    /// The record at a place: that with the same tag before one with another.
    fn take_at(&mut self, wanted: &NodeId) -> Option<&'a Known> {
        let of = (key(wanted.target.as_str()), wanted.iface.clone());
        let all = self.by_target.get_mut(&of)?;
        let here = |k: &&Known| same_place(&k.id.portal, &wanted.portal);
        let exact = all
            .iter()
            .position(|k| here(k) && k.id.portal.tag == wanted.portal.tag);
        let at = exact.or_else(|| all.iter().position(here))?;
        Some(all.remove(at))
    }

    /// Where a target's one portal of a tag is missing and one of the same tag is new, it is the same portal at another address.
    fn moved(&mut self, new: &[(usize, usize, NodeId)], terms: Terms) -> BTreeMap<usize, NodeId> {
        let mut moved = BTreeMap::new();
        if !terms.whole {
            return moved;
        }
        let group = |id: &NodeId| Some((key(id.target.as_str()), id.iface.clone(), id.portal.tag?));
        let mut came: HashMap<_, Vec<usize>> = HashMap::new();
        for (slot, _, id) in new {
            if let Some(group) = group(id) {
                came.entry(group).or_default().push(*slot);
            }
        }
        let mut went: HashMap<_, Vec<&Known>> = HashMap::new();
        for one in self.by_target.values().flatten().filter(|k| k.ours) {
            if let Some(group) = group(&one.id) {
                went.entry(group).or_default().push(*one);
            }
        }
        for (group, slots) in came {
            if let ([slot], Some([one])) = (slots.as_slice(), went.get(&group).map(Vec::as_slice)) {
                moved.insert(*slot, one.id.clone());
            }
        }
        for from in moved.values() {
            if let Some(all) = self
                .by_target
                .get_mut(&(key(from.target.as_str()), from.iface.clone()))
            {
                all.retain(|k| k.id != *from);
            }
        }
        moved
    }

    fn gone(self, terms: Terms) -> Vec<Planned> {
        if !terms.whole {
            return Vec::new();
        }
        let left: HashSet<&NodeId> = self.by_target.values().flatten().map(|k| &k.id).collect();
        self.order
            .into_iter()
            .filter(|k| k.ours && left.contains(&k.id))
            .map(|k| Planned {
                step: Step::Gone {
                    id: k.id.clone(),
                    remove: terms.remove_gone,
                },
                path: None,
            })
            .collect()
    }
}

/// Whether two portals are one place, whatever their tags.
#[must_use]
pub fn same_place(one: &Portal, other: &Portal) -> bool {
    one.port == other.port
        && address::same(&one.address, &other.address)
            .unwrap_or_else(|| one.address.eq_ignore_ascii_case(&other.address))
}

#[cfg(test)]
mod tests;
