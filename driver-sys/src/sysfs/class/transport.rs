//! `/sys/class/iscsi_transport/NAME`: the drivers that registered with the iSCSI transport class.
//!
//! Owns: [`Transport`], [`Caps`]. Must not know: what a control plane does with a capability.
//! Source: kernel `include/scsi/iscsi_if.h` (`CAP_*`), `scsi_transport_iscsi.c` (`show_transport_handle`).

use bitflags::bitflags;

use crate::sysfs::{Error, FromAttr, Reader, Root, attrs};

use super::Listing;

bitflags! {
    /// What a transport can do.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct Caps: u32 {
        /// Session recovery (error recovery level 0).
        const RECOVERY_L0 = 0x1;
        /// Digest recovery (level 1).
        const RECOVERY_L1 = 0x2;
        /// Connection recovery (level 2).
        const RECOVERY_L2 = 0x4;
        /// More than one outstanding R2T.
        const MULTI_R2T = 0x8;
        /// Header digests.
        const HDRDGST = 0x10;
        /// Data digests.
        const DATADGST = 0x20;
        /// More than one connection a session.
        const MULTI_CONN = 0x40;
        /// Text negotiation.
        const TEXT_NEGO = 0x80;
        /// Markers.
        const MARKERS = 0x100;
        /// Sessions come from the firmware's database.
        const FW_DB = 0x200;
        /// The adapter does SendTargets by itself.
        const SENDTARGETS_OFFLOAD = 0x400;
        /// The adapter does the whole data path.
        const DATA_PATH_OFFLOAD = 0x800;
        /// The adapter computes digests.
        const DIGEST_OFFLOAD = 0x1000;
        /// The adapter pads.
        const PADDING_OFFLOAD = 0x2000;
        /// The adapter logs in by itself.
        const LOGIN_OFFLOAD = 0x4000;
        // Bits of later kernels survive.
        const _ = !0;
    }
}

impl FromAttr for Caps {
    const EXPECTED: &'static str = "a hexadecimal capability mask";
    fn from_attr(text: &str) -> Option<Self> {
        crate::sysfs::Hex32::from_attr(text).map(|bits| Self::from_bits_retain(bits.0))
    }
}

attrs! {
    /// A transport's attributes.
    pub struct TransportAttrs, table TRANSPORT_ATTRS {
        /// The number that netlink requests name the transport by.
        must handle: u64 = "handle";
        /// Capabilities.
        must caps: Caps = "caps";
    }
}

/// A transport.
#[derive(Debug, Clone, PartialEq)]
pub struct Transport {
    /// Driver name, such as `qla4xxx`.
    pub name: String,
    /// Its attributes.
    pub attrs: TransportAttrs,
}

/// Reads one transport.
///
/// # Errors
/// There is no such transport, or it lacks an attribute.
pub fn transport(root: &Root, name: &str) -> Result<Transport, Error> {
    let path = format!("class/iscsi_transport/{name}");
    let attrs = TransportAttrs::read(&mut Reader::new(), root.at(&path))?;
    Ok(Transport {
        name: name.to_owned(),
        attrs,
    })
}

/// Lists all transports.
///
/// # Errors
/// The class is there and cannot be read.
pub fn transports(root: &Root) -> Result<Listing<Transport>, Error> {
    Listing::of(root, "class/iscsi_transport", "", |reader, dir, name| {
        Ok(Transport {
            name: name.to_owned(),
            attrs: TransportAttrs::read(reader, dir.at(name))?,
        })
    })
}
