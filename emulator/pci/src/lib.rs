//! The adapter as a PCI device: a vfio-user server, one socket per PCI function, that a virtual machine's kernel binds to.
//!
//! Owns the vfio-user protocol, PCI configuration space, the interrupt line and the guest's memory. It must not know what the
//! registers mean (that is [`isp4xxx::regs`]) nor `hba`. A client may send anything: it is answered with an errno or
//! disconnected, and its port is reset. Sources: the vfio-user protocol specification (`docs/interop/vfio-user.rst` of QEMU),
//! `include/uapi/linux/vfio.h`.
#![deny(unsafe_code)]

mod config_space;
mod connection;
mod control;
mod descriptor;
mod device;
mod dma;
mod error;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod interrupt;
mod listen;
mod memory;
mod message;
mod order;
mod server;
mod socket;
mod wire;

pub use config_space::ConfigSpace;
pub use error::{PciError, ProtocolError};
pub use memory::DmaMap;
pub use message::{Request, decode};
pub use server::{Config, Server};
pub use wire::{Header, MAX_MESSAGE};
