//! The image and the EEPROM of a card on disk: their names, sizes, and the bytes at a place.
//!
//! Must not know the journal.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use isp4xxx::Chip;
use isp4xxx::flash::{Area, Change, Loaded, Region, StoreError};
use nix::fcntl::OFlag;

use super::step::Part;
use super::writer::Writer;
use super::{beside, failed};

/// Where a card's files lie and how long they are.
#[derive(Clone)]
pub(super) struct Files {
    pub(super) flash: PathBuf,
    pub(super) nvram: PathBuf,
    pub(super) ports: usize,
    chip: &'static Chip,
}

impl Files {
    pub(super) fn of(flash: &Path, chip: &'static Chip, ports: usize) -> Self {
        Self {
            flash: flash.to_owned(),
            nvram: beside(flash, ".nvram"),
            ports,
            chip,
        }
    }

    fn image_len(&self) -> u64 {
        self.chip.layout.image_len(self.ports)
    }

    /// Both are plain files of the right size.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        check(&self.flash, self.image_len())?;
        check(&self.nvram, self.chip.nvram_size as u64)
    }

    /// The change lies within its file.
    pub(super) fn check_range(&self, change: &Change<'_>) -> Result<(), StoreError> {
        let (what, len) = match change.region {
            Region::Flash => ("flash image", self.image_len()),
            Region::Nvram => ("EEPROM image", self.chip.nvram_size as u64),
        };
        let end = change.offset.checked_add(change.bytes.len() as u64);
        if end.is_none_or(|end| end > len) {
            let (offset, len) = (change.offset, change.bytes.len());
            return Err(StoreError::Range { what, offset, len });
        }
        Ok(())
    }

    /// Opens both for a change.
    pub(super) fn open(&self) -> Result<Opened<'_>, StoreError> {
        self.check()?;
        let open = |path: &Path| {
            let opened = OpenOptions::new().read(true).write(true).open(path);
            opened.map_err(failed("open", path))
        };
        Ok(Opened {
            files: self,
            flash: open(&self.flash)?,
            nvram: open(&self.nvram)?,
        })
    }

    /// Reads the areas of every port, and the EEPROM.
    pub(super) fn read(&self) -> Result<Loaded, StoreError> {
        self.check()?;
        let flash = &self.flash;
        let file = File::open(flash).map_err(failed("open", flash))?;
        let (layout, mut areas) = (self.chip.layout, Vec::new());
        for port in 0..self.ports {
            for area in Area::ALL {
                let mut bytes = vec![0; layout.place(area).size];
                let at = layout.position(area, port);
                file.read_exact_at(&mut bytes, at)
                    .map_err(failed("read", flash))?;
                areas.push((at, bytes));
            }
        }
        let nvram = fs::read(&self.nvram).map_err(failed("read", &self.nvram))?;
        Ok(Loaded {
            areas,
            flash_len: self.image_len(),
            nvram,
        })
    }
}

/// Both files, open.
pub(super) struct Opened<'a> {
    files: &'a Files,
    flash: File,
    nvram: File,
}

impl Opened<'_> {
    fn region(&self, region: Region) -> (Part, &File, &Path) {
        match region {
            Region::Flash => (Part::Flash, &self.flash, &self.files.flash),
            Region::Nvram => (Part::Nvram, &self.nvram, &self.files.nvram),
        }
    }

    pub(super) fn read(&self, region: Region, offset: u64, len: usize) -> Result<Vec<u8>, StoreError> {
        let (_, file, path) = self.region(region);
        let mut bytes = vec![0; len];
        file.read_exact_at(&mut bytes, offset)
            .map_err(failed("read", path))?;
        Ok(bytes)
    }

    pub(super) fn write(
        &self,
        out: &mut Writer,
        region: Region,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let (part, file, path) = self.region(region);
        out.write(part, file, path, offset, bytes)
    }

    /// Waits for the disk.
    pub(super) fn sync(&self, out: &mut Writer) -> Result<(), StoreError> {
        for region in [Region::Flash, Region::Nvram] {
            let (part, file, path) = self.region(region);
            out.sync(part, file, path)?;
        }
        Ok(())
    }
}

fn check(path: &Path, expected: u64) -> Result<(), StoreError> {
    let meta = fs::metadata(path).map_err(failed("open", path))?;
    if !meta.is_file() {
        let why = io::Error::new(ErrorKind::InvalidInput, "not a plain file");
        return Err(failed("open", path)(why));
    }
    if meta.len() != expected {
        let what = path.display().to_string();
        return Err(StoreError::Size {
            what,
            found: meta.len(),
            expected,
        });
    }
    Ok(())
}

/// Opens a plain file to read; anything else is refused without waiting for whoever writes to it.
pub(super) fn readable(path: &Path) -> Result<File, StoreError> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path)
        .map_err(failed("open", path))?;
    if !file.metadata().map_err(failed("open", path))?.is_file() {
        let why = io::Error::new(ErrorKind::InvalidInput, "not a plain file");
        return Err(failed("open", path)(why));
    }
    Ok(file)
}

/// Writes a new file: a whole one beside it takes the name, so that a kill leaves none or all of it.
pub(super) fn create(
    part: Part,
    path: &Path,
    len: u64,
    pieces: &[(u64, &[u8])],
    out: &mut Writer,
) -> Result<(), StoreError> {
    let fresh = beside(path, ".new");
    if let Err(error) = write_fresh(part, &fresh, len, pieces, out) {
        let _ = fs::remove_file(&fresh);
        return Err(error);
    }
    fs::rename(&fresh, path).map_err(failed("create", path))?;
    out.sync_directory_of(path)
}

fn write_fresh(
    part: Part,
    fresh: &Path,
    len: u64,
    pieces: &[(u64, &[u8])],
    out: &mut Writer,
) -> Result<(), StoreError> {
    // What a killed process left behind goes first; a link planted there is not followed.
    let _ = fs::remove_file(fresh);
    // Secrets lie in it: nobody else may read it.
    let file = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(fresh);
    let file = file.map_err(failed("create", fresh))?;
    file.set_len(len).map_err(failed("write", fresh))?;
    for (offset, bytes) in pieces {
        out.write(part, &file, fresh, *offset, bytes)?;
    }
    out.sync(part, &file, fresh)
}
