//! The rows of the table, in the order in which records have their keys.
//!
//! Owns how a row is written. Rows of interfaces take values, unit and help from the rows of `driver_sys`.

mod conf;
mod connection;
mod discovery;
mod iface;
mod node;
mod session;

use super::{Key, Object, Objects, Sent, ValueKind};
use crate::nodes::Version;

/// Every key.
pub static TABLE: &[Key] = &ALL;

const PARTS: [&[Key]; 7] = [
    &node::NODE,
    &iface::IFACE,
    &node::DISCOVERED,
    &session::BEGIN,
    &discovery::DISCOVERY,
    &session::REST,
    &connection::CONNECTION,
];

const COUNT: usize = {
    let mut count = conf::CONF.len();
    let mut part = 0;
    while part < PARTS.len() {
        count += PARTS[part].len();
        part += 1;
    }
    count
};

static ALL: [Key; COUNT] = {
    let mut all = [conf::CONF[0]; COUNT];
    let (mut at, mut part) = (0, 0);
    while part <= PARTS.len() {
        let rows: &[Key] = if part < PARTS.len() {
            PARTS[part]
        } else {
            &conf::CONF
        };
        let mut row = 0;
        while row < rows.len() {
            all[at] = rows[row];
            at += 1;
            row += 1;
        }
        part += 1;
    }
    all
};

/// A row without a default, that is sent nowhere.
const fn key(name: &'static str, objects: &[Object], kind: ValueKind, help: &'static str) -> Key {
    Key {
        name,
        objects: Objects::of(objects),
        kind,
        code_default: None,
        older_default: None,
        shipped_default: None,
        sent: &[],
        help,
        since: Version::BASE,
        written: true,
        fixed: false,
        twin: None,
    }
}

impl Key {
    /// What the code takes where nothing is said.
    const fn value(mut self, value: &'static str) -> Self {
        self.code_default = Some(value);
        self
    }

    /// As [`Key::value`], and the shipped file says the same.
    const fn both(mut self, value: &'static str) -> Self {
        self.shipped_default = Some(value);
        self.value(value)
    }

    const fn shipped(mut self, value: &'static str) -> Self {
        self.shipped_default = Some(value);
        self
    }

    const fn older(mut self, changed: Version, value: &'static str) -> Self {
        self.older_default = Some((changed, value));
        self
    }

    const fn sent(mut self, sent: &'static [Sent]) -> Self {
        self.sent = sent;
        self
    }

    const fn since(mut self, version: Version) -> Self {
        self.since = version;
        self
    }

    const fn help(mut self, help: &'static str) -> Self {
        self.help = help;
        self
    }

    const fn read_only(mut self) -> Self {
        self.written = false;
        self
    }

    const fn fixed(mut self) -> Self {
        self.fixed = true;
        self
    }

    const fn twin(mut self, other: &'static str) -> Self {
        self.twin = Some(other);
        self
    }
}

/// Seconds of any number.
const SECONDS: ValueKind = ValueKind::Number {
    min: 0,
    max: i32::MAX as i64,
    unit: "s",
};
/// A number of times.
const TIMES: ValueKind = ValueKind::Number {
    min: 0,
    max: i32::MAX as i64,
    unit: "",
};
/// A TCP port.
const PORT: ValueKind = ValueKind::Number {
    min: 1,
    max: 65_535,
    unit: "",
};
/// A length of a login key (RFC 7143 sections 13.12 to 13.14).
const LENGTH: ValueKind = ValueKind::Number {
    min: 512,
    max: (1 << 24) - 1,
    unit: "bytes",
};
/// A user's name.
const USER: ValueKind = ValueKind::Text { max: 255 };
/// A password.
const PASSWORD: ValueKind = ValueKind::Secret { max: 255 };
/// The length that old versions wrote beside a password.
const PASSWORD_LENGTH: ValueKind = ValueKind::Number {
    min: 0,
    max: 255,
    unit: "bytes",
};
/// How a peer proves itself.
const METHODS: ValueKind = ValueKind::Choice(&["None", "CHAP"]);
/// When something begins by itself.
const STARTUP: ValueKind = ValueKind::Choice(&["manual", "automatic", "onboot"]);
