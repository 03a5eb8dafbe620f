//! The one table of attribute names per class, and the macro that keeps struct and table the same thing.
//!
//! Owns: [`Attr`], [`Need`], `attrs!`. Must not know: any class.
//! An attribute that is a parameter has its name from the parameter's row ([`crate::netlink::params`]), all others have it here.

/// Whether a reader can do without an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Without it the object cannot be told apart or used; reading the object fails.
    Mandatory,
    /// Drivers may leave it out or refuse it; the field is then `None`.
    Optional,
}

/// One attribute of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attr {
    /// File name.
    pub name: &'static str,
    /// Mandatory or optional.
    pub need: Need,
    /// Permission bits as the kernel sets them.
    pub mode: u16,
}

/// Declares a class's attribute table and the struct it reads into.
///
/// `must field: Type = "name";` becomes `field: Type`, `may field: Type = "name";` becomes `field: Option<Type>`; a parameter in
/// parentheses stands for its attribute's name; a mode other than 0444 follows the name as `@ 0o644`.
macro_rules! attrs {
    (
        $(#[$meta:meta])*
        pub struct $name:ident, table $table:ident {
            $( $(#[$fmeta:meta])* $need:ident $field:ident : $ty:ty = $attr:tt $(@ $mode:literal)? ; )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $( $(#[$fmeta])* pub $field: $crate::sysfs::attrs!(@field $need $ty), )*
        }

        #[doc = concat!("The attributes that [`", stringify!($name), "`] is read from.")]
        pub const $table: &[$crate::sysfs::Attr] = &[
            $( $crate::sysfs::Attr {
                name: $crate::sysfs::attrs!(@name $attr),
                need: $crate::sysfs::attrs!(@need $need),
                mode: $crate::sysfs::attrs!(@mode $($mode)?),
            }, )*
        ];

        impl $name {
            /// Reads every attribute of the table at a place.
            ///
            /// # Errors
            /// A mandatory one cannot be had, or the object vanished.
            pub fn read(
                reader: &mut $crate::sysfs::Reader,
                at: $crate::sysfs::Place<'_>,
            ) -> Result<Self, $crate::sysfs::Error> {
                Ok(Self {
                    $( $field: $crate::sysfs::attrs!(@read $need $ty, reader, at, $attr), )*
                })
            }
        }
    };
    (@field must $ty:ty) => { $ty };
    (@field may $ty:ty) => { Option<$ty> };
    (@need must) => { $crate::sysfs::Need::Mandatory };
    (@need may) => { $crate::sysfs::Need::Optional };
    (@mode) => { 0o444 };
    (@mode $mode:literal) => { $mode };
    (@name $attr:literal) => { $attr };
    (@name ($param:path)) => { const { $crate::sysfs::named($param.attr()) } };
    (@read must $ty:ty, $reader:ident, $at:ident, $attr:tt) => {
        $reader.must::<$ty>($at, $crate::sysfs::attrs!(@name $attr))?
    };
    (@read may $ty:ty, $reader:ident, $at:ident, $attr:tt) => {
        $reader.may::<$ty>($at, $crate::sysfs::attrs!(@name $attr))?
    };
}

pub(crate) use attrs;

/// The name of a parameter's attribute, in constants: a parameter without one does not compile.
pub(crate) const fn named(attr: Option<&'static str>) -> &'static str {
    match attr {
        Some(name) => name,
        None => panic!("the parameter has no attribute"),
    }
}
