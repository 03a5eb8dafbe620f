//! When the library wants to be called, and what its engines do then.

use std::time::Instant;

use iscsi::initiator::Initiator;

use super::Libiscsi;
use super::eh::Eh;
use super::session::Session;

impl Libiscsi {
    /// When [`Libiscsi::expire`] and [`super::timer`] are wanted at the latest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let engine = |s: &Session| {
            let engine = s.conn.as_ref()?.engine.as_deref()?;
            engine.poll_timeout()
        };
        let function = |s: &Session| match &s.eh {
            Some(Eh::Function { until, .. }) => Some(*until),
            _ => None,
        };
        let all = self.sessions.values();
        all.flat_map(|s| [engine(s), function(s)]).flatten().min()
    }

    /// Time has come for the engines.
    pub(crate) fn expire(&mut self) {
        let now = self.now;
        let mut due = Vec::new();
        for (sid, session) in &mut self.sessions {
            let engine = session.conn.as_mut().and_then(|conn| conn.engine.as_deref_mut());
            let late = |engine: &&mut Initiator| engine.poll_timeout().is_some_and(|at| at <= now);
            if let Some(engine) = engine.filter(late) {
                engine.handle_timeout(now);
                due.push(*sid);
            }
        }
        for sid in due {
            self.touch(sid);
        }
    }
}
