//! Reading the sysfs tree into the model. Objects that vanish while being read are left out.

pub(super) mod adapter;
pub(super) mod boot;
pub(super) mod flash;
mod health;
pub(super) mod iface;
pub(super) mod lun;
pub(super) mod module;
pub(super) mod session;

use driver_sys::sysfs::class::Listing;
use driver_sys::sysfs::{Fault, Place, Reader, Secret};

use crate::params::{ParamValue, Parameter};
use crate::secret::REDACTED;

/// Passes on what could be read; tells the log about the rest.
pub(super) fn items<T>(listing: Listing<T>) -> Vec<T> {
    for error in listing.skipped.iter().chain(&listing.problems) {
        if !super::fault::is_gone(error) {
            tracing::warn!(%error, "sysfs entry left out");
        }
    }
    listing.items
}

/// Reads one parameter; `None` when the object does not tell it. A secret is only looked at for being set.
fn param<P: Parameter>(reader: &mut Reader, at: Place<'_>, param: P) -> Option<ParamValue> {
    let info = param.info()?;
    let attr = info.attr()?;
    if info.is_secret() {
        let set = reader.may::<Secret>(at, attr).ok().flatten();
        return set.map(|_| ParamValue::Text(REDACTED.to_owned()));
    }
    match reader.text(at, attr) {
        Ok(text) => ParamValue::shown(info, text),
        Err(Fault::Missing | Fault::Vanished | Fault::Permission | Fault::Unreadable(_)) => None,
        Err(fault) => {
            tracing::warn!(attribute = attr, %fault, "unreadable attribute");
            None
        }
    }
}
