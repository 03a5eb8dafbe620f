//! The envelope of all JSON output and its version.

use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};

use super::{
    Adapter, BootConfig, Capacity, ChapEntry, EventRecord, FlashTarget, HostStats, Iface, Inquiry, Lun,
    PingResult, ReportedLun, Session, SessionBrief, SessionStats, VpdPage,
};

/// The schema's name.
pub const SCHEMA_NAME: &str = "hbactl";
/// The schema's version; raised when a field changes meaning or goes away.
pub const SCHEMA_VERSION: u32 = 1;

/// What every JSON answer is wrapped in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Envelope<T> {
    /// Always [`SCHEMA_NAME`].
    pub schema: String,
    /// Always [`SCHEMA_VERSION`].
    pub version: u32,
    /// Noun and verb, as `adapter.list`.
    pub kind: String,
    /// Remarks of the operation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The answer.
    pub data: T,
}

impl<T> Envelope<T> {
    /// Wraps `data` as the answer of `kind`.
    pub fn new(kind: impl Into<String>, data: T) -> Self {
        Self {
            schema: SCHEMA_NAME.to_owned(),
            version: SCHEMA_VERSION,
            kind: kind.into(),
            warnings: Vec::new(),
            data,
        }
    }
}

/// The JSON schema of every noun, by name.
#[must_use]
pub fn schemas() -> Vec<(&'static str, Schema)> {
    vec![
        ("adapter", schema_for!(Adapter)),
        ("iface", schema_for!(Iface)),
        ("flash", schema_for!(FlashTarget)),
        ("chap", schema_for!(ChapEntry)),
        ("boot", schema_for!(BootConfig)),
        ("session", schema_for!(Session)),
        ("session-brief", schema_for!(SessionBrief)),
        ("lun", schema_for!(Lun)),
        ("inquiry", schema_for!(Inquiry)),
        ("vpd-page", schema_for!(VpdPage)),
        ("reported-lun", schema_for!(ReportedLun)),
        ("capacity", schema_for!(Capacity)),
        ("host-stats", schema_for!(HostStats)),
        ("session-stats", schema_for!(SessionStats)),
        ("ping", schema_for!(PingResult)),
        ("event", schema_for!(EventRecord)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_names_schema_and_version() {
        let json = serde_json::to_value(Envelope::new("adapter.list", [1, 2])).expect("json");
        assert_eq!(json["schema"], SCHEMA_NAME);
        assert_eq!(json["version"], SCHEMA_VERSION);
        assert_eq!(json["kind"], "adapter.list");
        assert_eq!(json["data"][1], 2);
    }

    #[test]
    fn every_noun_has_an_object_schema() {
        for (name, schema) in schemas() {
            let value = schema.to_value();
            assert!(
                value.get("properties").is_some() || value.get("oneOf").is_some(),
                "{name}: {value}"
            );
        }
    }
}
