//! A package of the distribution unpacked beside the private root, with what it depends on and the root does not have.
//!
//! Owns the folder of unpacked packages. Nothing is installed: the root stays as it was made.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::cache::{Cache, run};

impl Cache {
    /// The tree of a package of the private root's distribution, fetched and unpacked once.
    ///
    /// # Errors
    /// It cannot be fetched.
    pub fn package(&self, name: &str) -> Result<PathBuf> {
        let _lock = self.lock()?;
        let inside = format!("/packages/{name}");
        let outside = self.root().join(inside.trim_start_matches('/'));
        let tree = outside.join("tree");
        if outside.join("complete").is_file() {
            return Ok(tree);
        }
        if outside.exists() {
            fs::remove_dir_all(&outside)?;
        }
        fs::create_dir_all(outside.join("debs/partial"))?;
        self.update()?;
        let script = format!(
            "apt-get -q -o APT::Sandbox::User=root -o Dir::Cache::archives={inside}/debs install --download-only -y \
             --no-install-recommends {name} && \
             for deb in {inside}/debs/*.deb; do dpkg-deb -x $deb {inside}/tree || exit 1; done && rm -r {inside}/debs"
        );
        run(&mut self.chroot(&["sh", "-c", &script])).with_context(|| format!("cannot fetch {name}"))?;
        fs::write(outside.join("complete"), name)?;
        Ok(tree)
    }
}
