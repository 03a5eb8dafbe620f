//! The objects below the iSCSI classes and the flash node bus, with every attribute, as text.
//!
//! Must not know what an attribute means. The attributes of `power/`, which the kernel adds to every device, are left out.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Class, Normal};

/// Where the adapter shows itself.
const PLACES: &[&str] = &[
    "class/iscsi_transport",
    "class/iscsi_host",
    "class/iscsi_iface",
    "class/iscsi_session",
    "class/iscsi_connection",
    "class/iscsi_endpoint",
    "bus/iscsi_flashnode/devices",
];
/// Contents that are secrets.
const SECRETS: &[&str] = &["password", "password_in"];
/// What a kernel answers with EACCES without CAP_SYS_ADMIN (`iscsi_session_attr(…, 1)`), though its mode is 0444; and a flash target's
/// password, which the emulated one hides as well.
const ROOTS_ALONE: &[&str] = &["username", "username_in", "password", "password_in"];

/// Writes out the tree below `sys`, as it is compared.
pub(super) fn dump(sys: &Path, class: Class, normal: &Normal) -> Result<String> {
    let mut out = String::new();
    for place in PLACES {
        let dir = sys.join(place);
        for name in names(&dir).with_context(|| format!("cannot read {}", dir.display()))? {
            if place.ends_with("transport") && name != class.name() {
                continue;
            }
            out.push_str(&normal.text(&format!("{place}/{name}\n")));
            object(&dir.join(&name), normal, &mut out)?;
        }
    }
    Ok(out)
}

fn names(dir: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in match fs::read_dir(dir) {
        // A class exists only when a module made it.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(names),
        other => other?,
    } {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn object(dir: &Path, normal: &Normal, out: &mut String) -> Result<()> {
    for name in names(dir)? {
        let path = dir.join(&name);
        let meta = fs::symlink_metadata(&path)?;
        if meta.is_symlink() {
            let target = fs::read_link(&path)?;
            let target = target
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            out.push_str(&normal.text(&format!("  {name} -> …/{target}\n")));
        } else if meta.is_dir() {
            out.push_str(&normal.text(&format!("  {name}/\n")));
        } else {
            // A kernel refuses them by capability, a plain file by its mode.
            let mode = if ROOTS_ALONE.contains(&name.as_str()) {
                0o444
            } else {
                meta.mode() & 0o777
            };
            out.push_str(&format!(
                "  {name} {mode:o} {}\n",
                normal.attribute(&name, &content(&path, &name, meta.mode()))
            ));
        }
    }
    Ok(())
}

/// What reading gives; an attribute that cannot be read is only that, whatever the errno.
fn content(path: &Path, name: &str, mode: u32) -> String {
    if mode & 0o444 == 0 {
        return "(write-only)".to_owned();
    }
    match fs::read(path) {
        Err(_) => "(refused)".to_owned(),
        Ok(bytes) if SECRETS.contains(&name) && !bytes.is_empty() => "(secret)".to_owned(),
        Ok(bytes) => format!("{:?}", String::from_utf8_lossy(&bytes)),
    }
}
