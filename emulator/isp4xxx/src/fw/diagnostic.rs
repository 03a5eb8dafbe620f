//! DIAG_TEST: what the firmware finds when it looks at its own card.
//!
//! Owns which test fails and why. An emulated card's memories are whole; its EEPROM and flash are what the store gave, and are looked
//! at as at power-on. Source of the tests: `ql4_bsg.h` `QL_DIAG_CMD_*`; what each looks at is not written anywhere.

use driver_sys::hw::mailbox::DiagTest;
use driver_sys::hw::nvram::word_sum;

use super::MboxError;
use super::rom::Rom;
use crate::flash::validate;

impl Rom {
    /// Runs a self test.
    pub(super) fn self_test(&self, test: DiagTest) -> Result<(), MboxError> {
        match test {
            DiagTest::DdrSize
            | DiagTest::DdrRw
            | DiagTest::OnchipMemRw
            | DiagTest::IntLoopback
            | DiagTest::DmaXfer
            | DiagTest::SelfDdrRw
            | DiagTest::SelfOnchipMemRw => Ok(()),
            DiagTest::Nvram => match word_sum(self.nvram()) {
                0 => Ok(()),
                sum => Err(MboxError::command(format!(
                    "the words of the EEPROM sum to {sum:#06x}"
                ))),
            },
            DiagTest::FlashRom => (0..self.ports)
                .try_for_each(|port| validate::check_port(self.chip, &self.image, port))
                .map_err(|error| MboxError::command(error.to_string())),
            DiagTest::ExtLoopback => Err(MboxError::command("there is no loopback plug in the port")),
            DiagTest::Unknown(other) => {
                Err(MboxError::parameter(format!("there is no self test {other:#x}")))
            }
        }
    }
}
