//! Signals that ask `hbactl` to end. While something is being changed, the first one ends the waits, and the operation cleans up
//! and says what it has come to; the second one ends the program at once.
//!
//! Owns which signals and the thread that waits for them. It must not know what is being done. Source: signal(7), sigwait(3).

use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;

use hba::{Deadline, Stop};
use nix::sys::signal::{SigSet, Signal};

use crate::exit;

const ENDING: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

/// The process has one, as it has one set of signal dispositions.
static STOP: OnceLock<Stop> = OnceLock::new();
/// The number of the signal that came first, 0 before.
static CAME: AtomicI32 = AtomicI32::new(0);

/// From now on signals ask for the end instead of ending the program. Where that cannot be had (no thread, no descriptor) they end
/// it as before, and what was begun is found by the next command.
pub(crate) fn arm(deadline: Deadline) -> Deadline {
    let Ok(new) = Stop::new() else {
        return deadline;
    };
    let stop = STOP.get_or_init(|| new);
    let mut set = SigSet::empty();
    for signal in ENDING.into_iter().filter(|signal| !ignored(*signal)) {
        set.add(signal);
    }
    // Held back in this thread before another is made, so that every thread holds them back.
    if set.thread_block().is_err() {
        return deadline;
    }
    let waiting = thread::Builder::new().name("signals".to_owned()).spawn(move || {
        while let Ok(signal) = set.wait() {
            let _ = CAME.compare_exchange(0, signal as i32, Ordering::SeqCst, Ordering::SeqCst);
            if !stop.ask() {
                process::exit(128 + signal as i32);
            }
        }
    });
    if waiting.is_err() {
        let _ = set.thread_unblock();
        return deadline;
    }
    deadline.stopped_by(stop)
}

/// Whether the caller had the signal ignored (`nohup`): then it stays so.
fn ignored(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & (1 << (signal as i32 - 1)) != 0)
}

/// The signal that asked for the end.
pub(crate) fn came() -> Option<Signal> {
    Signal::try_from(CAME.load(Ordering::SeqCst)).ok()
}

/// The same error as it is told, and the exit code: a wait that a signal ended did not end for want of time.
pub(crate) fn told(error: hba::Error) -> (hba::Error, u8) {
    let Some(signal) = came() else {
        let code = exit::code(error.kind());
        return (error, code);
    };
    let error = error.interrupted(signal.as_str());
    let code = match error.kind() {
        hba::Kind::Interrupted => u8::try_from(128 + signal as i32).unwrap_or(u8::MAX),
        kind => exit::code(kind),
    };
    (error, code)
}
