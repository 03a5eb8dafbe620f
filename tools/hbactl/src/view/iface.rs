//! Interfaces.

use hba::model::Iface;

use crate::output::{Details, Table, flag, known};

pub(crate) fn table(all: &[Iface]) -> Table {
    let rows = all.iter().map(|i| {
        vec![
            i.name.clone(),
            flag(i.enabled),
            known(i.address.as_ref()),
            if i.present {
                known(i.address_state.as_ref())
            } else {
                "not shown while off".to_owned()
            },
            known(i.mtu),
            if i.staged.is_empty() {
                "-".to_owned()
            } else {
                format!("{} staged", i.staged.len())
            },
        ]
    });
    Table {
        heads: &["INTERFACE", "ENABLED", "ADDRESS", "ADDRESS STATE", "MTU", "STAGE"],
        rows: rows.collect(),
    }
}

pub(crate) fn details(i: &Iface) -> Details {
    let mut rows = vec![
        ("Interface".to_owned(), i.name.clone()),
        ("Host".to_owned(), i.host.to_string()),
    ];
    let applied = if i.present {
        ""
    } else {
        "the kernel shows nothing more while the protocol is off"
    };
    rows.push(("Applied".to_owned(), applied.to_owned()));
    rows.extend(
        i.params
            .named()
            .map(|(name, value)| (name.to_owned(), known(value.as_ref()))),
    );
    if !i.staged.is_empty() {
        rows.push((
            "Staged, not yet applied (hbactl iface apply)".to_owned(),
            String::new(),
        ));
        let staged = i.staged.named();
        rows.extend(staged.map(|(name, s)| {
            (
                name.to_owned(),
                format!("{} → {}", known(s.applied.as_ref()), s.staged),
            )
        }));
    }
    rows
}
