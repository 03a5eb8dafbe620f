//! `/sys/class/iscsi_endpoint/ep-N`: connections that a driver opened for someone.
//!
//! Owns: [`Endpoint`]. Must not know: whose they are. Source: kernel `scsi_transport_iscsi.c` (`iscsi_create_endpoint`).

use crate::sysfs::{Error, Root, attrs};

use super::Listing;

attrs! {
    /// An endpoint's attributes.
    pub struct EndpointAttrs, table ENDPOINT_ATTRS {
        /// The number that netlink requests name it by.
        must handle: u64 = "handle";
    }
}

/// An endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    /// Its name, `ep-N`.
    pub name: String,
    /// Its attributes.
    pub attrs: EndpointAttrs,
}

/// Lists all endpoints.
pub fn endpoints(root: &Root) -> Result<Listing<Endpoint>, Error> {
    Listing::of(root, "class/iscsi_endpoint", "ep-", |reader, dir, name| {
        Ok(Endpoint {
            name: name.to_owned(),
            attrs: EndpointAttrs::read(reader, dir.at(name))?,
        })
    })
}
