//! What is known of one parameter: where it lives, what it is called, how its value travels.
//!
//! Owns the row type of every parameter table and the [`Param`] trait. Must not know any particular parameter.

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

/// What a value that travels as text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Value {
    /// `0` or `1`.
    Bool,
    /// A decimal number.
    Number,
    /// Free text.
    Text,
    /// A password.
    Secret,
}

/// How a value travels in a netlink message. Integers are native-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WireKind {
    /// NUL-terminated text (SET_PARAM, SET_HOST_PARAM).
    Ascii(Value),
    /// One byte.
    U8,
    /// Two bytes.
    U16,
    /// Four bytes.
    U32,
    /// One byte: 1 off, 2 on. Sysfs says `disable`, `enable`.
    OnOff,
    /// A `*_disable` switch whose value speaks of the feature: the switch is on (the feature off) with 1, off with 2. Sysfs says
    /// `disable` when it is on, `enable` when it is off.
    OffOn,
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

/// One row of a parameter table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParamInfo<P: 'static> {
    /// The parameter.
    pub param: P,
    /// Where it belongs.
    pub object: Object,
    /// Name of its sysfs attribute.
    pub attr: Option<&'static str>,
    /// Key in the records of the stock iscsiadm.
    pub key: Option<&'static str>,
    /// How its value travels.
    pub kind: WireKind,
    /// Whether qla4xxx takes it in an attribute list.
    pub settable: bool,
    /// Whether only root may read the sysfs attribute.
    pub root_only: bool,
}

/// A parameter code with a table.
pub trait Param: Copy + Eq + core::fmt::Debug + 'static {
    /// The table, in code order.
    fn table() -> &'static [ParamInfo<Self>];
    /// The parameter of a code; unknown codes are kept.
    fn from_code(code: u16) -> Self;
    /// The code.
    fn code(self) -> u16;

    /// The row of this parameter; `None` for an unknown code.
    fn info(self) -> Option<&'static ParamInfo<Self>> {
        Self::table().iter().find(|row| row.param == self)
    }

    /// Whether its value must never be shown. Values of unknown parameters are treated as secrets.
    fn is_secret(self) -> bool {
        self.info()
            .is_none_or(|row| matches!(row.kind, WireKind::Secret | WireKind::Ascii(Value::Secret)))
    }

    /// The parameter of an object that sysfs calls `attr`.
    fn by_attr(object: Object, attr: &str) -> Option<&'static ParamInfo<Self>> {
        Self::table()
            .iter()
            .find(|row| row.object == object && row.attr == Some(attr))
    }

    /// The parameter that the stock iscsiadm calls `key`.
    fn by_key(key: &str) -> Option<&'static ParamInfo<Self>> {
        Self::table().iter().find(|row| row.key == Some(key))
    }
}

/// Declares a set of parameter codes and its table, one row a parameter: code, kernel name, object, sysfs attribute,
/// record key, wire form, and `settable` (in a list), `fixed`, `everyone` or `root_only` (may read it; set as text).
macro_rules! params {
    (
        $(#[$emeta:meta])* pub enum $name:ident;
        $(#[$tmeta:meta])* pub static $table:ident: $count:literal rows {$(
            $(#[$vmeta:meta])*
            $variant:ident = $code:literal, $kernel:literal, $object:ident, $attr:expr, $key:expr,
            $kind:ident $(($arg:expr))?, $access:ident;
        )*}
    ) => {
        crate::abi::open_enum! {
            $(#[$emeta])*
            pub enum $name: u16 { $($(#[$vmeta])* $variant = $code => $kernel),* }
        }

        $(#[$tmeta])*
        pub static $table: [super::info::ParamInfo<$name>; $count] = [$(super::info::ParamInfo {
            param: $name::$variant,
            object: super::info::Object::$object,
            attr: $attr,
            key: $key,
            kind: super::info::WireKind::$kind $(($arg))?,
            settable: super::info::access::$access.0,
            root_only: super::info::access::$access.1,
        }),*];

        impl super::info::Param for $name {
            fn table() -> &'static [super::info::ParamInfo<Self>] {
                &$table
            }
            fn from_code(code: u16) -> Self {
                Self::from_raw(code)
            }
            fn code(self) -> u16 {
                self.raw()
            }
        }
    };
}

/// What the last word of a row means: settable in an attribute list, readable by root only.
#[allow(non_upper_case_globals, reason = "words of a table")]
pub(super) mod access {
    pub(in super::super) const settable: (bool, bool) = (true, false);
    pub(in super::super) const fixed: (bool, bool) = (false, false);
    pub(in super::super) const everyone: (bool, bool) = (false, false);
    pub(in super::super) const root_only: (bool, bool) = (false, true);
}

pub(crate) use params;
