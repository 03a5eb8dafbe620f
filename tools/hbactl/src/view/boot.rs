//! Boot configuration.

use hba::model::{BootConfig, BootMode, BootSlot};

use crate::output::{Table, known};

pub(crate) fn table(all: &[BootConfig]) -> Table {
    let mut rows = Vec::new();
    for config in all {
        let mode = config.mode.map(mode);
        let mut row = |slot: String, index: String, target: String, lun: Option<&String>, chap: String| {
            rows.push(vec![
                config.host.to_string(),
                known(mode.as_ref()),
                slot,
                index,
                target,
                known(config.login_by.as_ref()),
                known(lun),
                chap,
                known(config.initiator_name.as_ref()),
            ]);
        };
        // What the memory says is not known of a chip whose boot bytes cannot be read: then there is still the initiator.
        if config.slots.is_empty() && config.targets.is_empty() {
            row(
                "n/a".to_owned(),
                "n/a".to_owned(),
                "n/a".to_owned(),
                None,
                "n/a".to_owned(),
            );
        }
        for slot in &config.slots {
            let index = if slot.valid {
                slot.index.to_string()
            } else {
                "-".to_owned()
            };
            let chap = chap(
                slot.chap_username.as_ref(),
                slot.chap_index,
                slot.mutual_chap == Some(true),
            );
            row(
                slot.slot.to_string(),
                index,
                target(slot),
                slot.lun.as_ref(),
                chap,
            );
        }
        for exported in &config.targets {
            let target = format!(
                "{} {}",
                known(exported.address.as_ref()),
                known(exported.target_name.as_ref())
            );
            let reverse = exported.reverse_chap_username.as_ref();
            let mut names = chap(exported.chap_username.as_ref(), None, false);
            if let Some(name) = reverse.filter(|name| !name.is_empty()) {
                names = format!("{names}, target as {name}");
            }
            row(
                format!("exported {}", exported.name),
                "-".to_owned(),
                target,
                exported.lun.as_ref(),
                names,
            );
        }
    }
    Table {
        heads: &[
            "HOST",
            "MODE",
            "SLOT",
            "INDEX",
            "TARGET",
            "LOGIN BY",
            "LUN",
            "CHAP",
            "INITIATOR",
        ],
        rows,
    }
}

/// Who proves himself with what.
fn chap(user: Option<&String>, index: Option<u16>, mutual: bool) -> String {
    let own = match (user.filter(|name| !name.is_empty()), index) {
        (Some(name), Some(index)) => format!("{name} (entry {index})"),
        (Some(name), None) => name.clone(),
        (None, Some(index)) => format!("entry {index}"),
        (None, None) => return "-".to_owned(),
    };
    if mutual { format!("{own}, mutual") } else { own }
}

fn mode(mode: BootMode) -> String {
    match mode {
        BootMode::Disabled => "disabled".to_owned(),
        BootMode::Manual => "manual".to_owned(),
        BootMode::Dhcp => "dhcp".to_owned(),
        BootMode::Other(other) => format!("mode {other}"),
    }
}

fn target(slot: &BootSlot) -> String {
    if !slot.valid {
        return "-".to_owned();
    }
    match (&slot.address, &slot.target_name) {
        (None, None) => "no such flash target".to_owned(),
        (address, name) => format!("{} {}", known(address.as_ref()), known(name.as_ref())),
    }
}
