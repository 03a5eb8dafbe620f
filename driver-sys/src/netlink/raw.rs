//! Message structs with the kernel's names. Native-endian, as the socket carries them.
//!
//! Owns layouts only; union members of `iscsi_uevent` are declared one by one and placed by
//! the crate's codec. Source: `iscsi_if.h`, `netlink.h`; checked against BTF in the crate's `abi` tests.
#![allow(non_camel_case_types, reason = "the kernel's names")]

use zerocopy::native_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::abi::raw_struct;

pub use super::host_stats_raw::iscsi_offload_host_stats;

raw_struct! {
    /// Header of every netlink message.
    #[derive(Debug)]
    pub struct nlmsghdr: 16 {
        nlmsg_len: u32,
        nlmsg_type: u16,
        nlmsg_flags: u16,
        nlmsg_seq: u32,
        nlmsg_pid: u32,
    }

    /// Address of a netlink socket.
    #[derive(Debug)]
    pub struct sockaddr_nl: 12 {
        nl_family: u16,
        nl_pad: u16,
        nl_pid: u32,
        nl_groups: u32,
    }

    /// Body of every iSCSI netlink message; `u` and `r` are unions.
    #[derive(Debug)]
    pub struct iscsi_uevent: 56 {
        r#type: u32,
        iferror: u32,
        transport_handle: u64,
        u: [u8; 24],
        r: [u8; 16],
    }

    /// `u.c_session`.
    #[derive(Debug)]
    pub struct msg_create_session: 8 { initial_cmdsn: u32, cmds_max: u16, queue_depth: u16 }

    /// `u.c_bound_session`.
    #[derive(Debug)]
    pub struct msg_create_bound_session: 16 { ep_handle: u64, initial_cmdsn: u32, cmds_max: u16, queue_depth: u16 }

    /// `u.d_session`, also of UNBIND_SESSION and DESTROY_SESSION_ASYNC.
    #[derive(Debug)]
    pub struct msg_destroy_session: 4 { sid: u32 }

    /// `u.c_conn`, `u.d_conn`, `u.start_conn`, `u.get_stats`.
    #[derive(Debug)]
    pub struct msg_conn: 8 { sid: u32, cid: u32 }

    /// `u.b_conn`.
    #[derive(Debug)]
    pub struct msg_bind_conn: 24 { sid: u32, cid: u32, transport_eph: u64, is_leading: u32, _pad: u32 }

    /// `u.send_pdu`.
    #[derive(Debug)]
    pub struct msg_send_pdu: 16 { sid: u32, cid: u32, hdr_size: u32, data_size: u32 }

    /// `u.set_param`.
    #[derive(Debug)]
    pub struct msg_set_param: 16 { sid: u32, cid: u32, param: u32, len: u32 }

    /// `u.stop_conn`.
    #[derive(Debug)]
    pub struct msg_stop_conn: 24 { sid: u32, cid: u32, conn_handle: u64, flag: u32, _pad: u32 }

    /// `u.ep_connect`.
    #[derive(Debug)]
    pub struct msg_transport_connect: 4 { non_blocking: u32 }

    /// `u.ep_connect_through_host`.
    #[derive(Debug)]
    pub struct msg_transport_connect_through_host: 8 { host_no: u32, non_blocking: u32 }

    /// `u.ep_poll`.
    #[derive(Debug)]
    pub struct msg_transport_poll: 16 { ep_handle: u64, timeout_ms: u32, _pad: u32 }

    /// `u.ep_disconnect`.
    #[derive(Debug)]
    pub struct msg_transport_disconnect: 8 { ep_handle: u64 }

    /// `u.tgt_dscvr`.
    #[derive(Debug)]
    pub struct msg_tgt_dscvr: 12 { r#type: u32, host_no: u32, enable: u32 }

    /// `u.set_host_param`.
    #[derive(Debug)]
    pub struct msg_set_host_param: 12 { host_no: u32, param: u32, len: u32 }

    /// `u.set_path` (also of SET_CHAP) and `u.get_host_stats`.
    #[derive(Debug)]
    pub struct msg_host: 4 { host_no: u32 }

    /// `u.set_iface_params`.
    #[derive(Debug)]
    pub struct msg_set_iface_params: 8 { host_no: u32, count: u32 }

    /// `u.iscsi_ping`.
    #[derive(Debug)]
    pub struct msg_iscsi_ping: 20 { host_no: u32, iface_num: u32, iface_type: u32, payload_size: u32, pid: u32 }

    /// `u.get_chap`.
    #[derive(Debug)]
    pub struct msg_get_chap: 12 { host_no: u32, num_entries: u32, chap_tbl_idx: u16, _pad: u16 }

    /// `u.delete_chap`.
    #[derive(Debug)]
    pub struct msg_delete_chap: 8 { host_no: u32, chap_tbl_idx: u16, _pad: u16 }

    /// `u.set_flashnode`.
    #[derive(Debug)]
    pub struct msg_set_flashnode_param: 12 { host_no: u32, flashnode_idx: u32, count: u32 }

    /// `u.new_flashnode`.
    #[derive(Debug)]
    pub struct msg_new_flashnode: 8 { host_no: u32, len: u32 }

    /// `u.del_flashnode`, `u.login_flashnode`, `u.logout_flashnode`.
    #[derive(Debug)]
    pub struct msg_flashnode: 8 { host_no: u32, flashnode_idx: u32 }

    /// `u.logout_flashnode_sid` and `r.d_session`.
    #[derive(Debug)]
    pub struct msg_host_session: 8 { host_no: u32, sid: u32 }

    /// `r.c_session_ret` and `r.unbind_session`.
    #[derive(Debug)]
    pub struct msg_session_host: 8 { sid: u32, host_no: u32 }

    /// `r.recv_req`.
    #[derive(Debug)]
    pub struct msg_recv_req: 16 { sid: u32, cid: u32, recv_handle: u64 }

    /// `r.conn_login`.
    #[derive(Debug)]
    pub struct msg_conn_login: 12 { sid: u32, cid: u32, state: u32 }

    /// `r.connerror`.
    #[derive(Debug)]
    pub struct msg_conn_error: 12 { sid: u32, cid: u32, error: u32 }

    /// `r.ep_connect_ret`.
    #[derive(Debug)]
    pub struct msg_transport_connect_ret: 8 { handle: u64 }

    /// `r.host_event`.
    #[derive(Debug)]
    pub struct msg_host_event: 12 { host_no: u32, data_size: u32, code: u32 }

    /// `r.ping_comp`.
    #[derive(Debug)]
    pub struct msg_ping_comp: 16 { host_no: u32, status: u32, pid: u32, data_size: u32 }

    /// `r.new_flashnode_ret`.
    #[derive(Debug)]
    pub struct msg_new_flashnode_ret: 4 { flashnode_idx: u32 }

    /// Inside an attribute of SET_CHAP and SET_FLASHNODE_PARAMS (packed in the kernel, 6 bytes).
    #[derive(Debug)]
    pub struct iscsi_param_info: 6 { len: [u8; 4], param: [u8; 2] }

    /// Inside an attribute of SET_IFACE_PARAMS (12 bytes).
    #[derive(Debug)]
    pub struct iscsi_iface_param_info: 12 { iface_num: u32, len: u32, param: u16, iface_type: u8, param_type: u8 }

    /// One CHAP entry of a GET_CHAP answer, which is read and written where it lies. `Debug` hides the password.
    pub struct iscsi_chap_rec: 524 {
        chap_tbl_idx: U16,
        _pad0: [u8; 2],
        chap_type: U32,
        username: [u8; 256],
        password: [u8; 256],
        password_length: u8,
        _pad1: [u8; 3],
    }

    /// A path request or update; `src` and `dst` hold 4 or 16 bytes.
    #[derive(Debug)]
    pub struct iscsi_path: 64 {
        handle: u64,
        mac_addr: [u8; 6],
        mac_addr_old: [u8; 6],
        ip_addr_len: u32,
        src: [u8; 16],
        dst: [u8; 16],
        vlan_id: u16,
        pmtu: u16,
        _pad: u32,
    }

    /// Statistics of one connection; `custom_length` [`iscsi_stats_custom`] follow.
    #[derive(Debug)]
    pub struct iscsi_stats: 96 {
        txdata_octets: u64,
        rxdata_octets: u64,
        noptx_pdus: u32,
        scsicmd_pdus: u32,
        tmfcmd_pdus: u32,
        login_pdus: u32,
        text_pdus: u32,
        dataout_pdus: u32,
        logout_pdus: u32,
        snack_pdus: u32,
        noprx_pdus: u32,
        scsirsp_pdus: u32,
        tmfrsp_pdus: u32,
        textrsp_pdus: u32,
        datain_pdus: u32,
        logoutrsp_pdus: u32,
        r2t_pdus: u32,
        async_pdus: u32,
        rjt_pdus: u32,
        digest_err: u32,
        timeout_err: u32,
        custom_length: u32,
    }

    /// A named counter of a driver.
    #[derive(Debug)]
    pub struct iscsi_stats_custom: 72 { desc: [u8; 64], value: u64 }
}

/// A member out of the bytes of its union; all zero when they are too few.
pub(crate) fn member<T: FromBytes + KnownLayout + Immutable>(union: &[u8]) -> T {
    T::read_from_prefix(union).map_or_else(|_| T::new_zeroed(), |(member, _)| member)
}

/// Puts a member into its union; every member is at most as long as that (the layout test shows it).
pub(crate) fn place<T: IntoBytes + Immutable>(union: &mut [u8], member: &T) {
    let bytes = member.as_bytes();
    if let Some(slot) = union.get_mut(..bytes.len()) {
        slot.copy_from_slice(bytes);
    }
}

impl core::fmt::Debug for iscsi_chap_rec {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("iscsi_chap_rec")
            .field("chap_tbl_idx", &self.chap_tbl_idx)
            .field("chap_type", &self.chap_type)
            .field(
                "username",
                &String::from_utf8_lossy(crate::hw::until_nul(&self.username)),
            )
            .field("password", &"[redacted]")
            .finish()
    }
}
