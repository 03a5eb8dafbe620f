//! The register file as data: where each register lies and how writes to it work.
//!
//! Owns the one table of offsets; behaviour stands with the register's owner. Source: `ql4_fw.h` `struct isp_reg` (page 0).

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

/// Bytes of the register file.
pub const REGISTER_FILE_LEN: u32 = 0x100;

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

/// Every register that answers; all others read as zero and ignore writes.
pub static REGISTERS: &[Register] = &[
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
];

/// The register at an offset.
pub(super) fn at(offset: u32) -> Option<&'static Register> {
    REGISTERS.iter().find(|register| register.offset == offset)
}

/// A write to a masked register: the new value of its existing bits.
pub(super) const fn masked(old: u32, written: u32, exists: u16) -> u32 {
    let change = (written >> 16) & exists as u32;
    (old & !change) | (written & change)
}
