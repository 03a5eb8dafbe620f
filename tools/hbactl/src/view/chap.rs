//! CHAP entries; secrets are redacted by their type.

use hba::model::ChapEntry;

use crate::output::{Details, Table};

pub(crate) fn table(all: &[ChapEntry]) -> Table {
    let rows = all.iter().map(|e| {
        vec![
            e.host.to_string(),
            e.index.to_string(),
            e.direction.to_string(),
            e.username.clone(),
            e.secret.to_string(),
            users(e),
        ]
    });
    Table {
        heads: &["HOST", "INDEX", "DIRECTION", "USER", "SECRET", "USED BY"],
        rows: rows.collect(),
    }
}

pub(crate) fn details(e: &ChapEntry) -> Details {
    [
        ("Host", e.host.to_string()),
        ("Index", e.index.to_string()),
        ("Direction", e.direction.to_string()),
        ("User", e.username.clone()),
        ("Secret", e.secret.to_string()),
        ("Used by", users(e)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

fn users(e: &ChapEntry) -> String {
    let users: Vec<String> = e.in_use_by.iter().map(ToString::to_string).collect();
    if users.is_empty() {
        "-".to_owned()
    } else {
        users.join(", ")
    }
}
