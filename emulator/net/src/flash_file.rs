//! The adapter's flash as a file, its EEPROM as a second file beside it, and how changes reach the disk.
//!
//! A commit is a record in a journal beside the image, synced; then its bytes are written into the image, which nobody waits for.
//! When the journal is full the image is synced and the journal begins anew, so that a commit costs what it changes, whatever the
//! size of the image. After a kill or a power loss at any instant image and journal together hold the old bytes or the new ones of
//! every commit: [`FlashStore::load`] reads them together, [`FlashStore::settle`] puts the image right. A store that is closed
//! leaves a whole image and no journal. It must not know what the bytes mean. `FLASH.nvram` is the EEPROM, `FLASH.journal` the
//! journal, `FLASH.lock` keeps a second process away.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use isp4xxx::Chip;
use isp4xxx::flash::{Area, Change, FlashStore, ISP40XX, Loaded, StoreError};
use nix::fcntl::{Flock, FlockArg, OFlag};

use files::{Files, Opened};
use journal::Journal;
use record::{Entry, Record};
pub use step::{Hook, Part, Step};
use writer::Writer;

/// A flash image in a file.
pub struct FlashFile {
    files: Files,
    journal: Option<Journal>,
    /// Commits of a process that was killed, until they are in the image.
    pending: Vec<Record>,
    out: Writer,
    /// Power was lost, or a failure could not be undone: no more writes, the next process sorts it out.
    dead: bool,
    _lock: Flock<File>,
}

impl std::fmt::Debug for FlashFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FlashFile")
            .field("flash", &self.files.flash)
            .field("ports", &self.files.ports)
            .finish_non_exhaustive()
    }
}

impl FlashFile {
    /// Opens the image of a card with this chip and `ports` ports. Nothing is written.
    ///
    /// # Errors
    /// The files are not there, are no plain files, have another size, another process uses them, or the journal is none.
    pub fn open(flash: &Path, chip: &'static Chip, ports: usize) -> Result<Self, StoreError> {
        let mut file = Self::locked(flash, chip, ports)?;
        file.files.check()?;
        if let Some((journal, pending)) = Journal::open(&file.journal_path())? {
            (file.journal, file.pending) = (Some(journal), pending);
        }
        Ok(file)
    }

    /// Writes a new image.
    ///
    /// # Errors
    /// One of the files is there already (it is left alone), or cannot be written.
    pub fn create(
        flash: &Path,
        chip: &'static Chip,
        ports: usize,
        contents: &Loaded,
    ) -> Result<Self, StoreError> {
        let mut file = Self::locked(flash, chip, ports)?;
        for path in [&file.files.flash, &file.files.nvram, &file.journal_path()] {
            if path.symlink_metadata().is_ok() {
                return Err(failed("create", path)(ErrorKind::AlreadyExists.into()));
            }
        }
        let areas: Vec<(u64, &[u8])> = contents
            .areas
            .iter()
            .map(|(offset, bytes)| (*offset, bytes.as_slice()))
            .collect();
        let (files, out) = (file.files.clone(), &mut file.out);
        let nvram = (0, contents.nvram.as_slice());
        files::create(
            Part::Nvram,
            &files.nvram,
            contents.nvram.len() as u64,
            &[nvram],
            out,
        )?;
        let made = files::create(Part::Flash, &files.flash, contents.flash_len, &areas, out);
        if made.is_err() {
            // Half a card is none.
            let _ = fs::remove_file(&files.nvram);
            let _ = fs::remove_file(&files.flash);
        }
        made.map(|()| file)
    }

    /// Reads an image without locking it and without changing anything: what the card held at some instant, though it may go on
    /// writing.
    ///
    /// # Errors
    /// The files are not there or have another size, or the journal belongs to another image.
    pub fn peek(flash: &Path, chip: &'static Chip, ports: usize) -> Result<Loaded, StoreError> {
        read(&Files::of(flash, chip, ports))
    }

    /// Which card an image belongs to: the number of ports by its length, the chip by its system information.
    ///
    /// # Errors
    /// It cannot be read, has an odd length, or names no known chip.
    pub fn identify(flash: &Path) -> Result<(&'static Chip, usize), StoreError> {
        let file = files::readable(flash)?;
        let len = file.metadata().map_err(failed("open", flash))?.len();
        let mut other = None;
        for chip in Chip::ALL.iter().copied() {
            let Some(ports) = chip.layout.ports(len) else {
                continue;
            };
            let mut device = [0; 4];
            let at = chip.layout.position(Area::SysInfo, 0) + PCI_DEVICE_AT;
            file.read_exact_at(&mut device, at)
                .map_err(failed("read", flash))?;
            let device = u32::from_le_bytes(device);
            if device == u32::from(chip.pci_device) {
                return Ok((chip, ports));
            }
            other.get_or_insert(device);
        }
        Err(match other {
            Some(device) => {
                let why =
                    format!("PCI device {device:#x} in the system information is no chip of this family");
                failed("identify", flash)(io::Error::new(ErrorKind::InvalidData, why))
            }
            None => StoreError::Size {
                what: flash.display().to_string(),
                found: len,
                expected: ISP40XX.image_len(usize::try_from(len / ISP40XX.stride).unwrap_or(0).max(1)),
            },
        })
    }

    /// Does not wait for the disk (tests on a scratch directory). A power loss can then tear the image, a kill cannot.
    #[must_use]
    pub fn without_sync(mut self) -> Self {
        self.out.sync = false;
        self
    }

    /// Installs a kill point.
    #[must_use]
    pub fn with_hook(mut self, hook: Hook) -> Self {
        self.out.hook = Some(hook);
        self
    }

    /// Where the EEPROM of a flash file lies.
    #[must_use]
    pub fn nvram_path(flash: &Path) -> PathBuf {
        beside(flash, ".nvram")
    }

    fn journal_path(&self) -> PathBuf {
        beside(&self.files.flash, ".journal")
    }

    fn locked(flash: &Path, chip: &'static Chip, ports: usize) -> Result<Self, StoreError> {
        // What lies beside the image lies beside the file itself, not beside a link to it.
        let flash = &fs::canonicalize(flash).unwrap_or_else(|_| flash.to_owned());
        let path = beside(flash, ".lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW).bits())
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
            files: Files::of(flash, chip, ports),
            journal: None,
            pending: Vec::new(),
            out: Writer {
                sync: true,
                hook: None,
            },
            dead: false,
            _lock: lock,
        })
    }

    /// Remembers that no more may be written after a failure that left things half done.
    fn fatal<T>(&mut self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        self.dead |= done.is_err();
        done
    }

    /// Makes the image whole and the journal empty.
    fn checkpoint(&mut self, opened: &Opened<'_>) -> Result<(), StoreError> {
        let synced = opened.sync(&mut self.out);
        self.fatal(synced)?;
        let Some(journal) = self.journal.as_mut() else {
            return Ok(());
        };
        let restarted = journal.restart(&mut self.out);
        self.fatal(restarted)
    }

    /// Puts commits of a killed process into the image.
    fn redo(&mut self, opened: &Opened<'_>) -> Result<(), StoreError> {
        // That they belong to this image is seen before the first byte is written.
        replay::apply(&mut self.files.read()?, &self.pending)
            .map_err(|place| replay::foreign(&self.files, place))?;
        for entry in self.pending.iter().flat_map(|record| &record.entries) {
            opened.write(&mut self.out, entry.region, entry.offset, &entry.new)?;
        }
        self.checkpoint(opened)?;
        self.pending.clear();
        Ok(())
    }

    fn write(&mut self, opened: &Opened<'_>, entries: &[Entry]) -> Result<(), StoreError> {
        if self
            .journal
            .as_ref()
            .is_some_and(|journal| journal.is_full(entries))
        {
            self.checkpoint(opened)?;
        }
        let journal = match &mut self.journal {
            Some(journal) => journal,
            none => none.insert(Journal::create(
                &beside(&self.files.flash, ".journal"),
                &mut self.out,
            )?),
        };
        let mark = journal.mark();
        let out = &mut self.out;
        let done = journal.append(out, entries).and_then(|()| {
            entries
                .iter()
                .try_for_each(|entry| opened.write(out, entry.region, entry.offset, &entry.new))
        });
        match done {
            Err(StoreError::PowerLost) | Ok(()) => done,
            Err(error) => {
                // No commit, then: the old bytes come back.
                let mut undone = entries
                    .iter()
                    .try_for_each(|entry| opened.write(out, entry.region, entry.offset, &entry.old));
                undone = undone.and_then(|()| journal.revoke(out, mark));
                self.fatal(undone)?;
                Err(error)
            }
        }
    }
}

/// Where in the system information the PCI device stands (`struct flash_sys_info.pciDeviceId`).
const PCI_DEVICE_AT: u64 = 0x130;

impl FlashStore for FlashFile {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        read(&self.files)
    }

    fn commit(&mut self, changes: &[Change<'_>]) -> Result<(), StoreError> {
        if self.dead {
            let why = "an earlier failure could not be undone; start again";
            return Err(failed("write", &self.files.flash)(io::Error::other(why)));
        }
        let files = self.files.clone();
        changes.iter().try_for_each(|change| files.check_range(change))?;
        let opened = files.open()?;
        self.settle()?;
        let mut entries = Vec::new();
        for change in changes {
            entries.push(Entry {
                region: change.region,
                offset: change.offset,
                old: opened.read(change.region, change.offset, change.bytes.len())?,
                new: change.bytes.to_vec(),
            });
        }
        let done = self.write(&opened, &entries);
        self.dead |= matches!(done, Err(StoreError::PowerLost));
        done
    }

    fn settle(&mut self) -> Result<(), StoreError> {
        if self.pending.is_empty() || self.dead {
            return Ok(());
        }
        let files = self.files.clone();
        let done = self.redo(&files.open()?);
        self.dead |= matches!(done, Err(StoreError::PowerLost));
        done
    }
}

impl Drop for FlashFile {
    /// Leaves a whole image and no journal, unless commits are pending that nobody has accepted.
    fn drop(&mut self) {
        if self.dead || !self.pending.is_empty() || self.journal.is_none() {
            return;
        }
        let files = self.files.clone();
        match files.open().and_then(|opened| self.checkpoint(&opened)) {
            Ok(()) => {
                if let Some(journal) = self.journal.take() {
                    journal.remove();
                }
            }
            Err(error) => {
                tracing::error!(flash = %files.flash.display(), %error, "the journal stays beside the flash image");
            }
        }
    }
}

/// How often a reader tries again when the journal began anew under its eyes.
const TRIES: usize = 100;

/// What image and journal hold together. Changes nothing.
fn read(files: &Files) -> Result<Loaded, StoreError> {
    let path = beside(&files.flash, ".journal");
    for _ in 0..TRIES {
        let before = journal::look(&path)?.map(|found| found.header);
        let mut loaded = files.read()?;
        let found = journal::look(&path)?;
        // What was written into the image meanwhile stands in the journal, unless that began anew, then or while it was read: its
        // records are then those of two beginnings.
        let header = found.as_ref().map(|found| found.header);
        if header != before || journal::look(&path)?.map(|found| found.header) != before {
            continue;
        }
        let records = found.map(|found| found.records).unwrap_or_default();
        replay::apply(&mut loaded, &records).map_err(|place| replay::foreign(files, place))?;
        return Ok(loaded);
    }
    let why = io::Error::new(ErrorKind::ResourceBusy, "it changes faster than it can be read");
    Err(failed("read", &files.flash)(why))
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

mod files;
mod journal;
mod record;
mod replay;
mod step;
#[cfg(test)]
mod tests;
mod writer;
