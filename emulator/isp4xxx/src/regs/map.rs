//! Register files as data: where each register lies and how writes to it work.
//!
//! Owns the one table of offsets; behaviour stands with the register's owner. Which chip shows which face is the
//! [`crate::Chip`]'s. Source: `ql4_fw.h` `struct isp_reg` (page 0).

/// How a register takes writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Never changes by a write.
    ReadOnly,
    /// All bits are stored as written.
    Plain,
    /// The upper half names the bits that change, the lower half gives them; only these bits exist.
    Masked(u16),
    /// In- and out-mailboxes share the address and are stored apart.
    Mailbox,
}

/// One register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Register {
    /// Byte offset in the memory and the I/O window.
    pub offset: u32,
    /// As the driver's header spells it.
    pub name: &'static str,
    /// How it takes writes.
    pub access: Access,
}

/// The registers that a chip shows in its PCI windows.
#[derive(Debug, PartialEq, Eq)]
pub struct Face {
    /// Bytes of the register file, a power of two.
    pub len: u32,
    /// Every register that answers; all others read as zero and ignore writes.
    pub registers: &'static [Register],
}

impl Face {
    /// The register at an offset.
    pub(super) fn at(&self, offset: u32) -> Option<&'static Register> {
        self.registers.iter().find(|register| register.offset == offset)
    }
}

pub(super) const MAILBOX: u32 = 0x00;
pub(super) const CTRL_STATUS: u32 = 0x28;
pub(super) const INTR_MASK: u32 = 0x2C;
pub(super) const NVRAM: u32 = 0x30;
pub(super) const SEMAPHORE: u32 = 0x34;
pub(super) const REQ_Q_IN: u32 = 0x38;
pub(super) const RSP_Q_OUT: u32 = 0x3C;

const fn register(offset: u32, name: &'static str, access: Access) -> Register {
    Register { offset, name, access }
}

/// Page 0 of the ISP4022 and ISP4032.
pub static ISP40XX_PAGE_0: Face = Face {
    len: 0x100,
    registers: &[
        register(0x00, "mailbox[0]", Access::Mailbox),
        register(0x04, "mailbox[1]", Access::Mailbox),
        register(0x08, "mailbox[2]", Access::Mailbox),
        register(0x0C, "mailbox[3]", Access::Mailbox),
        register(0x10, "mailbox[4]", Access::Mailbox),
        register(0x14, "mailbox[5]", Access::Mailbox),
        register(0x18, "mailbox[6]", Access::Mailbox),
        register(0x1C, "mailbox[7]", Access::Mailbox),
        register(0x20, "flash_address", Access::Plain),
        register(0x24, "flash_data", Access::ReadOnly),
        register(CTRL_STATUS, "ctrl_status", Access::Masked(0xF8FF)),
        register(INTR_MASK, "intr_mask", Access::Masked(0x0004)),
        register(NVRAM, "nvram", Access::Masked(0x0017)),
        register(SEMAPHORE, "semaphore", Access::Masked(0xFFFE)),
        register(REQ_Q_IN, "req_q_in", Access::Plain),
        register(RSP_Q_OUT, "rsp_q_out", Access::Plain),
        register(0x50, "ext_hw_conf", Access::Masked(0xFFFF)),
        register(0x58, "port_ctrl", Access::Masked(0xFFFF)),
        register(0x5C, "port_status", Access::ReadOnly),
        register(0xE0, "gp_out", Access::Masked(0xFFFF)),
        register(0xE4, "gp_in", Access::ReadOnly),
        register(0xFC, "port_err_status", Access::ReadOnly),
    ],
};

/// A write to a masked register: the new value of its existing bits.
pub(super) const fn masked(old: u32, written: u32, exists: u16) -> u32 {
    let change = (written >> 16) & exists as u32;
    (old & !change) | (written & change)
}
