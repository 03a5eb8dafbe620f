//! The journal beside a flash image: commits that are permanent already but may not stand in the image yet.
//!
//! Owns `FLASH.journal`: two sectors that say up to which number all commits are in the image for good (written in turn, so that a
//! torn one leaves the other), then records, numbered without a gap. It must not know what the bytes mean. Bytes of secrets pass
//! through here: the file is the owner's alone and vanishes when the store is closed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use isp4xxx::flash::StoreError;
use nix::fcntl::OFlag;
use zeroize::Zeroize;

use super::failed;
use super::record::{self, Entry, Record};
use super::step::Part;
use super::writer::Writer;

const MAGIC: [u8; 8] = *b"HBAjrnl1";
/// A disk writes a sector whole or not at all.
const SECTOR: usize = 512;
/// Where records begin.
const FIRST: u64 = 2 * SECTOR as u64;
/// Bytes that are written once and then overwritten, so that a commit allocates nothing: about fifty commits of a DDB.
const SIZE: u64 = 64 << 10;
/// No journal is longer; a longer file is not ours.
const MAX: u64 = 8 << 20;

/// What a header sector says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// How often a header was written.
    turn: u64,
    /// Commits up to this number are in the image for good.
    settled: u64,
    salt: u64,
}

/// The header of a journal that holds nothing yet.
const UNUSED: Header = Header {
    turn: 0,
    settled: 0,
    salt: 0,
};

/// A journal, open for writing.
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    header: Header,
    /// Number of the last record.
    last: u64,
    /// Where the next record goes.
    tail: u64,
}

/// What a journal file says.
pub(super) struct Found {
    pub(super) header: Header,
    pub(super) records: Vec<Record>,
    tail: u64,
}

impl Journal {
    /// Makes an empty journal.
    pub(super) fn create(path: &Path, out: &mut Writer) -> Result<Self, StoreError> {
        let file = OpenOptions::new()
            .create_new(true)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(path);
        let file = file.map_err(failed("create", path))?;
        let mut journal = Self {
            path: path.to_owned(),
            file,
            header: UNUSED,
            last: 0,
            tail: FIRST,
        };
        let made = journal.begin(out);
        if made
            .as_ref()
            .is_err_and(|error| !matches!(error, StoreError::PowerLost))
        {
            let _ = fs::remove_file(path);
        }
        made.map(|()| journal)
    }

    fn begin(&mut self, out: &mut Writer) -> Result<(), StoreError> {
        let mut salt = [0; 8];
        getrandom::fill(&mut salt).map_err(|error| failed("salt", &self.path)(io::Error::other(error)))?;
        self.header = Header {
            turn: 1,
            settled: 0,
            salt: u64::from_le_bytes(salt),
        };
        out.write(Part::Journal, &self.file, &self.path, 0, &vec![0; SIZE as usize])?;
        self.write_header(out)?;
        out.sync_directory_of(&self.path)
    }

    /// Opens the journal that is there, if there is one.
    pub(super) fn open(path: &Path) -> Result<Option<(Self, Vec<Record>)>, StoreError> {
        let Some(file) = existing(path, true)? else {
            return Ok(None);
        };
        let found = read(&file, path)?;
        let last = found
            .records
            .last()
            .map_or(found.header.settled, |record| record.number);
        let journal = Self {
            path: path.to_owned(),
            file,
            header: found.header,
            last,
            tail: found.tail,
        };
        Ok(Some((journal, found.records)))
    }

    /// A record of this many bytes would leave the room that is written already.
    pub(super) fn is_full(&self, entries: &[Entry]) -> bool {
        let bytes: u64 = entries.iter().map(|entry| 64 + 2 * entry.new.len() as u64).sum();
        self.tail > FIRST && self.tail + 64 + bytes > SIZE
    }

    /// Writes a commit; when this returns it is permanent.
    pub(super) fn append(&mut self, out: &mut Writer, entries: &[Entry]) -> Result<(), StoreError> {
        if self.header == UNUSED {
            self.begin(out)?;
        }
        let number = self.last + 1;
        let mut bytes = record::encode(self.header.salt, number, entries);
        let len = bytes.len() as u64;
        if self.tail + len > MAX {
            bytes.zeroize();
            let why = io::Error::new(ErrorKind::FileTooLarge, "the change is too long");
            return Err(failed("write", &self.path)(why));
        }
        let written = out
            .write(Part::Journal, &self.file, &self.path, self.tail, &bytes)
            .and_then(|()| out.sync(Part::Journal, &self.file, &self.path));
        bytes.zeroize();
        written?;
        self.last = number;
        self.tail += len;
        Ok(())
    }

    /// Makes the bytes where the next record goes no record: a commit that failed half-way is no commit.
    pub(super) fn revoke(&mut self, out: &mut Writer, at: Mark) -> Result<(), StoreError> {
        (self.last, self.tail) = (at.last, at.tail);
        if self.tail + 8 <= SIZE {
            out.write(Part::Journal, &self.file, &self.path, self.tail, &[0; 8])?;
        } else {
            // There may be no room to write it.
            self.file
                .set_len(self.tail)
                .map_err(failed("shorten", &self.path))?;
        }
        out.sync(Part::Journal, &self.file, &self.path)
    }

    /// Where the journal ends now, for [`Journal::revoke`].
    pub(super) fn mark(&self) -> Mark {
        Mark {
            last: self.last,
            tail: self.tail,
        }
    }

    /// Every commit so far is in the image for good: their records may be overwritten.
    pub(super) fn restart(&mut self, out: &mut Writer) -> Result<(), StoreError> {
        self.header.turn += 1;
        self.header.settled = self.last;
        self.write_header(out)?;
        self.tail = FIRST;
        Ok(())
    }

    /// Takes the file away. Nothing is lost by that after [`Journal::restart`].
    pub(super) fn remove(self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(journal = %self.path.display(), %error, "an empty journal stays behind");
        }
    }

    fn write_header(&self, out: &mut Writer) -> Result<(), StoreError> {
        let mut sector = [0; SECTOR];
        sector[..8].copy_from_slice(&MAGIC);
        let Header { turn, settled, salt } = self.header;
        for (room, word) in sector[8..32].chunks_exact_mut(8).zip([turn, settled, salt]) {
            room.copy_from_slice(&word.to_le_bytes());
        }
        let sum = crc32c::crc32c(&sector[..32]);
        sector[32..36].copy_from_slice(&sum.to_le_bytes());
        let at = turn % 2 * SECTOR as u64;
        out.write(Part::Journal, &self.file, &self.path, at, &sector)?;
        out.sync(Part::Journal, &self.file, &self.path)
    }
}

/// An end of a journal.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    last: u64,
    tail: u64,
}

/// What the journal says right now; `None` when there is none. Its owner may be writing: a record that is not whole yet is none.
pub(super) fn look(path: &Path) -> Result<Option<Found>, StoreError> {
    existing(path, false)?.map(|file| read(&file, path)).transpose()
}

fn existing(path: &Path, write: bool) -> Result<Option<File>, StoreError> {
    let opened = OpenOptions::new()
        .read(true)
        .write(write)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("open", path)(error)),
    };
    let meta = file.metadata().map_err(failed("open", path))?;
    if !meta.is_file() || meta.len() > MAX {
        return Err(foreign(path));
    }
    Ok(Some(file))
}

fn read(file: &File, path: &Path) -> Result<Found, StoreError> {
    let mut bytes = Vec::new();
    let mut from_start = file;
    io::Seek::rewind(&mut from_start).map_err(failed("read", path))?;
    from_start
        .take(MAX)
        .read_to_end(&mut bytes)
        .map_err(failed("read", path))?;
    let found = parse(&bytes).ok_or_else(|| foreign(path));
    bytes.zeroize();
    found
}

/// `None`: these are no journal's bytes.
fn parse(bytes: &[u8]) -> Option<Found> {
    let sectors = bytes.chunks(SECTOR).take(2);
    let header = sectors
        .clone()
        .filter_map(header)
        .max_by_key(|header| header.turn);
    let Some(header) = header else {
        // One that was made and never used, or not even finished, is empty.
        let unused = sectors.into_iter().flatten().all(|byte| *byte == 0);
        return unused.then_some(Found {
            header: UNUSED,
            records: Vec::new(),
            tail: FIRST,
        });
    };
    let mut records: Vec<Record> = Vec::new();
    let mut tail = FIRST as usize;
    while let Some((record, len)) = bytes
        .get(tail..)
        .and_then(|rest| record::decode(header.salt, rest))
    {
        if record.number != header.settled + records.len() as u64 + 1 {
            break;
        }
        records.push(record);
        tail += len;
    }
    Some(Found {
        header,
        records,
        tail: tail as u64,
    })
}

fn header(sector: &[u8]) -> Option<Header> {
    let (body, sum) = sector.get(..36)?.split_at(32);
    if body[..8] != MAGIC || crc32c::crc32c(body).to_le_bytes() != sum {
        return None;
    }
    let word = |at: usize| body[at..at + 8].try_into().ok().map(u64::from_le_bytes);
    Some(Header {
        turn: word(8)?,
        settled: word(16)?,
        salt: word(24)?,
    })
}

fn foreign(path: &Path) -> StoreError {
    let why = "it is no journal of a flash image; nothing was changed";
    failed("use", path)(io::Error::new(ErrorKind::InvalidData, why))
}
