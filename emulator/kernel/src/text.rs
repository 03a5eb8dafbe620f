//! How the kernel prints addresses, MACs and names in attributes.
//!
//! Source: `lib/vsprintf.c` (`%pI4`, `%pI6`, `%pM`, `%pm`).

use std::fmt::Write;

/// `%pI4`; missing bytes read as zero.
pub(crate) fn ip4(b: &[u8]) -> String {
    let at = |i: usize| b.get(i).copied().unwrap_or(0);
    format!("{}.{}.{}.{}", at(0), at(1), at(2), at(3))
}

/// `%pI6`: eight groups of four hexadecimal digits, nothing left out.
pub(crate) fn ip6(b: &[u8]) -> String {
    let at = |i: usize| b.get(i).copied().unwrap_or(0);
    (0..8).fold(String::with_capacity(39), |mut s, i| {
        if i > 0 {
            s.push(':');
        }
        let _ = write!(s, "{:02x}{:02x}", at(2 * i), at(2 * i + 1));
        s
    })
}

/// `%pM`.
pub(crate) fn mac(b: &[u8]) -> String {
    b.iter().map(|x| format!("{x:02x}")).collect::<Vec<_>>().join(":")
}

/// `%pm` and `%*phN`: hexadecimal without separators.
pub(crate) fn hex(b: &[u8]) -> String {
    b.iter().fold(String::with_capacity(b.len() * 2), |mut s, x| {
        let _ = write!(s, "{x:02x}");
        s
    })
}

/// A C string in a fixed field: the bytes before the first NUL.
pub(crate) fn cstr(b: &[u8]) -> String {
    String::from_utf8_lossy(driver_sys::hw::until_nul(b)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_as_the_kernel_prints_them() {
        assert_eq!(ip4(&[192, 168, 10, 2]), "192.168.10.2");
        let mut a = [0u8; 16];
        a[0] = 0xfe;
        a[1] = 0x80;
        a[15] = 1;
        assert_eq!(ip6(&a), "fe80:0000:0000:0000:0000:0000:0000:0001");
        assert_eq!(mac(&[0, 0xc0, 0xdd]), "00:c0:dd");
        assert_eq!(hex(&[1, 0x1e]), "011e");
        assert_eq!(ip4(&[]), "0.0.0.0");
    }
}
