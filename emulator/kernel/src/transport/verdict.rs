//! What becomes of a message, in terms of its answer.
//!
//! Must not know what was asked. Source: `scsi_transport_iscsi.c` (`iscsi_if_rx`: a request whose answer was multicast is not answered
//! again).

use driver_sys::netlink::Return;
use nix::errno::Errno;

use super::driver::Progress;

/// What became of a message.
pub(super) enum Verdict {
    /// Answer the sender.
    Answer(Result<Return, Errno>),
    /// The answer was multicast already.
    Silent,
    /// The driver goes on with it.
    Wait,
}

impl From<Result<Return, Errno>> for Verdict {
    fn from(result: Result<Return, Errno>) -> Self {
        Self::Answer(result)
    }
}

impl From<Result<(), Errno>> for Verdict {
    fn from(result: Result<(), Errno>) -> Self {
        Self::Answer(result.map(|()| Return::None))
    }
}

impl From<Errno> for Verdict {
    fn from(errno: Errno) -> Self {
        Self::Answer(Err(errno))
    }
}

impl From<Progress> for Verdict {
    fn from(progress: Progress) -> Self {
        Self::of(progress, |()| Return::None)
    }
}

impl Verdict {
    /// What became of a callback, its result put into the answer by `say`.
    pub(super) fn of<T>(progress: Progress<T>, say: impl FnOnce(T) -> Return) -> Self {
        match progress {
            Progress::Done(result) => Self::Answer(result.map(say)),
            Progress::Waits => Self::Wait,
        }
    }
}
