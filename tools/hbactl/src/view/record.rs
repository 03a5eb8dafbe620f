//! Interface records.

use hba::model::IfaceRecord;

use super::node::values;
use crate::output::{Details, Table, known};

pub(crate) fn table(all: &[IfaceRecord]) -> Table {
    let dash = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let rows = all.iter().map(|iface| {
        vec![
            iface.name.clone(),
            known(iface.transport.as_ref()),
            dash(&iface.hwaddress),
            dash(&iface.netdev),
            dash(&iface.ipaddress),
            dash(&iface.initiatorname),
        ]
    });
    Table {
        heads: &["IFACE", "TRANSPORT", "MAC", "NETDEV", "ADDRESS", "INITIATOR"],
        rows: rows.collect(),
    }
}

pub(crate) fn details(iface: &IfaceRecord) -> Details {
    let mut all = vec![
        ("Interface".to_owned(), iface.name.clone()),
        (
            "File".to_owned(),
            iface
                .file
                .clone()
                .unwrap_or_else(|| "none: it is always there".to_owned()),
        ),
    ];
    all.extend(values(&iface.values));
    all
}
