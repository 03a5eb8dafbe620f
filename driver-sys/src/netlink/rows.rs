//! How a table of messages is written: a row a message, from which its type, its number and both directions of its bytes follow.
//!
//! Owns the [`messages!`] macro and [`Member`], the step between a number in a union and its meaning. Must not know any particular
//! message. A row reads
//!
//! ```text
//! /// What it is.
//! Name = number "KERNEL_NAME" -> what follows: union.layout { field: Type = member, … } + field: Payload, at least bytes;
//! ```
//!
//! - `union` is `u` or `r` of `iscsi_uevent`, `layout` one of its members in `raw`; what is not named there stays 0;
//! - `= member` stands where the kernel's name of a field is not ours;
//! - `+ field` is what follows the event, written and read by its [`super::body::Payload`];
//! - `at least`: with fewer bytes the kernel answers EINVAL, whatever else is wrong.

use super::body::Body;
use super::code::{ConnState, Discovery, HostEventCode, IfaceType, IscsiErr, PingStatus, StopFlag};
use super::error::DecodeError;
use super::params::{IscsiParam, Param as _};

/// A field of a message as a member of a union carries it.
pub(crate) trait Member<T>: Sized {
    /// The member.
    fn to_member(&self) -> T;
    /// The field; what no field can hold is [`Body::odd`].
    fn from_member(member: T, body: &mut Body<'_>) -> Self;
}

macro_rules! same {
    ($($int:ty),*) => {$(
        impl Member<$int> for $int {
            fn to_member(&self) -> $int {
                *self
            }
            fn from_member(member: $int, _: &mut Body<'_>) -> Self {
                member
            }
        }
    )*};
}

same!(u16, u32, u64);

macro_rules! codes {
    ($($code:ident),*) => {$(
        impl Member<u32> for $code {
            fn to_member(&self) -> u32 {
                self.raw()
            }
            fn from_member(member: u32, _: &mut Body<'_>) -> Self {
                Self::from_raw(member)
            }
        }
    )*};
}

codes!(
    StopFlag,
    Discovery,
    ConnState,
    IscsiErr,
    HostEventCode,
    PingStatus
);

impl Member<u32> for bool {
    fn to_member(&self) -> u32 {
        (*self).into()
    }
    fn from_member(member: u32, _: &mut Body<'_>) -> Self {
        member != 0
    }
}

impl Member<u32> for IfaceType {
    fn to_member(&self) -> u32 {
        self.raw().into()
    }
    fn from_member(member: u32, body: &mut Body<'_>) -> Self {
        Self::from_raw(narrow("interface type", member, u8::MAX, body))
    }
}

impl Member<u32> for IscsiParam {
    fn to_member(&self) -> u32 {
        self.code().into()
    }
    fn from_member(member: u32, body: &mut Body<'_>) -> Self {
        Self::from_code(narrow("parameter", member, u16::MAX, body))
    }
}

/// A code that travels in 32 bits and is kept in fewer; one that is too large becomes the largest, which has no name.
pub(crate) fn narrow<T: TryFrom<u32>>(what: &'static str, code: u32, largest: T, body: &mut Body<'_>) -> T {
    T::try_from(code).unwrap_or_else(|_| {
        body.odd(DecodeError::Value {
            what,
            value: code.into(),
        });
        largest
    })
}

/// Declares an enum of messages and the enum of their numbers; see the module.
macro_rules! messages {
    (
        $(#[$code_meta:meta])*
        pub enum $code:ident: $int:ty;
        $(#[$tell_meta:meta])*
        pub fn $tell:ident -> $told:ty, or $other:path;
        $(#[$meta:meta])*
        pub enum $message:ident;
        $(
            $(#[$doc:meta])*
            $name:ident = $number:literal $kernel:literal -> $tells:path:
            $union:ident.$raw:ident { $($field:ident: $ty:ty $(= $member:ident)?),* $(,)? }
            $(+ $payload:ident: $payload_ty:ty $(, at least $least:literal)?)?;
        )*
    ) => {
        $crate::abi::open_enum! {
            $(#[$code_meta])*
            pub enum $code: $int {
                $($(#[$doc])* $name = $number => $kernel,)*
            }
        }

        impl $code {
            $(#[$tell_meta])*
            #[must_use]
            pub const fn $tell(self) -> $told {
                match self {
                    $(Self::$name => $tells,)*
                    Self::Unknown(_) => $other,
                }
            }
        }

        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs, reason = "fields are the kernel's numbers, or carry its names")]
        pub enum $message {
            $($(#[$doc])* $name { $($field: $ty,)* $($payload: $payload_ty,)? },)*
            /// A message without a name here; kept as it came.
            Unknown { kind: $int, u: [u8; 24], r: [u8; 16], payload: $crate::netlink::Bytes },
        }

        impl $message {
            /// Its number.
            #[must_use]
            pub const fn code(&self) -> $code {
                match self {
                    $(Self::$name { .. } => $code::$name,)*
                    Self::Unknown { kind, .. } => $code::from_raw(*kind),
                }
            }

            /// Fills the unions, and gives what follows the event.
            fn fill(&self, ev: &mut iscsi_uevent) -> zeroize::Zeroizing<Vec<u8>> {
                match self {
                    $(Self::$name { $($field,)* $($payload,)? } => {
                        #[allow(unused_mut, reason = "not every layout has members to set")]
                        let mut layout = $raw::default();
                        $($crate::netlink::rows::set!(layout, $field, $field $(, $member)?);)*
                        let payload = $crate::netlink::rows::write!(layout $(, $payload)?);
                        $crate::netlink::raw::place(&mut ev.$union, &layout);
                        payload
                    })*
                    Self::Unknown { u, r, payload, .. } => {
                        ev.u = *u;
                        ev.r = *r;
                        payload.as_slice().to_vec().into()
                    }
                }
            }

            /// The message of this number, out of the unions and what follows the event.
            fn read(kind: $int, ev: &iscsi_uevent, body: &mut Body<'_>) -> Self {
                match $code::from_raw(kind) {
                    $($code::$name => {
                        #[allow(unused_variables, reason = "not every layout is looked at")]
                        let layout: $raw = $crate::netlink::raw::member(&ev.$union);
                        $($(body.at_least($least);)?)?
                        Self::$name {
                            $($field: $crate::netlink::rows::get!(layout, body, $field $(, $member)?),)*
                            $($payload: $crate::netlink::body::Payload::read(&layout, body),)?
                        }
                    })*
                    $code::Unknown(kind) => Self::Unknown {
                        kind,
                        u: ev.u,
                        r: ev.r,
                        payload: $crate::netlink::Bytes::new(body.bytes()),
                    },
                }
            }
        }
    };
}

/// Sets the member that a field of a row travels in.
macro_rules! set {
    ($layout:ident, $value:ident, $field:ident) => {
        $layout.$field = $crate::netlink::rows::Member::to_member($value)
    };
    ($layout:ident, $value:ident, $field:ident, $member:ident) => {
        $layout.$member = $crate::netlink::rows::Member::to_member($value)
    };
}

/// The field of a row out of its member.
macro_rules! get {
    ($layout:ident, $body:ident, $field:ident) => {
        $crate::netlink::rows::Member::from_member($layout.$field, $body)
    };
    ($layout:ident, $body:ident, $field:ident, $member:ident) => {
        $crate::netlink::rows::Member::from_member($layout.$member, $body)
    };
}

/// What a row writes behind the event.
macro_rules! write {
    ($layout:ident) => {
        zeroize::Zeroizing::default()
    };
    ($layout:ident, $payload:ident) => {
        $crate::netlink::body::Payload::write($payload, &mut $layout)
    };
}

pub(crate) use {get, messages, set, write};
