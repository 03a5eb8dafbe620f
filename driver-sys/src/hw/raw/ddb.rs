//! The device database entry as it lies in flash and in mailbox buffers.
//!
//! Source: `ql4_fw.h`, `struct dev_db_entry`. Meaning of the option words: [`crate::hw::ddb`].

use zerocopy::little_endian::{U16, U32};

use crate::abi::raw_struct;

raw_struct! {
    /// One device database entry (DDB), 512 bytes. Lengths of PDUs and bursts are in units of 512 bytes, times in
    /// seconds; `isid` has its six bytes in the reverse of wire order; `ip_addr` holds IPv4 in its first four bytes.
    #[derive(Debug)]
    pub struct dev_db_entry: 512 {
        options: U16,
        exec_throttle: U16,
        exec_count: U16,
        res0: U16,
        iscsi_options: U16,
        tcp_options: U16,
        ip_options: U16,
        iscsi_max_rcv_data_seg_len: U16,
        res1: U32,
        iscsi_max_snd_data_seg_len: U16,
        iscsi_first_burst_len: U16,
        iscsi_def_time2wait: U16,
        iscsi_def_time2retain: U16,
        iscsi_max_outsnd_r2t: U16,
        ka_timeout: U16,
        isid: [u8; 6],
        tsid: U16,
        port: U16,
        iscsi_max_burst_len: U16,
        def_timeout: U16,
        res2: U16,
        ip_addr: [u8; 16],
        iscsi_alias: [u8; 32],
        tgt_addr: [u8; 32],
        mss: U16,
        res3: U16,
        lcl_port: U16,
        ipv4_tos: u8,
        _pad0: [u8; 1],
        ipv6_flow_lbl: U16,
        res4: [u8; 54],
        iscsi_name: [u8; 224],
        link_local_ipv6_addr: [u8; 16],
        res5: [u8; 16],
        ddb_link: U16,
        chap_tbl_idx: U16,
        tgt_portal_grp: U16,
        tcp_xmt_wsf: u8,
        tcp_rcv_wsf: u8,
        stat_sn: U32,
        exp_stat_sn: U32,
        res6: [u8; 43],
        _pad1: [u8; 1],
        cookie: U16,
        len: U16,
    }
}
