//! The tree's directory on disk: every step is a rename, so that a reader sees old or new and never half.
//!
//! Must not know what the files mean. Scratch space is `DIR/.aside`, on the same file system as `DIR/sys`.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use nix::sys::stat::{Mode, SFlag, mknod};

use super::object::{Attr, Object};
use super::path::relative_link;
use super::shared::Shared;

pub(super) struct Disk {
    root: PathBuf,
    aside: PathBuf,
    next: u64,
    umask: u32,
    shared: Shared,
}

impl Disk {
    pub(super) fn create(dir: &Path) -> io::Result<Self> {
        let (root, aside) = (dir.join("sys"), dir.join(".aside"));
        for p in [&root, &aside] {
            match fs::remove_dir_all(p) {
                Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
                _ => fs::create_dir(p)?,
            }
        }
        Ok(Self {
            umask: umask(&aside)?,
            shared: Shared::create(aside.join("shared"))?,
            root,
            aside,
            next: 0,
        })
    }

    fn scratch(&mut self) -> PathBuf {
        self.next += 1;
        self.aside.join(self.next.to_string())
    }

    pub(super) fn mkdir_all(&self, path: &str) -> io::Result<()> {
        fs::create_dir_all(self.root.join(path))
    }

    fn mkdir_parent(&self, path: &str) -> io::Result<()> {
        match path.rsplit_once('/') {
            Some((parent, _)) => self.mkdir_all(parent),
            None => Ok(()),
        }
    }

    /// Shows an object with the links to it; on failure nothing of it is left.
    pub(super) fn show(&mut self, object: &Object) -> io::Result<()> {
        self.install(object)?;
        for (n, link) in object.class_links.iter().enumerate() {
            if let Err(error) = self.symlink(link, &object.path) {
                for made in &object.class_links[..n] {
                    let _ = self.unlink(made);
                }
                let _ = self.discard(&object.path);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Builds the object's directory aside and renames it into place.
    fn install(&mut self, object: &Object) -> io::Result<()> {
        let built = self.scratch();
        let done = self.build(&built, object).and_then(|()| {
            self.mkdir_parent(&object.path)?;
            fs::rename(&built, self.root.join(&object.path))
        });
        if done.is_err() {
            // What cannot be taken away is out of everybody's sight.
            let _ = fs::remove_dir_all(&built);
        }
        done
    }

    fn build(&mut self, at: &Path, object: &Object) -> io::Result<()> {
        fs::create_dir(at)?;
        for dir in &object.dirs {
            fs::create_dir_all(at.join(dir))?;
        }
        for (name, attr) in &object.attrs {
            let file = at.join(name);
            if name.contains('/')
                && let Some(parent) = file.parent()
            {
                fs::create_dir_all(parent)?;
            }
            self.place(&file, name, attr)?;
        }
        for (name, target) in &object.links {
            let file = at.join(name);
            if name.contains('/')
                && let Some(parent) = file.parent()
            {
                fs::create_dir_all(parent)?;
            }
            let target = relative_link(&format!("{}/{name}", object.path), target);
            // The link that every object has points to few places; the others are one object's own.
            if name != "subsystem" || !self.shared.symlink(&file, Path::new(&target)) {
                symlink(target, file)?;
            }
        }
        Ok(())
    }

    pub(super) fn symlink(&mut self, link: &str, target: &str) -> io::Result<()> {
        self.mkdir_parent(link)?;
        let built = self.scratch();
        symlink(relative_link(link, target), &built)?;
        let done = fs::rename(&built, self.root.join(link));
        if done.is_err() {
            let _ = fs::remove_file(&built);
        }
        done
    }

    pub(super) fn unlink(&self, path: &str) -> io::Result<()> {
        match fs::remove_file(self.root.join(path)) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }

    /// Takes a directory out of the tree in one step, then deletes it.
    pub(super) fn discard(&mut self, path: &str) -> io::Result<()> {
        let grave = self.scratch();
        match fs::rename(self.root.join(path), &grave) {
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
            Err(e) => Err(e),
            Ok(()) => fs::remove_dir_all(grave),
        }
    }

    pub(super) fn write_attr(&mut self, path: &str, attr: &Attr) -> io::Result<()> {
        let built = self.scratch();
        let done = self
            .place(&built, path, attr)
            .and_then(|()| fs::rename(&built, self.root.join(path)));
        if done.is_err() {
            let _ = fs::remove_file(&built);
        }
        done
    }

    /// Makes an attribute's file: a link to one that reads the same, or a new one.
    fn place(&mut self, path: &Path, name: &str, attr: &Attr) -> io::Result<()> {
        let umask = self.umask;
        let write = |file: &Path| write_file(file, attr, umask);
        if self.shared.link(path, name, attr, write) {
            return Ok(());
        }
        write(path)
    }

    pub(super) fn rmdir_if_empty(&self, path: &str) -> bool {
        fs::remove_dir(self.root.join(path)).is_ok()
    }
}

/// Writes a new file. It has its mode from the first instant: some attributes are secrets.
///
/// One that refuses to be read is a socket: whoever opens it gets ENXIO, root too, and the mode is still there to be seen.
fn write_file(path: &Path, attr: &Attr, umask: u32) -> io::Result<()> {
    if attr.refused {
        let mode = Mode::from_bits_truncate(attr.mode);
        mknod(path, SFlag::S_IFSOCK, mode, 0)?;
        if attr.mode & umask != 0 {
            fs::set_permissions(path, Permissions::from_mode(attr.mode))?;
        }
        return Ok(());
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(attr.mode)
        .open(path)?;
    file.write_all(&attr.value)?;
    // Only where the process's mask took something away: an object has dozens of attributes.
    if attr.mode & umask != 0 {
        file.set_permissions(Permissions::from_mode(attr.mode))?;
    }
    Ok(())
}

/// The mask that new files get, found by making one.
fn umask(dir: &Path) -> io::Result<u32> {
    let probe = dir.join("umask");
    let file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o777)
        .open(&probe)?;
    let mode = file.metadata()?.permissions().mode();
    fs::remove_file(probe)?;
    Ok(0o777 & !mode)
}
