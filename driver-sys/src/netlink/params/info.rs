//! What is known of one parameter: where it lives, what it is called, what it can be, how its value travels.
//!
//! Owns the row of every parameter table and the [`Param`] trait. Must not know any particular parameter, nor what a driver takes.

use super::Values;

/// The object that a parameter belongs to, which is also where sysfs shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Object {
    /// `class/iscsi_session`.
    Session,
    /// `class/iscsi_connection`.
    Connection,
    /// `class/iscsi_host`.
    Host,
    /// `class/iscsi_iface`, either family.
    Iface,
    /// `class/iscsi_iface/ipv4-…`.
    Ipv4Iface,
    /// `class/iscsi_iface/ipv6-…`.
    Ipv6Iface,
    /// `bus/iscsi_flashnode/devices/flashnode_sess-…`.
    FlashSession,
    /// `bus/iscsi_flashnode/devices/flashnode_conn-…`.
    FlashConnection,
    /// A CHAP table entry; not in sysfs.
    Chap,
    /// Not shown anywhere.
    None,
}

/// How a value travels in a netlink message. Integers are native-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WireKind {
    /// NUL-terminated text, whatever it means (SET_PARAM, SET_HOST_PARAM).
    Ascii,
    /// One byte.
    U8,
    /// Two bytes.
    U16,
    /// Four bytes.
    U32,
    /// One byte: 1 off, 2 on. Sysfs says `disable`, `enable`.
    OnOff,
    /// Four bytes, network order.
    Ipv4,
    /// Sixteen bytes, network order.
    Ipv6,
    /// Always sixteen bytes in network order; IPv4 in the first four.
    Ip,
    /// A fixed number of bytes.
    Bytes(u8),
    /// Text, not terminated.
    Text,
    /// Text that must be NUL-terminated, as the driver copies it as a C string.
    CText,
    /// A password, not terminated.
    Secret,
}

/// Whether a switch and its value say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Polarity {
    /// The value is on when the switch is on.
    Straight,
    /// The value is off when the switch is on, on the wire and in sysfs: a `*_disable` switch whose value speaks of the feature.
    Inverted,
}

/// One row of a parameter table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParamInfo {
    /// Where it belongs.
    pub object: Object,
    /// What sysfs calls it, and who sets it by hand.
    pub name: Option<&'static str>,
    /// Whether sysfs shows it.
    pub shown: bool,
    /// Whether only root may read it there.
    pub root_only: bool,
    /// Key in the records of the stock iscsiadm.
    pub key: Option<&'static str>,
    /// How its value travels.
    pub kind: WireKind,
    /// What it can be.
    pub values: Values,
    /// Unit of the value; empty if none.
    pub unit: &'static str,
    /// Whether value and switch say the same.
    pub polarity: Polarity,
    /// What it is, in a few words.
    pub help: &'static str,
}

impl ParamInfo {
    /// The name of its sysfs attribute.
    #[must_use]
    pub const fn attr(&self) -> Option<&'static str> {
        if self.shown { self.name } else { None }
    }

    /// Whether its value must never be shown.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.values == Values::Secret
    }

    pub(super) const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    pub(super) const fn inverted(mut self) -> Self {
        self.polarity = Polarity::Inverted;
        self
    }

    pub(super) const fn root_only(mut self) -> Self {
        self.root_only = true;
        self
    }

    pub(super) const fn unshown(mut self) -> Self {
        self.shown = false;
        self
    }
}

/// A parameter code with a table.
pub trait Param: Copy + Eq + core::fmt::Debug + 'static {
    /// Every parameter that has a row, in code order.
    fn all() -> &'static [Self];
    /// The parameter of a code; unknown codes are kept.
    fn from_code(code: u16) -> Self;
    /// The code.
    fn code(self) -> u16;
    /// Its row; `None` for an unknown code.
    fn info(self) -> Option<&'static ParamInfo>;

    /// Whether its value must never be shown. Values of unknown parameters are treated as secrets.
    fn is_secret(self) -> bool {
        self.info().is_none_or(ParamInfo::is_secret)
    }
}

/// Declares a set of parameter codes and its table, one row a parameter: code and kernel name, object and sysfs attribute, leaf of
/// the record key (`=`: as the attribute), wire form, values, a few words of help, and what else is to be said of it. `_` is none.
macro_rules! params {
    (
        $(#[$emeta:meta])* pub enum $name:ident;
        $(
            $variant:ident = $code:literal $kernel:literal, $object:ident $attr:tt $key:tt,
            $kind:ident $(($arg:expr))?, $values:expr, $help:literal $(, $word:ident($($value:literal)?))*;
        )*
    ) => {
        crate::abi::open_enum! {
            $(#[$emeta])*
            pub enum $name: u16 { $(#[doc = $help] $variant = $code => $kernel),* }
        }

        impl $name {
            /// Its row; `None` for an unknown code.
            #[must_use]
            pub const fn info(self) -> Option<&'static super::info::ParamInfo> {
                #[allow(unused_imports, reason = "not every table needs every word")]
                use super::values::*;

                match self {
                    $(Self::$variant => Some(const {
                        &super::info::ParamInfo {
                            object: super::info::Object::$object,
                            name: super::info::params!(@name $attr),
                            shown: true,
                            root_only: false,
                            key: super::info::params!(@key $object $attr $key),
                            kind: super::info::WireKind::$kind $(($arg))?,
                            values: $values,
                            unit: "",
                            polarity: super::info::Polarity::Straight,
                            help: $help,
                        }$(.$word($($value)?))*
                    }),)*
                    Self::Unknown(_) => None,
                }
            }

            /// The name of its sysfs attribute.
            #[must_use]
            pub const fn attr(self) -> Option<&'static str> {
                match self.info() {
                    Some(info) => info.attr(),
                    None => None,
                }
            }
        }

        impl super::info::Param for $name {
            fn all() -> &'static [Self] {
                Self::ALL
            }
            fn from_code(code: u16) -> Self {
                Self::from_raw(code)
            }
            fn code(self) -> u16 {
                self.raw()
            }
            fn info(self) -> Option<&'static super::info::ParamInfo> {
                self.info()
            }
        }
    };
    (@name _) => { None };
    (@name $attr:literal) => { Some($attr) };
    (@key $object:ident $attr:tt _) => { None };
    (@key $object:ident $attr:tt =) => { Some(concat!(super::info::params!(@prefix $object), $attr)) };
    (@key $object:ident $attr:tt $leaf:literal) => { Some(concat!(super::info::params!(@prefix $object), $leaf)) };
    (@prefix FlashSession) => { "flashnode.session." };
    (@prefix FlashConnection) => { "flashnode.conn[0]." };
    (@prefix Iface) => { "iface." };
    (@prefix Ipv4Iface) => { "iface." };
    (@prefix Ipv6Iface) => { "iface." };
    (@prefix Chap) => { "host.auth." };
}

pub(crate) use params;
