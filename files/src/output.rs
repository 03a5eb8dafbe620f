//! What is written to a path that somebody names: whole, or not at all.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::Stat;

use crate::error::{Error, Result, Why};
use crate::kind::{Kind, bits};
use crate::named::{Access, open_character, open_device};
use crate::temporary::Temporary;
use crate::walk::{self, parent};

/// What to do with something that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Leave it alone and refuse.
    Refuse,
    /// Put the new in its place.
    Overwrite,
}

/// Something to write to. A file is written beside its place and put there by [`Output::finish`]; dropped before, it leaves what
/// was there. A block device is written in place.
#[derive(Debug)]
pub struct Output {
    place: Place,
    path: PathBuf,
}

#[derive(Debug)]
enum Place {
    Beside {
        dir: OwnedFd,
        name: OsString,
        temporary: Option<Temporary>,
        existing: Existing,
    },
    Device(File),
    /// `/dev/null` and its like.
    Character(File),
}

impl Output {
    /// A place for a new file of the owner's only; with [`Existing::Overwrite`] also in place of a plain file (whose permission bits
    /// it takes over), on a block device that nobody has in use, or to a character device.
    ///
    /// # Errors
    /// [`Why::Exists`]; [`Why::InUse`]; a link, directory, pipe or socket is there; the system refuses.
    pub fn create(path: &Path, existing: Existing) -> Result<Self> {
        let (dir, _, name) = parent("create", path)?;
        let place = open(dir, name, existing).map_err(|why| Error::new("create", path, why))?;
        Ok(Self {
            place,
            path: path.to_owned(),
        })
    }

    /// Whether [`Output::create`] would refuse what stands there; nothing is opened or made.
    ///
    /// # Errors
    /// As [`Output::create`], as far as that can be told.
    pub fn check(path: &Path, existing: Existing) -> Result<()> {
        let (dir, _, name) = parent("create", path)?;
        judge(&dir, &name, existing)
            .map(drop)
            .map_err(|why| Error::new("create", path, why))
    }

    /// Whether it is a file of its own, not a device.
    #[must_use]
    pub const fn is_file(&self) -> bool {
        matches!(self.place, Place::Beside { .. })
    }

    /// Makes what was written last, and puts it in its place.
    ///
    /// # Errors
    /// [`Why::Exists`] when something came there meanwhile and was not to be overwritten; the system refuses. What was there stays.
    pub fn finish(mut self) -> Result<()> {
        let done = match &mut self.place {
            Place::Beside {
                dir,
                name,
                temporary,
                existing,
            } => match temporary.take() {
                Some(temporary) => temporary.keep(dir, name, *existing == Existing::Overwrite),
                None => Ok(()),
            },
            Place::Device(file) => file.sync_all().map_err(Why::from),
            Place::Character(_) => Ok(()),
        };
        done.map_err(|why| Error::new("write", &self.path, why))
    }

    fn file(&mut self) -> io::Result<&mut File> {
        match &mut self.place {
            Place::Beside {
                temporary: Some(temporary),
                ..
            } => Ok(&mut temporary.file),
            Place::Device(file) | Place::Character(file) => Ok(file),
            Place::Beside { .. } => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Place::Beside {
            dir,
            temporary: Some(temporary),
            ..
        } = &mut self.place
        {
            temporary.remove(dir);
        }
    }
}

impl Write for Output {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.file()?.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file()?.flush()
    }
}

/// What stands at a name, if a new file may take its place or something may be written to it.
fn judge(dir: &OwnedFd, name: &OsStr, existing: Existing) -> Result<Option<Stat>, Why> {
    let Some(stat) = walk::stat(dir, name)? else {
        return Ok(None);
    };
    match (Kind::of(&stat), existing) {
        (Kind::Link, _) => Err(Why::Link),
        (kind @ (Kind::Directory | Kind::Pipe | Kind::Socket), _) => Err(Why::Kind(kind, "a plain file")),
        (_, Existing::Refuse) => Err(Why::Exists),
        (Kind::File | Kind::Block | Kind::Character, Existing::Overwrite) => Ok(Some(stat)),
    }
}

fn open(dir: OwnedFd, name: OsString, existing: Existing) -> Result<Place, Why> {
    let mut mode = 0o600;
    if let Some(stat) = judge(&dir, &name, existing)? {
        match Kind::of(&stat) {
            Kind::Block => return Ok(Place::Device(open_device(&dir, &name, &stat, Access::Write)?)),
            Kind::Character => return Ok(Place::Character(open_character(&dir, &name, &stat)?)),
            _ => mode = bits(&stat) & 0o777,
        }
    }
    let temporary = Some(Temporary::unseen(&dir, &name, mode)?);
    Ok(Place::Beside {
        dir,
        name,
        temporary,
        existing,
    })
}
