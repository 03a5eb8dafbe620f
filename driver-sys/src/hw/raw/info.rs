//! Identity, version and diagnostic records.
//!
//! Source: `ql4_fw.h`, structs of the same names.

use zerocopy::little_endian::{U16, U32};

use crate::abi::raw_struct;

raw_struct! {
    /// A MAC address of [`flash_sys_info`].
    #[derive(Debug)]
    pub struct sys_info_phys_addr: 8 {
        address: [u8; 6],
        filler: [u8; 2],
    }
}

raw_struct! {
    /// The system information area of flash, 512 bytes: addresses, product and serial number.
    #[derive(Debug)]
    pub struct flash_sys_info: 512 {
        cookie: U32,
        physAddrCount: U32,
        physAddr: [sys_info_phys_addr; 4],
        vendorId: [u8; 128],
        productId: [u8; 128],
        serialNumber: U32,
        pciDeviceVendor: U32,
        pciDeviceId: U32,
        pciSubsysVendor: U32,
        pciSubsysId: U32,
        crumbs: U32,
        enterpriseNumber: U32,
        mtu: U32,
        reserved0: U32,
        crumbs2: U32,
        acSerialNumber: [u8; 16],
        crumbs3: U32,
        reserved1: [U32; 39],
    }
}

raw_struct! {
    /// Answer of GET_SYS_INFO (82xx and later).
    #[derive(Debug)]
    pub struct mbx_sys_info: 64 {
        board_id_str: [u8; 16],
        board_id: U16,
        phys_port_cnt: U16,
        port_num: U16,
        mac_addr: [u8; 6],
        iscsi_pci_func_cnt: U32,
        pci_func: U32,
        serial_number: [u8; 16],
        reserved: [u8; 12],
    }
}

raw_struct! {
    /// Answer of ABOUT_FW.
    #[derive(Debug)]
    pub struct about_fw_info: 256 {
        fw_major: U16,
        fw_minor: U16,
        fw_patch: U16,
        fw_build: U16,
        fw_build_date: [u8; 16],
        fw_build_time: [u8; 16],
        fw_build_user: [u8; 16],
        fw_load_source: U16,
        reserved1: [u8; 6],
        iscsi_major: U16,
        iscsi_minor: U16,
        bootload_major: U16,
        bootload_minor: U16,
        bootload_patch: U16,
        bootload_build: U16,
        extended_timestamp: [u8; 180],
    }
}

raw_struct! {
    /// Head of the firmware crash record (4010); the stack dump follows.
    #[derive(Debug)]
    pub struct crash_record: 628 {
        fw_major_version: U16,
        fw_minor_version: U16,
        fw_patch_version: U16,
        fw_build_version: U16,
        build_date: [u8; 16],
        build_time: [u8; 16],
        build_user: [u8; 16],
        card_serial_num: [u8; 16],
        time_of_crash_in_secs: U32,
        time_of_crash_in_ms: U32,
        out_RISC_sd_num_frames: U16,
        OAP_sd_num_words: U16,
        IAP_sd_num_frames: U16,
        in_RISC_sd_num_words: U16,
        reserved1: [u8; 28],
        out_RISC_reg_dump: [u8; 256],
        in_RISC_reg_dump: [u8; 256],
    }
}

raw_struct! {
    /// One entry of the connection event log.
    #[derive(Debug)]
    pub struct conn_event_log_entry: 20 {
        timestamp_sec: U32,
        timestamp_ms: U32,
        device_index: U16,
        fw_conn_state: U16,
        event_type: u8,
        error_code: u8,
        error_code_detail: U16,
        num_consecutive_events: u8,
        rsvd: [u8; 3],
    }
}
