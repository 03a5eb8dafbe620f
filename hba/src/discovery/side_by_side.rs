//! Several questions at once, each on a thread of its own: one that nobody answers does not hold up the others.
//!
//! Owns the threads, also those that are left behind at the deadline: a connection does not hear that somebody asks for the end. Must not know what is
//! asked.

use std::collections::VecDeque;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::deadline::Deadline;

/// So many are under way at once.
const AT_ONCE: usize = 16;
/// Between two looks whether somebody asks for the end.
const LOOK: Duration = Duration::from_millis(50);

/// A question.
type Job<T> = Box<dyn FnOnce() -> T + Send>;
/// What is not begun yet, with its place.
type Queue<T> = Arc<Mutex<VecDeque<(usize, Job<T>)>>>;

/// Questions that are asked at once.
pub struct Questions<T>(Vec<Job<T>>);

impl<T> Default for Questions<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Send + 'static> Questions<T> {
    /// One more.
    pub fn add(&mut self, question: impl FnOnce() -> T + Send + 'static) {
        self.0.push(Box::new(question));
    }

    /// Asks them all: what each came to, in their order; `None` where the deadline came first.
    #[must_use]
    pub fn wait(self, deadline: Deadline) -> Vec<Option<T>> {
        run(self.0, deadline)
    }
}

fn run<T: Send + 'static>(jobs: Vec<Job<T>>, deadline: Deadline) -> Vec<Option<T>> {
    let mut results: Vec<Option<T>> = jobs.iter().map(|_| None).collect();
    let workers = jobs.len().min(AT_ONCE);
    let queue: Queue<T> = Arc::new(Mutex::new(jobs.into_iter().enumerate().collect()));
    let (tell, told) = mpsc::channel();
    for _ in 0..workers {
        let (tell, queue) = (tell.clone(), Arc::clone(&queue));
        let work = move || {
            loop {
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let Some((n, job)) = next else { return };
                // Nobody listens any more once the deadline has passed.
                if tell.send((n, job())).is_err() {
                    return;
                }
            }
        };
        // Where there is no thread to be had, those that there are do it all.
        let _ = thread::Builder::new().name("discovery".to_owned()).spawn(work);
    }
    drop(tell);
    loop {
        match told.recv_timeout(deadline.remaining().min(LOOK)) {
            Ok((n, done)) => {
                if let Some(slot) = results.get_mut(n) {
                    *slot = Some(done);
                }
            }
            Err(RecvTimeoutError::Timeout) if !deadline.expired() => {}
            Err(_) => return results,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_hangs_does_not_hold_up_the_others_and_order_is_kept() {
        let (end, wait) = mpsc::channel::<()>();
        let mut jobs: Vec<Job<usize>> = vec![Box::new(move || {
            let _ = wait.recv();
            0
        })];
        for n in 1..40 {
            jobs.push(Box::new(move || n));
        }
        let done = run(jobs, Deadline::after(Duration::from_millis(400)));
        assert_eq!(done[0], None);
        let rest: Vec<usize> = done.into_iter().skip(1).flatten().collect();
        assert_eq!(rest, (1..40).collect::<Vec<_>>());
        drop(end);
    }

    #[test]
    fn nothing_to_ask_takes_no_time() {
        assert!(run::<()>(Vec::new(), Deadline::after(Duration::from_secs(3600))).is_empty());
    }
}
