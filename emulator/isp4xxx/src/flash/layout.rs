//! Where the areas of a card's flash lie.
//!
//! Owns the areas and the layouts; which chip has which one is the [`crate::Chip`]'s. Source: `ql4_fw.h` `FLASH_OFFSET_SYS_INFO`,
//! `FLASH_SEGMENT_IFCB`, `FLASH_OFFSET_DB_INFO`, `FLASH_CHAP_OFFSET`.

use driver_sys::hw::flash as hw;
use driver_sys::hw::raw::{addr_ctrl_blk, dev_db_entry, flash_sys_info, ql4_chap_table};

/// One area of a port's view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// System information: MAC addresses, serial number.
    SysInfo,
    /// The initialization control block.
    Ifcb,
    /// The device database.
    Ddb,
    /// The CHAP table.
    Chap,
}

impl Area {
    /// All areas.
    pub const ALL: [Self; 4] = [Self::SysInfo, Self::Ifcb, Self::Ddb, Self::Chap];

    /// Bytes of one record, the same for every chip.
    #[must_use]
    pub const fn record(self) -> usize {
        match self {
            Self::SysInfo => size_of::<flash_sys_info>(),
            Self::Ifcb => size_of::<addr_ctrl_blk>(),
            Self::Ddb => size_of::<dev_db_entry>(),
            Self::Chap => size_of::<ql4_chap_table>(),
        }
    }

    /// The field's name of the area.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SysInfo => "system information",
            Self::Ifcb => "IFCB",
            Self::Ddb => "DDB table",
            Self::Chap => "CHAP table",
        }
    }
}

/// Where an area lies in a port's view.
#[derive(Debug, PartialEq, Eq)]
pub struct Place {
    /// Address of its first byte.
    pub offset: u32,
    /// Length in bytes, whole pages.
    pub size: usize,
}

/// Where a chip keeps what in its flash.
#[derive(Debug, PartialEq, Eq)]
pub struct Layout {
    /// Distance between the views of two ports in a card's image, in bytes.
    pub stride: u64,
    /// The areas, in the order of [`Area::ALL`].
    pub areas: [Place; 4],
}

impl Layout {
    /// Where an area lies.
    #[must_use]
    pub const fn place(&self, area: Area) -> &Place {
        let [sys_info, ifcb, ddb, chap] = &self.areas;
        match area {
            Area::SysInfo => sys_info,
            Area::Ifcb => ifcb,
            Area::Ddb => ddb,
            Area::Chap => chap,
        }
    }

    /// Address of an area in the port's view.
    #[must_use]
    pub const fn offset(&self, area: Area) -> u32 {
        self.place(area).offset
    }

    /// Address of a record in the port's view.
    #[must_use]
    pub const fn record(&self, area: Area, index: u16) -> u32 {
        self.offset(area) + index as u32 * area.record() as u32
    }

    /// Address of an area in the card's image.
    #[must_use]
    pub const fn position(&self, area: Area, port: usize) -> u64 {
        self.view(port) + self.offset(area) as u64
    }

    /// Where a port's view begins in the card's image.
    #[must_use]
    pub const fn view(&self, port: usize) -> u64 {
        port as u64 * self.stride
    }

    /// Length of a card's image in bytes.
    #[must_use]
    pub const fn image_len(&self, ports: usize) -> u64 {
        self.view(ports)
    }

    /// How many ports an image of this length belongs to; `None` when it is no card's.
    #[must_use]
    pub fn ports(&self, image_len: u64) -> Option<usize> {
        let ports = usize::try_from(image_len / self.stride).ok()?;
        (ports > 0 && self.image_len(ports) == image_len).then_some(ports)
    }

    /// The area that wholly contains these bytes of a port's view, and where in it they begin.
    #[must_use]
    pub fn locate(&self, offset: u32, len: usize) -> Option<(Area, usize)> {
        Area::ALL.into_iter().find_map(|area| {
            let place = self.place(area);
            let at = offset.checked_sub(place.offset)? as usize;
            (at.checked_add(len)? <= place.size).then_some((area, at))
        })
    }
}

/// The chips of the 40xx family: a window of 128 MiB a port.
pub static ISP40XX: Layout = Layout {
    stride: 0x0800_0000,
    areas: [
        Place {
            offset: hw::FLASH_OFFSET_SYS_INFO,
            size: 0x1000,
        },
        Place {
            offset: hw::FLASH_SEGMENT_IFCB,
            size: 0x1000,
        },
        Place {
            offset: hw::FLASH_OFFSET_DB_INFO,
            size: 0x8000,
        },
        Place {
            offset: hw::FLASH_CHAP_OFFSET,
            size: 0xC000,
        },
    ],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Chip;

    #[test]
    fn a_write_must_lie_within_one_area() {
        let locate = |offset, len| ISP40XX.locate(offset, len);
        assert_eq!(locate(0x0500_0200, 512), Some((Area::Ddb, 512)));
        assert_eq!(locate(0x0500_7FFF, 1), Some((Area::Ddb, 0x7FFF)));
        assert_eq!(locate(0x0500_7FFF, 2), None);
        assert_eq!(locate(0x0100_0000, 1), None);
        assert_eq!(locate(u32::MAX, usize::MAX), None);
    }

    #[test]
    fn the_length_of_an_image_tells_its_ports() {
        for ports in 1..4 {
            assert_eq!(ISP40XX.ports(ISP40XX.image_len(ports)), Some(ports));
        }
        for odd in [0, 1, ISP40XX.stride - 1, ISP40XX.stride + 1] {
            assert_eq!(ISP40XX.ports(odd), None, "{odd}");
        }
    }

    #[test]
    fn every_chips_tables_fit_into_their_areas() {
        for chip in Chip::ALL {
            let tables = [
                (Area::SysInfo, 1),
                (Area::Ifcb, 1),
                (Area::Ddb, chip.max_flash_ddbs),
                (Area::Chap, chip.max_chap),
            ];
            for (area, records) in tables {
                let place = chip.layout.place(area);
                assert!(
                    usize::from(records) * area.record() <= place.size,
                    "{} {area:?}",
                    chip.name
                );
                assert!(u64::from(place.offset) + place.size as u64 <= chip.layout.stride);
            }
        }
    }
}
