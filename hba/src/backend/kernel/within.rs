//! A limit on what the kernel does inside of a system call: a driver works inside write(2), ioctl(2) or the send of a netlink
//! message, which nothing but the driver's own timers ends. Owns the thread that is left behind with it. (The process itself can only
//! end after that; by then it has said what it had to say.) Must not know what is called.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::deadline::Deadline;
use crate::error::{Error, Kind, Result};
use crate::message::Message;
use crate::step::Step;

/// Between two looks whether somebody asks for the end.
const LOOK: Duration = Duration::from_millis(50);

/// Runs `work` on a thread of its own; when the deadline passes first, it goes on without us.
///
/// # Errors
/// [`Kind::Timeout`] before it is begun, [`Kind::Unknown`] once it is.
pub(super) fn within<T: Send + 'static>(
    deadline: Deadline,
    tried: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    if deadline.expired() {
        return Err(Error::timeout(tried, "its turn"));
    }
    let (tell, told) = mpsc::sync_channel(1);
    thread::Builder::new()
        .name("kernel".to_owned())
        .spawn(move || {
            // Nobody listens any more once the deadline has passed.
            let _ = tell.send(work());
        })
        .map_err(|e| Error::new(Kind::Failed, tried).answered(format!("no thread: {e}")))?;
    loop {
        match told.recv_timeout(deadline.remaining().min(LOOK)) {
            Ok(done) => return Ok(done),
            Err(RecvTimeoutError::Timeout) if !deadline.expired() => {}
            Err(_) => {
                return Err(Error::timeout(tried, "the driver to finish")
                    .with_kind(Kind::Unknown)
                    .hint(
                        Message::from("the driver goes on with it; a longer ")
                            .then(Step::WithMoreTime)
                            .then(" waits for its end"),
                    ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(error.kind(), Kind::Unknown, "it was begun");
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
