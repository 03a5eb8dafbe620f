//! Progress of long transfers, on stderr, when it is a terminal and the work takes more than a second.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar that appears after a second.
pub(crate) struct Progress {
    begun: Instant,
    what: &'static str,
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(crate) fn new(what: &'static str) -> Self {
        Self {
            begun: Instant::now(),
            what,
            bar: None,
        }
    }

    /// `done` of `all` bytes are through.
    pub(crate) fn at(&mut self, done: u64, all: Option<u64>) {
        if self.bar.is_none() && self.begun.elapsed() > Duration::from_secs(1) {
            let bar = ProgressBar::with_draw_target(all, ProgressDrawTarget::stderr());
            let template = "{msg} {bytes}/{total_bytes} {wide_bar} {bytes_per_sec} {eta}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_message(self.what);
            self.bar = Some(bar);
        }
        if let Some(bar) = &self.bar {
            bar.set_position(done);
        }
    }

    /// Takes the bar away; how long the work took.
    pub(crate) fn finish(self) -> Duration {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        self.begun.elapsed()
    }
}
