//! One login over the kernel's interface, and the session that comes of it: sans-io.
//!
//! An [`Attempt`] says through what, where to and as whom; [`FlowEvent`]s tell what came of it.

mod attempt;
mod event;

pub use attempt::{Account, Attempt, AttemptId, Chap, Link, Login, REDIRECTS, Rebind};
pub use event::{Counted, Failure, FlowEvent, Loss, Redirected, Step, Unreached, Up};
