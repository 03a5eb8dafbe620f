//! A helper that answers every path request, on a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use driver_sys::netlink::{Event, Request};

use super::lab::{Helper, Lab, MAC, answered};

/// The helper; it ends with this.
pub(crate) struct Answering {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Answering {
    /// Begins to answer.
    pub(crate) fn start(lab: &Lab) -> Self {
        let mut helper = lab.helper();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                answer(&mut helper);
            }
        });
        Self {
            stop,
            thread: Some(thread),
        }
    }
}

fn answer(helper: &mut Helper) {
    if let Some(Event::PathRequest { host_no, path }) = helper.client.event_within(Duration::from_millis(20))
    {
        let request = Request::PathUpdate {
            host_no,
            path: answered(path, MAC),
        };
        helper.client.ask(&request).expect("a path is taken");
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let ended = self.thread.take().is_none_or(|thread| thread.join().is_ok());
        assert!(ended || std::thread::panicking(), "the helper panicked");
    }
}
