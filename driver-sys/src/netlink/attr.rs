//! Attribute lists: parameters with their values, as SET_IFACE_PARAMS, SET_CHAP and SET_FLASHNODE_PARAMS carry them.
//!
//! Owns what stands inside of an attribute, and how far the kernel walks a list; `netlink-packet-core` owns the attributes
//! themselves. Source: `iscsi_if.h`, `iscsi_param_info`, `iscsi_iface_param_info`; `net/netlink.h`, `nla_for_each_attr`, which ends
//! in silence at the first attribute that does not fit; `ql4_os.c`, `qla4xxx_iface_set_param` and the others.

use core::fmt;

use netlink_packet_core::{Emitable, NLA_HEADER_SIZE, Nla, NlaBuffer, NlasIterator};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};
use zeroize::Zeroizing;

use super::body::{Body, Payload, claimed, len32};
use super::bytes::Bytes;
use super::code::{IfaceType, ParamType};
use super::error::DecodeError;
use super::frame::align;
use super::params::{ChapParam, FlashnodeParam, IfaceParam, NetParam, Param};
use super::raw::*;

/// Longest value that fits into an attribute with its headers, in bytes.
pub const MAX_VALUE: usize = u16::MAX as usize - NLA_HEADER_SIZE - size_of::<iscsi_iface_param_info>();

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

/// A value as far as an attribute can hold it.
fn held(value: &Bytes) -> &[u8] {
    let value = value.as_slice();
    value.get(..MAX_VALUE).unwrap_or(value)
}

/// Writes the content of an attribute: the parameter's header, then its value.
fn emit(buffer: &mut [u8], info: &[u8], value: &[u8]) {
    let (head, rest) = buffer.split_at_mut(info.len());
    head.copy_from_slice(info);
    rest.copy_from_slice(value);
}

impl<P: Param> Nla for Attr<P> {
    fn value_len(&self) -> usize {
        size_of::<iscsi_param_info>() + held(&self.value).len()
    }
    fn kind(&self) -> u16 {
        self.param.code()
    }
    fn emit_value(&self, buffer: &mut [u8]) {
        let value = held(&self.value);
        let info = iscsi_param_info {
            len: len32(value).to_ne_bytes(),
            param: self.param.code().to_ne_bytes(),
        };
        emit(buffer, info.as_bytes(), value);
    }
}

impl Nla for IfaceAttr {
    fn value_len(&self) -> usize {
        size_of::<iscsi_iface_param_info>() + held(&self.value).len()
    }
    fn kind(&self) -> u16 {
        self.param.raw().1
    }
    fn emit_value(&self, buffer: &mut [u8]) {
        let value = held(&self.value);
        let (param_type, param) = self.param.raw();
        let info = iscsi_iface_param_info {
            iface_num: self.iface_num,
            len: len32(value),
            param,
            iface_type: self.iface_type.raw(),
            param_type,
        };
        emit(buffer, info.as_bytes(), value);
    }
}

/// The list, in room of its final size: what it holds may be secret, and is never moved.
fn encode<A: Nla>(attrs: &[A]) -> Zeroizing<Vec<u8>> {
    let mut list = Zeroizing::new(vec![0; attrs.buffer_len()]);
    attrs.emit(&mut list);
    list
}

/// Hands over the content of each attribute up to the first that lies about its length, or that `each` cannot read.
fn walk(body: &mut Body<'_>, mut each: impl FnMut(&[u8], &mut Body<'_>) -> Option<()>) {
    let mut rest = body.bytes();
    for attr in NlasIterator::new(rest) {
        let Ok(attr) = attr else {
            // Fewer bytes than a header are padding.
            if rest.len() >= NLA_HEADER_SIZE {
                body.odd(DecodeError::Length {
                    what: "attribute",
                    claimed: NlaBuffer::new(rest).length().into(),
                    have: rest.len(),
                });
            }
            return;
        };
        if each(attr.value(), body).is_none() {
            return;
        }
        rest = rest.get(align(attr.length().into())..).unwrap_or_default();
    }
}

/// The header inside of an attribute and what is behind it. The drivers refuse a list with an attribute that is too short for it.
fn info<'a, I>(what: &'static str, content: &'a [u8], body: &mut Body<'_>) -> Option<(I, &'a [u8])>
where
    I: FromBytes + KnownLayout + Immutable,
{
    let read = I::read_from_prefix(content).ok();
    if read.is_none() {
        body.refused(DecodeError::Short {
            what,
            need: size_of::<I>(),
            have: content.len(),
        });
    }
    read
}

/// A value, cut to what its attribute holds.
fn value(what: &'static str, rest: &[u8], len: u32, body: &mut Body<'_>) -> Bytes {
    let (value, lie) = claimed(what, rest, len);
    if let Some(lie) = lie {
        body.odd(lie);
    }
    Bytes::new(value)
}

fn decode<P: Param>(body: &mut Body<'_>) -> Vec<Attr<P>> {
    let mut attrs = Vec::new();
    walk(body, |content, body| {
        let (info, rest): (iscsi_param_info, _) = info("parameter header", content, body)?;
        attrs.push(Attr {
            param: P::from_code(u16::from_ne_bytes(info.param)),
            value: value("parameter value", rest, u32::from_ne_bytes(info.len), body),
        });
        Some(())
    });
    attrs
}

impl Payload<msg_host> for Vec<Attr<ChapParam>> {
    fn write(&self, _: &mut msg_host) -> Zeroizing<Vec<u8>> {
        encode(self)
    }
    fn read(_: &msg_host, body: &mut Body<'_>) -> Self {
        decode(body)
    }
}

impl Payload<msg_set_flashnode_param> for Vec<Attr<FlashnodeParam>> {
    fn write(&self, layout: &mut msg_set_flashnode_param) -> Zeroizing<Vec<u8>> {
        layout.count = u32::try_from(self.len()).unwrap_or(u32::MAX);
        encode(self)
    }
    fn read(_: &msg_set_flashnode_param, body: &mut Body<'_>) -> Self {
        decode(body)
    }
}

impl Payload<msg_set_iface_params> for Vec<IfaceAttr> {
    fn write(&self, layout: &mut msg_set_iface_params) -> Zeroizing<Vec<u8>> {
        layout.count = u32::try_from(self.len()).unwrap_or(u32::MAX);
        encode(self)
    }
    fn read(_: &msg_set_iface_params, body: &mut Body<'_>) -> Self {
        let mut attrs = Self::new();
        walk(body, |content, body| {
            let (info, rest): (iscsi_iface_param_info, _) =
                info("interface parameter header", content, body)?;
            attrs.push(IfaceAttr {
                iface_num: info.iface_num,
                iface_type: IfaceType::from_raw(info.iface_type),
                param: IfaceCode::from_raw(info.param_type, info.param),
                value: value("interface parameter value", rest, info.len, body),
            });
            Some(())
        });
        attrs
    }
}
