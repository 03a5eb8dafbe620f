//! The adapter's flash as a file, and its EEPROM as a second file beside it.
//!
//! Owns how bytes reach the disk: a commit writes a complete new image beside the old one (only its data, not its holes),
//! syncs it, renames it over the old one and syncs the directory, so that after a kill or power loss at any instant the file
//! holds the old bytes or the new ones. It must not know what the bytes mean. `FLASH.nvram` is the EEPROM, `FLASH.lock` keeps
//! a second process away.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use isp4xxx::Chip;
use isp4xxx::flash::{Area, Change, FlashStore, Loaded, PORT_STRIDE, Region, StoreError, image_len};
use nix::fcntl::{Flock, FlockArg};

use sparse::{copy_data, copy_sparse};

/// What a commit has just done, for fault injection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// The new file was made, empty.
    Created,
    /// A piece of the old image was copied into it.
    Copied,
    /// A piece of a change was written into it.
    Changed,
    /// It was synced.
    Synced,
    /// It took the old one's name.
    Renamed,
    /// The directory was synced.
    Settled,
}

/// Called after every step of a commit; `true` loses power there.
pub type Hook = Box<dyn FnMut(Step) -> bool + Send>;

/// A flash image in a file.
pub struct FlashFile {
    flash: PathBuf,
    nvram: PathBuf,
    ports: usize,
    nvram_size: usize,
    sync: bool,
    hook: Option<Hook>,
    _lock: Flock<File>,
}

impl std::fmt::Debug for FlashFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FlashFile")
            .field("flash", &self.flash)
            .field("ports", &self.ports)
            .finish_non_exhaustive()
    }
}

impl FlashFile {
    /// Opens the image of a card with `ports` ports and an EEPROM of `nvram_size` bytes. Nothing is read or written yet.
    ///
    /// # Errors
    /// The files are not there, are no plain files, have another size, or another process uses them.
    pub fn open(flash: &Path, ports: usize, nvram_size: usize) -> Result<Self, StoreError> {
        let file = Self::locked(flash, ports, nvram_size)?;
        check(&file.flash, image_len(ports))?;
        check(&file.nvram, nvram_size as u64)?;
        Ok(file)
    }

    /// Writes a new image.
    ///
    /// # Errors
    /// One of the files is there already (it is left alone), or cannot be written.
    pub fn create(flash: &Path, ports: usize, contents: &Loaded) -> Result<Self, StoreError> {
        let mut file = Self::locked(flash, ports, contents.nvram.len())?;
        for path in [&file.flash, &file.nvram] {
            if path.symlink_metadata().is_ok() {
                return Err(failed("create", path)(ErrorKind::AlreadyExists.into()));
            }
        }
        file.write_all(contents)?;
        Ok(file)
    }

    /// Puts a whole image in place of the one that is there, both files.
    ///
    /// # Errors
    /// The image has another size than this one, or cannot be written; each file holds its old or its new bytes.
    pub fn replace(&mut self, contents: &Loaded) -> Result<(), StoreError> {
        for (path, found, expected) in [
            (&self.flash, contents.flash_len, image_len(self.ports)),
            (&self.nvram, contents.nvram.len() as u64, self.nvram_size as u64),
        ] {
            if found != expected {
                let what = format!("the image for {}", path.display());
                return Err(StoreError::Size {
                    what,
                    found,
                    expected,
                });
            }
        }
        self.write_all(contents)
    }

    /// Reads an image without locking it: a running card may go on writing, each file is read whole as it was at some instant.
    ///
    /// # Errors
    /// The files are not there or have another size.
    pub fn peek(flash: &Path, ports: usize, nvram_size: usize) -> Result<Loaded, StoreError> {
        read(flash, &Self::nvram_path(flash), ports, nvram_size)
    }

    /// Which card an image belongs to: the number of ports by its length, the chip by its system information.
    ///
    /// # Errors
    /// It cannot be read, has an odd length, or names no known chip.
    pub fn identify(flash: &Path) -> Result<(&'static Chip, usize), StoreError> {
        let file = File::open(flash).map_err(failed("open", flash))?;
        let len = file.metadata().map_err(failed("open", flash))?.len();
        let ports = usize::try_from(len / PORT_STRIDE).unwrap_or(0);
        if ports == 0 || !len.is_multiple_of(PORT_STRIDE) {
            let expected = PORT_STRIDE * (ports.max(1) as u64);
            return Err(StoreError::Size {
                what: flash.display().to_string(),
                found: len,
                expected,
            });
        }
        let mut device = [0; 4];
        let at = Area::SysInfo.position(0) + PCI_DEVICE_AT;
        file.read_exact_at(&mut device, at)
            .map_err(failed("read", flash))?;
        let device = u32::from_le_bytes(device);
        let chip = u16::try_from(device)
            .ok()
            .and_then(Chip::by_pci_device)
            .ok_or_else(|| {
                let why =
                    format!("PCI device {device:#x} in the system information is no chip of this family");
                failed("identify", flash)(io::Error::new(ErrorKind::InvalidData, why))
            })?;
        Ok((chip, ports))
    }

    /// Copies an image, its data only, and its EEPROM to new files.
    ///
    /// # Errors
    /// A file is there already, or cannot be written; nothing is left behind then.
    pub fn dump(flash: &Path, to: &Path) -> Result<(), StoreError> {
        let pairs = [
            (flash.to_owned(), to.to_owned()),
            (Self::nvram_path(flash), Self::nvram_path(to)),
        ];
        for (_, to) in &pairs {
            if to.symlink_metadata().is_ok() {
                return Err(failed("create", to)(ErrorKind::AlreadyExists.into()));
            }
        }
        let copied = pairs.iter().try_for_each(|(from, to)| copy_sparse(from, to));
        if copied.is_err() {
            for (_, to) in &pairs {
                let _ = fs::remove_file(to);
            }
        }
        copied
    }

    /// Does not wait for the disk (tests on a scratch directory). A power loss can then tear the image, a kill cannot.
    #[must_use]
    pub fn without_sync(mut self) -> Self {
        self.sync = false;
        self
    }

    /// Installs a kill point.
    #[must_use]
    pub fn with_hook(mut self, hook: Hook) -> Self {
        self.hook = Some(hook);
        self
    }

    /// Where the EEPROM of a flash file lies.
    #[must_use]
    pub fn nvram_path(flash: &Path) -> PathBuf {
        beside(flash, ".nvram")
    }

    fn locked(flash: &Path, ports: usize, nvram_size: usize) -> Result<Self, StoreError> {
        // A commit replaces the file itself, not a link to it.
        let flash = &fs::canonicalize(flash).unwrap_or_else(|_| flash.to_owned());
        let path = beside(flash, ".lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path);
        let lock = lock.map_err(failed("open", &path))?;
        let lock = Flock::lock(lock, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| match errno {
            nix::errno::Errno::EWOULDBLOCK => {
                let why = io::Error::new(ErrorKind::ResourceBusy, "another process uses this flash image");
                failed("lock", flash)(why)
            }
            other => failed("lock", flash)(other.into()),
        })?;
        Ok(Self {
            flash: flash.to_owned(),
            nvram: Self::nvram_path(flash),
            ports,
            nvram_size,
            sync: true,
            hook: None,
            _lock: lock,
        })
    }

    fn write_all(&mut self, contents: &Loaded) -> Result<(), StoreError> {
        let areas: Vec<Piece<'_>> = contents
            .areas
            .iter()
            .map(|(offset, bytes)| (*offset, bytes.as_slice()))
            .collect();
        let (flash, nvram) = (self.flash.clone(), self.nvram.clone());
        self.rewrite(&flash, None, contents.flash_len, &areas)?;
        self.rewrite(&nvram, None, contents.nvram.len() as u64, &[(0, &contents.nvram)])
    }

    /// Writes `path` anew: what `old` holds, with `pieces` over it.
    fn rewrite(
        &mut self,
        path: &Path,
        old: Option<&File>,
        len: u64,
        pieces: &[Piece<'_>],
    ) -> Result<(), StoreError> {
        let fresh = beside(path, ".new");
        let written = self.write_fresh(&fresh, old, len, pieces);
        if let Err(error) = written {
            // Power that is lost cleans nothing up; everything else does.
            if !matches!(error, StoreError::PowerLost) {
                let _ = fs::remove_file(&fresh);
            }
            return Err(error);
        }
        fs::rename(&fresh, path).map_err(failed("replace", path))?;
        self.step(Step::Renamed)?;
        if self.sync {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            let parent = parent.unwrap_or(Path::new("."));
            // The new bytes are in place already: refusing now would be a lie about them.
            if let Err(error) = File::open(parent).and_then(|dir| dir.sync_all()) {
                tracing::error!(directory = %parent.display(), %error, "a renamed flash image may not outlive a power loss");
            }
        }
        self.step(Step::Settled)
    }

    fn write_fresh(
        &mut self,
        fresh: &Path,
        old: Option<&File>,
        len: u64,
        pieces: &[Piece<'_>],
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
        self.step(Step::Created)?;
        if let Some(old) = old {
            copy_data(old, &file, len, fresh, fresh, || self.step(Step::Copied))?;
        }
        for (offset, bytes) in pieces {
            // In halves, so that a kill point lies within every record.
            let (first, second) = bytes.split_at(bytes.len() / 2);
            for (at, half) in [(*offset, first), (*offset + first.len() as u64, second)] {
                file.write_all_at(half, at).map_err(failed("write", fresh))?;
                self.step(Step::Changed)?;
            }
        }
        if self.sync {
            file.sync_all().map_err(failed("sync", fresh))?;
        }
        self.step(Step::Synced)
    }

    fn step(&mut self, step: Step) -> Result<(), StoreError> {
        match self.hook.as_mut().is_some_and(|hook| hook(step)) {
            true => Err(StoreError::PowerLost),
            false => Ok(()),
        }
    }
}

/// Bytes and where they go.
type Piece<'a> = (u64, &'a [u8]);

/// Where in the system information the PCI device stands (`struct flash_sys_info.pciDeviceId`).
const PCI_DEVICE_AT: u64 = 0x130;

impl FlashStore for FlashFile {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        read(&self.flash, &self.nvram, self.ports, self.nvram_size)
    }

    fn commit(&mut self, changes: &[Change<'_>]) -> Result<(), StoreError> {
        for (region, what, path, len) in [
            (
                Region::Flash,
                "flash image",
                self.flash.clone(),
                image_len(self.ports),
            ),
            (
                Region::Nvram,
                "EEPROM image",
                self.nvram.clone(),
                self.nvram_size as u64,
            ),
        ] {
            let pieces: Vec<Piece<'_>> = changes
                .iter()
                .filter(|change| change.region == region)
                .map(|change| (change.offset, change.bytes))
                .collect();
            for (offset, bytes) in &pieces {
                if offset.checked_add(bytes.len() as u64).is_none_or(|end| end > len) {
                    return Err(StoreError::Range {
                        what,
                        offset: *offset,
                        len: bytes.len(),
                    });
                }
            }
            if !pieces.is_empty() {
                check(&path, len)?;
                let old = File::open(&path).map_err(failed("open", &path))?;
                self.rewrite(&path, Some(&old), len, &pieces)?;
            }
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

fn read(flash: &Path, nvram: &Path, ports: usize, nvram_size: usize) -> Result<Loaded, StoreError> {
    check(flash, image_len(ports))?;
    check(nvram, nvram_size as u64)?;
    let file = File::open(flash).map_err(failed("open", flash))?;
    let mut areas = Vec::new();
    for port in 0..ports {
        for area in Area::ALL {
            let mut bytes = vec![0; area.size()];
            let at = area.position(port);
            file.read_exact_at(&mut bytes, at)
                .map_err(failed("read", flash))?;
            areas.push((at, bytes));
        }
    }
    let nvram = fs::read(nvram).map_err(failed("read", nvram))?;
    Ok(Loaded {
        areas,
        flash_len: image_len(ports),
        nvram,
    })
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn failed(doing: &str, path: &Path) -> impl Fn(io::Error) -> StoreError {
    let doing = format!("cannot {doing} {}", path.display());
    move |source| StoreError::Io {
        doing: doing.clone(),
        source,
    }
}

mod sparse;
#[cfg(test)]
mod tests;
