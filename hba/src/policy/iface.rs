//! Whether an interface is the one that a record names.
//!
//! Source: open-iscsi `usr/iface.c` (`iface_match`): records of older versions carry no transport.

/// The interface that needs no binding: whatever the machine's routes say.
pub const DEFAULT: &str = "default";

/// An interface as records and sessions name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Iface<'a> {
    /// Its name; empty when nobody gave one.
    pub name: &'a str,
    /// The transport; empty in old records.
    pub transport: &'a str,
}

/// Whether `of` is an interface that `pattern` means. One that is not told is every one.
#[must_use]
pub fn matches(pattern: Option<Iface<'_>>, of: Option<Iface<'_>>) -> bool {
    let (Some(pattern), Some(of)) = (pattern, of) else {
        return true;
    };
    pattern.name.is_empty()
        || pattern.name == of.name
            && (pattern.name == DEFAULT || pattern.transport.is_empty() || pattern.transport == of.transport)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Named = Option<(&'static str, &'static str)>;

    fn iface<'a>((name, transport): (&'a str, &'a str)) -> Iface<'a> {
        Iface { name, transport }
    }

    /// Every pattern against every interface; a row a pattern.
    #[test]
    fn every_pattern_means_what_the_peers_does() {
        const OF: [Named; 6] = [
            None,
            Some(("", "tcp")),
            Some(("default", "tcp")),
            Some(("default", "qla4xxx")),
            Some(("port0", "tcp")),
            Some(("port0", "qla4xxx")),
        ];
        const ROWS: &[(Named, [bool; 6])] = &[
            (None, [true; 6]),
            (Some(("", "")), [true; 6]),
            (Some(("", "tcp")), [true; 6]),
            (Some(("default", "")), [true, false, true, true, false, false]),
            (Some(("default", "tcp")), [true, false, true, true, false, false]),
            (Some(("port0", "")), [true, false, false, false, true, true]),
            (Some(("port0", "tcp")), [true, false, false, false, true, false]),
            (
                Some(("port0", "qla4xxx")),
                [true, false, false, false, false, true],
            ),
            (Some(("port1", "")), [true, false, false, false, false, false]),
            (Some(("PORT0", "")), [true, false, false, false, false, false]),
        ];
        for (pattern, expected) in ROWS {
            for (of, expected) in OF.iter().zip(expected) {
                assert_eq!(
                    matches(pattern.map(iface), of.map(iface)),
                    *expected,
                    "{pattern:?} {of:?}"
                );
            }
        }
    }
}
