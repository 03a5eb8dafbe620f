//! `/sys/class/uio/uioN`: what a UIO device offers.
//!
//! Source: `drivers/uio/uio.c` (`map_attrs`, `uio_attrs`).

use crate::sysfs::class::{Listing, number_after};
use crate::sysfs::{Dir, Error, Fault, Reader, Root};

/// The most regions that a device has (`MAX_UIO_MAPS`).
const REGIONS: usize = 5;

/// A UIO device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Its number: the node is `uioN`.
    pub number: u32,
    /// What its driver calls it, such as `bnx2_cnic`.
    pub name: String,
    /// The device that it belongs to, such as `devices/pci0000:00/0000:00:05.0`.
    pub parent: String,
    /// Its memory.
    pub regions: Vec<Region>,
}

/// A piece of a device's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Its number.
    pub index: usize,
    /// Its length in bytes.
    pub size: u64,
    /// Where it begins in its first page.
    pub offset: u64,
}

/// Lists the UIO devices; there are none when the module is not loaded.
///
/// # Errors
/// The class is there and cannot be read.
pub fn devices(root: &Root) -> Result<Listing<Description>, Error> {
    Listing::of(root, "class/uio", "uio", read)
}

fn read(reader: &mut Reader, dir: &Dir, name: &str) -> Result<Description, Error> {
    let malformed = |expected, found: &str| {
        let found = found.chars().take(96).collect::<String>().into();
        dir.at(name).error("", Fault::Malformed { expected, found })
    };
    let number = number_after(name, "uio").ok_or_else(|| malformed("uioN", name))?;
    let link = dir.link(name)?;
    let suffix = format!("/uio/{name}");
    let parent = link
        .trim_start_matches("../")
        .strip_suffix(&suffix)
        .ok_or_else(|| malformed("a link to a device's uio/uioN", &link))?;
    let mut regions = Vec::new();
    for index in 0..REGIONS {
        let place = format!("{name}/maps/map{index}");
        let at = dir.at(&place);
        // A region that is not there leaves no gap for the ones behind it.
        if !at.exists() {
            break;
        }
        regions.push(Region {
            index,
            size: reader.must(at, "size")?,
            offset: reader.must(at, "offset")?,
        });
    }
    Ok(Description {
        number,
        name: reader.must(dir.at(name), "name")?,
        parent: parent.to_owned(),
        regions,
    })
}
