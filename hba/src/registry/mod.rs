//! Who owns a session: a directory a session, a small file a fact, for everybody to read.
//!
//! Owns the form and its rules; must not know a kernel, nor what an owner may do that others may not ([`crate::ops::session`] does). Nobody
//! needs a daemon to read it: a boot hook, another program and any later version find
//!
//! ```text
//! registry/session-7/owner    hbad
//! registry/session-7/since    2026-11-30T14:22:26Z
//! registry/session-7/inode    5008
//! registry/session-7/born     1796048547122038151     (where the tree tells it)
//! registry/session-7/target   iqn.2026-11.org.example:disk
//! registry/session-7/isid     011e0e010040            (where the session has one)
//! ```
//!
//! A session without a directory has the owner that its kernel tells: whoever made it. Files that a reader does not know are left
//! alone by it; a directory is put in place whole and taken away whole, so that nobody reads half of one.
//!
//! A session's number is given again: from 1 on when the transport class is loaded anew, and by an emulated kernel when that is started
//! again. What stands here is about one *life* of a number, and an entry of another life is no entry ([`Life`]):
//!
//! - Of what sysfs tells, `inode` is it: kernfs gives each directory a number of its own, upwards, and none twice while the system runs
//!   (`idr_alloc_cyclic` in `__kernfs_new_node`, with a generation in the upper half when the lower one wraps). The registry does not
//!   outlive the run of the system either.
//! - Times of sysfs directories are no good: an inode gets them when it is first looked at, and others when the cache had let it go
//!   (`kernfs_init_inode`). A uevent's SEQNUM is told in the event alone, and who comes later cannot ask for it.
//! - In an emulated kernel's tree a directory's number may be given again at once (ext4 does so), but not with the same `born`; its change
//!   time is no good there, since an attribute is replaced by rename.
//! - A file system that knows no birth leaves `target`, which a session keeps for its life, as the second witness.
//!
//! Source: kernel `fs/kernfs/{dir,inode}.c`, `scsi_transport_iscsi.c` (`iscsi_session_nr`).

mod claim;
mod life;
mod owner;
mod since;
mod store;

pub use claim::Claim;
pub use life::{Life, Living};
pub use owner::{BOOT, OWNER_MAX, OwnerName};
pub use since::now;
pub use store::{Claims, Registry};

#[cfg(test)]
mod tests;
