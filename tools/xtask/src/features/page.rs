//! `docs/features.md`, written from the ledger.

use super::ledger::{Feature, Ledger, State, count};

/// The page.
pub(super) fn write(ledger: &Ledger) -> String {
    let mut page = format!(
        "# Features\n\nWritten by `cargo xtask features` from [features.toml](features.toml); do not edit.\n\n\
         Every claim of this project is an entry here, and a test proves it: {}. A *refused* feature is answered with the reason given \
         here (exit code 4), never left out in silence. A proof is a test as `cargo nextest list` prints it (binary, then test), a check \
         of `cargo xtask qemu` on stock kernels (`qemu …`), or a section of the [equality script](equality.md) (`equality …`). What the \
         protocol asks for stands in [rfc7143.md](rfc7143.md).\n",
        ledger.counts()
    );
    for section in &ledger.sections {
        let features = ledger.of(section);
        let counts = count(features.iter().copied());
        page.push_str(&format!("\n## {}\n\n", section.title));
        if !section.about.is_empty() {
            page.push_str(&format!("{} ", section.about.trim()));
        }
        page.push_str(&format!(
            "Here {counts}.\n\n| | feature | state | what it does | proof |\n|---|---|---|---|---|\n"
        ));
        for feature in features {
            page.push_str(&row(feature));
        }
    }
    page
}

fn row(feature: &Feature) -> String {
    let mut says = cell(&feature.does);
    if !feature.reason.is_empty() {
        let what = match feature.state {
            State::NotYet => "Missing",
            _ => "Reason",
        };
        says.push_str(&format!(" *{what}:* {}", cell(&feature.reason)));
    }
    let proofs: Vec<String> = feature
        .tests
        .iter()
        .map(|test| format!("`{}`", cell(test)))
        .collect();
    format!(
        "| <a id=\"{}\"></a>{} | {} | {} | {says} | {} |\n",
        feature.id.to_lowercase(),
        feature.id,
        cell(&feature.title),
        feature.state,
        proofs.join("<br>")
    )
}

/// A text that does not break its table.
fn cell(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_state_reason_and_proofs() {
        let text = "[[section]]\ntitle = \"One\"\nabout = \"About it.\"\nrows = [\"A1-A2\"]\n\
                    [[feature]]\nid = \"A2\"\ntitle = \"T|2\"\nstate = \"not yet\"\ndoes = \"a\\n b\"\nreason = \"c\"\n\
                    [[feature]]\nid = \"A1\"\ntitle = \"T1\"\nstate = \"works\"\ndoes = \"d\"\ntests = [\"x y\", \"qemu z\"]\n";
        let page = write(&Ledger::parse(text).unwrap().0);
        let (_, rows) = page.split_once("\n## One\n\n").unwrap();
        assert_eq!(
            rows,
            "About it. Here 1 works, 1 is not there yet.\n\n\
             | | feature | state | what it does | proof |\n|---|---|---|---|---|\n\
             | <a id=\"a1\"></a>A1 | T1 | works | d | `x y`<br>`qemu z` |\n\
             | <a id=\"a2\"></a>A2 | T\\|2 | not yet | a b *Missing:* c |  |\n"
        );
    }
}
