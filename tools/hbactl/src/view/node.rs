//! Node records.

use hba::model::{NodeBrief, NodeRecord, Value, ValueOrigin};
use hba::nodes::key::{Key, TABLE};
use schemars::JsonSchema;
use serde::Serialize;

use crate::output::{Details, Done, Out, Table, known};

pub(crate) fn table(all: &[NodeBrief]) -> Table {
    let rows = all.iter().map(|node| {
        vec![
            node.portal(),
            node.iface.clone(),
            known(node.transport.as_ref()),
            node.startup.clone().unwrap_or_else(|| "manual".to_owned()),
            node.discovered
                .as_ref()
                .map_or_else(|| "-".to_owned(), |origin| origin.way.clone()),
            node.target.clone(),
        ]
    });
    Table {
        heads: &["PORTAL", "IFACE", "TRANSPORT", "STARTUP", "FOUND BY", "TARGET"],
        rows: rows.collect(),
    }
}

pub(crate) fn details(node: &NodeRecord) -> Details {
    let mut all = vec![
        ("Target".to_owned(), node.brief.target.clone()),
        ("Portal".to_owned(), node.brief.portal()),
        ("Interface".to_owned(), node.brief.iface.clone()),
        ("File".to_owned(), node.file.clone()),
    ];
    all.extend(values(&node.values));
    all
}

/// Keys and values: first what the record says, then the defaults that count.
pub(super) fn values(values: &[Value]) -> Details {
    let of = |origin: ValueOrigin| {
        let ours = values.iter().filter(move |value| value.from == origin);
        ours.map(|value| {
            (
                value.key.clone(),
                value.value.clone().unwrap_or_else(|| "-".to_owned()),
            )
        })
    };
    let heading = |text: &str| (text.to_owned(), String::new());
    let mut all = vec![heading("The record says")];
    all.extend(of(ValueOrigin::Record));
    if values.iter().any(|value| value.from == ValueOrigin::Default) {
        all.push(heading("By default"));
        all.extend(of(ValueOrigin::Default));
    }
    all
}

/// A key of records.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Row {
    /// The key.
    key: String,
    /// Which records have it.
    records: Vec<String>,
    /// What its value may be.
    values: String,
    /// What a new record has with the iscsid.conf that comes with open-iscsi; else what its programs take.
    default: Option<String>,
    /// Where it is sent; nowhere if user space keeps it.
    sent: Vec<String>,
    /// What it is.
    help: String,
}

impl Row {
    fn of(key: &Key) -> Self {
        Self {
            key: key.name.to_owned(),
            records: key.objects.iter().map(|object| object.to_string()).collect(),
            values: key.kind.to_string(),
            default: key.shipped_default.or(key.code_default).map(str::to_owned),
            sent: key.sent.iter().map(ToString::to_string).collect(),
            help: key.help.to_owned(),
        }
    }
}

/// Every key.
pub(crate) fn keys(out: &Out) -> Done {
    let rows: Vec<Row> = TABLE.iter().map(Row::of).collect();
    out.list("node.keys", &rows, &[], |rows| Table {
        heads: &["KEY", "RECORDS", "VALUES", "DEFAULT", "WHAT IT IS"],
        rows: rows
            .iter()
            .map(|row| {
                vec![
                    row.key.clone(),
                    row.records.join(","),
                    row.values.clone(),
                    row.default.clone().unwrap_or_else(|| "-".to_owned()),
                    row.help.clone(),
                ]
            })
            .collect(),
    })
}
