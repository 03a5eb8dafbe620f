//! `/sys/class/iscsi_endpoint/ep-N`: connections that a driver holds for sessions of user space.
//!
//! Owns: how many there are. Must not know: whose they are, which the class does not tell: an endpoint has no parent. Source: kernel
//! `scsi_transport_iscsi.c` (`iscsi_create_endpoint`).

use super::number_after;
use crate::sysfs::{Error, Root};

/// How many endpoints the machine has; `None` without the class.
///
/// # Errors
/// The class is there and cannot be read.
pub fn count(root: &Root) -> Result<Option<u32>, Error> {
    let Some(dir) = root.dir_if_present("class/iscsi_endpoint")? else {
        return Ok(None);
    };
    let mut count = 0_u32;
    dir.for_each_name(|name| count += u32::from(number_after(name, "ep-").is_some()))?;
    Ok(Some(count))
}
