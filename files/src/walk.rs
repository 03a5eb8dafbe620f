//! From a path to a directory's handle, step by step: links on the way are followed only where the superuser or we made them.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, fstat, mkdirat, openat, readlinkat};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::error::{Error, Result, Why};
use crate::kind::{Kind, permit};

/// As many links as the kernel follows in one path.
const LINKS_MAX: usize = 40;
/// A directory's handle, only to open others relative to it.
const STEP: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// A directory open for reading.
pub(crate) const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// What to do with directories on the way that are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Fail,
    /// Make them, for the owner only.
    Make,
}

/// What to do with a link in the last place of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Last {
    /// As with one on the way.
    Follow,
    /// Refuse it, whoever made it.
    Refuse,
}

/// The handle of the directory `path`, open for reading.
pub(crate) fn directory(path: &Path, missing: Missing, last: Last) -> Result<OwnedFd> {
    walk(path, missing, last).map_err(|why| Error::new("open", path, why))
}

/// The handle of the directory that holds `path`, and the name there.
pub(crate) fn parent(doing: &'static str, path: &Path) -> Result<(OwnedFd, PathBuf, OsString)> {
    let Some(name) = path.file_name() else {
        return Err(Error::new(doing, path, Why::Name));
    };
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let fd = walk(parent, Missing::Fail, Last::Follow).map_err(|why| Error::new(doing, path, why))?;
    Ok((fd, parent.to_owned(), name.to_owned()))
}

fn walk(path: &Path, missing: Missing, last: Last) -> Result<OwnedFd, Why> {
    let start = if path.is_absolute() { "/" } else { "." };
    let mut at = openat(CWD, start, STEP, Mode::empty())?;
    let mut rest: VecDeque<OsString> = steps(path).collect();
    let mut links = 0;
    while let Some(step) = rest.pop_front() {
        let next = match openat(&at, &step, STEP, Mode::empty()) {
            Err(Errno::NOENT) if missing == Missing::Make => make(&at, &step)?,
            other => other?,
        };
        let stat = fstat(&next)?;
        match Kind::of(&stat) {
            Kind::Directory => at = next,
            Kind::Link => {
                if links == 0 && rest.is_empty() && last == Last::Refuse {
                    return Err(Why::Link);
                }
                links += 1;
                if links > LINKS_MAX {
                    return Err(Errno::LOOP.into());
                }
                if stat.st_uid != 0 && stat.st_uid != geteuid().as_raw() {
                    return Err(Why::Link);
                }
                let to = readlinkat(&next, "", Vec::new())?.into_bytes();
                let to = PathBuf::from(OsString::from_vec(to));
                if to.is_absolute() {
                    at = openat(CWD, "/", STEP, Mode::empty())?;
                }
                for step in steps(&to).rev() {
                    rest.push_front(step);
                }
            }
            _ => return Err(Errno::NOTDIR.into()),
        }
    }
    Ok(openat(&at, ".", DIRECTORY, Mode::empty())?)
}

fn steps(path: &Path) -> impl DoubleEndedIterator<Item = OsString> {
    path.components().filter_map(|c| match c {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    })
}

/// Makes a directory for the owner only, unless somebody was quicker: then it is whatever it is.
pub(crate) fn make(at: &OwnedFd, name: &OsStr) -> Result<OwnedFd, Why> {
    match mkdirat(at, name, Mode::RWXU) {
        Ok(()) => {
            let made = openat(at, name, DIRECTORY, Mode::empty())?;
            permit(&made, 0o700)?;
        }
        Err(Errno::EXIST) => {}
        Err(errno) => return Err(errno.into()),
    }
    Ok(openat(at, name, STEP, Mode::empty())?)
}

/// What stands at a name, links not followed; `None` when nothing does.
pub(crate) fn stat(at: &OwnedFd, name: &OsStr) -> Result<Option<rustix::fs::Stat>, Why> {
    match rustix::fs::statat(at, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}
