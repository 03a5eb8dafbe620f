//! Self tests and LEDs: the mailboxes of [`super::VendorCommand::Diagnostic`], typed.
//!
//! Owns which mailbox says what. Must not know what a test means to whoever uses the port. Source: `ql4_bsg.c`
//! (`qla4xxx_execute_diag_test`), `ql4_bsg.h` (`QL_DIAG_CMD_*`).

use crate::abi::open_enum;
use crate::hw::mailbox::{MBOX_REG_COUNT, MboxCmd};

open_enum! {
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
}

impl DiagTest {
    /// Whether the port's traffic goes round inside of the port or its plug while the test runs: nothing reaches the network.
    #[must_use]
    pub const fn takes_the_network_away(self) -> bool {
        matches!(self, Self::IntLoopback | Self::ExtLoopback)
    }
}

/// What the driver lets through to the firmware; anything else is EINVAL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Diagnostic {
    /// A self test.
    Test(DiagTest),
    /// Read the LED configuration.
    GetLeds,
    /// Write the LED configuration.
    SetLeds(u32),
    /// Mailboxes without a name here.
    Raw([u32; MBOX_REG_COUNT]),
}

impl Diagnostic {
    /// The in-mailboxes.
    #[must_use]
    pub fn mailboxes(self) -> [u32; MBOX_REG_COUNT] {
        let mut out = [0; MBOX_REG_COUNT];
        let (command, first) = match self {
            Self::Test(test) => (MboxCmd::DiagTest, test.raw()),
            Self::GetLeds => (MboxCmd::GetLedConfig, 0),
            Self::SetLeds(leds) => (MboxCmd::SetLedConfig, leds),
            Self::Raw(mailboxes) => return mailboxes,
        };
        (out[0], out[1]) = (command.raw().into(), first);
        out
    }

    /// Reads in-mailboxes; what has no name, or more words than the name needs, stays [`Self::Raw`].
    #[must_use]
    pub fn from_mailboxes(mailboxes: [u32; MBOX_REG_COUNT]) -> Self {
        let code = u16::try_from(mailboxes[0]).map(MboxCmd::from_raw);
        let named = match code {
            Ok(MboxCmd::DiagTest) => Self::Test(DiagTest::from_raw(mailboxes[1])),
            Ok(MboxCmd::GetLedConfig) => Self::GetLeds,
            Ok(MboxCmd::SetLedConfig) => Self::SetLeds(mailboxes[1]),
            _ => Self::Raw(mailboxes),
        };
        if named.mailboxes() == mailboxes {
            named
        } else {
            Self::Raw(mailboxes)
        }
    }
}
