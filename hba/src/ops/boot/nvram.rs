//! The boot bytes of a 40xx adapter's NVRAM: a mode byte and two slot bytes for each port, and a checksum over all.
//!
//! Source: qla4xxx `ql4_os.c` (`get_fw_boot_info`), `ql4_fw.h` (`NVRAM_PORT*_BOOT_*`).

use driver_sys::hw::nvram as layout;

use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::HostNo;
use crate::model::{AdapterKey, BootMode};
use crate::quirks::Chip;

/// Where a port's boot bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) mode: usize,
    pub(super) primary: usize,
    pub(super) secondary: usize,
}

const PORT0: Place = Place {
    mode: layout::NVRAM_PORT0_BOOT_MODE,
    primary: layout::NVRAM_PORT0_BOOT_PRI_TGT,
    secondary: layout::NVRAM_PORT0_BOOT_SEC_TGT,
};
const PORT1: Place = Place {
    mode: layout::NVRAM_PORT1_BOOT_MODE,
    primary: layout::NVRAM_PORT1_BOOT_PRI_TGT,
    secondary: layout::NVRAM_PORT1_BOOT_SEC_TGT,
};
/// The mode is in the low bits.
const MODE_MASK: u8 = 0x07;
/// Size of the NVRAM of the adapters that have boot bytes.
pub(super) const SIZE: usize = layout::QL40X2_NVRAM_SIZE;

impl Place {
    /// The place by PCI function: 1 is the first port, 3 the second.
    pub(super) fn of(key: &AdapterKey) -> Option<Self> {
        match key.port_name.as_deref()?.rsplit_once('.')?.1 {
            "1" => Some(PORT0),
            "3" => Some(PORT1),
            _ => None,
        }
    }
}

/// A port's boot bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bytes {
    pub(super) mode: u8,
    pub(super) primary: layout::BootTargetByte,
    pub(super) secondary: layout::BootTargetByte,
}

impl Bytes {
    /// Takes them out of an image; `None` when it is too short.
    pub(super) fn from_image(image: &[u8], at: Place) -> Option<Self> {
        Some(Self {
            mode: *image.get(at.mode)?,
            primary: layout::BootTargetByte(*image.get(at.primary)?),
            secondary: layout::BootTargetByte(*image.get(at.secondary)?),
        })
    }

    /// Puts them into an image that is long enough and corrects its checksum.
    pub(super) fn put(self, image: &mut [u8], at: Place) {
        for (offset, byte) in [
            (at.mode, self.mode),
            (at.primary, self.primary.0),
            (at.secondary, self.secondary.0),
        ] {
            if let Some(place) = image.get_mut(offset) {
                *place = byte;
            }
        }
        layout::fix_checksum(image);
    }

    /// Each byte by name, here and in `other`.
    pub(super) fn beside(self, other: Self) -> [(&'static str, u8, u8); 3] {
        [
            ("the boot mode", self.mode, other.mode),
            ("the primary slot", self.primary.0, other.primary.0),
            ("the secondary slot", self.secondary.0, other.secondary.0),
        ]
    }

    pub(super) fn mode(self) -> BootMode {
        match self.mode & MODE_MASK {
            0 => BootMode::Disabled,
            1 => BootMode::Manual,
            2 => BootMode::Dhcp,
            other => BootMode::Other(other),
        }
    }

    pub(super) fn with_mode(mut self, mode: BootMode) -> Self {
        let bits = match mode {
            BootMode::Disabled => 0,
            BootMode::Manual => 1,
            BootMode::Dhcp => 2,
            BootMode::Other(bits) => bits & MODE_MASK,
        };
        self.mode = (self.mode & !MODE_MASK) | bits;
        self
    }
}

/// Reads a port's NVRAM and says where its boot bytes are.
///
/// # Errors
/// [`Kind::Unsupported`] when the adapter has no such bytes; [`Kind::Failed`] when the checksum is wrong.
pub(super) fn read(ctx: &mut Ctx<'_>, key: &AdapterKey, tried: &str) -> Result<(Vec<u8>, Place)> {
    let chip = Chip::of(key.model.as_deref());
    if let Some(why) = chip.why_no_boot() {
        let model = key.model.as_deref().unwrap_or("of an unknown model");
        return Err(Error::new(Kind::Unsupported, tried)
            .answered(format!("{} is {model}: {why}", key.host))
            .hint("choose the boot target in the adapter's own setup at the start of the machine"));
    }
    let Some(place) = Place::of(key) else {
        return Err(Error::new(Kind::Unsupported, tried)
            .answered(format!("{} is not a port whose boot bytes are known", key.host))
            .hint("only pci functions 1 and 3 of 40xx adapters have boot targets"));
    };
    let image = read_image(ctx, key.host, tried)?;
    if layout::word_sum(&image) != 0 {
        return Err(Error::new(Kind::Failed, tried)
            .answered("the checksum of the adapter's nvram is wrong")
            .hint("the nvram is not touched; restore it with the vendor's tool"));
    }
    Ok((image, place))
}

/// Reads the whole NVRAM.
pub(super) fn read_image(ctx: &mut Ctx<'_>, host: HostNo, tried: &str) -> Result<Vec<u8>> {
    let image = ctx
        .backend
        .read_nvram(host, 0, SIZE, ctx.deadline)
        .map_err(|e| e.during(tried.to_owned()))?;
    if image.len() != SIZE {
        return Err(Error::new(Kind::Failed, tried).answered(format!(
            "the adapter's nvram gave {} bytes of {SIZE}",
            image.len()
        )));
    }
    Ok(image)
}
