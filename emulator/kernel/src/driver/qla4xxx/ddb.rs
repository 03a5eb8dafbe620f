//! What the driver knows of a session: the kernel's `struct ddb_entry`.
//!
//! Owns the timers of its logins; must not talk to the card or the class. Source: `ql4_def.h` (`struct ddb_entry`), `ql4_os.c`
//! (`qla4xxx_setup_flash_ddb_entry`).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use driver_sys::hw::ddb::DdbState;
use driver_sys::hw::raw::dev_db_entry;
use driver_sys::netlink::params::IscsiParam;

use super::flashnode::Flashnode;

/// The driver never waits less than this for a login (`LOGIN_TOV`).
const LOGIN_TOV: u16 = 12;
/// Nor less than this for a relogin (`RELOGIN_TOV`).
const RELOGIN_TOV: u16 = 18;

/// What the driver knows of a session.
pub(super) struct DdbEntry {
    /// Port of its host.
    pub(super) host: usize,
    /// Made by the driver from flash (`FLASH_DDB`) rather than by user space.
    pub(super) flash: bool,
    /// A boot target of the driver (`DF_BOOT_TGT`).
    pub(super) boot: bool,
    /// Index in the firmware.
    pub(super) ddb: Option<u16>,
    /// What a flash session gives the firmware at every login.
    pub(super) asked: dev_db_entry,
    entry: dev_db_entry,
    numbers: Flashnode,
    /// What the driver believes the firmware's state to be.
    pub(super) state: DdbState,
    /// When the driver tries again.
    pub(super) retry_at: Option<Instant>,
    /// When the running try is given up.
    pub(super) try_until: Option<Instant>,
    /// Logout is under way: no more tries.
    pub(super) no_relogin: bool,
    /// Index of the SendTargets entry it comes from; 0xffff none.
    pub(super) parent: u16,
    /// CHAP entry; 0xffff none.
    pub(super) chap: u16,
    /// What user space set as text.
    pub(super) set: BTreeMap<u16, String>,
}

impl DdbEntry {
    /// Of a session of user space.
    pub(super) fn of_user(host: usize, ddb: u16) -> Self {
        let entry = dev_db_entry::default();
        Self {
            host,
            flash: false,
            boot: false,
            ddb: Some(ddb),
            asked: entry,
            entry,
            numbers: Flashnode::from_entry(&entry, true, false),
            state: DdbState::NoConnectionActive,
            retry_at: None,
            try_until: None,
            no_relogin: false,
            parent: 0xffff,
            chap: 0xffff,
            set: BTreeMap::new(),
        }
    }

    /// Of a session from flash.
    pub(super) fn of_flash(host: usize, entry: &dev_db_entry, boot: bool) -> Self {
        let mut made = Self {
            flash: true,
            boot,
            ddb: None,
            asked: *entry,
            chap: entry.chap_tbl_idx.get(),
            parent: parent_index(entry),
            ..Self::of_user(host, 0)
        };
        made.set_entry(*entry);
        made
    }

    /// What is shown: as asked for, after the login as negotiated.
    pub(super) fn entry(&self) -> &dev_db_entry {
        &self.entry
    }

    /// The numbers of what is shown.
    pub(super) fn numbers(&self) -> &Flashnode {
        &self.numbers
    }

    /// Shows another DDB from now on.
    pub(super) fn set_entry(&mut self, entry: dev_db_entry) {
        self.entry = entry;
        self.numbers = Flashnode::from_entry(&self.entry, true, false);
    }

    /// What user space set.
    pub(super) fn text(&self, param: IscsiParam) -> Option<&str> {
        self.set.get(&param.raw()).map(String::as_str)
    }

    /// How long one login may take.
    pub(super) fn login_timeout(&self) -> Duration {
        let t = self.asked.def_timeout.get();
        let t = if t > LOGIN_TOV && t < LOGIN_TOV * 10 {
            t
        } else {
            LOGIN_TOV
        };
        Duration::from_secs(u64::from(t.max(RELOGIN_TOV)))
    }

    /// How long to wait before the next try.
    fn retry_delay(&self) -> Duration {
        Duration::from_secs(u64::from(self.asked.iscsi_def_time2wait.get()) + 4)
    }

    /// The DDB that names its target: as it was asked for, whatever a redirect made of it.
    pub(super) fn target(&self) -> &dev_db_entry {
        if self.flash { &self.asked } else { &self.entry }
    }

    /// Arms the relogin timer unless a try is armed or running.
    pub(super) fn arm_relogin(&mut self, now: Instant) {
        if self.flash && !self.no_relogin && self.retry_at.is_none() {
            self.try_until = None;
            self.retry_at = Some(now + self.retry_delay());
        }
    }

    /// No try is armed or running any more.
    pub(super) fn disarm(&mut self) {
        self.retry_at = None;
        self.try_until = None;
    }
}

/// Where a target was found: the flash index of a SendTargets entry; 0xffff none.
pub(super) fn parent_index(entry: &dev_db_entry) -> u16 {
    Some(entry.ddb_link.get()).filter(|l| *l < 256).unwrap_or(0xffff)
}
