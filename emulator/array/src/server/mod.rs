//! The served target: an actor on the reactor that owns portals, sessions and logical units.

mod actor;
mod admit;
mod client;
mod crowd;
mod directory;
mod faults;
mod nexus;
mod open;
mod orders;
mod portals;
mod reply;
mod socket;
mod units;
mod world;

pub use actor::Target;
