//! Self tests and LEDs: the mailboxes of [`super::VendorCommand::Diagnostic`], typed.
//!
//! Owns which mailbox says what. Must not know what a test means to whoever uses the port. Source: `ql4_bsg.c`
//! (`qla4xxx_execute_diag_test`).

use crate::hw::mailbox::{DiagTest, MBOX_REG_COUNT, MboxCmd};

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
