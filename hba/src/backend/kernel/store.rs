//! Attributes whose write is an operation: a reset, a scan. Owns the limit on them: a driver works inside write(2), which nothing
//! but the driver's own timers ends. (The process itself can only end after that; by then it has said what it had to say.) Must not
//! know what is written.

use std::sync::mpsc;
use std::thread;

use driver_sys::endpoint::Endpoint;

use super::fault;
use crate::deadline::Deadline;
use crate::error::{Error, Kind, Result};

/// Writes `value` into the attribute at `path`. When the deadline passes first, the driver goes on with it.
///
/// # Errors
/// [`Kind::Timeout`]; what the kernel answers.
pub(super) fn store(
    endpoint: &Endpoint,
    path: String,
    value: impl Into<Vec<u8>>,
    deadline: Deadline,
    tried: &str,
) -> Result<()> {
    let (endpoint, value) = (endpoint.clone(), value.into());
    within(deadline, tried, move || endpoint.store(&path, &value))?.map_err(|e| fault::store(&e, tried))
}

fn within<T: Send + 'static>(
    deadline: Deadline,
    tried: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let late = || {
        Error::timeout(tried, "the driver to finish")
            .hint("the driver goes on with it; a longer --timeout waits for its end")
    };
    if deadline.expired() {
        return Err(Error::timeout(tried, "its turn"));
    }
    let (tell, told) = mpsc::sync_channel(1);
    thread::Builder::new()
        .name("store".to_owned())
        .spawn(move || {
            // Nobody listens any more once the deadline has passed.
            let _ = tell.send(work());
        })
        .map_err(|e| Error::new(Kind::Failed, tried).answered(format!("no thread: {e}")))?;
    told.recv_timeout(deadline.remaining()).map_err(|_| late())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_driver_that_does_not_return_is_left_behind() {
        let (end, wait) = mpsc::channel::<()>();
        let late = within(
            Deadline::after(Duration::from_millis(20)),
            "reset host0",
            move || {
                let _ = wait.recv();
            },
        );
        let error = late.unwrap_err();
        assert_eq!(error.kind(), Kind::Timeout);
        assert!(error.to_string().contains("reset host0"), "{error}");
        drop(end);
    }

    #[test]
    fn what_is_late_already_is_not_begun() {
        let begun = within(Deadline::after(Duration::ZERO), "scan session 1", || {
            panic!("begun")
        });
        assert_eq!(begun.unwrap_err().kind(), Kind::Timeout);
        assert_eq!(
            within(Deadline::after(Duration::from_secs(60)), "scan", || 7).unwrap(),
            7
        );
    }
}
