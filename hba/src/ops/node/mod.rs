//! Node records: what this host knows about targets, in open-iscsi's database. Records are files: no adapter is asked, except whether a
//! session stands on one that is to go.

mod add;
mod list;
mod remove;
mod set;
mod show;
mod which;

pub use add::{NewNode, add};
pub use list::list;
pub use remove::remove;
pub(super) use set::hold;
pub use set::{Assigned, set};
pub use show::show;
pub(super) use show::tell;
pub use which::{Which, WhichPortal};

#[cfg(test)]
mod tests;
