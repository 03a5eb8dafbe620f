//! Targets by name: what flash and the sessions know of them, as one view, and logging in in one call. Flash entries are how an adapter
//! keeps a target, so every verb here goes through [`super::flash`].

mod choose;
mod discover;
mod discovery;
pub mod exclude;
mod list;
mod login;
mod logout;
pub mod persistent;
mod portals;
mod refresh;
mod refresh_db;
mod remove;
mod wish;

pub use discover::{DiscoverWish, Keep, Whom, discover};
pub use discovery::{DiscoverySettings, Setting, Way, discovery};
pub use list::{Known, Target, TargetPath, list};
pub use login::{Attempt, TargetLogin, login};
pub(super) use logout::end_all;
pub use logout::{Ended, logout};
pub use portals::{
    DiscoveryPortal, NewPortal, PortalKind, PortalSetting, WhichPortalOf, add_portal, portal, portals,
    remove_portal,
};
pub use refresh::{Refresh, Refreshed, refresh};
pub use remove::remove;
pub use wish::{Auth, LoginWish, SessionType};

#[cfg(test)]
mod tests;
