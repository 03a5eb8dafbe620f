//! The card's permanent memory as the ports see it: flash and EEPROM in RAM, every change through the store first.
//!
//! Owns the order "store, then RAM": what a port can read is what survives a power loss. It must not know mailboxes.
//! Source of the write options: `ql4_fw.h` `FLASH_OPT_*`.

use driver_sys::hw::mailbox::FlashCommit;
use driver_sys::hw::nvram::fix_checksum;
use zerocopy::FromBytes;
use zeroize::Zeroize;

use super::MboxError;
use crate::chip::Chip;
use crate::flash::{Area, Change, FlashError, FlashStore, Image, Region, StoreError, validate};

/// Flash and EEPROM of one card.
pub(super) struct Rom {
    pub(super) chip: &'static Chip,
    pub(super) ports: usize,
    store: Box<dyn FlashStore>,
    pub(super) image: Image,
    nvram: Vec<u8>,
    /// Writes that wait for their commit, by port.
    held: Vec<Vec<(u32, Vec<u8>)>>,
}

/// Most bytes one READ_FLASH or WRITE_FLASH moves.
const MAX_TRANSFER: usize = 256 << 10;
/// Most writes one port may hold back.
const MAX_HELD: usize = 1024;

impl Rom {
    pub(super) fn load(
        chip: &'static Chip,
        ports: usize,
        mut store: Box<dyn FlashStore>,
    ) -> Result<Self, FlashError> {
        let mut loaded = store.load()?;
        let accepted = validate::accept(chip, ports, &loaded);
        loaded.wipe();
        let (image, nvram) = accepted?;
        store.settle()?;
        Ok(Self {
            chip,
            ports,
            store,
            image,
            nvram,
            held: vec![Vec::new(); ports],
        })
    }

    /// Reads the store again, as at power-on.
    pub(super) fn reload(&mut self) -> Result<(), FlashError> {
        let mut loaded = self.store.load()?;
        let accepted = validate::accept(self.chip, self.ports, &loaded);
        loaded.wipe();
        (self.image, self.nvram) = accepted?;
        self.held.iter_mut().for_each(Vec::clear);
        Ok(())
    }

    /// A port was reset: what it held back is lost.
    pub(super) fn forget_held(&mut self, port: usize) {
        if let Some(held) = self.held.get_mut(port) {
            held.clear();
        }
    }

    pub(super) fn nvram(&self) -> &[u8] {
        &self.nvram
    }

    /// Record `index` of an area.
    pub(super) fn record<T: FromBytes>(&self, port: usize, area: Area, index: usize) -> Option<T> {
        self.image.record(port, area, index)
    }

    pub(super) fn read(&self, port: usize, offset: u32, len: u32) -> Result<Vec<u8>, MboxError> {
        let len = len as usize;
        if len > MAX_TRANSFER {
            return Err(MboxError::parameter(format!(
                "a flash read of {len} bytes is too long"
            )));
        }
        self.image
            .read(port, offset, len)
            .ok_or_else(|| MboxError::parameter(format!("flash address {offset:#x} is beyond the chip")))
    }

    pub(super) fn write(
        &mut self,
        port: usize,
        offset: u32,
        data: &[u8],
        options: FlashCommit,
    ) -> Result<(), MboxError> {
        if data.len() > MAX_TRANSFER {
            let len = data.len();
            return Err(MboxError::parameter(format!(
                "a flash write of {len} bytes is too long"
            )));
        }
        if self.chip.layout.locate(offset, data.len()).is_none() {
            return Err(MboxError::parameter(format!(
                "flash address {offset:#x}, {} bytes, is in none of the areas that can be written",
                data.len()
            )));
        }
        let Some(held) = self.held.get_mut(port) else {
            return Err(MboxError::parameter(format!("there is no port {port}")));
        };
        match options {
            FlashCommit::RmwInit | FlashCommit::RmwCommit => held.clear(),
            FlashCommit::RmwHold | FlashCommit::Commit => {}
            FlashCommit::Unknown(other) => {
                return Err(MboxError::parameter(format!(
                    "flash write option {other} is unknown"
                )));
            }
        }
        if held.len() >= MAX_HELD {
            return Err(MboxError::command("too many flash writes wait for their commit"));
        }
        held.push((offset, data.to_vec()));
        if matches!(options, FlashCommit::RmwHold | FlashCommit::RmwInit) {
            return Ok(());
        }
        let mut writes = std::mem::take(held);
        let done = self.commit(port, &writes, None);
        writes.iter_mut().for_each(|(_, bytes)| bytes.zeroize());
        done
    }

    /// Writes bytes of a port's view, and the whole EEPROM if given: all or nothing.
    pub(super) fn commit(
        &mut self,
        port: usize,
        writes: &[(u32, Vec<u8>)],
        nvram: Option<Vec<u8>>,
    ) -> Result<(), MboxError> {
        let mut new = self.image.clone();
        for (offset, data) in writes {
            if let Some((area, at)) = self.chip.layout.locate(*offset, data.len())
                && let Some(room) = new.area_mut(port, area).get_mut(at..at + data.len())
            {
                room.copy_from_slice(data);
            }
        }
        // What could not be read back at the next power-on is refused now.
        validate::check_port(self.chip, &new, port).map_err(|error| MboxError::command(error.to_string()))?;
        let base = self.chip.layout.view(port);
        let nvram = nvram.map(|mut bytes| {
            fix_checksum(&mut bytes);
            bytes
        });
        let mut changes: Vec<_> = writes
            .iter()
            .map(|(offset, bytes)| Change {
                region: Region::Flash,
                offset: base + u64::from(*offset),
                bytes,
            })
            .collect();
        changes.extend(nvram.as_deref().map(|bytes| Change {
            region: Region::Nvram,
            offset: 0,
            bytes,
        }));
        self.store.commit(&changes).map_err(|error| refused(&error))?;
        self.image = new;
        if let Some(nvram) = nvram {
            self.nvram = nvram;
        }
        Ok(())
    }

    pub(super) fn read_nvram(&self, offset: u32, len: u32) -> Result<Vec<u8>, MboxError> {
        let from = offset as usize;
        self.nvram
            .get(from..from.saturating_add(len as usize))
            .map(<[u8]>::to_vec)
            .ok_or_else(|| self.beyond_nvram(offset, len as usize))
    }

    /// Writes EEPROM bytes and makes the words sum to zero again.
    pub(super) fn write_nvram(&mut self, offset: u32, data: &[u8]) -> Result<(), MboxError> {
        let from = offset as usize;
        let mut new = self.nvram.clone();
        match new.get_mut(from..from.saturating_add(data.len())) {
            Some(room) => room.copy_from_slice(data),
            None => return Err(self.beyond_nvram(offset, data.len())),
        }
        self.commit(0, &[], Some(new))
    }

    fn beyond_nvram(&self, offset: u32, len: usize) -> MboxError {
        MboxError::parameter(format!(
            "EEPROM offset {offset:#x}, {len} bytes, is beyond its {} bytes",
            self.nvram.len()
        ))
    }
}

fn refused(error: &StoreError) -> MboxError {
    let mut why = error.to_string();
    if let Some(source) = std::error::Error::source(error) {
        why = format!("{why}: {source}");
    }
    MboxError::command(why)
}
