//! Flash targets: list, show, add, set, remove, login, logout, discover. One verb a file; `find` and `wanted` are shared.

mod add;
mod diagnose;
mod discover;
mod find;
mod login;
mod paths;
mod remove;
mod set;
mod wanted;

pub use add::{NewFlashTarget, add};
pub use discover::{Discovery, discover};
pub(super) use find::{all as all_targets, of_session};
pub use find::{list, show};
pub(super) use login::{gone_anyway, wait_gone};
pub use login::{Clash, login, logout};
pub use remove::remove;
pub use set::{FlashSettings, set};

#[cfg(test)]
mod tests;
