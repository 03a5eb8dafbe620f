//! What the journal's records mean for an image: whether they belong to it, and what it holds once they are applied.
//!
//! A commit that was cut short leaves, byte by byte, old or new bytes of the records since the image was last settled; an image that
//! holds anything else there is not the one that the journal was written for.

use isp4xxx::flash::{Loaded, Region, StoreError};

use super::record::{Entry, Record};

/// Applies the records, in order, to what was read from the files. Gives the first place that none of them can have left, if there
/// is one.
pub(super) fn apply(loaded: &mut Loaded, records: &[Record]) -> Result<(), (Region, u64)> {
    let entries: Vec<&Entry> = records.iter().flat_map(|record| &record.entries).collect();
    for entry in &entries {
        let found = room(loaded, entry).ok_or((entry.region, entry.offset))?;
        let stray = found.iter().zip(entry.offset..).find(|(byte, at)| {
            !entries
                .iter()
                .any(|other| other.region == entry.region && has_been(other, *at, **byte))
        });
        if let Some((_, at)) = stray {
            return Err((entry.region, at));
        }
    }
    for entry in &entries {
        if let Some(found) = room(loaded, entry) {
            found.copy_from_slice(&entry.new);
        }
    }
    Ok(())
}

/// The entry's old or new byte at this place is this one.
fn has_been(entry: &Entry, at: u64, byte: u8) -> bool {
    let index = at
        .checked_sub(entry.offset)
        .and_then(|index| usize::try_from(index).ok());
    index.is_some_and(|index| {
        [&entry.old, &entry.new]
            .iter()
            .any(|bytes| bytes.get(index) == Some(&byte))
    })
}

/// Where the entry's bytes stand.
fn room<'a>(loaded: &'a mut Loaded, entry: &Entry) -> Option<&'a mut [u8]> {
    let regions = match entry.region {
        Region::Nvram => vec![(0, &mut loaded.nvram)],
        Region::Flash => loaded.areas.iter_mut().map(|(at, bytes)| (*at, bytes)).collect(),
    };
    regions.into_iter().find_map(|(base, bytes)| {
        let at = usize::try_from(entry.offset.checked_sub(base)?).ok()?;
        bytes.get_mut(at..at.checked_add(entry.new.len())?)
    })
}

/// The error for [`apply`]'s.
pub(super) fn foreign(files: &super::files::Files, (region, at): (Region, u64)) -> StoreError {
    let (image, journal) = match region {
        Region::Flash => (&files.flash, super::beside(&files.flash, ".journal")),
        Region::Nvram => (&files.nvram, super::beside(&files.flash, ".journal")),
    };
    let why = format!(
        "it was written for other bytes than {} holds at {at:#x}; put the files back that belong together, or remove the journal \
         to do without the last changes; nothing was changed",
        image.display()
    );
    let source = std::io::Error::new(std::io::ErrorKind::InvalidData, why);
    super::failed("use", &journal)(source)
}
