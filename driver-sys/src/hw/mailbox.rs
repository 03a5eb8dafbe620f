//! Mailbox command and completion codes, firmware states.
//!
//! Source: `ql4_fw.h`, `MBOX_CMD_*`, `MBOX_STS_*`, `FW_STATE_*`, `FW_ADDSTATE_*`; `ql4_bsg.h`, `QL_DIAG_CMD_*`.

use bitflags::bitflags;

use crate::abi::open_enum;

/// Number of mailbox registers of the 40xx and 82xx.
pub const MBOX_REG_COUNT: usize = 8;

/// [`MboxCmd::GetSysInfo`] under its 40xx name: reads NVRAM.
pub const MBOX_CMD_GET_NVRAM: MboxCmd = MboxCmd::GetSysInfo;

open_enum! {
    /// A mailbox command code (mailbox 0, to the firmware).
    pub enum MboxCmd: u16 {
        /// Firmware version, build and boot loader.
        AboutFw = 0x0009 => "MBOX_CMD_ABOUT_FW",
        /// ICMP echo from the port.
        Ping = 0x000b => "MBOX_CMD_PING",
        /// Turn interrupts on or off.
        EnableIntrs = 0x0010 => "MBOX_CMD_ENABLE_INTRS",
        /// Stop the firmware.
        StopFw = 0x0014 => "MBOX_CMD_STOP_FW",
        /// Abort one SCSI task.
        AbortTask = 0x0015 => "MBOX_CMD_ABORT_TASK",
        /// Reset a logical unit.
        LunReset = 0x0016 => "MBOX_CMD_LUN_RESET",
        /// Warm reset of a target.
        TargetWarmReset = 0x0017 => "MBOX_CMD_TARGET_WARM_RESET",
        /// Statistics of the port or of a connection.
        GetManagementData = 0x001e => "MBOX_CMD_GET_MANAGEMENT_DATA",
        /// Number of command slots.
        GetFwStatus = 0x001f => "MBOX_CMD_GET_FW_STATUS",
        /// iSNS client on or off.
        SetIsnsService = 0x0021 => "MBOX_CMD_SET_ISNS_SERVICE",
        /// Copy within flash.
        CopyFlash = 0x0024 => "MBOX_CMD_COPY_FLASH",
        /// Write flash.
        WriteFlash = 0x0025 => "MBOX_CMD_WRITE_FLASH",
        /// Read flash.
        ReadFlash = 0x0026 => "MBOX_CMD_READ_FLASH",
        /// Free a DDB.
        ClearDatabaseEntry = 0x0031 => "MBOX_CMD_CLEAR_DATABASE_ENTRY",
        /// Log out and close a session.
        ConnCloseSessLogout = 0x0056 => "MBOX_CMD_CONN_CLOSE_SESS_LOGOUT",
        /// Set a firmware parameter.
        SetParam = 0x0059 => "MBOX_CMD_SET_PARAM",
        /// Execute one IOCB from memory.
        ExecuteIocbA64 = 0x005a => "MBOX_CMD_EXECUTE_IOCB_A64",
        /// Give the firmware its control block and start it.
        InitializeFirmware = 0x0060 => "MBOX_CMD_INITIALIZE_FIRMWARE",
        /// Read the control block in use.
        GetInitFwCtrlBlock = 0x0061 => "MBOX_CMD_GET_INIT_FW_CTRL_BLOCK",
        /// Reserve a DDB index.
        RequestDatabaseEntry = 0x0062 => "MBOX_CMD_REQUEST_DATABASE_ENTRY",
        /// Write a DDB.
        SetDatabaseEntry = 0x0063 => "MBOX_CMD_SET_DATABASE_ENTRY",
        /// Read a DDB and its state.
        GetDatabaseEntry = 0x0064 => "MBOX_CMD_GET_DATABASE_ENTRY",
        /// Firmware state and additional state.
        GetFwState = 0x0069 => "MBOX_CMD_GET_FW_STATE",
        /// Default control block.
        GetInitFwCtrlBlockDefaults = 0x006a => "MBOX_CMD_GET_INIT_FW_CTRL_BLOCK_DEFAULTS",
        /// Default DDB.
        GetDatabaseEntryDefaults = 0x006b => "MBOX_CMD_GET_DATABASE_ENTRY_DEFAULTS",
        /// Log in to the target of a DDB.
        ConnOpen = 0x0074 => "MBOX_CMD_CONN_OPEN",
        /// Run a self test.
        DiagTest = 0x0075 => "MBOX_CMD_DIAG_TEST",
        /// Crash record (4010).
        GetCrashRecord = 0x0076 => "MBOX_CMD_GET_CRASH_RECORD",
        /// Connection event log.
        GetConnEventLog = 0x0077 => "MBOX_CMD_GET_CONN_EVENT_LOG",
        /// System information; on 40xx: read NVRAM.
        GetSysInfo = 0x0078 => "MBOX_CMD_GET_SYS_INFO",
        /// Write NVRAM (40xx).
        SetNvram = 0x0079 => "MBOX_CMD_SET_NVRAM",
        /// Restore factory defaults.
        RestoreFactoryDefaults = 0x0087 => "MBOX_CMD_RESTORE_FACTORY_DEFAULTS",
        /// Write the address control block.
        SetAcb = 0x0088 => "MBOX_CMD_SET_ACB",
        /// Read the address control block.
        GetAcb = 0x0089 => "MBOX_CMD_GET_ACB",
        /// Take the addresses down.
        DisableAcb = 0x008a => "MBOX_CMD_DISABLE_ACB",
        /// IPv6 neighbour cache.
        GetIpv6NeighborCache = 0x008b => "MBOX_CMD_GET_IPV6_NEIGHBOR_CACHE",
        /// IPv6 destination cache.
        GetIpv6DestCache = 0x008c => "MBOX_CMD_GET_IPV6_DEST_CACHE",
        /// IPv6 default routers.
        GetIpv6DefRouterList = 0x008d => "MBOX_CMD_GET_IPV6_DEF_ROUTER_LIST",
        /// IPv6 local prefixes.
        GetIpv6LclPrefixList = 0x008e => "MBOX_CMD_GET_IPV6_LCL_PREFIX_LIST",
        /// Write the IPv6 neighbour cache.
        SetIpv6NeighborCache = 0x0090 => "MBOX_CMD_SET_IPV6_NEIGHBOR_CACHE",
        /// State of one IP address.
        GetIpAddrState = 0x0091 => "MBOX_CMD_GET_IP_ADDR_STATE",
        /// Send a router solicitation.
        SendIpv6RouterSol = 0x0092 => "MBOX_CMD_SEND_IPV6_ROUTER_SOL",
        /// Current address of a DDB.
        GetDbEntryCurrentIpAddr = 0x0093 => "MBOX_CMD_GET_DB_ENTRY_CURRENT_IP_ADDR",
        /// Acknowledge an inter-driver message.
        IdcAck = 0x0101 => "MBOX_CMD_IDC_ACK",
        /// Ask for more time.
        IdcTimeExtend = 0x0102 => "MBOX_CMD_IDC_TIME_EXTEND",
        /// Reset the port.
        PortReset = 0x0120 => "MBOX_CMD_PORT_RESET",
        /// Write the port configuration.
        SetPortConfig = 0x0122 => "MBOX_CMD_SET_PORT_CONFIG",
        /// Read the port configuration.
        GetPortConfig = 0x0123 => "MBOX_CMD_GET_PORT_CONFIG",
        /// Write the LED configuration.
        SetLedConfig = 0x0125 => "MBOX_CMD_SET_LED_CONFIG",
        /// Read the LED configuration.
        GetLedConfig = 0x0126 => "MBOX_CMD_GET_LED_CONFIG",
        /// Minidump template.
        Minidump = 0x0129 => "MBOX_CMD_MINIDUMP",
    }

    /// A mailbox completion status (mailbox 0, from the firmware).
    pub enum MboxStatus: u16 {
        /// The firmware is busy.
        Busy = 0x0007 => "MBOX_STS_BUSY",
        /// More completions of this command will follow.
        IntermediateCompletion = 0x1000 => "MBOX_STS_INTERMEDIATE_COMPLETION",
        /// Done.
        CommandComplete = 0x4000 => "MBOX_STS_COMMAND_COMPLETE",
        /// Refused or failed; mailbox 4 often carries a detail code.
        CommandError = 0x4005 => "MBOX_STS_COMMAND_ERROR",
    }

    /// Firmware state (GET_FW_STATE, mailbox 1).
    pub enum FwState: u32 {
        /// Ready.
        Ready = 0x0000 => "FW_STATE_READY",
        /// Waits for INITIALIZE_FIRMWARE.
        ConfigWait = 0x0001 => "FW_STATE_CONFIG_WAIT",
        /// Waits until automatic logins are over.
        WaitAutoconnect = 0x0002 => "FW_STATE_WAIT_AUTOCONNECT",
        /// Failed.
        Error = 0x0004 => "FW_STATE_ERROR",
        /// Brings up its addresses.
        ConfiguringIp = 0x0008 => "FW_STATE_CONFIGURING_IP",
    }

    /// Self tests (`QL_DIAG_CMD_*`), mailbox 1 of DIAG_TEST.
    pub enum DiagTest: u32 {
        /// Size of the DDR memory.
        DdrSize = 0x2 => "QL_DIAG_CMD_TEST_DDR_SIZE",
        /// DDR memory.
        DdrRw = 0x3 => "QL_DIAG_CMD_TEST_DDR_RW",
        /// On-chip memory.
        OnchipMemRw = 0x4 => "QL_DIAG_CMD_TEST_ONCHIP_MEM_RW",
        /// NVRAM (40xx).
        Nvram = 0x5 => "QL_DIAG_CMD_TEST_NVRAM",
        /// Flash.
        FlashRom = 0x6 => "QL_DIAG_CMD_TEST_FLASH_ROM",
        /// Internal loopback.
        IntLoopback = 0x7 => "QL_DIAG_CMD_TEST_INT_LOOPBACK",
        /// External loopback.
        ExtLoopback = 0x8 => "QL_DIAG_CMD_TEST_EXT_LOOPBACK",
        /// DMA (40xx).
        DmaXfer = 0x9 => "QL_DIAG_CMD_TEST_DMA_XFER",
        /// DDR self test.
        SelfDdrRw = 0xc => "QL_DIAG_CMD_SELF_DDR_RW",
        /// On-chip memory self test.
        SelfOnchipMemRw = 0xd => "QL_DIAG_CMD_SELF_ONCHIP_MEM_RW",
    }

    /// Option of WRITE_FLASH: when the read-modify-write buffer goes to the chip.
    pub enum FlashCommit: u32 {
        /// Change the buffer only.
        RmwHold = 0 => "FLASH_OPT_RMW_HOLD",
        /// Load the buffer, then change it.
        RmwInit = 1 => "FLASH_OPT_RMW_INIT",
        /// Write the buffer out.
        Commit = 2 => "FLASH_OPT_COMMIT",
        /// Load, change and write out.
        RmwCommit = 3 => "FLASH_OPT_RMW_COMMIT",
    }
}

bitflags! {
    /// Additional firmware state (GET_FW_STATE, mailbox 3).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct FwAddState: u32 {
        /// The medium is optical.
        const OPTICAL_MEDIA = 0x0001;
        /// DHCP is on.
        const DHCPV4_ENABLED = 0x0002;
        /// A DHCP lease is held.
        const DHCPV4_LEASE_ACQUIRED = 0x0004;
        /// The DHCP lease ran out.
        const DHCPV4_LEASE_EXPIRED = 0x0008;
        /// The link is up.
        const LINK_UP = 0x0010;
        /// The iSNS client is on.
        const ISNS_SVC_ENABLED = 0x0020;
        /// 10 Mbit/s.
        const LINK_SPEED_10MBPS = 0x0100;
        /// 100 Mbit/s.
        const LINK_SPEED_100MBPS = 0x0200;
        /// 1 Gbit/s.
        const LINK_SPEED_1GBPS = 0x0400;
        /// 10 Gbit/s.
        const LINK_SPEED_10GBPS = 0x0800;
    }

    /// What RESTORE_FACTORY_DEFAULTS restores (mailbox 3). Source: the maker's own driver gives the mask of its
    /// `INT_CC_RESTORE_FACTORY_DEFAULTS` to mailbox 3 as it is, and the field masks of the control block to mailboxes 4 and 5.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct FactoryAreas: u32 {
        /// The control block.
        const IFCB = 0x01;
        /// The device database: no entry is left.
        const DDB = 0x02;
        /// The CHAP table: no entry is left.
        const CHAP = 0x04;
        /// IPsec settings; these chips have none, the command is refused.
        const IPSEC = 0x08;
        /// The port's boot block in the EEPROM: it boots from nothing. Identity and checksum stay.
        const NVRAM = 0x10;
    }

    /// Options of CONN_CLOSE_SESS_LOGOUT (mailbox 3).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct LogoutOptions: u32 {
        /// Close the session.
        const CLOSE_SESSION = 0x0002;
        /// Log in again afterwards.
        const RELOGIN = 0x0004;
        /// Free the DDB.
        const FREE_DDB = 0x0008;
    }
}

impl DiagTest {
    /// Whether the port's traffic goes round inside of the port or its plug while the test runs: nothing reaches the network.
    #[must_use]
    pub const fn takes_the_network_away(self) -> bool {
        matches!(self, Self::IntLoopback | Self::ExtLoopback)
    }
}

/// Mailbox 4 of a failed logout: the DDB was not logged in.
pub const DDB_NOT_LOGGED_IN: u32 = 0x09;
