//! Boot configuration.

use hba::model::{BootConfig, BootMode, BootSlot};

use crate::output::{Table, known};

pub(crate) fn table(all: &[BootConfig]) -> Table {
    let mut rows = Vec::new();
    for config in all {
        let mode = config.mode.map(mode);
        for slot in &config.slots {
            rows.push(vec![
                config.host.to_string(),
                known(mode.as_ref()),
                slot.slot.to_string(),
                if slot.valid {
                    slot.index.to_string()
                } else {
                    "-".to_owned()
                },
                target(slot),
                known(config.login_by.as_ref()),
            ]);
        }
        for exported in &config.targets {
            rows.push(vec![
                config.host.to_string(),
                known(mode.as_ref()),
                format!("exported {}", exported.name),
                "-".to_owned(),
                format!(
                    "{} {}",
                    known(exported.address.as_ref()),
                    known(exported.target_name.as_ref())
                ),
                known(config.login_by.as_ref()),
            ]);
        }
    }
    Table {
        heads: &["HOST", "MODE", "SLOT", "INDEX", "TARGET", "LOGIN BY"],
        rows,
    }
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
