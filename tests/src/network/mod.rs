//! Networks of namespaces with the distribution's servers in them.
//!
//! Owns cables ([`Segment`]), servers of addresses ([`dnsmasq`], [`kea`], [`radvd`]), the kernel that asks for paths ([`asker`]), captures of what was on a cable, and an emulated
//! adapter whose L2 ring is plugged into one. Everything is in namespaces without names: it ends with the test, and labs stand beside
//! each other. It must not know what a test wants to prove. Needs root. Source: ip(8), veth(4), dnsmasq(8), kea-dhcp4(8), radvd(8).

pub mod access;
pub mod asker;
pub mod capture;
pub mod dnsmasq;
pub mod echo;
pub mod helper;
pub mod kea;
pub mod offload;
pub mod port;
pub mod radvd;
pub mod rig;
pub mod segment;

pub use segment::{FAR, NEAR, NEEDS, Plan, Segment};
