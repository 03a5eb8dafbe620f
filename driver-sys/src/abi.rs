//! The two macros that every layout and every code table of this crate is written with.
//!
//! Owns: how a kernel or firmware struct is declared ([`Abi`], `raw_struct!`) and how an open set of codes is
//! declared (`open_enum!`). Must not know any particular struct. Layout facts come from kernel BTF (`abi/*.json`);
//! a test compares every declared field with it.

/// A struct whose layout is fixed by the kernel or the firmware.
pub trait Abi {
    /// Name in the kernel's headers.
    const NAME: &'static str;
    /// Size in bytes.
    const SIZE: usize;
    /// Fields and their byte offsets, in order; names that start with `_` are padding.
    const FIELDS: &'static [(&'static str, usize)];
}

/// Declares `#[repr(C)]` structs with the kernel's names, a size check at compile time and an [`Abi`] table.
macro_rules! raw_struct {
    ($($(#[$meta:meta])* pub struct $name:ident: $size:literal { $($(#[$fmeta:meta])* $field:ident: $ty:ty),* $(,)? })*) => {$(
        $(#[$meta])*
        #[allow(missing_docs, reason = "fields carry the kernel's names and meanings")]
        #[derive(Clone, Copy, PartialEq, Eq, zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::KnownLayout,
                 zerocopy::Immutable)]
        #[repr(C)]
        pub struct $name { $($(#[$fmeta])* pub $field: $ty),* }

        const _: () = assert!(size_of::<$name>() == $size);

        impl Default for $name {
            /// All bytes zero.
            fn default() -> Self {
                zerocopy::FromZeros::new_zeroed()
            }
        }

        impl $crate::abi::Abi for $name {
            const NAME: &'static str = stringify!($name);
            const SIZE: usize = $size;
            const FIELDS: &'static [(&'static str, usize)] =
                &[$((stringify!($field), core::mem::offset_of!($name, $field))),*];
        }
    )*};
}

/// Declares a set of codes that stays open: a code without a name is kept as `Unknown`.
macro_rules! open_enum {
    ($($(#[$meta:meta])* pub enum $name:ident: $int:ty {
        $($(#[$vmeta:meta])* $variant:ident = $value:literal $(=> $kernel:literal)?),* $(,)?
    })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$vmeta])* $variant,)*
            /// A code without a name here; it is kept as it came.
            Unknown($int),
        }

        impl $name {
            /// Every named code, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code's meaning; never fails.
            #[must_use]
            pub const fn from_raw(raw: $int) -> Self {
                match raw {
                    $($value => Self::$variant,)*
                    other => Self::Unknown(other),
                }
            }

            /// The code as it stands in memory or on the wire.
            #[must_use]
            pub const fn raw(self) -> $int {
                match self {
                    $(Self::$variant => $value,)*
                    Self::Unknown(other) => other,
                }
            }

            /// The kernel's or firmware's own name of the code, if it has one.
            #[must_use]
            pub const fn kernel_name(self) -> Option<&'static str> {
                match self {
                    $($(Self::$variant => Some($kernel),)?)*
                    #[allow(unreachable_patterns, reason = "all variants may have names")]
                    _ => None,
                }
            }
        }

        impl From<$int> for $name {
            fn from(raw: $int) -> Self {
                Self::from_raw(raw)
            }
        }

        impl From<$name> for $int {
            fn from(value: $name) -> Self {
                value.raw()
            }
        }
    )*};
}

pub(crate) use {open_enum, raw_struct};

#[cfg(test)]
mod tests;
