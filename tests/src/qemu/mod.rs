//! The QEMU lane: a stock kernel with its own qla4xxx, on our PCI functions.
//!
//! Owns a private QEMU and kernels from the distribution's packages ([`Cache`]), an initramfs with an agent in it
//! ([`Initramfs`]), the running guest ([`Guest`]) and the served card ([`Card`]). It must not know what a check wants to prove.
//! QEMU knows `vfio-user-pci` from 10.1 on, which no stable distribution of this machine's age has; hence the private root.

mod cache;
mod card;
mod guest;
mod indices;
mod initramfs;
mod modules;
mod package;

pub use cache::{Cache, Kernel, unavailable};
pub use card::Card;
pub use guest::{Guest, Said};
pub use initramfs::Initramfs;
pub use modules::Modules;
