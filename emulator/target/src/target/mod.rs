//! The served target: an actor on the reactor that owns portals, sessions and logical units.

mod actor;
mod client;
mod directory;
mod faults;
mod open;
mod orders;
mod portals;
mod reply;
mod units;
mod world;

pub use actor::Target;
