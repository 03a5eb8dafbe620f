//! Interfaces.

use hba::Family;
use hba::model::{HelperInterface, HelperNeighbour, Iface};

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
    if let Some(helper) = &i.helper {
        rows.extend(helped(i, helper));
        return rows;
    }
    let applied = match i.present {
        true if i.params.is_empty() => "nothing: an address comes up with the first login that needs it",
        true => "",
        false => "the kernel shows nothing more while the protocol is off",
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

/// What the network helper has of an interface.
fn helped(i: &Iface, helper: &HelperInterface) -> Details {
    let mut rows: Details = Vec::new();
    let mut add = |name: &str, value: String| rows.push((name.to_owned(), value));
    add("Enabled", flag(i.enabled));
    add("MTU (bytes)", known(i.mtu));
    add(
        "VLAN",
        match helper.vlan {
            0 => "none".to_owned(),
            id => format!("{id}, priority {}", helper.priority),
        },
    );
    let source = match i.family {
        Family::Ipv4 => &helper.ipv4,
        Family::Ipv6 => &helper.ipv6,
    };
    add("Addresses come from", source.clone());
    add("State", helper.state.clone());
    add(
        "Routers",
        if helper.routers.is_empty() {
            "none".to_owned()
        } else {
            helper.routers.join(" ")
        },
    );
    add(
        "Addresses",
        if helper.addresses.is_empty() {
            "none".to_owned()
        } else {
            String::new()
        },
    );
    for a in &helper.addresses {
        let use_ = match (a.duplicate, a.seconds) {
            (true, _) => "not used: somebody else has it".to_owned(),
            (false, None) => "for ever".to_owned(),
            (false, Some(seconds)) => format!("for {seconds} s"),
        };
        add(&format!("{}/{}", a.address, a.prefix), use_);
    }
    if !helper.leases.is_empty() {
        add("Leases", String::new());
    }
    let when = |seconds: Option<u64>| seconds.map_or_else(|| "never".to_owned(), |s| format!("in {s} s"));
    for lease in &helper.leases {
        add(
            &lease.address,
            format!(
                "{} from {}; renewed {}, asked of others {}, ends {}",
                lease.kind,
                lease.server,
                when(lease.renew),
                when(lease.rebind),
                when(lease.expires)
            ),
        );
    }
    rows
}

/// As [`details`], with who was asked for on the link.
pub(crate) fn with_neighbours(i: &Iface) -> Details {
    let mut rows = details(i);
    let Some(helper) = &i.helper else {
        rows.push((
            "Neighbours".to_owned(),
            "n/a (the firmware keeps them to itself)".to_owned(),
        ));
        return rows;
    };
    let none = helper.neighbours.is_empty();
    rows.push((
        "Neighbours".to_owned(),
        if none { "none".to_owned() } else { String::new() },
    ));
    let row = |n: &HelperNeighbour| {
        let mac = n.mac.clone().unwrap_or_else(|| "does not answer".to_owned());
        (n.address.clone(), format!("{mac} ({} s ago)", n.age))
    };
    rows.extend(helper.neighbours.iter().map(row));
    rows
}
