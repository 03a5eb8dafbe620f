//! One port: its phase, its control block, its cable, its table.
//!
//! Owns the port's own life: initialization, address bring-up, link, timers, crash. Sessions stand in [`super::connect`],
//! mailbox commands in [`super::mailbox`]. Sources: `ql4_init.c` `qla4xxx_fw_ready`, `qla4xxx_initialize_adapter`;
//! requirements on firmware modes: AUTO CONNECT logs in by itself, NON-AUTO CONNECT waits for the driver.

use std::time::{Duration, Instant};

use driver_sys::hw::acb::{AddFwOptions, FwOptions};
use driver_sys::hw::ddb::DdbState;
use driver_sys::hw::flash::IFCB_COOKIE;
use driver_sys::hw::mailbox::{FwAddState, FwState};
use driver_sys::hw::raw::{addr_ctrl_blk, dev_db_entry, flash_sys_info};
use driver_sys::hw::until_nul;

use iscsi::chap::ChapAlgorithm;

use super::acb::Acb;
use super::ddb::Ddbs;
use super::eventlog::EventLog;
use super::network::Network;
use super::outbox::Outbox;
use super::rom::Rom;
use super::stats::PortStats;
use super::{Aen, LoginFailure};
use crate::chip::Chip;
use crate::flash::{Area, factory};

/// What a call on a port may touch beside the port.
pub(super) struct Ctx<'a> {
    pub(super) now: Instant,
    pub(super) rom: &'a mut Rom,
    pub(super) out: &'a mut Outbox,
    /// CHAP algorithms to offer.
    pub(super) chap: &'a [ChapAlgorithm],
}

/// Where a port is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// INITIALIZE_FIRMWARE has not come.
    ConfigWait,
    /// At work.
    Running,
    /// Crashed.
    Dead,
}

/// One port.
pub(super) struct Port {
    pub(super) number: usize,
    pub(super) chip: &'static Chip,
    pub(super) phase: Phase,
    pub(super) acb: Acb,
    pub(super) link_up: bool,
    pub(super) ddbs: Ddbs,
    pub(super) stats: PortStats,
    pub(super) log: EventLog,
    /// The firmware logs in by itself.
    pub(super) auto_connect: bool,
    /// AUTO CONNECT: first logins that have not ended yet.
    pub(super) auto_pending: Vec<u16>,
    pub(super) started: Instant,
    pub(super) next_tag: u32,
    /// When the next heartbeat is due.
    heartbeat_at: Option<Instant>,
    network: Network,
}

impl Port {
    pub(super) fn new(
        chip: &'static Chip,
        number: usize,
        rom: &Rom,
        link_up: bool,
        network: Network,
        now: Instant,
    ) -> Self {
        Self {
            number,
            chip,
            phase: Phase::ConfigWait,
            acb: Acb::new(stored_acb(chip, rom, number), network),
            link_up,
            ddbs: Ddbs::new(chip),
            stats: PortStats::default(),
            log: EventLog::default(),
            auto_connect: false,
            auto_pending: Vec::new(),
            started: now,
            next_tag: 0,
            heartbeat_at: None,
            network,
        }
    }

    /// Another network at the end of the cable; it counts from the next time the addresses are brought up.
    pub(super) fn set_network(&mut self, network: Network) {
        self.network = network;
    }

    /// The port's MAC address, from flash.
    pub(super) fn mac(&self, rom: &Rom) -> [u8; 6] {
        let info: Option<flash_sys_info> = rom.record(self.number, Area::SysInfo, 0);
        info.map_or([0; 6], |info| info.physAddr[0].address)
    }

    /// The control block as the factory set it.
    pub(super) fn factory_acb(&self, rom: &Rom) -> addr_ctrl_blk {
        factory_acb(self.chip, rom, self.number)
    }

    /// The initiator name in use.
    pub(super) fn initiator_name(&self) -> String {
        String::from_utf8_lossy(until_nul(&self.acb.block.iscsi_name)).into_owned()
    }

    /// Reset: links are cut, RAM is lost. The port waits for INITIALIZE_FIRMWARE.
    pub(super) fn reset(&mut self, cx: &mut Ctx<'_>) {
        self.cut_all(cx);
        cx.out.forget_pings(self.number);
        cx.rom.forget_held(self.number);
        *self = Self::new(self.chip, self.number, cx.rom, self.link_up, self.network, cx.now);
    }

    /// INITIALIZE_FIRMWARE.
    pub(super) fn initialize(&mut self, cx: &mut Ctx<'_>, block: &addr_ctrl_blk) {
        self.end_all(cx, LoginFailure::Dropped);
        self.ddbs = Ddbs::new(self.chip);
        self.acb = Acb::new(*block, self.network);
        self.phase = Phase::Running;
        self.auto_connect = !block.add_fw_flags().contains(AddFwOptions::AUTOCONN_DISABLE);
        for index in 0..self.chip.max_flash_ddbs {
            let entry: Option<dev_db_entry> = cx.rom.record(self.number, Area::Ddb, index.into());
            if let Some(entry) = entry.filter(dev_db_entry::is_valid) {
                self.ddbs.put(index, entry);
            }
        }
        let number = self.number;
        self.heartbeat_at = self.heartbeat().map(|every| cx.now + every);
        self.acb.enable(cx.now, |aen| cx.out.aen(number, aen));
        if self.link_up {
            cx.out.aen(number, Aen::LinkUp);
        }
        if self.auto_connect {
            self.auto_pending = self.ddbs.indices();
            for index in self.ddbs.indices() {
                if let Some(ddb) = self.ddbs.get_mut(index) {
                    ddb.retry_at = Some(cx.now);
                }
            }
            self.log_in_due(cx);
        }
    }

    /// The cable was pulled or plugged.
    pub(super) fn set_link(&mut self, cx: &mut Ctx<'_>, up: bool) {
        if self.link_up == up {
            return;
        }
        self.link_up = up;
        if self.phase != Phase::Running {
            return;
        }
        if up {
            cx.out.aen(self.number, Aen::LinkUp);
            self.log_in_due(cx);
        } else {
            cx.out.aen(self.number, Aen::LinkDown);
            self.end_all(cx, LoginFailure::Connection);
        }
    }

    /// The firmware dies. What was under way comes back now: nobody could ask for it later.
    pub(super) fn crash(&mut self, cx: &mut Ctx<'_>) {
        self.cut_all(cx);
        self.phase = Phase::Dead;
        cx.out.aen(self.number, Aen::SystemError);
    }

    /// Takes every session away without a word to its target.
    fn cut_all(&mut self, cx: &mut Ctx<'_>) {
        for index in self.ddbs.indices() {
            self.cut(cx, index);
        }
    }

    /// DISABLE_ACB.
    pub(super) fn disable_acb(&mut self, cx: &mut Ctx<'_>) {
        self.end_all(cx, LoginFailure::NoAddress);
        let number = self.number;
        self.acb.disable(|aen| cx.out.aen(number, aen));
    }

    /// SET_ACB.
    pub(super) fn set_acb(&mut self, cx: &mut Ctx<'_>, block: &addr_ctrl_blk) {
        self.acb.merge(block);
        let number = self.number;
        self.acb.enable(cx.now, |aen| cx.out.aen(number, aen));
        if self.auto_connect {
            self.log_in_due(cx);
        }
    }

    /// Mailboxes 1 and 3 of GET_FW_STATE.
    pub(super) fn state(&self) -> (FwState, FwAddState) {
        let state = match self.phase {
            Phase::ConfigWait => FwState::ConfigWait,
            Phase::Dead => FwState::Error,
            Phase::Running if self.acb.configuring() && self.link_up => FwState::ConfiguringIp,
            Phase::Running if !self.auto_pending.is_empty() && self.link_up => FwState::WaitAutoconnect,
            Phase::Running => FwState::Ready,
        };
        let mut more = FwAddState::empty();
        if self.link_up {
            more |= FwAddState::LINK_UP;
            more |= match self.chip.speed_mbps {
                10 => FwAddState::LINK_SPEED_10MBPS,
                100 => FwAddState::LINK_SPEED_100MBPS,
                1000 => FwAddState::LINK_SPEED_1GBPS,
                _ => FwAddState::LINK_SPEED_10GBPS,
            };
        }
        let (dhcp, leased) = self.acb.dhcp();
        more.set(FwAddState::DHCPV4_ENABLED, dhcp);
        more.set(FwAddState::DHCPV4_LEASE_ACQUIRED, leased);
        (state, more)
    }

    /// Uptime of the firmware.
    pub(super) fn uptime(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.started)
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        if self.phase != Phase::Running {
            return None;
        }
        let ddbs = self.ddbs.iter().flat_map(|(_, ddb)| {
            let session = ddb.session.as_ref().and_then(|session| session.poll_timeout());
            let retry = ddb.retry_at.filter(|_| self.link_up && !ddb.busy());
            [session, retry]
        });
        let own = [self.acb.poll_timeout(), self.heartbeat_at];
        ddbs.flatten().chain(own.into_iter().flatten()).min()
    }

    pub(super) fn handle_timeout(&mut self, cx: &mut Ctx<'_>) {
        if self.phase != Phase::Running {
            return;
        }
        let number = self.number;
        self.acb.handle_timeout(cx.now, |aen| cx.out.aen(number, aen));
        if self.heartbeat_at.is_some_and(|at| at <= cx.now) {
            cx.out.aen(number, Aen::Heartbeat);
            self.heartbeat_at = self.heartbeat().map(|every| cx.now + every);
        }
        for index in self.ddbs.indices() {
            if let Some(session) = self.ddbs.get_mut(index).and_then(|ddb| ddb.session.as_mut())
                && session.poll_timeout().is_some_and(|at| at <= cx.now)
            {
                session.handle_timeout(cx.now);
                self.settle(cx, index);
            }
        }
        self.log_in_due(cx);
    }

    /// How often the control block wants a sign of life.
    fn heartbeat(&self) -> Option<Duration> {
        let seconds = self.acb.block.hb_interval;
        let wanted = self.acb.block.fw_flags().contains(FwOptions::HEARTBEAT_ENABLE) && seconds > 0;
        wanted.then(|| Duration::from_secs(seconds.into()))
    }

    /// Ends every session and login at once, without logout.
    fn end_all(&mut self, cx: &mut Ctx<'_>, why: LoginFailure) {
        for index in self.ddbs.indices() {
            if self.ddbs.get(index).is_some_and(|ddb| ddb.session.is_some()) {
                self.end(cx, index, why, None);
            }
        }
    }

    /// Starts every login whose time has come.
    pub(super) fn log_in_due(&mut self, cx: &mut Ctx<'_>) {
        if !self.link_up {
            return;
        }
        for index in self.ddbs.indices() {
            let due = self.ddbs.get(index).is_some_and(|ddb| {
                ddb.retry_at.is_some_and(|at| at <= cx.now)
                    && !ddb.busy()
                    && ddb
                        .portal()
                        .is_none_or(|to| self.acb.source_for(to.ip()).is_some())
            });
            if due {
                if let Some(ddb) = self.ddbs.get_mut(index) {
                    ddb.retry_at = None;
                    ddb.wait_until = None;
                }
                self.open(cx, index);
            } else if let Some(ddb) = self.ddbs.get_mut(index)
                && ddb.retry_at.is_some_and(|at| at <= cx.now)
                && !ddb.busy()
            {
                // No address yet: look again in a second.
                ddb.retry_at = Some(cx.now + Duration::from_secs(1));
            }
        }
    }

    /// Tells the driver about a DDB's new state.
    pub(super) fn change_state(&mut self, cx: &mut Ctx<'_>, index: u16, state: DdbState, error: u32) {
        if let Some(ddb) = self.ddbs.get_mut(index) {
            ddb.state = state;
            ddb.error = error;
        }
        cx.out.aen(
            self.number,
            Aen::DatabaseChanged {
                ddb: index,
                state,
                error,
            },
        );
    }
}

/// The control block in flash, or the factory's when that area is erased.
pub(super) fn stored_acb(chip: &Chip, rom: &Rom, port: usize) -> addr_ctrl_blk {
    rom.record::<addr_ctrl_blk>(port, Area::Ifcb, 0)
        .filter(|block| block.cookie.get() == IFCB_COOKIE)
        .unwrap_or_else(|| factory_acb(chip, rom, port))
}

fn factory_acb(chip: &Chip, rom: &Rom, port: usize) -> addr_ctrl_blk {
    let info = rom
        .record::<flash_sys_info>(port, Area::SysInfo, 0)
        .unwrap_or_default();
    let serial = String::from_utf8_lossy(until_nul(&info.acSerialNumber)).into_owned();
    factory::default_acb(chip, info.physAddr[0].address, &serial, port)
}
