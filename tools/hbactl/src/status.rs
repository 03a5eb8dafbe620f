//! The statuses of failures: in an error for programs, and as a page of the reference. The table is [`hba::error::Status`].

use hba::error::{Number, Status};
use schemars::JsonSchema;
use serde::Serialize;

/// What came of a request, in our word and the numbers of other systems.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct StatusReport {
    /// Our name, as `session_not_found`; see docs/reference/status.md.
    name: &'static str,
    /// The exit status that `iscsiadm` has for it, or the nearest.
    iscsi_err: u8,
    /// The status value that Microsoft's initiator has for it, or the nearest, as `0xEFFF001C`.
    ms: String,
}

impl From<Status> for StatusReport {
    fn from(status: Status) -> Self {
        let code = status.code();
        Self {
            name: code.name,
            iscsi_err: code.iscsi_err.get(),
            ms: format!("0x{:08X}", code.ms.get()),
        }
    }
}

/// The table as a page of the reference.
#[must_use]
pub fn page() -> String {
    fn shown<T: Copy>(number: Number<T>, text: impl Fn(T) -> String) -> String {
        let near = if number.exact().is_some() { "" } else { "≈ " };
        format!("{near}{}", text(number.get()))
    }
    let rows: Vec<String> = Status::ALL
        .iter()
        .map(|status| {
            let code = status.code();
            format!(
                "| `{}` | {} | {} | {} | {} |",
                code.name,
                shown(code.iscsi_err, |n| n.to_string()),
                code.errno.map_or_else(|| "–".to_owned(), |e| format!("{e:?}")),
                shown(code.ms, |n| if n == 0 {
                    "0".to_owned()
                } else {
                    format!("0x{n:08X}")
                }),
                code.meaning
            )
        })
        .collect();
    format!(
        "# Statuses\n\nWritten by `cargo xtask reference` from the table that the program uses.\n\nWith `-o json` every failure carries \
         `status`: our name, the exit status of `iscsiadm` (`iscsi_err`) and the status value of Microsoft's\ninitiator (`ms`). `≈` marks \
         the nearest number where that system has none of its own; the others mean just this, and belong to one\nstatus alone. The errno is \
         the one that means this by itself; what an errno means after a certain request, the message says.\n\n\
         | status | iscsi_err | errno | Microsoft | meaning |\n|---|---|---|---|---|\n{}\n",
        rows.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_status_once() {
        let page = page();
        for status in Status::ALL {
            let cell = format!("| `{}` |", status.name());
            assert_eq!(page.matches(&cell).count(), 1, "{cell}");
        }
    }
}
