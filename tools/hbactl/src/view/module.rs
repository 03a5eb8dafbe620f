//! Driver parameters.

use hba::model::ModuleParameter;
use hba::ops::module::Translation;

use crate::output::{Table, known};

pub(crate) fn table(all: &[ModuleParameter]) -> Table {
    let rows = all.iter().map(|p| {
        vec![
            p.name.clone(),
            known(p.value.as_ref()),
            p.default.clone(),
            p.values.clone(),
            p.counts.clone(),
            p.help.clone(),
        ]
    });
    Table {
        heads: &["NAME", "VALUE", "DEFAULT", "VALUES", "COUNTS", "MEANING"],
        rows: rows.collect(),
    }
}

pub(crate) fn translations(all: &[Translation]) -> Table {
    let rows = all.iter().map(|t| {
        let new = t.new.as_ref().zip(t.value.as_ref());
        vec![
            format!("{}={}", t.old, t.old_value),
            new.map_or_else(
                || "- (dropped)".to_owned(),
                |(name, value)| format!("{name}={value}"),
            ),
            t.note.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    });
    Table {
        heads: &["OLD", "NOW", "NOTE"],
        rows: rows.collect(),
    }
}
