//! CHAP entries; secrets are redacted by their type.

use hba::model::ChapEntry;

use crate::output::Table;

pub(crate) fn table(all: &[ChapEntry]) -> Table {
    let rows = all.iter().map(|e| {
        let users: Vec<String> = e.in_use_by.iter().map(ToString::to_string).collect();
        vec![
            e.host.to_string(),
            e.index.to_string(),
            e.direction.to_string(),
            e.username.clone(),
            e.secret.to_string(),
            if users.is_empty() {
                "-".to_owned()
            } else {
                users.join(", ")
            },
        ]
    });
    Table {
        heads: &["HOST", "INDEX", "DIRECTION", "USER", "SECRET", "USED BY"],
        rows: rows.collect(),
    }
}
