//! RESTORE_FACTORY_DEFAULTS: which bytes of a port's flash and of the EEPROM the factory wrote.
//!
//! Owns the meaning of the command's mask. Source: `ql4_mbx.c` `qla4xxx_restore_factory_defaults`; the mask as in
//! [`FactoryAreas`].

use zerocopy::IntoBytes;

use super::port::{Ctx, Port};
use super::{FactoryAreas, MboxError, Reply};
use crate::flash::Area;
use crate::nvram::BootBlock;

impl Port {
    /// Restores all of the areas asked for, or none.
    pub(super) fn restore(
        &mut self,
        cx: &mut Ctx<'_>,
        areas: FactoryAreas,
        fields: [u32; 2],
    ) -> Result<Reply, MboxError> {
        let known = FactoryAreas::all() - FactoryAreas::IPSEC;
        if areas.is_empty() || !known.contains(areas) {
            let mask = areas.bits();
            return Err(MboxError::parameter(format!(
                "there are no areas {mask:#x} to restore"
            )));
        }
        if fields != [0, 0] {
            return Err(MboxError::parameter(
                "single fields of a control block cannot be restored",
            ));
        }
        let layout = self.chip.layout;
        let mut writes = Vec::new();
        if areas.contains(FactoryAreas::IFCB) {
            let block = self.factory_acb(cx.rom);
            writes.push((layout.offset(Area::Ifcb), block.as_bytes().to_vec()));
        }
        for (wanted, area) in [(FactoryAreas::DDB, Area::Ddb), (FactoryAreas::CHAP, Area::Chap)] {
            if areas.contains(wanted) {
                let place = layout.place(area);
                writes.push((place.offset, vec![0xFF; place.size]));
            }
        }
        let nvram = areas.contains(FactoryAreas::NVRAM).then(|| {
            let mut nvram = cx.rom.nvram().to_vec();
            let boot = BootBlock::default().bytes(nvram.len(), self.number);
            for (at, byte) in boot.into_iter().flatten() {
                if let Some(room) = nvram.get_mut(at) {
                    *room = byte;
                }
            }
            nvram
        });
        cx.rom.commit(self.number, &writes, nvram)?;
        Ok(Reply::Done)
    }
}
