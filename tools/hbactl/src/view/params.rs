//! Parameter tables.

use hba::params::{Access, ParamSpec};
use schemars::JsonSchema;
use serde::Serialize;

use crate::output::{Done, Out, Table};

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
    why_not: Option<&'static str>,
    /// What it means.
    help: &'static str,
}

pub(crate) fn table(out: &Out, kind: &str, specs: &[ParamSpec]) -> Done {
    let rows: Vec<Row> = specs.iter().map(row).collect();
    out.list(kind, &rows, &[], view)
}

fn row(spec: &ParamSpec) -> Row {
    Row {
        name: spec.name,
        values: spec.kind.to_string(),
        unit: (!spec.unit.is_empty()).then_some(spec.unit),
        settable: spec.settable(),
        why_not: match spec.access {
            Access::Settable => None,
            Access::ReadOnly(why) => Some(why),
        },
        help: spec.help,
    }
}

fn view(rows: &[Row]) -> Table {
    let rows = rows.iter().map(|row| {
        let values = match row.why_not {
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
