//! From the configuration to an engine's limits and to logical units.

use iscsi::digest::Digest;
use iscsi::target::Config;
use scsi::{Device, LogicalUnit, LunConfig, MemoryMedium};

use crate::config::{DigestPolicy, LunSource, TargetConfig};
use crate::error::TargetError;
use crate::medium::FileMedium;

/// TargetPortalGroupTag; all portals are one group.
pub(super) const PORTAL_GROUP: u16 = 1;
const MAX_LUNS: usize = 256;

/// What the protocol engine is told.
pub(super) fn engine_config(config: &TargetConfig) -> Config {
    let mut engine = Config {
        portal_group: PORTAL_GROUP,
        alias: config.alias.clone(),
        login_timeout: config.login_timeout,
        nop_interval: config.nop_interval,
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

/// The device with every logical unit of the configuration.
pub(super) fn open_units(config: &TargetConfig) -> Result<Device, TargetError> {
    if config.luns.len() > MAX_LUNS {
        return Err(TargetError::Luns("at most 256"));
    }
    let mut device = Device::new();
    for (index, source) in config.luns.iter().enumerate() {
        let number = u16::try_from(index)
            .ok()
            .and_then(|i| config.first_lun.checked_add(i));
        let number = number.ok_or(TargetError::Luns("numbers end at 16383"))?;
        let mut unit = LunConfig::new(&format!("{},{number}", config.iqn));
        unit.block_size = config.block_size;
        unit.port_name = Some(format!("{},t,0x{PORTAL_GROUP:04x}", config.iqn));
        let medium: Box<dyn scsi::Medium> = match source {
            LunSource::Size(bytes) => Box::new(MemoryMedium::new(*bytes)),
            LunSource::File { path, read_only } => {
                unit.read_only = *read_only;
                let failed = |source| TargetError::LunFile {
                    lun: number,
                    path: path.clone(),
                    source,
                };
                Box::new(FileMedium::open(path, *read_only).map_err(failed)?)
            }
        };
        if device.add(number, LogicalUnit::new(unit, medium)).is_err() {
            return Err(TargetError::Luns("numbers end at 16383"));
        }
    }
    Ok(device)
}
