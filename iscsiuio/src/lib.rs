//! The network helper of adapters that log in from user space and leave ARP, neighbour discovery and addresses to a program
//! (bnx2i, qedi): it answers the kernel's path requests over the adapter's own L2 ring.
//!
//! The rooms, from the inside out:
//!
//! - `stack`: Ethernet, 802.1Q, ARP, IPv4, IPv6, ICMP and neighbour discovery of one VLAN on a port, on smoltcp. Frames in, frames out.
//! - `address`: where addresses come from: static, DHCPv4, DHCPv6, router advertisements. Messages in, messages out.
//! - `port`: one port of an adapter: its interfaces (an interface is a VLAN with its addresses), path requests, pings.
//! - `nic`: L2 rings, the only room that touches devices.
//!
//! - `ipc` and `varlink`: the sockets that clients come by; `ask`: what they ask.
//! - `state`: what a restart needs, in files.
//! - `daemon`: kernel, rings and clients on one thread.
//!
//! `stack`, `address` and `port` are state machines without sockets, files and clocks: time is an argument, randomness a seed.
#![forbid(unsafe_code)]

pub mod address;
pub mod ask;
#[cfg(test)]
#[path = "../../fuzz/replay.rs"]
mod corpus;
pub mod daemon;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod ipc;
mod net;
pub mod nic;
pub mod port;
mod random;
#[cfg(test)]
mod rig;
pub mod stack;
pub mod state;
pub mod varlink;
