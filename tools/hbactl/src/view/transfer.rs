//! How a transfer to or from a logical unit ended.

use std::path::Path;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::output::Details;

/// What a transfer did, or would do.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Transfer {
    /// The logical unit, as `H:C:T:L`.
    pub(crate) address: String,
    /// The file at our end, `-` for stdin or stdout.
    pub(crate) file: String,
    /// First block.
    pub(crate) start: u64,
    /// Bytes moved; unknown before a dry run's input has been read.
    pub(crate) bytes: Option<u64>,
    /// How long it took, in milliseconds.
    pub(crate) elapsed_ms: u64,
    /// Whether what was written has been read back and is equal.
    pub(crate) verified: bool,
    /// Whether nothing was moved because of `--dry-run`.
    pub(crate) planned: bool,
}

impl Transfer {
    pub(crate) fn new(address: impl ToString, file: &Path, start: u64) -> Self {
        Self {
            address: address.to_string(),
            file: file.display().to_string(),
            start,
            bytes: None,
            elapsed_ms: 0,
            verified: false,
            planned: false,
        }
    }

    pub(crate) fn done(mut self, bytes: u64, elapsed: Duration, verified: bool) -> Self {
        self.bytes = Some(bytes);
        self.elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        self.verified = verified;
        self
    }
}

pub(crate) fn details(t: &Transfer) -> Details {
    let seconds = t.elapsed_ms as f64 / 1000.0;
    let mut rows = vec![
        ("Logical unit".to_owned(), t.address.clone()),
        ("File".to_owned(), t.file.clone()),
        ("First block".to_owned(), t.start.to_string()),
    ];
    if t.planned {
        rows.push(("Bytes (planned)".to_owned(), crate::output::known(t.bytes)));
        return rows;
    }
    rows.push(("Bytes".to_owned(), crate::output::known(t.bytes)));
    rows.push(("Seconds".to_owned(), format!("{seconds:.2}")));
    if let Some(bytes) = t.bytes.filter(|_| t.elapsed_ms > 0) {
        rows.push((
            "MiB/s".to_owned(),
            format!("{:.1}", bytes as f64 / seconds / 1_048_576.0),
        ));
    }
    if t.verified {
        rows.push(("Read back".to_owned(), "equal".to_owned()));
    }
    rows
}
