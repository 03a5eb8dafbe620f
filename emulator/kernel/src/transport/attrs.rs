//! What the attributes of a session and its connection read.
//!
//! Must not touch the tree. Source: `scsi_transport_iscsi.c` (`iscsi_session_attrs`, `iscsi_conn_attrs`), `ql4_os.c`
//! (`qla4_attr_is_visible`, `qla4xxx_session_get_param`, `qla4xxx_copy_to_sess_conn_params`), `libiscsi.c`.

use std::net::SocketAddr;

use driver_sys::hw::ddb::DdbOptions;

use super::session::{Conn, Session};
use crate::qla4xxx::flashnode::{Flashnode, parent_name};
use crate::text::{cstr, hex, ip4, ip6};

/// `ISCSI_PARAM_*` numbers that the code names.
pub(crate) mod param {
    use driver_sys::netlink::params::IscsiParam;

    pub(crate) const MAX_RECV_DLENGTH: u32 = IscsiParam::MaxRecvDlength.raw() as u32;
    pub(crate) const MAX_XMIT_DLENGTH: u32 = IscsiParam::MaxXmitDlength.raw() as u32;
    pub(crate) const HDRDGST_EN: u32 = IscsiParam::HdrdgstEn.raw() as u32;
    pub(crate) const DATADGST_EN: u32 = IscsiParam::DatadgstEn.raw() as u32;
    pub(crate) const INITIAL_R2T_EN: u32 = IscsiParam::InitialR2tEn.raw() as u32;
    pub(crate) const MAX_R2T: u32 = IscsiParam::MaxR2t.raw() as u32;
    pub(crate) const IMM_DATA_EN: u32 = IscsiParam::ImmDataEn.raw() as u32;
    pub(crate) const FIRST_BURST: u32 = IscsiParam::FirstBurst.raw() as u32;
    pub(crate) const MAX_BURST: u32 = IscsiParam::MaxBurst.raw() as u32;
    pub(crate) const PDU_INORDER_EN: u32 = IscsiParam::PduInorderEn.raw() as u32;
    pub(crate) const DATASEQ_INORDER_EN: u32 = IscsiParam::DataseqInorderEn.raw() as u32;
    pub(crate) const ERL: u32 = IscsiParam::Erl.raw() as u32;
    pub(crate) const TARGET_NAME: u32 = IscsiParam::TargetName.raw() as u32;
    pub(crate) const TPGT: u32 = IscsiParam::Tpgt.raw() as u32;
    pub(crate) const PERSISTENT_ADDRESS: u32 = IscsiParam::PersistentAddress.raw() as u32;
    pub(crate) const PERSISTENT_PORT: u32 = IscsiParam::PersistentPort.raw() as u32;
    pub(crate) const SESS_RECOVERY_TMO: u32 = IscsiParam::SessRecoveryTmo.raw() as u32;
    pub(crate) const USERNAME: u32 = IscsiParam::Username.raw() as u32;
    pub(crate) const USERNAME_IN: u32 = IscsiParam::UsernameIn.raw() as u32;
    pub(crate) const PASSWORD: u32 = IscsiParam::Password.raw() as u32;
    pub(crate) const PASSWORD_IN: u32 = IscsiParam::PasswordIn.raw() as u32;
    pub(crate) const IFACE_NAME: u32 = IscsiParam::IfaceName.raw() as u32;
    pub(crate) const TARGET_ALIAS: u32 = IscsiParam::TargetAlias.raw() as u32;
}

/// Numbers of a DDB that the session class shows under the flash node's names.
const SESSION_NUMBERS: &[&str] = &[
    "auto_snd_tgt_disable",
    "bidi_chap",
    "chap_auth",
    "data_pdu_in_order",
    "data_seq_in_order",
    "def_taskmgmt_tmo",
    "def_time2retain",
    "def_time2wait",
    "discovery_auth_optional",
    "discovery_logout",
    "discovery_session",
    "erl",
    "first_burst_len",
    "immediate_data",
    "initial_r2t",
    "max_burst_len",
    "max_outstanding_r2t",
    "tpgt",
    "tsid",
];

/// Numbers of a DDB that the connection class shows under the flash node's names.
const CONN_NUMBERS: &[&str] = &[
    "data_digest",
    "exp_statsn",
    "fragment_disable",
    "header_digest",
    "ipv4_tos",
    "is_fw_assigned_ipv6",
    "keepalive_tmo",
    "max_recv_dlength",
    "max_segment_size",
    "max_xmit_dlength",
    "statsn",
    "tcp_nagle_disable",
    "tcp_recv_wsf",
    "tcp_timer_scale",
    "tcp_timestamp_enable",
    "tcp_timestamp_stat",
    "tcp_wsf_disable",
    "tcp_xmit_wsf",
];

/// What the kernel prints for a string that nobody set.
const NULL: &str = "(null)";

/// The credentials a session shows.
#[derive(Clone, Default)]
pub(crate) struct Credentials {
    /// Index of the outgoing entry.
    pub(crate) out_index: Option<u16>,
    /// Index of the incoming entry.
    pub(crate) in_index: Option<u16>,
    /// Name and secret that the initiator shows.
    pub(crate) out: Option<(String, String)>,
}

/// The attributes of the session object; `recovery_tmo` is among them.
pub(crate) fn session(s: &Session, creds: &Credentials) -> Vec<(&'static str, String)> {
    let node = Flashnode::from_entry(&s.entry, true, false);
    let numbers = node.session_attrs(|_| None);
    let mut out: Vec<(&'static str, String)> = numbers
        .into_iter()
        .filter(|(n, _)| SESSION_NUMBERS.contains(n))
        .collect();
    let text = |p: u32| s.set.get(&p).cloned().unwrap_or_else(|| NULL.into());
    let index = |i: Option<u16>| i.map(|i| i.to_string()).unwrap_or_default();
    let (user, password) = match &creds.out {
        Some((u, p)) => (u.clone(), p.clone()),
        None => (text(param::USERNAME), text(param::PASSWORD)),
    };
    let name = if s.flash {
        cstr(&s.entry.iscsi_name)
    } else {
        text(param::TARGET_NAME)
    };
    let logged_in_once = s.flash || s.entry.cookie.get() != 0;
    let alias = if logged_in_once {
        cstr(&s.entry.iscsi_alias)
    } else {
        text(param::TARGET_ALIAS)
    };
    let portal = match (s.flash, s.entry.option_flags().contains(DdbOptions::IPV6_DEVICE)) {
        (true, true) => "ipv6",
        (true, false) => "ipv4",
        (false, _) => NULL,
    };
    let parent_type = if logged_in_once {
        parent_name(u32::from(s.entry.ddb_link.get()))
    } else {
        ""
    };
    let mut isid = s.entry.isid;
    isid.reverse();
    out.extend([
        ("chap_in_idx", index(creds.in_index)),
        ("chap_out_idx", index(creds.out_index)),
        ("creator", s.creator.to_string()),
        ("discovery_parent_idx", s.parent.to_string()),
        ("discovery_parent_type", parent_type.into()),
        ("ifacename", text(param::IFACE_NAME)),
        ("isid", hex(&isid)),
        ("password", password),
        ("password_in", text(param::PASSWORD_IN)),
        ("portal_type", portal.into()),
        (
            "recovery_tmo",
            if s.recovery_tmo == -1 {
                "off".into()
            } else {
                s.recovery_tmo.to_string()
            },
        ),
        ("state", s.state.name().into()),
        (
            "target_id",
            s.target_id.map_or_else(|| "-1".into(), |t| t.to_string()),
        ),
        ("target_state", s.target_state.name().into()),
        ("targetalias", alias),
        ("targetname", name),
        ("username", user),
        ("username_in", text(param::USERNAME_IN)),
    ]);
    out
}

/// The attributes of the connection object. `to` is the endpoint's address.
pub(crate) fn conn(s: &Session, c: &Conn, to: Option<SocketAddr>) -> Vec<(&'static str, String)> {
    let node = Flashnode::from_entry(&s.entry, true, false);
    let mut out: Vec<(&'static str, String)> = node
        .conn_attrs()
        .into_iter()
        .filter(|(n, _)| CONN_NUMBERS.contains(n))
        .collect();
    let v6 = s.entry.option_flags().contains(DdbOptions::IPV6_DEVICE);
    let of_entry = if v6 {
        ip6(&s.entry.ip_addr)
    } else {
        ip4(&s.entry.ip_addr)
    };
    let (address, port) = match to {
        Some(SocketAddr::V6(a)) => (ip6(&a.ip().octets()), a.port()),
        Some(SocketAddr::V4(a)) => (a.ip().to_string(), a.port()),
        None => (of_entry.clone(), s.entry.port.get()),
    };
    let (kept, kept_port) = if s.flash {
        (of_entry, s.entry.port.get().to_string())
    } else {
        (
            s.set
                .get(&param::PERSISTENT_ADDRESS)
                .cloned()
                .unwrap_or_else(|| NULL.into()),
            s.set
                .get(&param::PERSISTENT_PORT)
                .cloned()
                .unwrap_or_else(|| "0".into()),
        )
    };
    out.extend([
        ("address", address),
        ("port", port.to_string()),
        ("persistent_address", kept),
        ("persistent_port", kept_port),
        ("ipv6_flow_label", "0".into()),
        ("ipv6_traffic_class", "0".into()),
        ("local_port", s.entry.lcl_port.get().to_string()),
        (
            "local_ipaddr",
            if v6 {
                ip6(&s.entry.link_local_ipv6_addr)
            } else {
                NULL.into()
            },
        ),
        ("state", c.state.name().into()),
    ]);
    out
}
