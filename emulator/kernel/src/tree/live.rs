//! The tree as it is now, in memory and on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use super::disk::Disk;
use super::{Attr, Object, path};

/// A kobject uevent, ready for `DIR/uevent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uevent {
    /// `add`, `remove`, `change`, …
    pub action: &'static str,
    /// The device path below `/sys`, with a leading slash.
    pub devpath: String,
    /// The whole message as on NETLINK_KOBJECT_UEVENT: header and NUL-separated variables.
    pub bytes: Vec<u8>,
}

/// What the tree remembers of one object.
struct Known {
    subsystem: &'static str,
    devtype: Option<&'static str>,
    env: Vec<(String, String)>,
    class_links: Vec<String>,
    silent: bool,
}

/// The tree below `DIR/sys` and its memory.
pub struct Tree {
    disk: Disk,
    objects: BTreeMap<String, Known>,
    attrs: BTreeMap<String, Attr>,
    /// Objects that the disk had no room for, by path; parents sort before their children.
    late: BTreeMap<String, Object>,
    /// Attributes whose file is older than what is remembered.
    stale: BTreeSet<String>,
    links: BTreeMap<String, String>,
    fixed_dirs: BTreeSet<String>,
    uevents: Vec<Uevent>,
    seqnum: u64,
}

impl Tree {
    /// Makes an empty `dir/sys`, removing what an earlier server left there.
    ///
    /// # Errors
    /// What is there cannot be removed, or the directory not be made.
    pub fn create(dir: &Path) -> io::Result<Self> {
        Ok(Self {
            disk: Disk::create(dir)?,
            objects: BTreeMap::new(),
            attrs: BTreeMap::new(),
            late: BTreeMap::new(),
            stale: BTreeSet::new(),
            links: BTreeMap::new(),
            fixed_dirs: BTreeSet::new(),
            uevents: Vec::new(),
            seqnum: 1000,
        })
    }

    /// Makes a directory that stays although it is empty (class and bus directories).
    ///
    /// # Errors
    /// The disk takes no directory.
    pub fn dir(&mut self, path: &str) -> io::Result<()> {
        self.disk.mkdir_all(path)?;
        let mut at = String::new();
        for part in path.split('/') {
            if !at.is_empty() {
                at.push('/');
            }
            at.push_str(part);
            self.fixed_dirs.insert(at.clone());
        }
        Ok(())
    }

    /// Shows an object, now or as soon as the disk has room for it ([`Tree::catch_up`]). The error tells why not now.
    ///
    /// # Errors
    /// Why it is not shown yet.
    pub fn add_soon(&mut self, object: Object) -> io::Result<()> {
        // Nothing appears before what it is in.
        if self.waits_for(&object.path) {
            self.late.insert(object.path.clone(), object);
            return Ok(());
        }
        let copy = object.clone();
        self.add(object).inspect_err(|_| {
            self.late.insert(copy.path.clone(), copy);
        })
    }

    fn waits_for(&self, path: &str) -> bool {
        let mut at = path;
        while let Some((parent, _)) = at.rsplit_once('/') {
            if self.late.contains_key(parent) {
                return true;
            }
            at = parent;
        }
        false
    }

    /// Tries again what the disk had no room for; stops at the first thing that it still has none for.
    ///
    /// # Errors
    /// What the disk still has no room for.
    pub fn catch_up(&mut self) -> io::Result<()> {
        while let Some((path, object)) = self.late.pop_first() {
            if let Err(error) = self.add(object.clone()) {
                self.late.insert(path, object);
                return Err(error);
            }
        }
        while let Some(path) = self.stale.pop_first() {
            let Some(attr) = self.attrs.get(&path) else {
                continue;
            };
            if let Err(error) = self.disk.write_attr(&path, attr) {
                self.stale.insert(path);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Shows an object: its directory appears whole, then its class links, then the uevent `add`.
    ///
    /// # Errors
    /// The disk does not take a part of it; nothing of it is there then.
    pub fn add(&mut self, object: Object) -> io::Result<()> {
        self.disk.show(&object)?;
        for (name, attr) in &object.attrs {
            self.attrs.insert(format!("{}/{name}", object.path), attr.clone());
        }
        for (name, target) in &object.links {
            self.links
                .insert(format!("{}/{name}", object.path), target.clone());
        }
        for link in &object.class_links {
            self.links.insert(link.clone(), object.path.clone());
        }
        let path = object.path.clone();
        self.objects.insert(
            path.clone(),
            Known {
                subsystem: object.subsystem,
                devtype: object.devtype,
                env: object.env,
                class_links: object.class_links,
                silent: object.silent,
            },
        );
        self.announce("add", &path, &[]);
        Ok(())
    }

    /// Removes an object with everything below it, children's uevents first.
    ///
    /// # Errors
    /// A part of it cannot be taken away; the tree has forgotten it all the same.
    pub fn remove(&mut self, path: &str) -> io::Result<()> {
        let mut gone = keys_below(&self.objects, path);
        if self.objects.contains_key(path) {
            gone.push(path.to_owned());
        }
        gone.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| b.cmp(a)));
        // A link that cannot be taken away does not keep the rest.
        let mut done = Ok(());
        for p in &gone {
            self.announce("remove", p, &[]);
            if let Some(known) = self.objects.remove(p) {
                for link in known.class_links {
                    self.links.remove(&link);
                    done = done.and(self.disk.unlink(&link));
                }
            }
        }
        self.late.remove(path);
        for p in keys_below(&self.late, path) {
            self.late.remove(&p);
        }
        for p in keys_below(&self.attrs, path) {
            self.attrs.remove(&p);
            self.stale.remove(&p);
        }
        for p in keys_below(&self.links, path) {
            self.links.remove(&p);
        }
        self.disk.discard(path)?;
        self.prune_glue(path);
        done
    }

    /// The directories between a parent device and its class device exist only while something is in them.
    fn prune_glue(&self, path: &str) {
        let mut at = path;
        while let Some((parent, _)) = at.rsplit_once('/') {
            if self.objects.contains_key(parent) || self.fixed_dirs.contains(parent) {
                return;
            }
            if !self.disk.rmdir_if_empty(parent) {
                return;
            }
            at = parent;
        }
    }

    /// Replaces an attribute's content; nothing is written when it already reads so. What the disk has no room for is written
    /// later ([`Tree::catch_up`]).
    ///
    /// # Errors
    /// There is no such attribute, or the disk does not take the value now.
    pub fn set(&mut self, path: &str, value: &str) -> io::Result<bool> {
        self.set_bytes(path, value.as_bytes())
    }

    /// As [`Tree::set`], bytes that are no text.
    ///
    /// # Errors
    /// As [`Tree::set`].
    pub fn set_bytes(&mut self, path: &str, value: &[u8]) -> io::Result<bool> {
        if let Some(attr) = self.late_attr(path) {
            (attr.refused, attr.value) = (false, value.to_vec());
            return Ok(true);
        }
        let Some(attr) = self.attrs.get_mut(path) else {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!("no attribute {path}"),
            ));
        };
        if attr.value == value && !attr.refused {
            return Ok(false);
        }
        attr.refused = false;
        attr.value.clear();
        attr.value.extend_from_slice(value);
        self.rewrite(path)
    }

    /// Whoever reads an attribute gets an error from now on, until it is set; `false` when that is so already.
    ///
    /// # Errors
    /// As [`Tree::set`].
    pub fn refuse(&mut self, path: &str) -> io::Result<bool> {
        if let Some(attr) = self.late_attr(path) {
            (attr.refused, attr.value) = (true, Vec::new());
            return Ok(true);
        }
        match self.attrs.get_mut(path) {
            Some(attr) if attr.refused => return Ok(false),
            Some(attr) => (attr.refused, attr.value) = (true, Vec::new()),
            None => {
                return Err(io::Error::new(
                    io::ErrorKind::NotFound,
                    format!("no attribute {path}"),
                ));
            }
        }
        self.rewrite(path)
    }

    /// Brings an attribute that has changed to the disk.
    fn rewrite(&mut self, path: &str) -> io::Result<bool> {
        let Some(attr) = self.attrs.get(path) else {
            return Ok(false);
        };
        if let Err(error) = self.disk.write_attr(path, attr) {
            self.stale.insert(path.to_owned());
            return Err(error);
        }
        self.stale.remove(path);
        Ok(true)
    }

    /// An attribute of an object that is not shown yet.
    fn late_attr(&mut self, path: &str) -> Option<&mut Attr> {
        let (object, name) = path
            .match_indices('/')
            .map(|(at, _)| (&path[..at], &path[at + 1..]))
            .find(|(object, _)| self.late.contains_key(*object))?;
        self.late.get_mut(object)?.attrs.get_mut(name)
    }

    /// Sets several attributes of one object; an attribute that the object does not have is an error. All are set, whichever
    /// fails.
    ///
    /// # Errors
    /// The first that [`Tree::set`] fails with.
    pub fn set_all<'a>(
        &mut self,
        path: &str,
        values: impl IntoIterator<Item = (&'a str, String)>,
    ) -> io::Result<()> {
        let mut done = Ok(());
        for (name, value) in values {
            let set = self.set(&format!("{path}/{name}"), &value);
            done = done.and(set.map(drop));
        }
        done
    }

    /// The attribute at a path below `sys`, links followed as a file system would. Never leaves the tree.
    pub fn resolve(&self, path: &str) -> Option<(String, &Attr)> {
        let full = path::resolve(&self.links, path)?;
        self.attrs.get(&full).map(|a| (full.clone(), a))
    }

    /// Whether a directory object is shown at this exact path, or will be.
    pub fn contains(&self, path: &str) -> bool {
        self.objects.contains_key(path) || self.late.contains_key(path)
    }

    /// Sends a `change` uevent with extra variables.
    pub fn change(&mut self, path: &str, extra: &[(&str, &str)]) {
        self.announce("change", path, extra);
    }

    /// Sends the uevent that a write to an object's `uevent` attribute asks for.
    pub fn synthesize(&mut self, path: &str, action: &'static str) {
        self.announce(action, path, &[("SYNTH_UUID", "0")]);
    }

    /// Takes the uevents that have not been sent yet.
    pub fn take_uevents(&mut self) -> Vec<Uevent> {
        std::mem::take(&mut self.uevents)
    }

    fn announce(&mut self, action: &'static str, path: &str, extra: &[(&str, &str)]) {
        let Some(known) = self.objects.get(path) else {
            return;
        };
        if known.silent {
            return;
        }
        self.seqnum += 1;
        let devpath = format!("/{path}");
        let mut bytes = format!("{action}@{devpath}\0").into_bytes();
        let mut put = |k: &str, v: &str| {
            bytes.extend_from_slice(k.as_bytes());
            bytes.push(b'=');
            bytes.extend_from_slice(v.as_bytes());
            bytes.push(0);
        };
        put("ACTION", action);
        put("DEVPATH", &devpath);
        put("SUBSYSTEM", known.subsystem);
        for (k, v) in extra {
            put(k, v);
        }
        // The order of `dev_uevent`: the node, the type, then driver, bus and class.
        let node = |k: &str| matches!(k, "MAJOR" | "MINOR" | "DEVNAME");
        for (k, v) in known.env.iter().filter(|(k, _)| node(k)) {
            put(k, v);
        }
        if let Some(devtype) = known.devtype {
            put("DEVTYPE", devtype);
        }
        for (k, v) in known.env.iter().filter(|(k, _)| !node(k) && k != "DEVTYPE") {
            put(k, v);
        }
        put("SEQNUM", &self.seqnum.to_string());
        self.uevents.push(Uevent {
            action,
            devpath,
            bytes,
        });
    }
}

/// The keys below a path, without a look at any other: a tree of many objects loses one as fast as a small one.
fn keys_below<V>(map: &BTreeMap<String, V>, path: &str) -> Vec<String> {
    // '0' is the character after '/'.
    let (from, to) = (format!("{path}/"), format!("{path}0"));
    map.range(from..to).map(|(key, _)| key.clone()).collect()
}
