//! The serial EEPROM (NVRAM) image.
//!
//! Source: `ql4_nvram.h`, `struct eeprom_data` (a union of the two images below), `struct bios_params`. Meaning and
//! checksum: [`crate::hw::nvram`].

use zerocopy::little_endian::{U16, U32};

use crate::abi::raw_struct;

raw_struct! {
    /// Boot settings of one function: `SpinUpDelay` is the whole first word (bit 0 spin-up delay, 1 BIOS disabled,
    /// 2 memory-mapped, 3 boot enabled); `bootID0` and `bootID1` are a DDB index with bit 7 as "valid".
    #[derive(Debug)]
    pub struct bios_params: 32 {
        SpinUpDelay: U16,
        bootID0: u8,
        bootLUN0: [u8; 8],
        bootID1: u8,
        bootLUN1: [u8; 8],
        MaxLunsPerTarget: U16,
        Reserved1: [u8; 10],
    }

    /// Ethernet settings of one port.
    #[derive(Debug)]
    pub struct eeprom_port_cfg: 32 {
        etherMtu_mac: U16,
        pauseThreshold_mac: U16,
        resumeThreshold_mac: U16,
        reserved: [U16; 13],
    }

    /// Addresses and PCI identity of one function.
    #[derive(Debug)]
    pub struct eeprom_function_cfg: 46 {
        reserved: [u8; 30],
        macAddress: [u8; 6],
        macAddressSecondary: [u8; 6],
        subsysVendorId: U16,
        subsysDeviceId: U16,
    }

    /// EEPROM image of the ISP4010, 512 bytes.
    #[derive(Debug)]
    pub struct eeprom_isp4010: 512 {
        asic_id: [u8; 4],
        version: u8,
        reserved: u8,
        board_id: U16,
        serial_number: [u8; 16],
        ext_hw_conf: U16,
        mac0: [u8; 6],
        mac1: [u8; 6],
        mac2: [u8; 6],
        mac3: [u8; 6],
        etherMtu: U16,
        macConfig: U16,
        phyConfig: U16,
        reserved_56: U16,
        unused_1: [u8; 2],
        bufletSize: U16,
        bufletCount: U16,
        bufletPauseThreshold: U16,
        tcpWindowThreshold50: U16,
        tcpWindowThreshold25: U16,
        tcpWindowThreshold0: U16,
        ipHashTableBaseHi: U16,
        ipHashTableBaseLo: U16,
        ipHashTableSize: U16,
        tcpHashTableBaseHi: U16,
        tcpHashTableBaseLo: U16,
        tcpHashTableSize: U16,
        ncbTableBaseHi: U16,
        ncbTableBaseLo: U16,
        ncbTableSize: U16,
        drbTableBaseHi: U16,
        drbTableBaseLo: U16,
        drbTableSize: U16,
        unused_2: [u8; 4],
        ipReassemblyTimeout: U16,
        tcpMaxWindowSizeHi: U16,
        tcpMaxWindowSizeLo: U16,
        net_ip_addr0: U32,
        net_ip_addr1: U32,
        scsi_ip_addr0: U32,
        scsi_ip_addr1: U32,
        unused_3: [u8; 128],
        subsysVendorId_f0: U16,
        subsysDeviceId_f0: U16,
        signature: U16,
        unused_4: [u8; 250],
        subsysVendorId_f1: U16,
        subsysDeviceId_f1: U16,
        checksum: U16,
    }

    /// EEPROM image of the ISP4022 and ISP4032, 2048 bytes.
    #[derive(Debug)]
    pub struct eeprom_isp4022: 2048 {
        asicId: [u8; 4],
        version: u8,
        reserved_5: u8,
        boardId: U16,
        boardIdStr: [u8; 16],
        serialNumber: [u8; 16],
        ext_hw_conf: U16,
        macCfg_port0: eeprom_port_cfg,
        macCfg_port1: eeprom_port_cfg,
        bufletSize: U16,
        bufletCount: U16,
        tcpWindowThreshold50: U16,
        tcpWindowThreshold25: U16,
        tcpWindowThreshold0: U16,
        ipHashTableBaseHi: U16,
        ipHashTableBaseLo: U16,
        ipHashTableSize: U16,
        tcpHashTableBaseHi: U16,
        tcpHashTableBaseLo: U16,
        tcpHashTableSize: U16,
        ncbTableBaseHi: U16,
        ncbTableBaseLo: U16,
        ncbTableSize: U16,
        drbTableBaseHi: U16,
        drbTableBaseLo: U16,
        drbTableSize: U16,
        reserved_142: [U16; 4],
        ipReassemblyTimeout: U16,
        tcpMaxWindowSize: U16,
        ipSecurity: U16,
        reserved_156: [u8; 294],
        qDebug: [U16; 8],
        funcCfg_fn0: eeprom_function_cfg,
        reserved_510: U16,
        oemSpace: [u8; 432],
        sBIOSParams_fn1: bios_params,
        funcCfg_fn1: eeprom_function_cfg,
        reserved_1022: U16,
        reserved_1024: [u8; 464],
        funcCfg_fn2: eeprom_function_cfg,
        reserved_1534: U16,
        reserved_1536: [u8; 432],
        sBIOSParams_fn3: bios_params,
        funcCfg_fn3: eeprom_function_cfg,
        checksum: U16,
    }
}
