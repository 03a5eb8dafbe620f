//! What sysfs shows of the card: its UIO device, and its registers as a file that can be mapped.
//!
//! Source: `uio.c` (`uio_attrs`, `map_attrs`), `pci-sysfs.c` (`pci_create_attr`: `resource0`).

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context, Result};

use super::memory::{self, SIZES};

/// The name by which user space knows the driver.
const NAME: &str = "bnx2_cnic";

/// Shows it beside the network device in a tree.
pub(super) fn show(sys: &Path, netdev: &str, memory: &Path) -> Result<()> {
    let link = sys.join("class/net").join(netdev);
    let place = fs::read_link(&link).with_context(|| format!("no link {}", link.display()))?;
    let place = place.to_str().context("the link is not UTF-8")?;
    let parent = place
        .trim_start_matches("../")
        .strip_suffix(&format!("/net/{netdev}"))
        .with_context(|| format!("{netdev} is not on a card but {place}"))?;
    let card = sys.join(parent);
    let object = card.join("uio/uio0");
    let put = |path: &str, text: &str| -> Result<()> {
        let path = object.join(path);
        fs::create_dir_all(path.parent().context("a directory")?)?;
        Ok(fs::write(path, format!("{text}\n"))?)
    };
    put("name", NAME)?;
    put("version", "2.5.22")?;
    put("event", "0")?;
    for (index, size) in SIZES.iter().enumerate() {
        for (key, value) in [("addr", 0), ("size", *size), ("offset", 0)] {
            put(&format!("maps/map{index}/{key}"), &format!("{value:#x}"))?;
        }
    }
    symlink("../..", object.join("device"))?;
    fs::hard_link(memory::file(memory, 0), card.join("resource0"))?;
    fs::create_dir_all(sys.join("class/uio"))?;
    Ok(symlink(
        format!("../../{parent}/uio/uio0"),
        sys.join("class/uio/uio0"),
    )?)
}
