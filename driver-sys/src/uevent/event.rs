//! One kobject uevent.

use core::fmt;

/// Longest event, in bytes (`UEVENT_BUFFER_SIZE` and room for the head line).
pub(super) const MAX_EVENT: usize = 16 * 1024;
/// Most pairs of one event (the kernel's `UEVENT_NUM_ENVP` is 64).
const MAX_PAIRS: usize = 256;

/// Bytes that are not an uevent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadUevent {
    /// The first line is not `ACTION@DEVPATH`.
    #[error("the first line of an uevent is not ACTION@DEVPATH")]
    Head,
    /// Not UTF-8.
    #[error("an uevent is not UTF-8")]
    Encoding,
    /// More pairs than any kernel sends.
    #[error("an uevent has more than {MAX_PAIRS} pairs")]
    TooMany,
}

/// A kobject uevent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelEvent {
    /// `add`, `remove`, `change`, `bind`…
    pub action: String,
    /// Path below the sysfs root, with its leading slash.
    pub devpath: String,
    /// The pairs in the order of the message, `ACTION`, `DEVPATH` and `SUBSYSTEM` among them.
    pub pairs: Vec<(String, String)>,
}

impl KernelEvent {
    /// Parses one message. A part without `=` is skipped, as libudev does.
    ///
    /// # Errors
    /// [`BadUevent`].
    pub fn parse(message: &[u8]) -> Result<Self, BadUevent> {
        let text = core::str::from_utf8(message).map_err(|_| BadUevent::Encoding)?;
        let mut parts = text.split('\0');
        let (action, devpath) = parts
            .next()
            .and_then(|head| head.split_once('@'))
            .ok_or(BadUevent::Head)?;
        if action.is_empty() || !devpath.starts_with('/') {
            return Err(BadUevent::Head);
        }
        let mut pairs = Vec::new();
        for (key, value) in parts.filter_map(|part| part.split_once('=')) {
            if pairs.len() == MAX_PAIRS {
                return Err(BadUevent::TooMany);
            }
            pairs.push((key.to_owned(), value.to_owned()));
        }
        Ok(Self {
            action: action.to_owned(),
            devpath: devpath.to_owned(),
            pairs,
        })
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// `SUBSYSTEM`.
    #[must_use]
    pub fn subsystem(&self) -> Option<&str> {
        self.get("SUBSYSTEM")
    }

    /// The message.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut message = format!("{}@{}\0", self.action, self.devpath).into_bytes();
        for (key, value) in &self.pairs {
            message.extend_from_slice(key.as_bytes());
            message.push(b'=');
            message.extend_from_slice(value.as_bytes());
            message.push(0);
        }
        message
    }
}

impl fmt::Display for KernelEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.action, self.devpath)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ADD: &[u8] = b"add@/devices/pci0000:00/host6/iscsi_host/host6\0ACTION=add\0\
        DEVPATH=/devices/pci0000:00/host6/iscsi_host/host6\0SUBSYSTEM=iscsi_host\0SEQNUM=1234\0";

    #[test]
    fn an_event_has_action_path_and_pairs() {
        let event = KernelEvent::parse(ADD).unwrap();
        assert_eq!(
            (event.action.as_str(), event.subsystem()),
            ("add", Some("iscsi_host"))
        );
        assert_eq!(event.devpath, "/devices/pci0000:00/host6/iscsi_host/host6");
        assert_eq!(event.get("SEQNUM"), Some("1234"));
        assert_eq!(event.get("NOTHING"), None);
        assert_eq!(event.encode(), ADD);
    }

    #[test]
    fn values_may_hold_equal_signs_and_rubbish_is_skipped() {
        let event = KernelEvent::parse(b"change@/d\0K=a=b\0rubbish\0").unwrap();
        assert_eq!(event.pairs, [("K".to_owned(), "a=b".to_owned())]);
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in [&b""[..], b"libudev\0\xfe\xed", b"add", b"@/d\0", b"add@d\0"] {
            assert!(KernelEvent::parse(bad).is_err(), "{bad:?}");
        }
        let many = format!("add@/d\0{}", "A=1\0".repeat(MAX_PAIRS + 1));
        assert_eq!(KernelEvent::parse(many.as_bytes()), Err(BadUevent::TooMany));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            let _ = KernelEvent::parse(&bytes);
        }
    }
}
