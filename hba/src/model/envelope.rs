//! The envelope of all JSON output and its version.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The schema's name.
pub const SCHEMA_NAME: &str = "hbactl";
/// The schema's version; raised when a field changes meaning or goes away.
pub const SCHEMA_VERSION: u32 = 1;

/// What every JSON answer is wrapped in. Who publishes an answer publishes the schema of its envelope.
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
}
