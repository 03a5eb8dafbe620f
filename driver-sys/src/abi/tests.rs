//! Layouts declared in this crate against those dumped from kernel BTF.

use serde_json::Value;

use super::Abi;
use crate::hw::raw::*;

fn btf(module: &str) -> Value {
    let text = match module {
        "qla4xxx" => include_str!("../../abi/qla4xxx.json"),
        "scsi_transport_iscsi" => include_str!("../../abi/scsi_transport_iscsi.json"),
        other => panic!("no dump of {other}"),
    };
    serde_json::from_str(text).unwrap()
}

/// Compares every field of `T` that is not padding with the dump; `path` leads to the struct (`"outer"` or
/// `"outer.member"` for a member of a union).
fn check<T: Abi>(module: &str, path: &str) {
    let dump = btf(module);
    let (outer, prefix) = path
        .split_once('.')
        .map_or((path, String::new()), |(o, p)| (o, format!("{p}.")));
    let entry = &dump["structs"][outer];
    let (base, size) = match prefix.strip_suffix('.') {
        None => (0, entry["size"].as_u64().unwrap()),
        Some(p) => {
            let pair = &entry["fields"][p];
            (pair[0].as_u64().unwrap(), pair[1].as_u64().unwrap())
        }
    };
    assert_eq!(T::SIZE as u64, size, "size of {path}");
    let fields = entry["fields"].as_object().unwrap();
    for (name, offset) in T::FIELDS.iter().filter(|(n, _)| !n.starts_with('_')) {
        let known = fields
            .get(&format!("{prefix}{name}"))
            .unwrap_or_else(|| panic!("{path} has no field {name}"));
        assert_eq!(
            *offset as u64 + base,
            known[0].as_u64().unwrap(),
            "offset of {path}.{name}"
        );
    }
    // Every field of the dump at an offset of its own is declared: none is forgotten.
    let declared: Vec<u64> = T::FIELDS.iter().map(|(_, o)| *o as u64 + base).collect();
    for (name, pair) in fields {
        let Some(rest) = name.strip_prefix(&prefix) else {
            continue;
        };
        let at = pair[0].as_u64().unwrap();
        if rest.contains('.') || at >= base + size || (!prefix.is_empty() && at < base) {
            continue;
        }
        if prefix.is_empty() && outer == "eeprom_data" {
            continue;
        }
        assert!(declared.contains(&at), "{path}: {name} at {at} is not declared");
    }
}

macro_rules! check_all {
    ($module:literal: $($ty:ident),* $(,)?) => { $(check::<$ty>($module, stringify!($ty));)* };
}

#[test]
fn hardware_structs_match_the_kernel() {
    check_all!("qla4xxx": dev_db_entry, addr_ctrl_blk, addr_ctrl_blk_def, ql4_chap_table, flash_sys_info,
        mbx_sys_info, about_fw_info, crash_record, conn_event_log_entry, ql_iscsi_stats, bios_params,
        eeprom_port_cfg, eeprom_function_cfg);
    check::<eeprom_isp4010>("qla4xxx", "eeprom_data.isp4010");
    check::<eeprom_isp4022>("qla4xxx", "eeprom_data.isp4022");
}
