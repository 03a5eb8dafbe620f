//! What tests put at the other end of a link.
//!
//! [`Peer`] is a station on smoltcp's own interface, which shares nothing with our stack but the formats; [`Net`] is a link with stacks
//! and peers, [`Rig`] one with a port and peers. Both have a clock of their own.

mod link;
mod net;
mod peer;

pub(crate) use link::{Rig, fixed4, request};
pub(crate) use net::{Net, ours};
pub(crate) use peer::Peer;
