//! The daemon as a process: a kernel and an adapter's ring made by the test, the control socket as iscsid uses it.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic, and says why"
)]

mod bad_input;
mod helper;
mod kernel;
mod lan;
mod life;
mod limits;
mod paths;
mod restart;
