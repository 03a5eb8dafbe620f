//! Bits of the control and status register.
//!
//! Source: `ql4_fw.h` `CSR_*`.

use bitflags::bitflags;

bitflags! {
    /// `ctrl_status`, lower half.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub(super) struct Csr: u32 {
        /// The chip was reset by somebody.
        const RESET_INTR = 0x0008;
        /// Responses wait.
        const COMPLETION_INTR = 0x0010;
        /// The out-mailboxes hold something.
        const PROCESSOR_INTR = 0x0020;
        /// Write: there is a mailbox command.
        const INTR_RISC = 0x0040;
        /// Write: start the firmware.
        const BOOT_ENABLE = 0x0080;
        /// Write: reset the chip, whatever the other function says.
        const FORCE_SOFT_RESET = 0x2000;
        /// The firmware is beyond help.
        const FATAL_ERROR = 0x4000;
        /// Write: reset the chip.
        const SOFT_RESET = 0x8000;
    }
}

impl Csr {
    /// What pulls the interrupt line.
    pub(super) const INTERRUPTS: Self = Self::RESET_INTR
        .union(Self::COMPLETION_INTR)
        .union(Self::PROCESSOR_INTR);
}

/// Bit of `intr_mask` that lets interrupts through.
pub(super) const SCSI_INTR_ENABLE: u32 = 0x0004;

/// Bits of `ctrl_status` that tell which PCI function this is.
pub(super) const fn function(number: u8) -> u32 {
    0x0400 | (number as u32 & 3) << 8
}
