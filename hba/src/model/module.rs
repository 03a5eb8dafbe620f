//! Parameters of an adapter's driver.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A parameter that the driver was loaded with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModuleParameter {
    /// Its name.
    pub name: String,
    /// Its value now, as sysfs shows it; `None` when this kernel's driver has no such parameter.
    pub value: Option<String>,
    /// The value when nobody sets it.
    pub default: String,
    /// What it takes.
    pub values: String,
    /// When a value counts.
    pub counts: String,
    /// Whether sysfs takes another value while the driver is loaded.
    pub writable: bool,
    /// What it means.
    pub help: String,
}
