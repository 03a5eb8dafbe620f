//! Numbers that the RFC names, as one table each: every other number is kept as it is.
//!
//! Must not know what the numbers mean.

/// Declares a number with named constants, the table of what is known of each, and how one is looked up.
macro_rules! numbered {
    ($(#[$doc:meta])* $vis:vis struct $name:ident($int:ty) => $row:ty { $($(#[$vdoc:meta])* $variant:ident = $value:expr, $data:expr;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        $vis struct $name(pub $int);

        impl $name {
            $($(#[$vdoc])* pub const $variant: Self = Self($value);)+

            /// Everything that the RFC names, in its order.
            pub const TABLE: &'static [(Self, $row)] = &[$((Self::$variant, $data),)+];

            /// What the RFC says of it, if it names it.
            #[must_use]
            pub fn row(self) -> Option<&'static $row> {
                Self::TABLE.iter().find(|(number, _)| *number == self).map(|(_, row)| row)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match *self {
                    $(Self::$variant => f.write_str(stringify!($variant)),)+
                    Self(other) => write!(f, concat!(stringify!($name), "({})"), other),
                }
            }
        }
    };
}

pub(super) use numbered;
