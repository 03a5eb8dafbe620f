//! Kernel modules and what they need, read from the modules themselves.
//!
//! Owns the order in which they are to be loaded. It needs neither kmod nor depmod. Source: the `.modinfo` section
//! (`depends=`, `softdep=pre:`).

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::cache::{Cache, Kernel};

/// Modules in loading order.
#[derive(Debug)]
pub struct Modules {
    /// Name (with underscores) and contents.
    pub ordered: Vec<(String, Vec<u8>)>,
}

impl Modules {
    /// Collects modules with everything they need. Wanted ones that the kernel has built in are left out.
    ///
    /// # Errors
    /// A module cannot be read.
    pub fn collect(cache: &Cache, kernel: &Kernel, wanted: &[&str]) -> Result<Self> {
        let mut files = BTreeMap::new();
        find(&kernel.modules.join("kernel"), &mut files)?;
        let mut modules = Self { ordered: Vec::new() };
        for name in wanted {
            modules.add(cache, &files, &underscored(name), 0)?;
        }
        Ok(modules)
    }

    fn add(
        &mut self,
        cache: &Cache,
        files: &BTreeMap<String, PathBuf>,
        name: &str,
        depth: usize,
    ) -> Result<()> {
        ensure!(depth < 32, "modules need each other in a circle ({name})");
        let Some(path) = files.get(name) else {
            return Ok(());
        };
        if self.ordered.iter().any(|(known, _)| known == name) {
            return Ok(());
        }
        let bytes = contents(cache, path)?;
        for needed in needs(&bytes) {
            self.add(cache, files, &needed, depth + 1)?;
        }
        if !self.ordered.iter().any(|(known, _)| known == name) {
            self.ordered.push((name.to_owned(), bytes));
        }
        Ok(())
    }
}

fn underscored(name: &str) -> String {
    name.replace('-', "_")
}

fn find(dir: &Path, files: &mut BTreeMap<String, PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if let Some(name) = path.file_name().and_then(OsStr::to_str)
            && let Some((name, rest)) = name.split_once(".ko")
            && matches!(rest, "" | ".xz")
        {
            files.insert(underscored(name), path.clone());
        }
    }
    Ok(())
}

fn contents(cache: &Cache, path: &Path) -> Result<Vec<u8>> {
    let out = if path.extension() == Some(OsStr::new("xz")) {
        let mut xz: Command = cache.program("usr/bin/xz");
        let out = xz.arg("-dc").arg(path).output().context("cannot start xz")?;
        ensure!(out.status.success(), "xz cannot unpack {}", path.display());
        out.stdout
    } else {
        fs::read(path).with_context(|| format!("cannot read {}", path.display()))?
    };
    Ok(out)
}

/// What a module needs loaded before it.
fn needs(module: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    for text in module.split(|byte| *byte == 0) {
        let Ok(text) = std::str::from_utf8(text) else {
            continue;
        };
        if let Some(list) = text.strip_prefix("depends=") {
            names.extend(list.split(',').filter(|name| !name.is_empty()).map(underscored));
        } else if let Some(list) = text.strip_prefix("softdep=pre: ") {
            names.extend(list.split_whitespace().map(underscored));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_tells_what_it_needs() {
        let module = b"\x7fELF\0\0\xffjunk\0depends=scsi_mod,crc-t10dif\0softdep=pre: crc64\0name=x\0";
        assert_eq!(needs(module), ["scsi_mod", "crc_t10dif", "crc64"]);
        assert!(needs(b"depends=\0").is_empty());
    }
}
