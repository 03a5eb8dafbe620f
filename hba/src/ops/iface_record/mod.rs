//! Interface records: what this host binds sessions to, in open-iscsi's database. What an adapter's interface *is* stands in the adapter
//! ([`super::iface`]); a record says which one a node record means, and what open-iscsi shall apply to it.

mod add;
mod list;
mod make;
mod remove;
mod set;

pub use add::add;
pub(super) use list::find;
pub use list::{list, show};
pub use make::make;
pub use remove::remove;
pub use set::set;
