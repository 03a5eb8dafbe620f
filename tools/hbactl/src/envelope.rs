//! The envelope of all JSON output and its version.

use schemars::JsonSchema;
use serde::Serialize;

/// The schema's name.
pub(crate) const SCHEMA_NAME: &str = "hbactl";
/// The schema's version; raised when a field changes meaning or goes away.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// What every JSON answer is wrapped in. Who publishes an answer publishes the schema of its envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Envelope<T> {
    /// Always [`SCHEMA_NAME`].
    pub(crate) schema: String,
    /// Always [`SCHEMA_VERSION`].
    pub(crate) version: u32,
    /// Noun and verb, as `adapter.list`.
    pub(crate) kind: String,
    /// Remarks of the operation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<String>,
    /// The answer.
    pub(crate) data: T,
}

impl<T> Envelope<T> {
    /// Wraps `data` as the answer of `kind`.
    pub(crate) fn new(kind: impl Into<String>, data: T) -> Self {
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
