//! Readers for the sysfs trees of iSCSI adapters, rooted anywhere.
//!
//! Owns: opening a tree ([`Root`]: `/sys` or `DIR/sys`), bounded attribute reads relative to directory descriptors
//! ([`Reader`]), the one table of attribute names per class ([`Attr`]), typed class readers ([`class`]).
//! Must not know: policy, netlink, what an adapter is used for.
//! Never panics on what a tree contains; an attribute is at most [`ATTR_MAX`] bytes.
//! Source: kernel `drivers/scsi/scsi_transport_iscsi.c`, `drivers/scsi/qla4xxx/ql4_attr.c`, `Documentation/filesystems/sysfs.rst`.

mod address;
mod attr;
pub mod class;
mod error;
mod reader;
mod root;
mod value;

pub use crate::secret::Secret;
pub use address::{Address, Portal};
pub use attr::{Attr, Need};
pub use error::{Error, Fault};
pub use reader::{ATTR_MAX, Identity, Place, Reader};
pub use root::{Dir, Root, Store};
pub use value::{FromAttr, Hex32};

pub(crate) use attr::{attrs, named};
