//! Who has which MAC address on the link: a bounded table, asked and answered in time.
//!
//! Source: RFC 826 (an answer is merged), RFC 1122 section 2.3.2 (stale entries, one packet a second), RFC 4861 section 7.2 (three
//! solicitations, one second apart; what nobody asked for changes entries and makes none).

mod order;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use self::order::Order;
use super::Mac;

/// Entries of a table; beyond that the oldest goes.
pub(super) const CAPACITY: usize = 1024;
/// Between two questions.
pub(super) const ASK_EVERY: Duration = Duration::from_secs(1);
/// Questions to everybody before a neighbour counts as silent.
pub(super) const ASK_TIMES: u8 = 3;
/// How long an answer is used without asking again.
pub(super) const FRESH: Duration = Duration::from_secs(60);
/// How long a silent neighbour is not asked again.
pub(super) const SILENT: Duration = Duration::from_secs(2);
/// Between the questions about neighbours that an earlier process knew.
const RESTORED_APART: Duration = Duration::from_millis(2);
/// How long an answer is kept, to be asked for by name.
pub(super) const KEPT: Duration = Duration::from_secs(1200);
/// How often a full table is looked through for what is old.
const SWEEP: Duration = Duration::from_secs(1);

/// What a table says of a neighbour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is there.
    At(Mac),
    /// It is being asked.
    Asked,
    /// It does not answer, or the table is full of neighbours that are being asked.
    Nobody,
}

/// What a neighbour says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) mac: Mac,
    /// It answers a question.
    pub(super) solicited: bool,
    /// It holds against what is known.
    pub(super) replaces: bool,
}

/// A question to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) address: IpAddr,
    /// Whom to ask: everybody, or who had the address before.
    pub(super) whom: Option<Mac>,
}

#[derive(Debug, Clone, Copy)]
struct Asking {
    next: Instant,
    left: u8,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// What was heard, and when.
    heard: Option<(Mac, Instant)>,
    /// Until when that may be used unasked.
    fresh: Instant,
    asking: Option<Asking>,
    /// Somebody waits for the end of the questions.
    wanted: bool,
    /// Nobody answered.
    silent: Option<Instant>,
    used: Instant,
}

/// A neighbour as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    /// Its address.
    pub address: IpAddr,
    /// Its MAC address; `None`: it is being asked for, or does not answer.
    pub mac: Option<Mac>,
    /// Since it was heard last.
    pub age: Duration,
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    entries: BTreeMap<IpAddr, Entry>,
    /// Who is being asked, by the next question.
    asked: Order,
    /// Everybody else, by the last use.
    idle: Order,
    /// When the table was looked through last.
    swept: Option<Instant>,
    evicted: u64,
}

impl Neighbours {
    /// Who has this address? [`Answer::Asked`] ends with a result of [`Neighbours::heard`] or [`Neighbours::due`].
    pub(super) fn resolve(&mut self, now: Instant, address: IpAddr) -> Answer {
        let known = self.change(address, |entry| {
            entry.used = now;
            if let Some((mac, _)) = entry.heard
                && now < entry.fresh
            {
                return Answer::At(mac);
            }
            if entry.silent.is_some_and(|until| now < until) {
                return Answer::Nobody;
            }
            if entry.asking.is_none() {
                entry.ask(now);
            }
            entry.wanted = true;
            Answer::Asked
        });
        if let Some(answer) = known {
            return answer;
        }
        if !self.make_room(now) {
            return Answer::Nobody;
        }
        let mut entry = Entry {
            heard: None,
            fresh: now,
            asking: None,
            wanted: true,
            silent: None,
            used: now,
        };
        entry.ask(now);
        self.insert(address, entry);
        Answer::Asked
    }

    /// What an earlier process knew: used at once, and asked again meanwhile.
    pub(super) fn restore(&mut self, now: Instant, neighbour: &Neighbour) {
        let Some(mac) = neighbour.mac.filter(|_| neighbour.age < KEPT) else {
            return;
        };
        if self.entries.contains_key(&neighbour.address) || !self.make_room(now) {
            return;
        }
        let heard = now.checked_sub(neighbour.age).unwrap_or(now);
        let mut entry = Entry {
            heard: Some((mac, heard)),
            fresh: now + FRESH,
            asking: None,
            wanted: false,
            silent: None,
            used: now,
        };
        // Not all at once: a ring holds some hundred frames.
        entry.ask(now + RESTORED_APART * u32::try_from(self.entries.len()).unwrap_or(0));
        self.insert(neighbour.address, entry);
    }

    /// A neighbour says where it is. Whether somebody waited for that.
    pub(super) fn heard(&mut self, now: Instant, address: IpAddr, told: Told) -> bool {
        let waited = self.change(address, |entry| {
            let known = entry.heard.map(|(mac, _)| mac);
            let answer = told.solicited || entry.asking.is_some();
            if known.is_some_and(|mac| mac != told.mac) && !told.replaces {
                // RFC 4861, section 7.2.5: what is known stays, but is asked again.
                entry.fresh = now;
                return false;
            }
            if !answer && known == Some(told.mac) {
                return false;
            }
            entry.heard = Some((told.mac, now));
            entry.fresh = if answer { now + FRESH } else { now };
            entry.silent = None;
            entry.asking = None;
            std::mem::take(&mut entry.wanted)
        });
        waited.unwrap_or(false)
    }

    /// The next question that is due, or the end of one: `Err` is a neighbour that nobody answers for and somebody waited for.
    pub(super) fn due(&mut self, now: Instant) -> Option<Result<Question, IpAddr>> {
        loop {
            let (_, address) = self.asked.first().filter(|(next, _)| *next <= now)?;
            let due = self.change(address, |entry| entry.due(now, address))?;
            if due.is_some() {
                return due;
            }
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.asked.first().map(|(next, _)| next)
    }

    /// Questions end without an answer: there is no link to ask on, and what it leads to may be another when it comes back.
    pub(super) fn give_up(&mut self, now: Instant) -> Vec<IpAddr> {
        let mut ended = Vec::new();
        for address in self.entries.keys().copied().collect::<Vec<_>>() {
            let wanted = self.change(address, |entry| {
                entry.asking = None;
                entry.fresh = entry.fresh.min(now);
                std::mem::take(&mut entry.wanted)
            });
            if wanted == Some(true) {
                ended.push(address);
            }
        }
        ended
    }

    pub(super) fn list(&self, now: Instant) -> Vec<Neighbour> {
        let known = |e: &Entry| {
            e.heard
                .filter(|(_, at)| now.saturating_duration_since(*at) < KEPT)
        };
        self.entries
            .iter()
            .filter(|(_, e)| known(e).is_some() || e.asking.is_some() || e.silent.is_some_and(|u| now < u))
            .map(|(&address, e)| Neighbour {
                address,
                mac: known(e).map(|(mac, _)| mac),
                age: now.saturating_duration_since(known(e).map_or(e.used, |(_, at)| at)),
            })
            .collect()
    }

    /// Entries that were pushed out.
    pub(super) const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Forgets what is old; then what was used longest ago and is not being asked.
    fn make_room(&mut self, now: Instant) -> bool {
        if self.entries.len() < CAPACITY {
            return true;
        }
        self.sweep(now);
        if self.entries.len() < CAPACITY {
            return true;
        }
        self.evicted += 1;
        let oldest = self.idle.first();
        oldest.is_some_and(|(_, address)| self.remove(address))
    }

    /// Forgets what is old, and who was silent. That looks at every entry, so that it is done once in a while.
    fn sweep(&mut self, now: Instant) {
        let early = |swept: Instant| now.saturating_duration_since(swept) < SWEEP;
        if self.swept.is_some_and(early) {
            return;
        }
        self.swept = Some(now);
        let heard = |e: &Entry| e.heard.map(|(_, at)| now.saturating_duration_since(at));
        let old = |e: &Entry| e.asking.is_none() && heard(e).is_none_or(|age| age >= KEPT);
        let entries = self.entries.iter().filter(|(_, e)| old(e));
        for address in entries.map(|(a, _)| *a).collect::<Vec<_>>() {
            self.remove(address);
        }
    }

    /// Changes an entry, and its place in the orders.
    fn change<R>(&mut self, address: IpAddr, change: impl FnOnce(&mut Entry) -> R) -> Option<R> {
        let entry = self.entries.get_mut(&address)?;
        let (asked, idle) = (entry.asked(), entry.idle());
        let outcome = change(entry);
        self.asked.change(address, asked, entry.asked());
        self.idle.change(address, idle, entry.idle());
        Some(outcome)
    }

    fn insert(&mut self, address: IpAddr, entry: Entry) {
        self.asked.change(address, None, entry.asked());
        self.idle.change(address, None, entry.idle());
        self.entries.insert(address, entry);
    }

    fn remove(&mut self, address: IpAddr) -> bool {
        let entry = self.entries.remove(&address);
        if let Some(entry) = &entry {
            self.asked.change(address, entry.asked(), None);
            self.idle.change(address, entry.idle(), None);
        }
        entry.is_some()
    }
}

impl Entry {
    /// When the next question is due.
    fn asked(&self) -> Option<Instant> {
        self.asking.map(|asking| asking.next)
    }

    /// The last use of one that is not being asked.
    fn idle(&self) -> Option<Instant> {
        self.asking.is_none().then_some(self.used)
    }

    /// The question that is due, or the end of them when somebody waited for that.
    fn due(&mut self, now: Instant, address: IpAddr) -> Option<Result<Question, IpAddr>> {
        let asking = self.asking.as_mut()?;
        if asking.left > 0 {
            // The first question of an entry that is known goes to who had the address.
            let whom = self.heard.map(|(mac, _)| mac).filter(|_| asking.left > ASK_TIMES);
            asking.left -= 1;
            asking.next = now + ASK_EVERY;
            return Some(Ok(Question { address, whom }));
        }
        self.asking = None;
        self.heard = None;
        self.silent = Some(now + SILENT);
        std::mem::take(&mut self.wanted).then_some(Err(address))
    }

    fn ask(&mut self, now: Instant) {
        let first = u8::from(self.heard.is_some());
        self.asking = Some(Asking {
            next: now,
            left: ASK_TIMES + first,
        });
        self.silent = None;
    }
}
