//! Events: follow.

mod follow;
mod outage;
mod states;

use std::ops::ControlFlow;

pub(super) use follow::now_ms;
pub use follow::{Follower, LOOK_EVERY, Watching};

use crate::ctx::Ctx;
use crate::error::Result;
use crate::ids::HostNo;
use crate::model::{Event, EventRecord};

/// Which events to pass on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Only this port; events that do not tell their port pass.
    pub host: Option<HostNo>,
    /// Only events of these names, as in JSON (`link_up`); empty for all.
    pub names: Vec<String>,
    /// Whether to pass on appearing, vanishing and changing sysfs objects too.
    pub objects: bool,
}

/// Passes events to `each` as they come, until it breaks or the deadline passes; returns how many.
///
/// # Errors
/// The endpoint cannot be listened to.
pub fn follow(
    ctx: &mut Ctx<'_>,
    filter: &EventFilter,
    watching: Watching,
    each: &mut dyn FnMut(EventRecord) -> ControlFlow<()>,
) -> Result<u64> {
    let mut follower = Follower::begin(ctx, watching)?;
    let mut count = 0;
    while let Some(record) = follower.next(ctx, ctx.deadline)? {
        if !filter.passes(&record) {
            continue;
        }
        count += 1;
        if each(record).is_break() {
            break;
        }
    }
    Ok(count)
}

impl EventFilter {
    /// Whether an event is wanted. That events were lost is always told.
    #[must_use]
    pub fn passes(&self, record: &EventRecord) -> bool {
        if record.event == Event::Lost {
            return true;
        }
        let here = match (self.host, record.host) {
            (Some(wanted), Some(host)) => wanted.0 == host,
            _ => true,
        };
        let named = self.names.is_empty() || self.names.iter().any(|n| n == record.event.name());
        here && named && (self.objects || !record.event.is_object())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::ctx;
    use super::*;
    use crate::backend::scripted::{Call, Scripted};

    fn record(host: Option<u32>, event: Event) -> EventRecord {
        EventRecord {
            time_ms: 1,
            host,
            event,
        }
    }

    fn object() -> Event {
        Event::ObjectAdded {
            subsystem: "scsi_device".into(),
            name: "0:0:0:0".into(),
        }
    }

    #[test]
    fn follow_passes_only_what_the_filter_wants_and_ends_at_the_deadline() {
        let mut s = Scripted::new();
        s.expect(Call::Listen, Ok(()));
        for event in [
            record(Some(0), Event::LinkDown),
            record(Some(1), Event::LinkDown),
            record(Some(0), object()),
        ] {
            s.expect(Call::NextEvent, Ok(Some(event)));
        }
        s.expect::<Option<EventRecord>>(Call::NextEvent, Ok(None));
        let filter = EventFilter {
            host: Some(HostNo(0)),
            ..EventFilter::default()
        };
        let mut seen = Vec::new();
        let never = Watching {
            look_every: None,
            ask: false,
            paths: false,
        };
        let count = follow(&mut ctx(&mut s), &filter, never, &mut |e| {
            seen.push(e.event);
            ControlFlow::Continue(())
        });
        assert_eq!(count, Ok(1));
        assert_eq!(seen, [Event::LinkDown]);
        s.finish();
    }

    #[test]
    fn what_is_asked_of_the_helper_is_heard_by_who_wants_it() {
        let mut s = Scripted::new();
        let asked = Event::PathRequested {
            to: Some("10.0.0.50".into()),
            from: None,
            vlan: 0,
        };
        s.expect(Call::ListenToPaths, Ok(()))
            .expect(Call::NextEvent, Ok(Some(record(Some(3), asked.clone()))))
            .expect::<Option<EventRecord>>(Call::NextEvent, Ok(None));
        let watching = Watching {
            look_every: None,
            ask: false,
            paths: true,
        };
        let mut seen = Vec::new();
        let told = follow(&mut ctx(&mut s), &EventFilter::default(), watching, &mut |e| {
            seen.push(e.event);
            ControlFlow::Continue(())
        });
        assert_eq!((told, seen), (Ok(1), vec![asked]));
        s.finish();
    }

    #[test]
    fn lost_events_are_told_whatever_the_filter() {
        let filter = EventFilter {
            host: Some(HostNo(3)),
            names: vec!["link_up".into()],
            objects: false,
        };
        assert!(filter.passes(&record(None, Event::Lost)));
        assert!(!filter.passes(&record(Some(3), Event::LinkDown)));
        assert!(filter.passes(&record(Some(3), Event::LinkUp)));
    }

    #[test]
    fn the_name_of_an_event_is_its_json_tag() {
        for event in [
            Event::LinkUp,
            object(),
            Event::Lost,
            Event::SessionCreated { sid: 1 },
            Event::Unknown { number: 9 },
            Event::InterfaceDown,
        ] {
            let json = serde_json::to_value(&event).expect("json");
            assert_eq!(json["event"], event.name());
        }
    }
}
