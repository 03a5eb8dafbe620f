//! The host's device nodes.
//!
//! Owns finding the node of a device: what udev says it is, or, where libudev does not know (and in a static program, which has
//! none), the name that the kernel gives it below `/dev`. Source: `block/bsg.c`, `scsi_transport_iscsi.c` (`iscsi_bsg_host_add`),
//! `drivers/scsi/sg.c`.

use std::path::{Path, PathBuf};

use crate::sg::Hctl;

/// The bsg node of an object: `iscsi_host3`, or a SCSI device's address.
pub(super) fn bsg(name: &str) -> PathBuf {
    known::bsg(name).unwrap_or_else(|| Path::new("/dev/bsg").join(name))
}

/// The sg node of a SCSI device.
pub(super) fn sg(device: Hctl) -> Option<PathBuf> {
    known::sg(device).or_else(|| {
        let dir = format!("/sys/class/scsi_device/{device}/device/scsi_generic");
        let entry = std::fs::read_dir(dir).ok()?.next()?.ok()?;
        Some(Path::new("/dev").join(entry.file_name()))
    })
}

#[cfg(not(target_feature = "crt-static"))]
mod known {
    use std::path::{Path, PathBuf};

    use udev::{Device, Enumerator};

    use crate::sg::Hctl;

    pub(super) fn bsg(name: &str) -> Option<PathBuf> {
        let device = Device::from_subsystem_sysname("bsg".to_owned(), name.to_owned()).ok()?;
        device.devnode().map(Path::to_owned)
    }

    pub(super) fn sg(device: Hctl) -> Option<PathBuf> {
        let device = Device::from_subsystem_sysname("scsi".to_owned(), device.to_string()).ok()?;
        let mut below = Enumerator::new().ok()?;
        below.match_parent(&device).ok()?;
        below.match_subsystem("scsi_generic").ok()?;
        below
            .scan_devices()
            .ok()?
            .find_map(|sg| sg.devnode().map(Path::to_owned))
    }
}

#[cfg(target_feature = "crt-static")]
mod known {
    use std::path::PathBuf;

    use crate::sg::Hctl;

    pub(super) fn bsg(_: &str) -> Option<PathBuf> {
        None
    }

    pub(super) fn sg(_: Hctl) -> Option<PathBuf> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_is_not_there_has_the_kernels_name_and_no_sg_node() {
        assert_eq!(
            bsg("iscsi_host4294967295"),
            Path::new("/dev/bsg/iscsi_host4294967295")
        );
        let nobody = Hctl {
            host: u32::MAX,
            channel: 0,
            target: 0,
            lun: 0,
        };
        assert_eq!(sg(nobody), None);
    }
}
