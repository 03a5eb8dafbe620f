//! Exit codes: one table for code, help and docs.

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
        use hba::Kind;
        let kinds = [
            Kind::Failed,
            Kind::Invalid,
            Kind::NotFound,
            Kind::Unsupported,
            Kind::Permission,
            Kind::Busy,
            Kind::Timeout,
            Kind::VerifyFailed { rolled_back: true },
            Kind::VerifyFailed { rolled_back: false },
            Kind::RollbackFailed,
            Kind::Unknown,
            Kind::Interrupted,
        ];
        for kind in kinds {
            assert!(
                EXIT_CODES.iter().any(|(code, _)| *code == kind.exit_code()),
                "{kind:?}"
            );
        }
    }
}
