//! One login over the kernel's interface, and the session that comes of it: sans-io.
//!
//! An [`Attempt`] says through what, where to and as whom; [`FlowEvent`]s tell what came of it. A [`Flow`] is the machine of one attempt, a
//! [`Carrier`] the login PDUs in it, the [`Courier`] all flows over one netlink socket, and the [`Shell`] that socket.

mod attempt;
mod back;
mod carrier;
mod courier;
mod event;
mod forward;
mod heard;
mod machine;
mod params;
mod shell;
#[cfg(test)]
mod tests;
mod told;

pub use attempt::{Attempt, AttemptId, Chap, Link, Login, REDIRECTS, Rebind};
pub use carrier::{Carrier, Cut};
pub use courier::{Counts, Courier, Effect, Question};
pub use event::{Counted, Failure, FlowEvent, Loss, Redirected, Step, Unreached, Up};
pub use machine::{Action, Flow};
pub use shell::{Shell, Told};
