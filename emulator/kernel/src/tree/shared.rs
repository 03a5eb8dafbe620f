//! Files of equal content, made once and linked: most attributes of many objects read the same.
//!
//! Owns which contents have a file in `.aside/shared`. Attributes are replaced by rename and never written in place, so a link
//! is as good as a file of its own, and a tree of thousands of attributes costs the file system hundreds of inodes. Never shared are
//! attributes that somebody may write, those that not everybody may read, and secrets: no copy of them outlives the attribute.
//! Must not know what else the files mean.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::object::Attr;

/// Longest content that is shared, in bytes.
const LONGEST: usize = 64;
/// Most contents that are remembered.
const MOST: usize = 8192;
/// So many contents are remembered before the first look at which are still in use.
const FIRST_SWEEP: usize = 256;

pub(super) struct Shared {
    dir: PathBuf,
    next: u64,
    /// Contents by mode; those seen once have no file yet.
    seen: HashMap<(u32, Vec<u8>), Option<PathBuf>>,
    /// When so many are remembered, those out of use are forgotten: ports and numbers of sessions that are long gone.
    sweep_at: usize,
    symlinks: HashMap<PathBuf, PathBuf>,
}

impl Shared {
    /// Keeps its files in `dir`, which must be on the file system of the links.
    pub(super) fn create(dir: PathBuf) -> io::Result<Self> {
        fs::create_dir(&dir)?;
        Ok(Self {
            dir,
            next: 0,
            seen: HashMap::new(),
            sweep_at: FIRST_SWEEP,
            symlinks: HashMap::new(),
        })
    }

    /// Puts an attribute at `path` as a link; `false` when it has to be a file of its own. `name` is what
    /// the attribute is called in the end, `write` makes a file.
    pub(super) fn link(
        &mut self,
        path: &Path,
        name: &str,
        attr: &Attr,
        write: impl FnOnce(&Path) -> io::Result<()>,
    ) -> bool {
        let own =
            attr.refused || attr.mode & 0o222 != 0 || attr.mode & 0o004 == 0 || name.contains("password");
        if own || attr.value.len() > LONGEST {
            return false;
        }
        if self.seen.len() >= self.sweep_at {
            self.sweep();
        }
        let known = self.seen.len();
        match self.seen.entry((attr.mode, attr.value.to_vec())) {
            std::collections::hash_map::Entry::Vacant(entry) => {
                if known < MOST {
                    entry.insert(None);
                }
                false
            }
            std::collections::hash_map::Entry::Occupied(mut entry) => {
                let file = if let Some(file) = entry.get() {
                    file.clone()
                } else {
                    self.next += 1;
                    let file = self.dir.join(self.next.to_string());
                    if write(&file).is_err() {
                        let _ = fs::remove_file(&file);
                        return false;
                    }
                    entry.insert(Some(file.clone()));
                    file
                };
                if fs::hard_link(&file, path).is_ok() {
                    return true;
                }
                // It has as many links as there can be, or somebody removed it: the next one starts afresh.
                let _ = fs::remove_file(&file);
                entry.insert(None);
                false
            }
        }
    }

    /// Forgets what was seen only once, and files that no attribute is a name of any more.
    fn sweep(&mut self) {
        self.seen.retain(|_, file| {
            let Some(path) = file else { return false };
            let used = fs::metadata(&*path).is_ok_and(|meta| meta.nlink() > 1);
            if !used {
                let _ = fs::remove_file(path);
            }
            used
        });
        self.sweep_at = FIRST_SWEEP.max(2 * self.seen.len()).min(MOST);
    }

    /// Puts a symbolic link to `target` at `path` as a further name of one that points there; `false` when there is none yet that
    /// could be shared.
    pub(super) fn symlink(&mut self, path: &Path, target: &Path) -> bool {
        let file = if let Some(file) = self.symlinks.get(target) {
            file.clone()
        } else {
            if self.symlinks.len() >= MOST {
                return false;
            }
            self.next += 1;
            let file = self.dir.join(self.next.to_string());
            if std::os::unix::fs::symlink(target, &file).is_err() {
                return false;
            }
            self.symlinks.insert(target.to_owned(), file.clone());
            file
        };
        // linkat(2) without AT_SYMLINK_FOLLOW: the link itself gets another name.
        if fs::hard_link(&file, path).is_ok() {
            return true;
        }
        let _ = fs::remove_file(&file);
        self.symlinks.remove(target);
        false
    }
}
