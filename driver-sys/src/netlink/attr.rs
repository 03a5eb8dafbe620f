//! Attribute lists: parameters with their values, as SET_IFACE_PARAMS, SET_CHAP and SET_FLASHNODE_PARAMS carry them.
//!
//! Owns the list format (`nlattr`, a parameter header inside, padding to four bytes) and values that hide themselves.
//! Source: `iscsi_if.h`, `iscsi_param_info`, `iscsi_iface_param_info`; `ql4_os.c`, `nla_for_each_attr` loops.

use core::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_core::NlaBuffer;
use zerocopy::{FromBytes, IntoBytes};
use zeroize::Zeroizing;

use super::code::{IfaceType, ParamType};
use super::error::{DecodeError, index, take};
use super::frame::align;
use super::params::{IfaceParam, NetParam, Param};
use super::raw::{iscsi_iface_param_info, iscsi_param_info, nlattr};
use crate::secret::Secret;

const NLATTR: usize = size_of::<nlattr>();

/// Longest value that fits into an attribute with its headers, in bytes.
pub const MAX_VALUE: usize = u16::MAX as usize - NLATTR - size_of::<iscsi_iface_param_info>();

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

    /// The first sixteen bytes as an address.
    #[must_use]
    pub fn to_ipv6(&self) -> Option<Ipv6Addr> {
        self.as_slice().first_chunk::<16>().map(|b| Ipv6Addr::from(*b))
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

/// A parameter and its value. `Debug` shows the value unless the parameter is secret or unknown.
#[derive(Clone, PartialEq, Eq)]
pub struct Attr<P> {
    /// Which parameter.
    pub param: P,
    /// Its value.
    pub value: Bytes,
}

impl<P> Attr<P> {
    /// A parameter with a value; more than [`MAX_VALUE`] bytes cannot be expressed in a message and are cut there.
    #[must_use]
    pub const fn new(param: P, value: Bytes) -> Self {
        Self { param, value }
    }
}

impl<P: Param> fmt::Debug for Attr<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, &self.param, self.param.is_secret(), &self.value)
    }
}

fn show(f: &mut fmt::Formatter<'_>, param: &dyn fmt::Debug, secret: bool, value: &Bytes) -> fmt::Result {
    if secret {
        write!(f, "{param:?} = [redacted]")
    } else {
        write!(f, "{param:?} = {}", value.as_slice().escape_ascii())
    }
}

/// An interface parameter of either table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IfaceCode {
    /// Network setting.
    Net(NetParam),
    /// iSCSI setting.
    Iscsi(IfaceParam),
    /// Any other table; the code is kept.
    Other {
        /// The table.
        table: ParamType,
        /// The code.
        code: u16,
    },
}

impl IfaceCode {
    fn from_raw(table: u8, code: u16) -> Self {
        match ParamType::from_raw(table) {
            ParamType::Net => Self::Net(NetParam::from_raw(code)),
            ParamType::Iface => Self::Iscsi(IfaceParam::from_raw(code)),
            table => Self::Other { table, code },
        }
    }

    /// Table and code as they travel.
    #[must_use]
    pub fn raw(self) -> (u8, u16) {
        match self {
            Self::Net(p) => (ParamType::Net.raw(), p.raw()),
            Self::Iscsi(p) => (ParamType::Iface.raw(), p.raw()),
            Self::Other { table, code } => (table.raw(), code),
        }
    }

    fn is_secret(self) -> bool {
        match self {
            Self::Net(p) => p.is_secret(),
            Self::Iscsi(p) => p.is_secret(),
            Self::Other { .. } => true,
        }
    }
}

/// One parameter of one interface.
#[derive(Clone, PartialEq, Eq)]
pub struct IfaceAttr {
    /// Number of the interface within its host and family.
    pub iface_num: u32,
    /// Family.
    pub iface_type: IfaceType,
    /// Which parameter.
    pub param: IfaceCode,
    /// Its value.
    pub value: Bytes,
}

impl fmt::Debug for IfaceAttr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}-{} ", self.iface_type, self.iface_num)?;
        show(f, &self.param, self.param.is_secret(), &self.value)
    }
}

/// An empty list with room for these values, so that it is never moved: they may be secret.
fn room<'v>(info: usize, values: impl Iterator<Item = &'v Bytes>) -> Zeroizing<Vec<u8>> {
    let size = values.map(|value| align(NLATTR + info + value.as_slice().len().min(MAX_VALUE)));
    Zeroizing::new(Vec::with_capacity(size.sum()))
}

/// Appends one attribute: header, parameter header, value, padding.
fn push(list: &mut Vec<u8>, kind: u16, info: &[u8], value: &[u8]) {
    let len = NLATTR + info.len() + value.len();
    let header = nlattr {
        nla_len: u16::try_from(len).unwrap_or(u16::MAX),
        nla_type: kind,
    };
    list.extend_from_slice(header.as_bytes());
    list.extend_from_slice(info);
    list.extend_from_slice(value);
    list.resize(align(list.len()), 0);
}

/// Walks a list and hands over each attribute's content. The kernel stops in silence at an attribute that lies about
/// its length; here it is an error. Fewer than four trailing bytes are padding.
fn walk(list: &[u8], mut each: impl FnMut(&[u8]) -> Result<(), DecodeError>) -> Result<(), DecodeError> {
    let mut rest = list;
    while rest.len() >= NLATTR {
        let attr = NlaBuffer::new(rest);
        let claimed = usize::from(attr.length());
        let content = rest.get(NLATTR..claimed).ok_or(DecodeError::Length {
            what: "attribute",
            claimed,
            have: rest.len(),
        })?;
        each(content)?;
        rest = rest.get(align(claimed)..).unwrap_or_default();
    }
    Ok(())
}

fn value_of(what: &'static str, rest: &[u8], claimed: u32) -> Result<Bytes, DecodeError> {
    let claimed = index(what, claimed)?;
    let value = rest.get(..claimed).ok_or(DecodeError::Length {
        what,
        claimed,
        have: rest.len(),
    })?;
    Ok(Bytes::new(value))
}

/// Encodes a list of parameters.
pub(crate) fn encode<P: Param>(attrs: &[Attr<P>]) -> Zeroizing<Vec<u8>> {
    let mut list = room(size_of::<iscsi_param_info>(), attrs.iter().map(|a| &a.value));
    for attr in attrs {
        let value = attr.value.as_slice();
        let value = value.get(..MAX_VALUE).unwrap_or(value);
        let info = iscsi_param_info {
            len: u32::try_from(value.len()).unwrap_or(u32::MAX).to_ne_bytes(),
            param: attr.param.code().to_ne_bytes(),
        };
        push(&mut list, attr.param.code(), info.as_bytes(), value);
    }
    list
}

/// Decodes a list of parameters.
pub(crate) fn decode<P: Param>(list: &[u8]) -> Result<Vec<Attr<P>>, DecodeError> {
    let mut attrs = Vec::new();
    walk(list, |content| {
        let (info, rest) = iscsi_param_info::read_from_prefix(content).map_err(|_| DecodeError::Short {
            what: "parameter header",
            need: size_of::<iscsi_param_info>(),
            have: content.len(),
        })?;
        let value = value_of("parameter value", rest, u32::from_ne_bytes(info.len))?;
        attrs.push(Attr {
            param: P::from_code(u16::from_ne_bytes(info.param)),
            value,
        });
        Ok(())
    })?;
    Ok(attrs)
}

/// Encodes a list of interface parameters.
pub(crate) fn encode_iface(attrs: &[IfaceAttr]) -> Zeroizing<Vec<u8>> {
    let mut list = room(
        size_of::<iscsi_iface_param_info>(),
        attrs.iter().map(|a| &a.value),
    );
    for attr in attrs {
        let value = attr.value.as_slice();
        let value = value.get(..MAX_VALUE).unwrap_or(value);
        let (param_type, param) = attr.param.raw();
        let info = iscsi_iface_param_info {
            iface_num: attr.iface_num,
            len: u32::try_from(value.len()).unwrap_or(u32::MAX),
            param,
            iface_type: attr.iface_type.raw(),
            param_type,
        };
        push(&mut list, param, info.as_bytes(), value);
    }
    list
}

/// Decodes a list of interface parameters.
pub(crate) fn decode_iface(list: &[u8]) -> Result<Vec<IfaceAttr>, DecodeError> {
    let mut attrs = Vec::new();
    walk(list, |content| {
        let head = take(
            "interface parameter header",
            content,
            size_of::<iscsi_iface_param_info>(),
        )?;
        let info = iscsi_iface_param_info::read_from_bytes(head).unwrap_or_default();
        let rest = content.get(head.len()..).unwrap_or_default();
        attrs.push(IfaceAttr {
            iface_num: info.iface_num,
            iface_type: IfaceType::from_raw(info.iface_type),
            param: IfaceCode::from_raw(info.param_type, info.param),
            value: value_of("interface parameter value", rest, info.len)?,
        });
        Ok(())
    })?;
    Ok(attrs)
}
