//! The connection event log: the last hundred things that happened to connections.
//!
//! Owns the ring behind GET_CONN_EVENT_LOG. Source: `ql4_fw.h` `struct conn_event_log_entry`.

use std::collections::VecDeque;
use std::time::Duration;

use driver_sys::hw::raw::conn_event_log_entry;

/// `MAX_CONN_EVENT_LOG_ENTRIES`.
const CAPACITY: usize = 100;

/// The ring.
#[derive(Default)]
pub(super) struct EventLog {
    entries: VecDeque<conn_event_log_entry>,
}

impl EventLog {
    /// Notes a state change of a connection; the same again only counts up.
    pub(super) fn note(&mut self, uptime: Duration, ddb: u16, state: u32, error: u32) {
        let [_, kind, high, low] = error.to_be_bytes();
        if let Some(last) = self.entries.back_mut()
            && last.device_index.get() == ddb
            && u32::from(last.fw_conn_state.get()) == state
            && last.error_code == kind
        {
            last.num_consecutive_events = last.num_consecutive_events.saturating_add(1);
            return;
        }
        if self.entries.len() == CAPACITY {
            self.entries.pop_front();
        }
        let mut entry = conn_event_log_entry {
            event_type: 1,
            error_code: kind,
            num_consecutive_events: 1,
            ..Default::default()
        };
        entry
            .timestamp_sec
            .set(u32::try_from(uptime.as_secs()).unwrap_or(u32::MAX));
        entry.timestamp_ms.set(uptime.subsec_millis());
        entry.device_index.set(ddb);
        entry.fw_conn_state.set(state as u16);
        entry.error_code_detail.set(u16::from_be_bytes([high, low]));
        self.entries.push_back(entry);
    }

    /// Oldest first.
    pub(super) fn entries(&self) -> Vec<conn_event_log_entry> {
        self.entries.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_keeps_the_last_hundred_and_counts_repeats() {
        let mut log = EventLog::default();
        log.note(Duration::from_millis(1500), 7, 6, 0x0003_0201);
        log.note(Duration::from_millis(2500), 7, 6, 0x0003_0201);
        let first = log.entries()[0];
        assert_eq!((first.num_consecutive_events, first.error_code), (2, 3));
        assert_eq!((first.timestamp_sec.get(), first.timestamp_ms.get()), (1, 500));
        assert_eq!(first.error_code_detail.get(), 0x0201);
        for index in 0..150 {
            log.note(Duration::ZERO, index, 4, 0);
        }
        assert_eq!(log.entries().len(), CAPACITY);
        assert_eq!(log.entries()[0].device_index.get(), 50);
    }
}
