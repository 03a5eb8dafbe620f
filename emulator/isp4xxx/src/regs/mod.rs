//! The PCI face of the 4022 and 4032: registers, semaphores, EEPROM pins, mailboxes, request and response rings.
//!
//! [`Adapter`] puts a register file in front of a [`crate::fw::Card`], one per port; whoever serves the PCI functions hands it
//! register accesses and guest memory and asks for the level of the interrupt line. No I/O and no clock in here; nothing a guest
//! writes makes it panic, reach outside guest memory or allocate without a bound. Sources: `ql4_fw.h` `struct isp_reg` and the
//! users of each register; facts measured with the stock driver stand where they matter.

mod adapter;
mod commands;
mod csr;
mod doorbell;
mod eeprom;
mod function;
mod iocb;
mod mailbox;
mod mailroom;
mod map;
mod memory;
mod queues;
mod request;
mod response;
mod semaphore;
mod traffic;

pub use adapter::Adapter;
pub use commands::{Dma, MAILBOX_COMMANDS, MailboxCommand, When};
pub use map::{Access, Face, ISP40XX_PAGE_0, Register};
pub use memory::{BadAddress, Era, GuestMemory, Segment};

#[cfg(test)]
mod tests;
