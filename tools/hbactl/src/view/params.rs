//! Parameter tables.

use hba::params::Settable;
use schemars::JsonSchema;
use serde::Serialize;

use crate::output::{Done, Out, Table};
use crate::words;

/// One row of a parameter table, as JSON shows it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Row {
    /// The name to set it by.
    name: &'static str,
    /// What it takes.
    values: String,
    /// Unit of the value.
    unit: Option<&'static str>,
    /// Whether it can be set.
    settable: bool,
    /// Why it cannot be set.
    why_not: Option<String>,
    /// What it means.
    help: &'static str,
}

pub(crate) fn table<P: Settable>(out: &Out, kind: &str) -> Done {
    let rows: Vec<Row> = P::listed().filter_map(row).collect();
    out.list(kind, &rows, &[], view)
}

fn row<P: Settable>(param: P) -> Option<Row> {
    let info = param.info()?;
    let why_not = param.take().why_not().map(|why| words::message(&why));
    Some(Row {
        name: param.name(),
        values: info.values.to_string(),
        unit: (!info.unit.is_empty()).then_some(info.unit),
        settable: why_not.is_none(),
        why_not,
        help: info.help,
    })
}

fn view(rows: &[Row]) -> Table {
    let rows = rows.iter().map(|row| {
        let values = match &row.why_not {
            Some(_) => "read only".to_owned(),
            None => row.values.clone(),
        };
        vec![
            row.name.to_owned(),
            values,
            row.unit.unwrap_or("-").to_owned(),
            row.help.to_owned(),
        ]
    });
    Table {
        heads: &["NAME", "VALUES", "UNIT", "MEANING"],
        rows: rows.collect(),
    }
}
