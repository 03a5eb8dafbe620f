//! What a session is known by: initiator port (name and ISID) and target port (name and portal group).
//!
//! Owns which two sessions are the same, and the numbers of target ports. Source: RFC 7143 §4.4.1 (nexus), §4.4.3.1 (ISID rule, session
//! reinstatement), SPC-4 §7.8.6.7 (relative target port identifier).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use iscsi::{Isid, names};
use scsi::{NexusId, TargetPort, TargetPorts};

/// Names an I_T nexus.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct NexusName {
    pub(super) initiator: String,
    pub(super) isid: Isid,
    pub(super) target: String,
    pub(super) group: u16,
}

impl NexusName {
    pub(super) fn new(initiator: &str, isid: Isid, target: &str, group: u16) -> Self {
        Self {
            initiator: names::key(initiator),
            isid,
            target: names::key(target),
            group,
        }
    }
}

/// A normal session in the full feature phase.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) client: u64,
    pub(super) nexus: NexusId,
}

/// The sessions that there are, as logins and commands see them.
#[derive(Debug, Clone, Default)]
pub(super) struct Sessions(Arc<Mutex<HashMap<NexusName, Session>>>);

impl Sessions {
    pub(super) fn lock(&self) -> MutexGuard<'_, HashMap<NexusName, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The target ports: every name through every portal group.
#[derive(Debug)]
pub(super) struct Ports {
    targets: Vec<String>,
    groups: Vec<u16>,
}

impl Ports {
    /// Each name as often as there are groups, in the order of both lists.
    pub(super) fn new(targets: &[String], groups: impl Iterator<Item = u16>) -> Self {
        let mut known = Vec::new();
        for group in groups {
            if !known.contains(&group) {
                known.push(group);
            }
        }
        Self {
            targets: targets.to_vec(),
            groups: known,
        }
    }

    /// RELATIVE TARGET PORT IDENTIFIER: 1 for the first name and the first group.
    pub(super) fn number(&self, target: &str, group: u16) -> u16 {
        let target = self.targets.iter().position(|name| names::same(name, target));
        let group = self.groups.iter().position(|known| *known == group);
        let index = target.unwrap_or(0) * self.groups.len() + group.unwrap_or(0);
        u16::try_from(index + 1).unwrap_or(u16::MAX)
    }

    /// As the logical units tell of them.
    pub(super) fn as_scsi(&self) -> TargetPorts {
        let all = self.targets.iter().flat_map(|target| {
            self.groups.iter().map(move |group| TargetPort {
                relative: self.number(target, *group),
                group: *group,
                device: target.as_str().into(),
                name: format!("{target},t,0x{group:04x}").into(),
            })
        });
        TargetPorts::new(all.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_port_in_every_group() {
        let names = ["iqn.a".to_owned(), "iqn.B".to_owned()];
        let ports = Ports::new(&names, [1, 7, 1].into_iter());
        let numbers: Vec<u16> = [("iqn.a", 1), ("iqn.a", 7), ("iqn.b", 1), ("IQN.B", 7)]
            .into_iter()
            .map(|(name, group)| ports.number(name, group))
            .collect();
        assert_eq!(numbers, [1, 2, 3, 4]);
        let told = ports.as_scsi();
        assert!(told.grouped());
        let last = told.find(4).unwrap();
        assert_eq!(
            (&*last.name, &*last.device, last.group),
            ("iqn.B,t,0x0007", "iqn.B", 7)
        );
    }

    #[test]
    fn sessions_through_two_groups_are_two() {
        let one = NexusName::new("iqn.Host", Isid([0; 6]), "iqn.a", 1);
        assert_eq!(one, NexusName::new("iqn.host", Isid([0; 6]), "IQN.A", 1));
        assert_ne!(one, NexusName::new("iqn.host", Isid([0; 6]), "iqn.a", 2));
    }
}
