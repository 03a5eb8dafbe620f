//! What a test needs of the machine, and the honest way to go without.
//!
//! A test that cannot run here says so through [`left_out`]: the reason is printed and written to the file named by
//! `HBA_LEFT_OUT`, from which `cargo xtask test` makes its closing list. With `HBA_TEST_STRICT=1` going without is a failure.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A write of an action's name to it makes the kernel send that uevent.
pub const LOOPBACK_UEVENT: &str = "/sys/class/net/lo/uevent";

/// One thing a test cannot do without.
#[derive(Clone, Copy, Debug)]
pub enum Need {
    /// A program on `PATH` (or in the system's sbin directories), with the Debian package it comes from.
    Tool(&'static str, &'static str),
    /// The effective user is root.
    Root,
    /// New mount and network namespaces can be made.
    Namespaces,
    /// Programs can be traced (ptrace).
    Tracing,
    /// Files can be made block devices (losetup).
    LoopDevices,
    /// TAP devices can be made.
    Tap,
    /// The uevents of the loopback device can be asked for.
    Uevents,
    /// This machine's kernel does not have the iSCSI transport class (module scsi_transport_iscsi) loaded.
    NoTransportClass,
}

/// The path of a program, looked up in `PATH` and the sbin directories.
#[must_use]
pub fn find_tool(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from))
        .map(|dir| dir.join(name))
        .find(|candidate| candidate.is_file())
}

/// Why the needs are not met here, or `None` when they are.
#[must_use]
pub fn missing(needs: &[Need]) -> Option<String> {
    let mut reasons: Vec<String> = Vec::new();
    for reason in needs.iter().filter_map(|need| need.missing()) {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

/// Returns `true`, after saying so, when `test` has to be left out for want of `needs`.
///
/// # Panics
/// With `HBA_TEST_STRICT=1`, instead of leaving the test out.
#[must_use]
pub fn left_out(test: &str, needs: &[Need]) -> bool {
    let Some(reason) = missing(needs) else {
        return false;
    };
    assert!(
        env::var_os("HBA_TEST_STRICT").is_none_or(|v| v != "1"),
        "{test} cannot run here: {reason}"
    );
    let line = format!("left out: {test}: {reason}\n");
    let mut stderr = std::io::stderr();
    let _ = stderr.write_all(line.as_bytes());
    if let Some(path) = env::var_os("HBA_LEFT_OUT") {
        let file = OpenOptions::new().create(true).append(true).open(path);
        let _ = file.and_then(|mut file| file.write_all(line.as_bytes()));
    }
    true
}

impl Need {
    fn missing(self) -> Option<String> {
        match self {
            Self::Tool(name, package) => find_tool(name)
                .is_none()
                .then(|| format!("{name} is not installed (package {package})")),
            Self::Root => (!nix::unistd::geteuid().is_root()).then(|| "root is needed".to_owned()),
            Self::NoTransportClass => Path::new("/sys/class/iscsi_transport")
                .exists()
                .then(|| "the module scsi_transport_iscsi is loaded".to_owned()),
            Self::Uevents => {
                let asked = OpenOptions::new().write(true).open(LOOPBACK_UEVENT);
                asked
                    .err()
                    .map(|error| format!("cannot write to {LOOPBACK_UEVENT}: {error}"))
            }
            Self::Tap => {
                let asked = OpenOptions::new().read(true).write(true).open("/dev/net/tun");
                asked
                    .err()
                    .map(|error| format!("no TAP devices: /dev/net/tun: {error}"))
            }
            Self::Tracing => crate::memory::refused(),
            Self::LoopDevices => {
                let asked = std::process::Command::new("losetup").arg("--find").output();
                match asked {
                    Ok(out) if out.status.success() => None,
                    Ok(out) => Some(format!(
                        "no loop devices: {}",
                        String::from_utf8_lossy(&out.stderr).trim()
                    )),
                    Err(error) => Some(format!("losetup: {error}")),
                }
            }
            Self::Namespaces => {
                let made = std::process::Command::new("unshare")
                    .args(["-m", "-n", "true"])
                    .output();
                match made {
                    Ok(out) if out.status.success() => None,
                    Ok(out) => Some(format!(
                        "mount and network namespaces cannot be made ({})",
                        String::from_utf8_lossy(&out.stderr).trim()
                    )),
                    Err(error) => Some(format!("unshare cannot be run ({error})")),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_tool_is_named_with_its_package() {
        let reason = missing(&[Need::Tool("no-such-tool-here", "some-package")]).unwrap();
        assert!(reason.contains("no-such-tool-here") && reason.contains("some-package"));
        assert!(missing(&[Need::Tool("sh", "dash")]).is_none());
    }
}
