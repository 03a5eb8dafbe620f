//! Layouts declared in this crate against those dumped from kernel BTF.

use serde_json::Value;

use super::Abi;
use crate::hw::raw::*;
use crate::netlink::raw::*;

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
        let name = name.trim_start_matches("r#");
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

#[test]
fn netlink_structs_match_the_kernel() {
    check_all!("scsi_transport_iscsi": iscsi_uevent, iscsi_chap_rec, iscsi_path, iscsi_stats, iscsi_stats_custom);
    check_all!("qla4xxx": iscsi_offload_host_stats, iscsi_iface_param_info, iscsi_param_info);
    check::<iscsi_param_info>("qla4xxx", "iscsi_flashnode_param_info");
}

#[test]
fn union_members_match_the_kernel() {
    macro_rules! members {
        ($($ty:ident: $($path:literal)+;)*) => {$($(
            check::<$ty>("scsi_transport_iscsi", concat!("iscsi_uevent.", $path));
        )+)*};
    }
    members! {
        msg_create_session: "u.c_session";
        msg_create_bound_session: "u.c_bound_session";
        msg_destroy_session: "u.d_session";
        msg_conn: "u.c_conn" "u.d_conn" "u.start_conn" "u.get_stats" "r.c_conn_ret";
        msg_bind_conn: "u.b_conn";
        msg_send_pdu: "u.send_pdu";
        msg_set_param: "u.set_param";
        msg_stop_conn: "u.stop_conn";
        msg_transport_connect: "u.ep_connect";
        msg_transport_connect_through_host: "u.ep_connect_through_host";
        msg_transport_poll: "u.ep_poll";
        msg_transport_disconnect: "u.ep_disconnect";
        msg_tgt_dscvr: "u.tgt_dscvr";
        msg_set_host_param: "u.set_host_param";
        msg_host: "u.set_path" "u.get_host_stats" "r.req_path" "r.notify_if_down";
        msg_set_iface_params: "u.set_iface_params";
        msg_iscsi_ping: "u.iscsi_ping";
        msg_get_chap: "u.get_chap";
        msg_delete_chap: "u.delete_chap";
        msg_set_flashnode_param: "u.set_flashnode";
        msg_new_flashnode: "u.new_flashnode";
        msg_flashnode: "u.del_flashnode" "u.login_flashnode" "u.logout_flashnode";
        msg_host_session: "u.logout_flashnode_sid" "r.d_session";
        msg_session_host: "r.c_session_ret" "r.unbind_session";
        msg_recv_req: "r.recv_req";
        msg_conn_login: "r.conn_login";
        msg_conn_error: "r.connerror";
        msg_transport_connect_ret: "r.ep_connect_ret";
        msg_host_event: "r.host_event";
        msg_ping_comp: "r.ping_comp";
        msg_new_flashnode_ret: "r.new_flashnode_ret";
    }
}
