//! One object of the tree as it is about to appear: a builder for a directory with attributes, links and its uevent.
//!
//! Must not touch the disk. Source: `drivers/base/core.c` (`device_add`: `uevent`, `subsystem`, `device`, `power`).

use std::collections::BTreeMap;

/// An attribute file: its mode and what reading it gives.
#[derive(Clone, PartialEq, Eq)]
pub struct Attr {
    /// Permission bits, for example 0o444.
    pub mode: u32,
    /// Content, newline included. Empty for attributes that cannot be read.
    pub value: Vec<u8>,
    /// Whoever reads it gets an error, although the mode allows it.
    pub refused: bool,
    /// What the attribute is called in a write request, when writing it does something.
    pub writable: bool,
}

impl std::fmt::Debug for Attr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Contents may be CHAP secrets.
        f.debug_struct("Attr")
            .field("mode", &format_args!("{:o}", self.mode))
            .finish_non_exhaustive()
    }
}

/// A directory that appears in the tree as a whole.
#[derive(Debug, Clone)]
pub struct Object {
    pub(super) path: String,
    pub(super) attrs: BTreeMap<String, Attr>,
    pub(super) dirs: Vec<String>,
    pub(super) links: BTreeMap<String, String>,
    pub(super) class_links: Vec<String>,
    pub(super) subsystem: &'static str,
    pub(super) devtype: Option<&'static str>,
    pub(super) env: Vec<(String, String)>,
    pub(super) silent: bool,
}

impl Object {
    /// A bare directory without a uevent (firmware and module directories).
    pub fn plain(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            attrs: BTreeMap::new(),
            dirs: Vec::new(),
            links: BTreeMap::new(),
            class_links: Vec::new(),
            subsystem: "",
            devtype: None,
            env: Vec::new(),
            silent: true,
        }
    }

    /// A device of a class: `power`, `uevent`, `subsystem`, the class link, and `device` when it has a parent device.
    pub fn class(path: impl Into<String>, class: &'static str, device: Option<&str>) -> Self {
        let mut o = Self::device(path, class);
        o.links.insert("subsystem".into(), format!("class/{class}"));
        let name = o.name().to_owned();
        o.class_links.push(format!("class/{class}/{name}"));
        if let Some(device) = device {
            o.links.insert("device".into(), device.to_owned());
        }
        o
    }

    /// A device of a bus: `power`, `uevent`, `subsystem` and the bus link.
    pub fn bus(path: impl Into<String>, bus: &'static str, devtype: &'static str) -> Self {
        let mut o = Self::device(path, bus);
        o.links.insert("subsystem".into(), format!("bus/{bus}"));
        let name = o.name().to_owned();
        o.class_links.push(format!("bus/{bus}/devices/{name}"));
        o.devtype = Some(devtype);
        o.env("DEVTYPE", devtype)
    }

    /// A device without class or bus (`sessionN`, `connectionN:0`): `power` and `uevent` only, no uevent is sent.
    pub fn bare(path: impl Into<String>) -> Self {
        let mut o = Self::device(path, "");
        o.silent = true;
        o
    }

    fn device(path: impl Into<String>, subsystem: &'static str) -> Self {
        let mut o = Self::plain(path);
        o.silent = false;
        o.subsystem = subsystem;
        o.dirs.push("power".into());
        o.attrs.insert(
            "uevent".into(),
            Attr {
                mode: 0o644,
                value: Vec::new(),
                refused: false,
                writable: true,
            },
        );
        o
    }

    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Where the object will be, relative to the tree's root.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// A variable of the uevent, also listed in the `uevent` attribute.
    #[must_use]
    pub fn env(mut self, key: &str, value: &str) -> Self {
        self.env.push((key.to_owned(), value.to_owned()));
        if let Some(attr) = self.attrs.get_mut("uevent") {
            attr.value
                .extend_from_slice(format!("{key}={value}\n").as_bytes());
        }
        self
    }

    /// A readable attribute (0444); a newline is added.
    #[must_use]
    pub fn ro(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.put(name, 0o444, format!("{}\n", value.as_ref()).into_bytes(), false);
        self
    }

    /// A readable and writable attribute (0644); a newline is added.
    #[must_use]
    pub fn rw(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.put(name, 0o644, format!("{}\n", value.as_ref()).into_bytes(), true);
        self
    }

    /// A readable attribute that a kernel shows to root only (0400); a newline is added. A kernel's file has mode 0444 and answers
    /// EACCES; a plain file can refuse by its mode alone.
    #[must_use]
    pub fn secret(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.put(name, 0o400, format!("{}\n", value.as_ref()).into_bytes(), false);
        self
    }

    /// Read-only attributes; those named in `secret` as [`Object::secret`].
    #[must_use]
    pub fn ro_all<'a>(self, values: impl IntoIterator<Item = (&'a str, String)>, secret: &[&str]) -> Self {
        values.into_iter().fold(self, |object, (name, value)| {
            if secret.contains(&name) {
                object.secret(name, value)
            } else {
                object.ro(name, value)
            }
        })
    }

    /// A write-only attribute (0200).
    #[must_use]
    pub fn wo(mut self, name: &str) -> Self {
        self.put(name, 0o200, Vec::new(), true);
        self
    }

    /// A readable attribute, or one that the driver's `show` answers with an error for now.
    #[must_use]
    pub fn shown(self, name: &str, value: Option<String>) -> Self {
        match value {
            Some(value) => self.ro(name, value),
            None => self.refused(name, 0o444),
        }
    }

    /// An attribute that the driver's `show` answers with an error.
    #[must_use]
    pub fn refused(mut self, name: &str, mode: u32) -> Self {
        self.put(name, mode, Vec::new(), mode & 0o222 != 0);
        if let Some(attr) = self.attrs.get_mut(name) {
            attr.refused = true;
        }
        self
    }

    /// An attribute with its exact bytes.
    #[must_use]
    pub fn raw(mut self, name: &str, mode: u32, value: Vec<u8>) -> Self {
        self.put(name, mode, value, mode & 0o222 != 0);
        self
    }

    fn put(&mut self, name: &str, mode: u32, value: Vec<u8>, writable: bool) {
        self.attrs.insert(
            name.to_owned(),
            Attr {
                mode,
                value,
                refused: false,
                writable,
            },
        );
    }

    /// A subdirectory.
    #[must_use]
    pub fn subdir(mut self, name: &str) -> Self {
        self.dirs.push(name.to_owned());
        self
    }

    /// A link inside the object to another place of the tree (path relative to the tree's root).
    #[must_use]
    pub fn link(mut self, name: &str, target: impl Into<String>) -> Self {
        self.links.insert(name.to_owned(), target.into());
        self
    }

    /// A link elsewhere in the tree that points to this object.
    #[must_use]
    pub fn linked_from(mut self, path: impl Into<String>) -> Self {
        self.class_links.push(path.into());
        self
    }

    /// No uevent for this object.
    #[must_use]
    pub fn silent(mut self) -> Self {
        self.silent = true;
        self
    }

    /// The devtype of a class device (`disk`).
    #[must_use]
    pub fn devtype(mut self, devtype: &'static str) -> Self {
        self.devtype = Some(devtype);
        self
    }
}
