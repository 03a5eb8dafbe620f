//! Exit codes: one table for code, help and docs.

use hba::Kind;

/// What a script may rely on.
pub const EXIT_CODES: &[(u8, &str)] = &[
    (0, "done, or nothing to do"),
    (1, "failed"),
    (2, "the command line or a value is wrong"),
    (3, "not found"),
    (4, "not supported by this adapter or kernel"),
    (5, "permission denied, or the driver refuses it by rule"),
    (6, "written, read back different, rolled back"),
    (7, "written, read back different, and the roll-back failed too"),
    (
        8,
        "not known whether it was done: sent, and not finished in time, or no answer or no look at the result could be had; the message says where to look",
    ),
    (129, "ended by SIGHUP; nothing is left half done"),
    (130, "ended by SIGINT (^C); nothing is left half done"),
    (143, "ended by SIGTERM; nothing is left half done"),
];

/// The code of a failure of this kind.
#[must_use]
pub fn code(kind: Kind) -> u8 {
    match kind {
        Kind::Invalid => 2,
        Kind::NotFound => 3,
        Kind::Unsupported => 4,
        Kind::Permission => 5,
        Kind::VerifyFailed { rolled_back: true } => 6,
        Kind::VerifyFailed { rolled_back: false } | Kind::RollbackFailed => 7,
        Kind::Unknown => 8,
        Kind::Interrupted => 130,
        _ => 1,
    }
}

/// The table as help text.
#[must_use]
pub fn help() -> String {
    let rows: Vec<String> = EXIT_CODES
        .iter()
        .map(|(code, text)| format!("  {code:<3}  {text}"))
        .collect();
    format!("Exit codes:\n{}", rows.join("\n"))
}

/// The table as a page of the reference.
#[must_use]
pub fn page() -> String {
    let rows: Vec<String> = EXIT_CODES
        .iter()
        .map(|(code, text)| format!("| {code} | {text} |"))
        .collect();
    format!(
        "# Exit codes of hbactl\n\n| code | meaning |\n|---|---|\n{}\n",
        rows.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_error_has_a_documented_code() {
        for (kind, expected) in [
            (Kind::Failed, 1),
            (Kind::Busy, 1),
            (Kind::Timeout, 1),
            (Kind::Invalid, 2),
            (Kind::NotFound, 3),
            (Kind::Unsupported, 4),
            (Kind::Permission, 5),
            (Kind::VerifyFailed { rolled_back: true }, 6),
            (Kind::VerifyFailed { rolled_back: false }, 7),
            (Kind::RollbackFailed, 7),
            (Kind::Unknown, 8),
            (Kind::Interrupted, 130),
        ] {
            assert_eq!(code(kind), expected, "{}", kind.name());
            assert!(EXIT_CODES.iter().any(|(code, _)| *code == expected), "{kind:?}");
        }
    }
}
