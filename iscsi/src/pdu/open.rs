//! Open one-byte enumerations: named values, and every other value kept as it is.
//!
//! Must not know what the values mean.

/// Declares a transparent byte with named constants, a `name()` and a Debug that shows it.
macro_rules! open_enum {
    ($(#[$doc:meta])* $vis:vis enum $name:ident { $($(#[$vdoc:meta])* $variant:ident = $value:expr, $text:expr;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        #[derive(zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::Immutable, zerocopy::KnownLayout, zerocopy::Unaligned)]
        #[repr(transparent)]
        $vis struct $name(pub u8);

        impl $name {
            $($(#[$vdoc])* pub const $variant: Self = Self($value);)+

            /// What the RFC calls this value, if it names it.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => Some($text),)+
                    _ => None,
                }
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match *self {
                    $(Self::$variant => f.write_str(stringify!($variant)),)+
                    Self(other) => write!(f, concat!(stringify!($name), "({:#04x})"), other),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.name() {
                    Some(text) => f.write_str(text),
                    None => write!(f, "code {:#04x}", self.0),
                }
            }
        }
    };
}

/// Declares a transparent flag byte on top of `bitflags`, keeping unknown bits.
macro_rules! flag_byte {
    ($(#[$doc:meta])* $vis:vis struct $name:ident { $($(#[$($fdoc:tt)*])* const $flag:ident = $value:expr;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
        #[derive(zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::Immutable, zerocopy::KnownLayout, zerocopy::Unaligned)]
        #[repr(transparent)]
        $vis struct $name(pub u8);

        bitflags::bitflags! {
            impl $name: u8 {
                $($(#[$($fdoc)*])* const $flag = $value;)+
                const _ = !0;
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                bitflags::parser::to_writer(self, f)
            }
        }
    };
}

/// The checks and conversions that every 48-byte header shares.
macro_rules! bhs_struct {
    ($name:ident, $opcode:ident) => {
        const _: () = assert!(size_of::<$name>() == $crate::pdu::BHS_LEN);

        impl $name {
            /// The opcode of this PDU.
            pub const OPCODE: $crate::pdu::Opcode = $crate::pdu::Opcode::$opcode;

            /// The same 48 bytes, seen as this PDU. The opcode is not checked.
            #[must_use]
            pub fn from_bhs(bhs: &$crate::pdu::Bhs) -> Self {
                zerocopy::transmute!(*bhs)
            }

            /// The same 48 bytes as a plain header.
            #[must_use]
            pub fn to_bhs(&self) -> $crate::pdu::Bhs {
                zerocopy::transmute!(*self)
            }
        }
    };
}

pub(super) use {bhs_struct, flag_byte, open_enum};
