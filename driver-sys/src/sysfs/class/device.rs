//! `/sys/bus/scsi/devices/H:C:T:L`: the logical units that the kernel knows.
//!
//! Owns: [`Hctl`], [`ScsiDevice`]. Must not know: SCSI commands. Source: kernel `drivers/scsi/scsi_sysfs.c` (`scsi_sdev_attrs`).

use std::fmt;
use std::str::FromStr;

use crate::sysfs::{Dir, Error, Fault, Reader, Root, attrs};

use super::Listing;

/// Host, channel, target and logical unit of a SCSI device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hctl {
    /// Host number.
    pub host: u32,
    /// Channel, 0 for iSCSI.
    pub channel: u32,
    /// Target number in the host.
    pub target: u32,
    /// Logical unit number.
    pub lun: u64,
}

impl FromStr for Hctl {
    type Err = NotHctl;

    fn from_str(text: &str) -> Result<Self, NotHctl> {
        let mut parts = text.split(':');
        let mut next = || {
            parts
                .next()
                .filter(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
        };
        let (Some(host), Some(channel), Some(target), Some(lun)) = (next(), next(), next(), next()) else {
            return Err(NotHctl);
        };
        let bad = |_| NotHctl;
        let this = Self {
            host: host.parse().map_err(bad)?,
            channel: channel.parse().map_err(bad)?,
            target: target.parse().map_err(bad)?,
            lun: lun.parse().map_err(bad)?,
        };
        if parts.next().is_none() {
            Ok(this)
        } else {
            Err(NotHctl)
        }
    }
}

impl fmt::Display for Hctl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}:{}", self.host, self.channel, self.target, self.lun)
    }
}

/// The text is not `H:C:T:L`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected HOST:CHANNEL:TARGET:LUN")]
pub struct NotHctl;

attrs! {
    /// A logical unit's attributes.
    pub struct ScsiDeviceAttrs, table SCSI_DEVICE_ATTRS {
        /// Peripheral device type (0 disk).
        may device_type: u8 = "type";
        /// Vendor, from INQUIRY.
        may vendor: String = "vendor";
        /// Product, from INQUIRY.
        may model: String = "model";
        /// Revision, from INQUIRY.
        may rev: String = "rev";
        /// SCSI level plus one.
        may scsi_level: u8 = "scsi_level";
        /// `running`, `blocked`, `transport-offline`, `offline`, ….
        may state: String = "state" @ 0o644;
        /// Commands it takes at once.
        may queue_depth: u32 = "queue_depth" @ 0o644;
        /// Command timeout in seconds.
        may timeout: u32 = "timeout" @ 0o644;
        /// World-wide name, where the unit has one.
        may wwid: String = "wwid";
    }
}

/// A logical unit.
#[derive(Debug, Clone, PartialEq)]
pub struct ScsiDevice {
    /// Its address.
    pub hctl: Hctl,
    /// Its attributes, INQUIRY padding removed.
    pub attrs: ScsiDeviceAttrs,
    /// Session it belongs to, from its device path.
    pub sid: Option<u32>,
    /// Block device, such as `sdb`.
    pub block: Option<String>,
    /// SCSI generic device, such as `sg1`.
    pub generic: Option<String>,
}

/// Lists the logical units, of one host or of all.
///
/// # Errors
/// The bus is there and cannot be read.
pub fn scsi_devices(root: &Root, host: Option<u32>) -> Result<Listing<ScsiDevice>, Error> {
    let mut listing = Listing::default();
    let Some(dir) = root.dir_if_present("bus/scsi/devices")? else {
        return Ok(listing);
    };
    let mut reader = Reader::new();
    for name in dir.names()? {
        // Hosts and targets share the directory.
        let Ok(hctl) = name.parse::<Hctl>() else { continue };
        if host.is_some_and(|only| only != hctl.host) {
            continue;
        }
        listing.add(read(&dir, &name, hctl, &mut reader));
    }
    listing.problems = reader.take_problems();
    Ok(listing)
}

fn read(dir: &Dir, name: &str, hctl: Hctl, reader: &mut Reader) -> Result<ScsiDevice, Error> {
    let gone = |error: Error| match error.fault {
        Fault::Missing => Error::new(error.path, Fault::Vanished),
        _ => error,
    };
    let sid = dir
        .link(name)
        .map_err(gone)?
        .rsplit('/')
        .find_map(|part| super::listing::number_after(part, "session"));
    let unit = dir.dir(name).map_err(gone)?;
    let mut attrs = ScsiDeviceAttrs::read(reader, unit.at(""))?;
    for text in [&mut attrs.vendor, &mut attrs.model, &mut attrs.rev]
        .into_iter()
        .flatten()
    {
        text.truncate(text.trim_end().len());
    }
    let block = only_entry(&unit, "block")?;
    let generic = only_entry(&unit, "scsi_generic")?;
    reader.confirm(dir.at(name))?;
    Ok(ScsiDevice {
        hctl,
        attrs,
        sid,
        block,
        generic,
    })
}

fn only_entry(unit: &Dir, directory: &str) -> Result<Option<String>, Error> {
    match unit.dir(directory) {
        Ok(dir) => Ok(dir.names()?.into_iter().next()),
        Err(Error {
            fault: Fault::Missing,
            ..
        }) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hctl_is_four_numbers_and_nothing_else() {
        assert_eq!(
            "2:0:1:18446744073709551615".parse::<Hctl>().map(|h| h.lun),
            Ok(u64::MAX)
        );
        assert_eq!(
            "2:0:1:7".parse::<Hctl>().map(|h| h.to_string()),
            Ok("2:0:1:7".to_owned())
        );
        for text in [
            "",
            "target0:0:0",
            "1:2:3",
            "1:2:3:4:5",
            "+1:0:0:0",
            "1::0:0",
            "4294967296:0:0:0",
        ] {
            assert_eq!(text.parse::<Hctl>(), Err(NotHctl), "{text}");
        }
    }
}
