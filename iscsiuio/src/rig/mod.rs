//! What tests put at the other end of a link.
//!
//! [`Peer`] is a station on smoltcp's own interface, which shares nothing with our stack but the formats; [`Rig`] is a link with a
//! port, peers and a clock of its own.

mod link;
mod peer;

pub(crate) use link::{Rig, fixed4, request};
pub(crate) use peer::Peer;
