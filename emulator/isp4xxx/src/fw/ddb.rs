//! The device database in RAM: entries, their states, and who may change them when.
//!
//! Owns the table and the rules of the entry commands (`0x31`, `0x62`, `0x63`, `0x64`). It must not know how a session is
//! driven. Entries below [`Chip::max_flash_ddbs`] mirror flash at initialization; discovered targets take the indices
//! above. Sources: `ql4_fw.h` `DDB_DS_*`; `ql4_init.c` `qla4xxx_arm_relogin_timer` (the wait after a failure);
//! `ql4_os.c` `qla4xxx_build_ddb_list`, `qla4xxx_get_ddb_index`.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use driver_sys::hw::ddb::DdbState;
use driver_sys::hw::raw::dev_db_entry;
use driver_sys::hw::until_nul;
use iscsi::initiator::Counters;

use super::session::Session;
use super::{DdbReply, MboxError};
use crate::chip::Chip;
use crate::flash::inspect::portal;

/// One used entry of the table.
pub(super) struct Ddb {
    /// What SET_DATABASE_ENTRY, flash or discovery put there.
    pub(super) configured: Box<dev_db_entry>,
    /// What GET_DATABASE_ENTRY shows: negotiated values over the configured ones.
    pub(super) live: Box<dev_db_entry>,
    pub(super) state: DdbState,
    /// Why the last session or login ended.
    pub(super) error: u32,
    /// The session, while there is a link.
    pub(super) session: Option<Box<Session>>,
    /// What earlier connections of this session moved.
    pub(super) past: Counters,
    /// Until then the firmware counts down time2wait and refuses to touch the entry.
    pub(super) wait_until: Option<Instant>,
    /// When the firmware logs in again by itself (AUTO CONNECT, logout with relogin).
    pub(super) retry_at: Option<Instant>,
    /// Where a permanent redirect sent us.
    pub(super) moved: Option<SocketAddr>,
    /// Free the entry once the logout is over.
    pub(super) free_after_logout: bool,
    /// Log in again once the logout is over.
    pub(super) relogin_after_logout: bool,
}

impl Ddb {
    pub(super) fn new(entry: dev_db_entry) -> Self {
        Self {
            configured: Box::new(entry),
            live: Box::new(entry),
            state: DdbState::NoConnectionActive,
            error: 0,
            session: None,
            past: Counters::default(),
            wait_until: None,
            retry_at: None,
            moved: None,
            free_after_logout: false,
            relogin_after_logout: false,
        }
    }

    /// A SendTargets entry has no name.
    pub(super) fn is_discovery(&self) -> bool {
        until_nul(&self.configured.iscsi_name).is_empty()
    }

    /// Where to connect: the permanent redirect, or the entry's own address.
    pub(super) fn portal(&self) -> Option<SocketAddr> {
        self.moved.or_else(|| portal(&self.configured))
    }

    /// A session lives or is coming up.
    pub(super) fn busy(&self) -> bool {
        matches!(
            self.state,
            DdbState::SessionActive | DdbState::LoginInProcess | DdbState::Discovery
        )
    }

    fn waiting(&self, now: Instant) -> bool {
        self.wait_until.is_some_and(|until| now < until)
    }

    /// How long the firmware leaves the target alone after a failure: time2wait and a second.
    pub(super) fn pause(&self) -> Duration {
        let seconds = self.configured.iscsi_def_time2wait.get().min(MAX_TIME2WAIT);
        Duration::from_secs(u64::from(seconds) + 1)
    }
}

/// Longest time2wait that is honoured, in seconds (RFC 7143 13.15).
const MAX_TIME2WAIT: u16 = 3600;

/// What an index holds.
pub(super) enum Slot {
    Free,
    /// REQUEST_DATABASE_ENTRY took it; SET_DATABASE_ENTRY has not come.
    Reserved,
    Used(Box<Ddb>),
}

/// The table.
pub(super) struct Ddbs {
    slots: Vec<Slot>,
    first_dynamic: u16,
}

impl Ddbs {
    pub(super) fn new(chip: &Chip) -> Self {
        Self {
            slots: (0..chip.max_ddbs).map(|_| Slot::Free).collect(),
            first_dynamic: chip.max_flash_ddbs,
        }
    }

    pub(super) fn get(&self, index: u16) -> Option<&Ddb> {
        match self.slots.get(usize::from(index)) {
            Some(Slot::Used(ddb)) => Some(ddb),
            _ => None,
        }
    }

    pub(super) fn get_mut(&mut self, index: u16) -> Option<&mut Ddb> {
        match self.slots.get_mut(usize::from(index)) {
            Some(Slot::Used(ddb)) => Some(ddb),
            _ => None,
        }
    }

    /// Used entries with their indices.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u16, &Ddb)> {
        self.slots
            .iter()
            .zip(0u16..)
            .filter_map(|(slot, index)| match slot {
                Slot::Used(ddb) => Some((index, &**ddb)),
                _ => None,
            })
    }

    /// Indices of used entries.
    pub(super) fn indices(&self) -> Vec<u16> {
        self.iter().map(|(index, _)| index).collect()
    }

    /// Puts an entry at an index, whatever was there.
    pub(super) fn put(&mut self, index: u16, entry: dev_db_entry) {
        if let Some(slot) = self.slots.get_mut(usize::from(index)) {
            *slot = Slot::Used(Box::new(Ddb::new(entry)));
        }
    }

    /// Puts a discovered entry at the first free index above those of flash.
    pub(super) fn add_dynamic(&mut self, entry: dev_db_entry) -> Option<u16> {
        let (slot, index) = self
            .slots
            .iter_mut()
            .zip(0u16..)
            .skip(usize::from(self.first_dynamic))
            .find(|(slot, _)| matches!(slot, Slot::Free))?;
        *slot = Slot::Used(Box::new(Ddb::new(entry)));
        Some(index)
    }

    /// Frees an index.
    pub(super) fn free(&mut self, index: u16) {
        if let Some(slot) = self.slots.get_mut(usize::from(index)) {
            *slot = Slot::Free;
        }
    }

    /// An index that the chip has.
    fn check(&self, index: u16) -> Result<usize, MboxError> {
        let at = usize::from(index);
        if at < self.slots.len() {
            Ok(at)
        } else {
            Err(MboxError::parameter(format!(
                "DDB {index} is beyond the table of {}",
                self.slots.len()
            )))
        }
    }

    /// REQUEST_DATABASE_ENTRY.
    pub(super) fn request(&mut self, index: u16) -> Result<(), MboxError> {
        let at = self.check(index)?;
        match &mut self.slots[at] {
            slot @ Slot::Free => {
                *slot = Slot::Reserved;
                Ok(())
            }
            _ => Err(MboxError::command(format!("DDB {index} is in use"))),
        }
    }

    /// SET_DATABASE_ENTRY.
    pub(super) fn set(&mut self, now: Instant, index: u16, entry: &dev_db_entry) -> Result<(), MboxError> {
        let at = self.check(index)?;
        if let Slot::Used(ddb) = &mut self.slots[at] {
            if ddb.busy() {
                return Err(MboxError::command(format!(
                    "DDB {index} has a session or is logging in"
                )));
            }
            if ddb.waiting(now) {
                return Err(MboxError::command(format!(
                    "DDB {index} still waits after its last session"
                )));
            }
        }
        let mut ddb = Ddb::new(*entry);
        if let Some(old) = self.get(index)
            && until_nul(&old.configured.iscsi_name) == until_nul(&entry.iscsi_name)
        {
            // The driver logs in again to the same target: its counters go on, and the target stays where it moved for good.
            ddb.past = old.past;
            ddb.moved = old.moved.filter(|_| portal(&old.configured) == portal(entry));
        }
        self.slots[at] = Slot::Used(Box::new(ddb));
        Ok(())
    }

    /// CLEAR_DATABASE_ENTRY.
    pub(super) fn clear(&mut self, index: u16) -> Result<(), MboxError> {
        let at = self.check(index)?;
        match &self.slots[at] {
            Slot::Used(ddb) if ddb.busy() => Err(MboxError::command(format!(
                "DDB {index} has a session or is logging in"
            ))),
            _ => {
                let discovery = self.get(index).is_some_and(Ddb::is_discovery);
                self.slots[at] = Slot::Free;
                if discovery {
                    self.forget_findings(index);
                }
                Ok(())
            }
        }
    }

    /// What a discovery found and nobody logged in to goes with its entry: it would be taken for an answer to the next one.
    fn forget_findings(&mut self, parent: u16) {
        for slot in self.slots.iter_mut().skip(usize::from(self.first_dynamic)) {
            let idle = |ddb: &Ddb| {
                ddb.state == DdbState::NoConnectionActive && ddb.session.is_none() && ddb.retry_at.is_none()
            };
            if matches!(slot, Slot::Used(ddb) if ddb.configured.ddb_link.get() == parent && !ddb.is_discovery() && idle(ddb))
            {
                *slot = Slot::Free;
            }
        }
    }

    /// CONN_OPEN may go ahead.
    pub(super) fn may_open(&self, now: Instant, index: u16) -> Result<(), MboxError> {
        self.check(index)?;
        let ddb = self
            .get(index)
            .ok_or_else(|| MboxError::command(format!("DDB {index} is empty")))?;
        if ddb.busy() {
            return Err(MboxError::command(format!(
                "DDB {index} has a session or is logging in"
            )));
        }
        if ddb.waiting(now) {
            return Err(MboxError::command(format!(
                "DDB {index} still waits after its last session"
            )));
        }
        Ok(())
    }

    /// GET_DATABASE_ENTRY.
    pub(super) fn reply(&self, index: u16) -> Result<DdbReply, MboxError> {
        self.check(index)?;
        let next = self.iter().map(|(at, _)| at).find(|at| *at > index).unwrap_or(0);
        let ddb = self.get(index);
        let local = ddb.and_then(|ddb| ddb.session.as_ref()?.local());
        Ok(DdbReply {
            index,
            entry: ddb.map_or_else(Default::default, |ddb| ddb.live.clone()),
            valid: self.iter().count() as u32,
            next,
            state: ddb.map_or(DdbState::Unassigned, |ddb| ddb.state),
            error: ddb.map_or(0, |ddb| ddb.error),
            source_port: local.map_or(0, |local| local.port()),
            connection: 0,
        })
    }

    /// The ISID with which a path can stand beside the others to the same target: that of the same place, else `entry`'s own, else one that
    /// differs in the three bits in which the driver makes them differ (`qla4xxx_update_isid`). None when all of those are taken.
    pub(super) fn path_isid(&self, entry: &dev_db_entry) -> Option<[u8; 6]> {
        if let Some((_, same)) = self.find_same(entry) {
            return Some(same.configured.isid);
        }
        let name = until_nul(&entry.iscsi_name);
        let taken: Vec<[u8; 6]> = self
            .iter()
            .filter(|(_, ddb)| until_nul(&ddb.configured.iscsi_name) == name)
            .map(|(_, ddb)| ddb.configured.isid)
            .collect();
        let others = (0..8u8).map(|i| {
            let mut isid = entry.isid;
            isid[1] = isid[1] & 0x1f | i << 5;
            isid
        });
        std::iter::once(entry.isid)
            .chain(others)
            .find(|isid| !taken.contains(isid))
    }

    /// The used entry that means the same target at the same place, an idle one if there is any.
    pub(super) fn find_same(&self, entry: &dev_db_entry) -> Option<(u16, &Ddb)> {
        let same = |ddb: &Ddb| {
            until_nul(&ddb.configured.iscsi_name) == until_nul(&entry.iscsi_name)
                && portal(&ddb.configured) == portal(entry)
        };
        self.iter()
            .filter(|(_, ddb)| same(ddb))
            .min_by_key(|(_, ddb)| ddb.busy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::ISP4032;
    use crate::fw::tests::epoch;

    fn named(name: &str) -> dev_db_entry {
        let mut entry = dev_db_entry::default();
        entry.iscsi_name[..name.len()].copy_from_slice(name.as_bytes());
        entry.iscsi_def_time2wait.set(2);
        entry
    }

    #[test]
    fn an_index_is_requested_once_and_comes_back_when_cleared() {
        let mut ddbs = Ddbs::new(&ISP4032);
        ddbs.request(3).unwrap();
        assert!(ddbs.request(3).is_err());
        ddbs.clear(3).unwrap();
        ddbs.request(3).unwrap();
        assert!(ddbs.request(256).is_err());
        assert_eq!(ddbs.reply(3).unwrap().state, DdbState::Unassigned);
    }

    #[test]
    fn the_walk_visits_every_used_entry_and_ends_with_zero() {
        let mut ddbs = Ddbs::new(&ISP4032);
        let now = epoch();
        for index in [0, 5, 200] {
            ddbs.set(now, index, &named("iqn.x")).unwrap();
        }
        let mut seen = vec![];
        let mut at = 0;
        loop {
            let reply = ddbs.reply(at).unwrap();
            if reply.state != DdbState::Unassigned {
                seen.push(at);
            }
            at = reply.next;
            if at == 0 {
                break;
            }
        }
        assert_eq!(seen, [0, 5, 200]);
    }

    #[test]
    fn an_entry_cannot_be_touched_while_it_is_busy_or_waits() {
        let mut ddbs = Ddbs::new(&ISP4032);
        let now = epoch();
        ddbs.set(now, 1, &named("iqn.x")).unwrap();
        for state in [
            DdbState::SessionActive,
            DdbState::LoginInProcess,
            DdbState::Discovery,
        ] {
            ddbs.get_mut(1).unwrap().state = state;
            assert!(ddbs.set(now, 1, &named("iqn.y")).is_err());
            assert!(ddbs.clear(1).is_err());
            assert!(ddbs.may_open(now, 1).is_err());
        }
        let ddb = ddbs.get_mut(1).unwrap();
        ddb.state = DdbState::SessionFailed;
        ddb.wait_until = Some(now + ddb.pause());
        assert!(
            ddbs.set(now + Duration::from_secs(2), 1, &named("iqn.y"))
                .is_err()
        );
        ddbs.set(now + Duration::from_secs(3), 1, &named("iqn.y"))
            .unwrap();
    }

    #[test]
    fn discovered_entries_stay_clear_of_flash_indices() {
        let mut ddbs = Ddbs::new(&ISP4032);
        assert_eq!(ddbs.add_dynamic(named("iqn.a")), Some(64));
        assert_eq!(ddbs.add_dynamic(named("iqn.b")), Some(65));
        ddbs.free(64);
        assert_eq!(ddbs.add_dynamic(named("iqn.c")), Some(64));
    }

    #[test]
    fn each_path_to_a_target_gets_an_isid_of_its_own_and_a_place_keeps_its_own() {
        let mut ddbs = Ddbs::new(&ISP4032);
        let at = |last: u8| {
            let mut entry = named("iqn.2026-01.x:y");
            entry.ip_addr = [127, 0, 0, last, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            entry.port.set(3260);
            entry.isid = [1, 0x05, 0, 0, 0x3d, 2];
            entry
        };
        let mut isids = Vec::new();
        for path in 1..9 {
            let mut entry = at(path);
            entry.isid = ddbs.path_isid(&entry).expect("an ISID");
            isids.push(entry.isid);
            ddbs.add_dynamic(entry).expect("room");
        }
        assert_eq!(isids[0], at(1).isid);
        isids.sort_unstable();
        isids.dedup();
        assert_eq!(isids.len(), 8);
        assert_eq!(ddbs.path_isid(&at(10)), None, "all are taken");
        let kept = ddbs.path_isid(&at(3)).expect("the path's own");
        assert!(isids.contains(&kept));
        let mut other = at(10);
        other.iscsi_name[0] = b'z';
        assert_eq!(
            ddbs.path_isid(&other),
            Some(other.isid),
            "another target's do not count"
        );
    }
}
