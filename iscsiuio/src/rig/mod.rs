//! What tests put at the other end of a link.
//!
//! [`Peer`] is a station on smoltcp's own interface, which shares nothing with our stack but the formats; [`Crowd`] is a whole subnet
//! that answers ARP, [`Server`] and [`Router`] give addresses. [`Net`] is a link with stacks, [`Rig`] one with a port and weather; both have a clock
//! of their own.

mod crowd;
mod link;
mod net;
mod peer;
mod router;
mod server;

pub(crate) use crowd::Crowd;
pub(crate) use link::{Rig, bare, fixed4, request};
pub(crate) use net::{Net, ours};
pub(crate) use peer::Peer;
pub(crate) use router::Router;
pub(crate) use server::Server;
