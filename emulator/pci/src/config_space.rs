//! PCI configuration space of one function.
//!
//! Owns the 256 bytes, and which of them can be written. Source: PCI Local Bus Specification 3.0, chapter 6.

use isp4xxx::Chip;
use isp4xxx::regs::Face;

/// Bytes of configuration space.
pub(crate) const LEN: usize = 256;

/// The configuration space of one function.
#[derive(Debug, Clone)]
pub struct ConfigSpace {
    bytes: [u8; LEN],
    writable: [u8; LEN],
    /// The command register was written, before a reset perhaps.
    commanded: bool,
}

/// Where the command register lies, and its bit that lets the function master the bus.
const COMMAND: usize = 0x04;
const BUS_MASTER: u8 = 1 << 2;

impl ConfigSpace {
    /// As after reset. Each port has an interrupt pin of its own, so that what one has to say does not run the other's handler.
    #[must_use]
    pub fn new(chip: &Chip, face: &Face, port: usize) -> Self {
        let mut space = Self {
            bytes: [0; LEN],
            writable: [0; LEN],
            commanded: false,
        };
        space.put(0x00, &chip.pci_vendor.to_le_bytes());
        space.put(0x02, &chip.pci_device.to_le_bytes());
        // Command: I/O, memory, master, MWI, parity, SERR, INTx disable.
        space.allow(COMMAND, &0x0557_u16.to_le_bytes());
        // Class 01 00: SCSI controller. Revision as shipped.
        space.put(0x08, &[0x02, 0x00, 0x00, 0x01]);
        // Cache line size, latency timer.
        space.allow(0x0C, &[0xFF, 0xFF]);
        // More than one function.
        space.put(0x0E, &[0x80]);
        // BAR 0: I/O ports. BAR 1: memory, 32 bits.
        let size = (!(face.len - 1)).to_le_bytes();
        space.put(0x10, &[0x01]);
        space.allow(0x10, &size);
        space.allow(0x14, &size);
        space.put(0x2C, &chip.subsys_vendor.to_le_bytes());
        space.put(0x2E, &chip.subsys_device.to_le_bytes());
        // Interrupt line; pin A, B, C or D.
        space.allow(0x3C, &[0xFF]);
        space.put(0x3D, &[1 + (port % 4) as u8]);
        space
    }

    /// A reset of the function.
    pub(crate) fn reset(&mut self, chip: &Chip, face: &Face, port: usize) {
        let commanded = self.commanded;
        *self = Self::new(chip, face, port);
        self.commanded = commanded;
    }

    /// Whether the function may master the bus. Every operating system writes the command register before its driver runs; a
    /// client that never did has no bus in front of the function, and nothing to switch off.
    pub(crate) fn is_master(&self) -> bool {
        !self.commanded || self.bytes[COMMAND] & BUS_MASTER != 0
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn allow(&mut self, at: usize, mask: &[u8]) {
        self.writable[at..at + mask.len()].copy_from_slice(mask);
    }

    /// Reads; beyond the end there are zeros.
    pub fn read(&self, offset: u64, into: &mut [u8]) {
        into.fill(0);
        let from = usize::try_from(offset).ok().and_then(|at| self.bytes.get(at..));
        for (room, byte) in into.iter_mut().zip(from.unwrap_or_default()) {
            *room = *byte;
        }
    }

    /// Writes the bits that can be written.
    pub fn write(&mut self, offset: u64, from: &[u8]) {
        let Ok(at) = usize::try_from(offset) else { return };
        self.commanded |= at <= COMMAND && at.saturating_add(from.len()) > COMMAND;
        for (at, byte) in (at..LEN).zip(from) {
            let mask = self.writable[at];
            self.bytes[at] = (self.bytes[at] & !mask) | (byte & mask);
        }
    }
}

#[cfg(test)]
mod tests {
    use isp4xxx::chip::ISP4032;
    use isp4xxx::regs::ISP40XX_PAGE_0;

    use super::*;

    #[test]
    fn identity_stays_and_bars_tell_their_size() {
        let mut space = ConfigSpace::new(&ISP4032, &ISP40XX_PAGE_0, 0);
        space.write(0, &[0xFF; LEN]);
        let mut bytes = [0; LEN];
        space.read(0, &mut bytes);
        assert_eq!(bytes[..4], [0x77, 0x10, 0x32, 0x40]);
        assert_eq!(bytes[4..6], [0x57, 0x05]);
        assert_eq!(bytes[8..12], [2, 0, 0, 1]);
        assert_eq!(bytes[0x0C], 0xFF);
        assert_eq!(
            bytes[0x10..0x18],
            [0x01, 0xFF, 0xFF, 0xFF, 0x00, 0xFF, 0xFF, 0xFF]
        );
        assert_eq!(bytes[0x3C..0x3E], [0xFF, 1]);
        space.write(u64::MAX, &[1, 2]);
        space.write(254, &[1, 2, 3, 4]);
        space.read(250, &mut bytes[..16]);
        assert_eq!(bytes[..16], [0; 16]);
    }

    #[test]
    fn the_bus_is_mastered_until_somebody_who_writes_the_command_register_says_no() {
        let mut space = ConfigSpace::new(&ISP4032, &ISP40XX_PAGE_0, 0);
        assert!(space.is_master());
        space.write(0x3C, &[5]);
        space.write(2, &[0, 0]);
        assert!(space.is_master(), "other registers");
        space.write(4, &[3, 0]);
        assert!(!space.is_master());
        space.write(4, &[7, 0]);
        assert!(space.is_master());
        space.reset(&ISP4032, &ISP40XX_PAGE_0, 0);
        assert!(!space.is_master(), "as after power-on");
        space.write(0, &[0, 0, 0, 0, 4]);
        assert!(space.is_master());
    }

    #[test]
    fn each_port_has_a_pin_of_its_own() {
        let pin = |port| {
            let mut pin = [0];
            ConfigSpace::new(&ISP4032, &ISP40XX_PAGE_0, port).read(0x3D, &mut pin);
            pin[0]
        };
        assert_eq!([pin(0), pin(1)], [1, 2]);
    }
}
