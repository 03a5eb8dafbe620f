//! The words of a rule: one table for reading, writing and help.

/// What a word is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// The target's name.
    Target,
    /// Where it listens.
    Portal,
    /// Through which interface.
    Iface,
    /// Through which adapter port.
    Host,
    /// By which transport.
    Transport,
}

/// The words, and what each means.
pub const KEYS: &[(Key, &str, &str)] = &[
    (Key::Target, "target", "the target's name"),
    (
        Key::Portal,
        "portal",
        "its portal, ADDRESS for every port of it or ADDRESS:PORT, IPv6 with a port in brackets; addresses are compared as addresses",
    ),
    (Key::Iface, "iface", "the interface's name"),
    (
        Key::Host,
        "host",
        "the adapter port: MAC address, PCI name, serial number, or host number (which another start of the machine may give to another)",
    ),
    (Key::Transport, "transport", "the transport's name, as qla4xxx"),
];

impl Key {
    /// The key of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        KEYS.iter()
            .find(|(_, name, _)| *name == word)
            .map(|(key, ..)| *key)
    }

    /// Its word.
    #[must_use]
    pub fn name(self) -> &'static str {
        KEYS.iter()
            .find(|(key, ..)| *key == self)
            .map_or("", |(_, name, _)| name)
    }
}
