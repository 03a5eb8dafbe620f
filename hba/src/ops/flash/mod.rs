//! Flash targets: list, show, add, set, remove, login, logout, discover. One verb a file; `find` and `wanted` are shared.

mod add;
mod answer;
mod diagnose;
mod discover;
mod excluding;
mod find;
mod found;
mod login;
mod logout;
mod paths;
mod remove;
mod set;
mod settling;
mod wanted;

pub use add::{NewFlashTarget, add};
pub(super) use diagnose::{Diagnosis, diagnose, port_can_call, reach};
pub use discover::{Asking, discover};
pub(super) use excluding::Excluding;
pub(super) use find::{all as all_targets, of_session};
pub use find::{list, show};
pub use found::{discover_and_add, list_targets};
pub use login::{Clash, login};
pub use logout::logout;
pub(super) use logout::{gone_anyway, wait_gone};
pub(super) use remove::delete;
pub use remove::remove;
pub use set::{FlashSettings, set};

#[cfg(test)]
mod tests;
