//! From a port that is initialized to a host that runs: discovery, the list of targets, the first logins.
//!
//! Runs as steps that wait for the card, not for the caller. Source: `ql4_os.c` (`qla4xxx_build_ddb_list`,
//! `qla4xxx_build_st_list`, `qla4xxx_build_nt_list`, `qla4xxx_probe_adapter`), `ql4_def.h` (`IP_CONFIG_TOV`, `LOGIN_TOV`).

use std::time::{Duration, Instant};

use driver_sys::hw::aen::IpAddrState;
use driver_sys::hw::ddb::DdbState;
use driver_sys::hw::raw::dev_db_entry;
use isp4xxx::fw::{Command, DdbReply, Reply};

use super::Qla4xxx;
use super::flashnode::Tuple;
use crate::transport::Class;

/// Where a host's probe (or what follows a reset) stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// Addresses are being acquired.
    Addresses {
        /// Give up waiting.
        until: Instant,
        /// After a reset.
        reset: bool,
    },
    /// SendTargets entries are being asked: firmware index and flash index.
    Discovery {
        /// Entries that have not ended yet.
        open: Vec<u16>,
        /// Give up waiting.
        until: Instant,
        /// After a reset.
        reset: bool,
    },
    /// The boot targets' logins are awaited.
    BootLogin {
        /// Give up waiting.
        until: Instant,
    },
    /// Done.
    Running,
}

/// `IP_CONFIG_TOV`.
const IP_CONFIG_TOV: Duration = Duration::from_secs(30);
/// `LOGIN_TOV`, in seconds.
const LOGIN_TOV: u16 = 12;
/// `BOOT_LOGIN_RESP_TOV`.
const BOOT_LOGIN_TOV: Duration = Duration::from_secs(60);

impl Qla4xxx {
    /// Builds the list of targets, or remembers to when the link comes.
    pub(super) fn start_probe(&mut self, class: &mut Class, host: usize, reset: bool) {
        if !self.hosts[host].link_up {
            self.hosts[host].build_list = Some(reset);
            self.finish_probe(class, host, reset);
            return;
        }
        self.hosts[host].build_list = None;
        self.hosts[host].stage = Stage::Addresses {
            until: self.now + IP_CONFIG_TOV,
            reset,
        };
    }

    /// Whether a port is on its way back from a reset (`ql4xxx_reset_active`).
    pub(super) fn resetting(&self, host: usize) -> bool {
        matches!(
            self.hosts[host].stage,
            Stage::Addresses { reset: true, .. } | Stage::Discovery { reset: true, .. }
        )
    }

    /// Whether every host has finished its probe.
    pub(super) fn probed(&self) -> bool {
        self.hosts.iter().all(|h| h.stage == Stage::Running)
    }

    /// Takes every probe as far as it goes; `true` when one moved.
    pub(super) fn advance_probes(&mut self, class: &mut Class) -> bool {
        let mut moved = false;
        for host in 0..self.hosts.len() {
            while self.advance_probe(class, host) {
                moved = true;
            }
        }
        moved
    }

    fn advance_probe(&mut self, class: &mut Class, host: usize) -> bool {
        match self.hosts[host].stage.clone() {
            Stage::Running => false,
            Stage::Addresses { until, reset } => {
                if self.now < until && self.addresses_pending(host) {
                    return false;
                }
                let open = self.open_discovery(host);
                self.hosts[host].stage = Stage::Discovery {
                    open,
                    until: self.now + self.discovery_time(host),
                    reset,
                };
                true
            }
            Stage::Discovery {
                mut open,
                until,
                reset,
            } => {
                open.retain(|ddb| {
                    let state = self.ddb(host, *ddb).map(|d| d.state);
                    !matches!(
                        state,
                        Some(DdbState::NoConnectionActive | DdbState::SessionFailed | DdbState::Unassigned)
                            | None
                    )
                });
                if !open.is_empty() && self.now < until {
                    self.hosts[host].stage = Stage::Discovery { open, until, reset };
                    return false;
                }
                self.build_nt_list(class, host, reset);
                self.finish_probe(class, host, reset);
                true
            }
            Stage::BootLogin { until } => {
                let waiting = self.sessions.values().any(|s| {
                    s.host == host
                        && s.boot
                        && !matches!(s.state, DdbState::SessionActive | DdbState::SessionFailed)
                });
                if waiting && self.now < until {
                    return false;
                }
                self.hosts[host].stage = Stage::Running;
                true
            }
        }
    }

    /// How long SendTargets logins are waited for: the control block's timeout where it is longer than the usual and not absurd.
    fn discovery_time(&self, host: usize) -> Duration {
        let wanted = self.hosts[host].acb.def_timeout.get();
        let usual = wanted <= LOGIN_TOV || wanted >= LOGIN_TOV * 10;
        Duration::from_secs(if usual { LOGIN_TOV } else { wanted }.into())
    }

    fn addresses_pending(&mut self, host: usize) -> bool {
        (0..4).any(|ip| {
            let state = self.mbox(host, Command::GetIpAddrState { acb: 0, ip });
            matches!(
                state,
                Ok(Reply::IpAddrState(
                    IpAddrState::Acquiring | IpAddrState::Tentative
                ))
            )
        })
    }

    /// A RAM entry of the firmware.
    pub(super) fn ddb(&mut self, host: usize, ddb: u16) -> Option<DdbReply> {
        match self.mbox(host, Command::GetDatabaseEntry { ddb }) {
            Ok(Reply::Ddb(d)) => Some(d),
            _ => None,
        }
    }

    /// Every RAM entry in use, in order.
    pub(super) fn ddbs_in_use(&mut self, host: usize) -> Vec<DdbReply> {
        let max = self.card.chip().max_ddbs;
        let mut out = Vec::new();
        let mut at = 0;
        while at < max {
            let Some(d) = self.ddb(host, at) else { break };
            let next = d.next;
            if d.state != DdbState::Unassigned {
                out.push(d);
            }
            if next <= at {
                break;
            }
            at = next;
        }
        out
    }

    fn open_discovery(&mut self, host: usize) -> Vec<u16> {
        let entries: Vec<u16> = self
            .ddbs_in_use(host)
            .iter()
            .filter(|d| d.entry.iscsi_name[0] == 0)
            .map(|d| d.index)
            .collect();
        for ddb in &entries {
            let _ = self.mbox(host, Command::ConnOpen { ddb: *ddb });
        }
        entries
    }

    /// Makes sessions of the targets in the firmware's table.
    fn build_nt_list(&mut self, class: &mut Class, host: usize, reset: bool) {
        let auto = self.config.fw_mode == crate::config::FirmwareMode::AutoConnect;
        let mut taken: Vec<dev_db_entry> = Vec::new();
        for found in self.ddbs_in_use(host) {
            let h = &self.hosts[host];
            let is_boot = h.boot.contains(&Some(found.index));
            if (is_boot && !self.config.disable_sysfs_boot) || found.entry.iscsi_name[0] == 0 {
                continue;
            }
            let idle = matches!(
                found.state,
                DdbState::NoConnectionActive | DdbState::SessionFailed
            );
            let mut entry = *found.entry;
            // The firmware was faster (AUTO CONNECT): its login has a session already, or the same target at the same place has.
            if auto && (self.owned(host, found.index) || self.session_to(host, &Tuple::of(&entry)).is_some())
            {
                continue;
            }
            if reset {
                if let Some(sid) = self.session_of_tuple(host, &Tuple::of(&entry)) {
                    self.set_parent(class, sid, &entry);
                    continue;
                }
            } else if idle {
                if !keep_or_renumber(&taken, &mut entry) {
                    continue;
                }
                taken.push(entry);
            } else if !auto {
                continue;
            }
            let sid =
                self.create_flash_session(class, host, &entry, is_boot && self.config.disable_sysfs_boot);
            if !idle {
                self.own_ddb(class, sid, found.index);
                self.flash_ddb_change(class, sid, found.state);
            }
        }
    }

    /// What follows the list: idle entries are given back, sessions log in, flash nodes and interfaces appear.
    fn finish_probe(&mut self, class: &mut Class, host: usize, reset: bool) {
        for d in self.ddbs_in_use(host) {
            let owned = self.owned(host, d.index);
            if !owned && matches!(d.state, DdbState::NoConnectionActive | DdbState::SessionFailed) {
                let _ = self.mbox(host, Command::ClearDatabaseEntry { ddb: d.index });
            }
        }
        self.hosts[host].stage = Stage::Running;
        let mine: Vec<u32> = self
            .sessions
            .iter()
            .filter(|(_, s)| s.host == host && s.flash)
            .map(|(sid, _)| *sid)
            .collect();
        if reset {
            self.relogin_all(class, host);
            return;
        }
        for sid in mine {
            self.login_flash(class, sid);
        }
        self.show_boot(class, host);
        self.create_ifaces(class, host);
        self.export_flashnodes(class, host);
        let waits = self.sessions.values().any(|s| s.host == host && s.boot);
        if waits {
            self.hosts[host].stage = Stage::BootLogin {
                until: self.now + BOOT_LOGIN_TOV,
            };
        }
    }
}

/// A second path to a target with the same ISID gets another one; the same path twice is dropped.
fn keep_or_renumber(taken: &[dev_db_entry], entry: &mut dev_db_entry) -> bool {
    let tuple = Tuple::of(entry);
    if taken
        .iter()
        .any(|t| Tuple::of(t) == tuple && t.isid == entry.isid)
    {
        return false;
    }
    let same_target = |t: &&dev_db_entry| t.iscsi_name == entry.iscsi_name && t.isid == entry.isid;
    if taken.iter().any(|t| same_target(&t)) {
        let base = entry.isid[1] & 0x1f;
        for i in 0..8u8 {
            let mut isid = entry.isid;
            isid[1] = base | (i << 5);
            if !taken.iter().any(|t| t.isid == isid) {
                entry.isid = isid;
                return true;
            }
        }
        return false;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(ip: u8, isid: u8) -> dev_db_entry {
        let mut e = dev_db_entry::default();
        e.iscsi_name[0] = b'x';
        e.ip_addr[3] = ip;
        e.isid[5] = isid;
        e
    }

    #[test]
    fn a_duplicate_path_is_dropped_and_a_second_path_gets_its_own_isid() {
        let taken = [entry(1, 1)];
        assert!(!keep_or_renumber(&taken, &mut entry(1, 1)));
        let mut second = entry(2, 1);
        assert!(keep_or_renumber(&taken, &mut second));
        assert_ne!(second.isid, taken[0].isid);
        let mut other = entry(2, 2);
        assert!(keep_or_renumber(&taken, &mut other));
        assert_eq!(other.isid, entry(2, 2).isid);
    }
}
