//! From the configuration to an engine's limits and to logical units.

use std::io;
use std::path::Path;

use iscsi::digest::Digest;
use iscsi::target_node::Config;
use scsi::{Device, LogicalUnit, LunConfig, MemoryMedium};

use super::units::Units;
use crate::config::{DigestPolicy, TargetConfig};
use crate::error::{TargetError, why};
use crate::lun::{LunSource, LunSpec};
use crate::medium::FileMedium;
use crate::reservations::ReservationFile;

/// Logical units of a target at most.
pub(super) const MAX_LUNS: usize = 256;

/// What the protocol engine is told.
pub(super) fn engine_config(config: &TargetConfig) -> Config {
    let mut engine = Config {
        alias: config.alias.clone(),
        login_timeout: config.login_timeout,
        nop_interval: config.nop_interval,
        chap_delay: config.chap_delay,
        strict_unh: config.strict_unh,
        trace: config.trace.map(|(level, _)| level).unwrap_or_default(),
        ..Config::default()
    };
    let digests = match config.digests {
        DigestPolicy::Initiator => return engine,
        DigestPolicy::Require => vec![Digest::Crc32c],
        DigestPolicy::Forbid => vec![Digest::None],
    };
    engine.offer.header_digests.clone_from(&digests);
    engine.offer.data_digests = digests;
    let required = config.digests == DigestPolicy::Require;
    engine.require_header_digest = required;
    engine.require_data_digest = required;
    engine
}

/// What all logical units of a target have in common.
#[derive(Debug)]
pub(super) struct Open {
    /// The target's name.
    iqn: String,
    /// Logical block length in bytes, if the unit does not say.
    block_size: u32,
}

/// The device with every logical unit of the configuration.
pub(super) fn open_units(config: &TargetConfig) -> Result<(Device, Units), TargetError> {
    if config.luns.len() > MAX_LUNS {
        return Err(TargetError::Luns("at most 256"));
    }
    let mut device = Device::new();
    let mut units = Units::new(Open {
        iqn: config.iqn.clone(),
        block_size: config.block_size,
    });
    for (index, spec) in config.luns.iter().enumerate() {
        let number = u16::try_from(index)
            .ok()
            .and_then(|i| config.first_lun.checked_add(i));
        let number = number.ok_or(TargetError::Luns("numbers end at 16383"))?;
        let Some(unit) = open_unit(&units.open, number, 0, spec)? else {
            continue;
        };
        if device.add(number, unit).is_err() {
            return Err(TargetError::Luns("numbers end at 16383"));
        }
        units.made(number, spec);
    }
    Ok((device, units))
}

/// One logical unit; `None` for a number that is left out. Another generation of a number is another disk.
pub(super) fn open_unit(
    open: &Open,
    number: u16,
    generation: u32,
    spec: &LunSpec,
) -> Result<Option<LogicalUnit>, TargetError> {
    let iqn = &open.iqn;
    let mut unit = LunConfig::new(&match generation {
        0 => format!("{iqn},{number}"),
        _ => format!("{iqn},{number},{generation}"),
    });
    unit.block_size = spec.block_size.unwrap_or(open.block_size);
    unit.physical_block = spec.physical_block.unwrap_or(unit.physical_block);
    unit.read_only = spec.read_only;
    unit.removable = spec.removable;
    unit.thin = !spec.full;
    let medium: Box<dyn scsi::Medium> = match &spec.source {
        LunSource::Missing => return Ok(None),
        LunSource::Size(bytes) => Box::new(MemoryMedium::new(*bytes)),
        LunSource::File { path, read_only } => {
            let read_only = *read_only || spec.read_only;
            unit.read_only = read_only;
            let failed = |source| TargetError::LunFile {
                lun: number,
                path: path.clone(),
                source,
            };
            if let Some(bytes) = spec.create {
                create_sparse(path, bytes).map_err(failed)?;
            }
            let mut medium = FileMedium::open(path, read_only).map_err(failed)?;
            if spec.direct && !medium.bypass_cache().map_err(failed)? {
                tracing::warn!(
                    lun = number,
                    path = %path.display(),
                    "the file system has no direct I/O (O_DIRECT): the page cache is used"
                );
            }
            Box::new(medium)
        }
    };
    let mut unit = LogicalUnit::new(unit, medium);
    if let Some(path) = spec.reservations_file() {
        let failed = |reason| TargetError::Reservations {
            lun: number,
            path: path.clone(),
            reason,
        };
        let (store, saved) = ReservationFile::open(path.clone()).map_err(|e| failed(e.to_string()))?;
        unit.keep_reservations(Box::new(store), &saved)
            .map_err(|e| failed(e.to_string()))?;
    }
    Ok(Some(unit))
}

/// Makes a file of holes, for its owner only; one that is there stays as it is.
fn create_sparse(path: &Path, bytes: u64) -> io::Result<()> {
    match files::create_new(path, 0o600) {
        Ok(file) => file.set_len(bytes),
        Err(error) if matches!(error.why(), files::Why::Exists) => Ok(()),
        Err(error) => Err(why(error)),
    }
}
