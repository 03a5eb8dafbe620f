//! The boot trees under `/sys/firmware`.
//!
//! Owns: [`BootTree`], finding them. Must not know: the attributes of their objects.

use crate::sysfs::class::Listing;
use crate::sysfs::{Dir, Error, Fault, Reader, Root};

use super::{AcpiHeader, Ethernet, Initiator, Target};

/// Which tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// `ibft`: the machine's firmware table.
    Ibft,
    /// `iscsi_bootN`: exported by the driver of host N.
    Host(u32),
}

/// A boot tree: who boots, through what, from what.
#[derive(Debug, Clone, PartialEq)]
pub struct BootTree {
    /// Which tree.
    pub source: Source,
    /// The initiator.
    pub initiator: Option<Initiator>,
    /// NICs with the N of `ethernetN`.
    pub ethernets: Vec<(u32, Ethernet)>,
    /// Targets with the N of `targetN`.
    pub targets: Vec<(u32, Target)>,
    /// ACPI header, iBFT only.
    pub acpi: Option<AcpiHeader>,
}

/// Reads every boot tree, the iBFT first. Without any, the listing is empty.
///
/// # Errors
/// A directory of the trees is there and cannot be listed. What is wrong with one tree is in the listing.
pub fn boot_trees(root: &Root) -> Result<Listing<BootTree>, Error> {
    let mut listing = Listing::default();
    let Some(firmware) = root.dir_if_present("firmware")? else {
        return Ok(listing);
    };
    let mut found = Vec::new();
    for name in firmware.names()? {
        if name == "ibft" {
            found.push((Source::Ibft, name));
        } else if let Some(host) = crate::sysfs::class::number_after(&name, "iscsi_boot") {
            found.push((Source::Host(host), name));
        }
    }
    found.sort();
    let mut reader = Reader::new();
    for (source, name) in found {
        listing.add(read(&firmware, &name, source, &mut reader));
    }
    listing.problems = reader.take_problems();
    Ok(listing)
}

fn read(firmware: &Dir, name: &str, source: Source, reader: &mut Reader) -> Result<BootTree, Error> {
    let dir = firmware.dir(name).map_err(|error| match error.fault {
        Fault::Missing => Error::new(error.path, Fault::Vanished),
        _ => error,
    })?;
    let mut tree = BootTree {
        source,
        initiator: None,
        ethernets: Vec::new(),
        targets: Vec::new(),
        acpi: None,
    };
    for entry in dir.names()? {
        let at = dir.at(&entry);
        if entry == "initiator" {
            tree.initiator = Some(Initiator::read(reader, at)?);
        } else if entry == "acpi_header" {
            tree.acpi = Some(AcpiHeader::read(reader, at)?);
        } else if let Some(number) = crate::sysfs::class::number_after(&entry, "ethernet") {
            tree.ethernets.push((number, Ethernet::read(reader, at)?));
        } else if let Some(number) = crate::sysfs::class::number_after(&entry, "target") {
            tree.targets.push((number, Target::read(reader, at)?));
        }
    }
    reader.confirm(firmware.at(name))?;
    Ok(tree)
}
