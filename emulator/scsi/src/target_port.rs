//! Target ports, their groups and how well each group leads to the logical units (ALUA).
//!
//! Owns what a port is called, REPORT TARGET PORT GROUPS, and what is refused through a group that is in standby or unavailable. Must
//! not know which transport the ports belong to. Implicit management only: the target decides, initiators ask. Source: SPC-4 §5.15,
//! §6.36, §7.8.6.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::cdb::Cdb;
use crate::sense::{AdditionalSense, Sense, SenseKey};

/// How well a group of ports leads to a logical unit (SPC-4 table 278).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessState {
    /// The best way.
    #[default]
    Optimized,
    /// Works, slower.
    NonOptimized,
    /// Carries no data until it becomes active.
    Standby,
    /// Carries nothing now.
    Unavailable,
}

impl AccessState {
    /// All of them, with their names.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Optimized, "optimized"),
        (Self::NonOptimized, "nonoptimized"),
        (Self::Standby, "standby"),
        (Self::Unavailable, "unavailable"),
    ];

    const fn code(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for AccessState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(state, _)| state == self);
        f.write_str(name.map_or("", |(_, name)| name))
    }
}

/// No access state of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an access state is optimized, nonoptimized, standby or unavailable")]
pub struct UnknownState;

impl FromStr for AccessState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        let found = Self::ALL.iter().find(|(_, name)| *name == text);
        found.map(|(state, _)| *state).ok_or(UnknownState)
    }
}

/// One target port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetPort {
    /// RELATIVE TARGET PORT IDENTIFIER, from 1.
    pub relative: u16,
    /// TARGET PORT GROUP.
    pub group: u16,
    /// The target device that it belongs to, by any name.
    pub device: Arc<str>,
    /// Its SCSI name string (for iSCSI: the target's name, `,t,0x` and the portal group tag in four hexadecimal digits).
    pub name: Arc<str>,
}

/// The ports through which the logical units are reached.
#[derive(Clone, Debug, Default)]
pub struct TargetPorts {
    ports: Vec<TargetPort>,
    states: BTreeMap<u16, AccessState>,
}

impl TargetPorts {
    /// These ports; every group is active/optimized.
    #[must_use]
    pub fn new(ports: Vec<TargetPort>) -> Self {
        let states = ports.iter().map(|port| (port.group, AccessState::default()));
        Self {
            states: states.collect(),
            ports,
        }
    }

    /// The port of that number.
    #[must_use]
    pub fn find(&self, relative: u16) -> Option<&TargetPort> {
        self.ports.iter().find(|port| port.relative == relative)
    }

    /// Whether there is a choice, which is when initiators are told of groups.
    #[must_use]
    pub fn grouped(&self) -> bool {
        self.states.len() > 1
    }

    /// The groups and their states.
    pub fn groups(&self) -> impl Iterator<Item = (u16, AccessState)> {
        self.states.iter().map(|(group, state)| (*group, *state))
    }

    /// Puts a group into a state; false if there is no such group or nothing changes.
    pub(crate) fn set_state(&mut self, group: u16, state: AccessState) -> Option<bool> {
        let known = self.states.get_mut(&group)?;
        Some(std::mem::replace(known, state) != state)
    }

    fn state_of(&self, relative: u16) -> AccessState {
        let port = self.find(relative);
        let state = port.and_then(|port| self.states.get(&port.group));
        state.copied().unwrap_or_default()
    }

    /// Why a command is not carried out through this port.
    pub(crate) fn refuses(&self, relative: u16, cdb: &Cdb) -> Option<Sense> {
        let anyhow = matches!(
            cdb,
            Cdb::Inquiry(_)
                | Cdb::RequestSense { .. }
                | Cdb::ReportLuns { .. }
                | Cdb::ReportTargetPortGroups(_)
        );
        let in_standby = matches!(
            cdb,
            Cdb::ModeSense(_) | Cdb::ModeSelect(_) | Cdb::PersistentIn(_) | Cdb::PersistentOut(_)
        );
        let why = match self.state_of(relative) {
            AccessState::Optimized | AccessState::NonOptimized => return None,
            _ if anyhow => return None,
            AccessState::Standby if in_standby => return None,
            AccessState::Standby => AdditionalSense::TARGET_PORT_IN_STANDBY,
            AccessState::Unavailable => AdditionalSense::TARGET_PORT_UNAVAILABLE,
        };
        Some(Sense::new(SenseKey::NotReady, why))
    }

    /// Parameter data of REPORT TARGET PORT GROUPS as the device of this port answers it.
    pub(crate) fn report(&self, relative: u16, extended: bool) -> Vec<u8> {
        /// Supported states: unavailable, standby, non-optimized, optimized.
        const SUPPORTED: u8 = 0x0f;
        /// STATUS CODE: changed by implicit behaviour.
        const IMPLICIT: u8 = 2;
        let device = self.find(relative).map(|port| &port.device);
        let mut groups = Vec::new();
        for (group, state) in self.groups() {
            let ports: Vec<u16> = self
                .ports
                .iter()
                .filter(|port| port.group == group && Some(&port.device) == device)
                .map(|port| port.relative)
                .collect();
            let preferred = if state == AccessState::Optimized { 0x80 } else { 0 };
            groups.extend_from_slice(&[preferred | state.code(), SUPPORTED]);
            groups.extend_from_slice(&group.to_be_bytes());
            groups.extend_from_slice(&[0, IMPLICIT, 0, u8::try_from(ports.len()).unwrap_or(u8::MAX)]);
            for port in ports.iter().take(usize::from(u8::MAX)) {
                groups.extend_from_slice(&[0, 0]);
                groups.extend_from_slice(&port.to_be_bytes());
            }
        }
        // Format type and implicit transition time (0: no time is named).
        let header: &[u8] = if extended { &[0x10, 0, 0, 0] } else { &[] };
        let len = u32::try_from(header.len() + groups.len()).unwrap_or(u32::MAX);
        let mut data = len.to_be_bytes().to_vec();
        data.extend_from_slice(header);
        data.extend_from_slice(&groups);
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(relative: u16, group: u16, device: &str) -> TargetPort {
        TargetPort {
            relative,
            group,
            device: device.into(),
            name: format!("{device},t,0x{group:04x}").into(),
        }
    }

    #[test]
    fn a_report_has_every_group_and_the_ports_of_the_device_that_was_asked() {
        let mut ports = TargetPorts::new(vec![
            port(1, 1, "a"),
            port(2, 7, "a"),
            port(3, 1, "b"),
            port(4, 7, "b"),
        ]);
        assert!(ports.grouped());
        assert_eq!(ports.set_state(7, AccessState::NonOptimized), Some(true));
        assert_eq!(ports.set_state(7, AccessState::NonOptimized), Some(false));
        assert_eq!(ports.set_state(9, AccessState::Standby), None);
        let short = ports.report(4, false);
        assert_eq!(
            short,
            [
                0, 0, 0, 24, 0x80, 0x0f, 0, 1, 0, 2, 0, 1, 0, 0, 0, 3, 0x01, 0x0f, 0, 7, 0, 2, 0, 1, 0, 0, 0,
                4
            ]
        );
        let long = ports.report(4, true);
        assert_eq!(long[..8], [0, 0, 0, 28, 0x10, 0, 0, 0]);
        assert_eq!(long[8..], short[4..]);
    }

    #[test]
    fn one_group_is_no_choice() {
        assert!(!TargetPorts::new(vec![port(1, 1, "a"), port(2, 1, "b")]).grouped());
        assert!(!TargetPorts::default().grouped());
    }

    #[test]
    fn states_are_named() {
        for (state, name) in AccessState::ALL {
            assert_eq!((name.parse(), state.to_string()), (Ok(state), name.to_owned()));
        }
        assert_eq!("active".parse::<AccessState>(), Err(UnknownState));
    }
}
