//! A value's bytes, which hide themselves, and the forms in which values travel.
//!
//! Must not know which parameter has which form: that is in `params`. Source: `iscsi_if.h`; `ql4_os.c`, `qla4xxx_iface_set_param`,
//! `qla4xxx_sysfs_ddb_set_param`.

use core::fmt;
use std::net::{IpAddr, Ipv4Addr};

use crate::secret::Secret;

/// The bytes of a value. `Debug` shows only their number; they are wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Bytes(Secret);

impl Bytes {
    /// Bytes as they are.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Secret::from_vec(bytes.into()))
    }

    /// One byte.
    #[must_use]
    pub fn u8(value: u8) -> Self {
        Self::new([value])
    }

    /// Two bytes, native-endian.
    #[must_use]
    pub fn u16(value: u16) -> Self {
        Self::new(value.to_ne_bytes())
    }

    /// Four bytes, native-endian.
    #[must_use]
    pub fn u32(value: u32) -> Self {
        Self::new(value.to_ne_bytes())
    }

    /// Text without a terminator.
    #[must_use]
    pub fn text(value: &str) -> Self {
        Self::new(value)
    }

    /// Text with its NUL.
    #[must_use]
    pub fn c_text(value: &str) -> Self {
        let mut bytes = Vec::with_capacity(value.len() + 1);
        bytes.extend_from_slice(value.as_bytes());
        bytes.push(0);
        Self::new(bytes)
    }

    /// Four or sixteen bytes, network order.
    #[must_use]
    pub fn addr(value: IpAddr) -> Self {
        match value {
            IpAddr::V4(a) => Self::new(a.octets()),
            IpAddr::V6(a) => Self::new(a.octets()),
        }
    }

    /// Sixteen bytes, IPv4 in the first four: the form of flash node addresses.
    #[must_use]
    pub fn addr16(value: IpAddr) -> Self {
        match value {
            IpAddr::V4(a) => {
                let mut room = [0; 16];
                room[..4].copy_from_slice(&a.octets());
                Self::new(room)
            }
            IpAddr::V6(a) => Self::new(a.octets()),
        }
    }

    /// All bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        self.0.expose()
    }

    /// The first byte.
    #[must_use]
    pub fn to_u8(&self) -> Option<u8> {
        self.as_slice().first().copied()
    }

    /// The first two bytes, native-endian.
    #[must_use]
    pub fn to_u16(&self) -> Option<u16> {
        self.as_slice().first_chunk().map(|b| u16::from_ne_bytes(*b))
    }

    /// The first four bytes, native-endian.
    #[must_use]
    pub fn to_u32(&self) -> Option<u32> {
        self.as_slice().first_chunk().map(|b| u32::from_ne_bytes(*b))
    }

    /// The bytes before the first NUL, or all of them.
    #[must_use]
    pub fn to_c_bytes(&self) -> &[u8] {
        crate::hw::until_nul(self.as_slice())
    }

    /// [`Self::to_c_bytes`] if they are UTF-8.
    #[must_use]
    pub fn to_text(&self) -> Option<&str> {
        core::str::from_utf8(self.to_c_bytes()).ok()
    }

    /// The first four bytes as an address.
    #[must_use]
    pub fn to_ipv4(&self) -> Option<Ipv4Addr> {
        self.as_slice().first_chunk::<4>().map(|b| Ipv4Addr::from(*b))
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(bytes)
    }
}

impl From<&str> for Bytes {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.as_slice().len())
    }
}
