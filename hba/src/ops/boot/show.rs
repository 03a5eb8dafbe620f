//! Showing the boot configuration.

use super::super::adapter::all_able_keys;
use super::nvram::{self, Bytes, Place};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::ids::{AdapterId, HostNo};
use crate::model::{AdapterKey, BootConfig, BootSlot, FlashTarget, Slot};
use crate::params::{FlashnodeParam, ParamValue};
use crate::quirks::Ability;

/// Boot configurations of one port, or of all.
///
/// # Errors
/// [`crate::Kind::NotFound`].
pub fn show(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Vec<BootConfig>> {
    let mut all = Vec::new();
    for key in all_able_keys(ctx, id, "show the boot configuration", Ability::Boot)? {
        all.push(config(ctx, &key)?);
    }
    Ok(all)
}

/// The boot configuration of a port. NVRAM that cannot be read leaves mode and slots unknown, with a remark.
pub(super) fn config(ctx: &mut Ctx<'_>, key: &AdapterKey) -> Result<BootConfig> {
    let tried = format!("read the boot configuration of {}", key.host);
    let bytes = match nvram::read(ctx, key, &tried) {
        Ok((image, place)) => Bytes::from_image(&image, place),
        Err(e) => {
            ctx.warn(e.to_string());
            None
        }
    };
    let flash = ctx.backend.flash_targets(key.host)?;
    assemble(ctx, key, bytes, &flash)
}

/// A configuration from boot bytes, flash targets and what the firmware tells.
pub(super) fn assemble(
    ctx: &mut Ctx<'_>,
    key: &AdapterKey,
    bytes: Option<Bytes>,
    flash: &[FlashTarget],
) -> Result<BootConfig> {
    let firmware = ctx.backend.firmware_boot(key.host)?;
    let initiator_name = match firmware.initiator_name {
        Some(name) => Some(name),
        // Where the driver logs in, the boot firmware's initiator is the port's own.
        None => ctx.backend.adapter(key.host)?.and_then(|a| a.initiator_name),
    };
    Ok(BootConfig {
        host: key.host,
        mode: bytes.map(Bytes::mode),
        slots: bytes.map(|b| slots(b, flash)).unwrap_or_default(),
        targets: firmware.targets,
        initiator_name,
        mac: firmware.mac.or_else(|| key.mac.clone()),
        login_by: firmware
            .driver_logs_in
            .map(|driver| if driver { "driver" } else { "userspace" }.to_owned()),
    })
}

/// A parameter of a flash target that is text and is set.
fn text(target: &FlashTarget, param: FlashnodeParam) -> Option<String> {
    let shown = target.params.value(param).and_then(ParamValue::as_text);
    shown.filter(|t| !t.is_empty()).map(str::to_owned)
}

/// The slots of boot bytes, with the flash targets they name.
pub(super) fn slots(bytes: Bytes, flash: &[FlashTarget]) -> Vec<BootSlot> {
    [(Slot::Primary, bytes.primary), (Slot::Secondary, bytes.secondary)]
        .map(|(slot, byte)| {
            let index = u32::from(byte.0 & 0x7F);
            let valid = byte.ddb_index().is_some();
            let target = flash.iter().find(|t| valid && t.index == index);
            BootSlot {
                slot,
                valid,
                index,
                target_name: target.and_then(|t| t.target_name.clone()),
                address: target.and_then(|t| t.address.clone()),
                lun: None,
                chap_index: target.and_then(|t| t.chap_index),
                chap_username: target.and_then(|t| text(t, FlashnodeParam::Username)),
                mutual_chap: target.and_then(|t| t.bidi_chap),
            }
        })
        .to_vec()
}

/// Whether a boot slot names the flash target, as far as the adapter's memory can be read.
pub(in crate::ops) fn names(ctx: &mut Ctx<'_>, host: HostNo, index: u32) -> bool {
    let Ok(keys) = ctx.backend.adapter_keys() else {
        return false;
    };
    let Some(place) = keys.iter().find(|k| k.host == host).and_then(Place::of) else {
        return false;
    };
    let Ok(image) = nvram::read_image(ctx, host, "read the boot configuration") else {
        return false;
    };
    Bytes::from_image(&image, place).is_some_and(|b| {
        let named =
            |byte: driver_sys::hw::nvram::BootTargetByte| byte.ddb_index().map(u32::from) == Some(index);
        nvram::Bytes::mode(b) != crate::model::BootMode::Disabled && (named(b.primary) || named(b.secondary))
    })
}
