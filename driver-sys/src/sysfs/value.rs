//! From attribute text to values.
//!
//! Owns: [`FromAttr`] and its scalar types. Must not know: files.
//! Unset strings are what `printf("%s", NULL)` left of them: `(null)`, in older kernels `<NULL>`, or nothing at all.

use super::{Address, Secret};

/// A value that an attribute's text can become. The text comes without its trailing newline.
pub trait FromAttr: Sized {
    /// What is understood, for the error text.
    const EXPECTED: &'static str;
    /// Whether the text must not be shown or kept.
    const SECRET: bool = false;

    /// The value, or `None` if the text means nothing.
    fn from_attr(text: &str) -> Option<Self>;

    /// Whether the text says "no value". Optional attributes are then `None`, mandatory ones missing.
    fn is_unset(text: &str) -> bool {
        is_unset(text)
    }
}

/// Whether a string attribute is unset: empty, `(null)` or `<NULL>`.
pub(crate) fn is_unset(text: &str) -> bool {
    text.is_empty() || text == "(null)" || text == "<NULL>"
}

macro_rules! integers {
    ($($ty:ty => $expected:literal),* $(,)?) => { $(
        impl FromAttr for $ty {
            const EXPECTED: &'static str = $expected;
            fn from_attr(text: &str) -> Option<Self> {
                match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
                    Some(hex) => <$ty>::from_str_radix(hex, 16).ok(),
                    None => text.parse().ok(),
                }
            }
        }
    )* };
}

integers! {
    u8 => "a number below 256",
    u16 => "a number below 65536",
    u32 => "a 32-bit number",
    u64 => "a 64-bit number",
    i32 => "a signed 32-bit number",
}

impl FromAttr for bool {
    const EXPECTED: &'static str = "0 or 1";
    fn from_attr(text: &str) -> Option<Self> {
        match text {
            "0" | "N" | "n" => Some(false),
            "1" | "Y" | "y" => Some(true),
            _ => None,
        }
    }
}

impl FromAttr for String {
    const EXPECTED: &'static str = "a string";
    fn from_attr(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl FromAttr for Box<str> {
    const EXPECTED: &'static str = "a string";
    fn from_attr(text: &str) -> Option<Self> {
        Some(text.into())
    }
}

impl FromAttr for Address {
    const EXPECTED: &'static str = "an address";
    fn from_attr(text: &str) -> Option<Self> {
        Some(Self::new(text))
    }
}

impl FromAttr for Secret {
    const EXPECTED: &'static str = "a string";
    const SECRET: bool = true;
    fn from_attr(text: &str) -> Option<Self> {
        Some(Self::new(text.as_bytes()))
    }
}

/// A 32-bit number that the kernel prints in hexadecimal (`0x48b8`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hex32(pub u32);

impl FromAttr for Hex32 {
    const EXPECTED: &'static str = "a hexadecimal number";
    fn from_attr(text: &str) -> Option<Self> {
        let digits = text
            .strip_prefix("0x")
            .or_else(|| text.strip_prefix("0X"))
            .unwrap_or(text);
        u32::from_str_radix(digits, 16).ok().map(Self)
    }
}

/// Declares an enum of the kernel's words that keeps words it does not know.
macro_rules! words {
    (
        $(#[$meta:meta])*
        pub enum $name:ident, $expected:literal { $( $(#[$vmeta:meta])* $variant:ident = $word:literal ),* $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $( $(#[$vmeta])* $variant, )*
            /// A word of a newer or older kernel.
            Other(Box<str>),
        }

        impl $name {
            /// The kernel's word.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $word, )*
                    Self::Other(word) => word,
                }
            }
        }

        impl $crate::sysfs::FromAttr for $name {
            const EXPECTED: &'static str = $expected;
            fn from_attr(text: &str) -> Option<Self> {
                Some(match text {
                    $( $word => Self::$variant, )*
                    other => Self::Other(other.into()),
                })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use words;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unset_strings_of_every_kernel_are_unset() {
        for text in ["", "(null)", "<NULL>"] {
            assert!(String::is_unset(text), "{text:?}");
        }
        assert!(!String::is_unset("null"));
    }

    #[test]
    fn numbers_refuse_trailing_text_sign_and_overflow() {
        assert_eq!(u16::from_attr("65535"), Some(65535));
        assert_eq!(u16::from_attr("65536"), None);
        assert_eq!(u32::from_attr("0x20"), Some(32));
        assert_eq!(u32::from_attr("-1"), None);
        assert_eq!(i32::from_attr("-1"), Some(-1));
        assert_eq!(u32::from_attr("12 "), None);
        assert_eq!(
            u64::from_attr("18446744072641525152"),
            Some(18_446_744_072_641_525_152)
        );
    }

    #[test]
    fn hexadecimal_needs_no_prefix() {
        assert_eq!(Hex32::from_attr("0x48b8"), Some(Hex32(0x48b8)));
        assert_eq!(Hex32::from_attr("48b8"), Some(Hex32(0x48b8)));
        assert_eq!(Hex32::from_attr("0x"), None);
    }
}
