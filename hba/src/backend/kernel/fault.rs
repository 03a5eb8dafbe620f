//! Errors of driver-sys as errors of the control plane.

use driver_sys::bsg::BsgError;
use driver_sys::endpoint::StoreError;
use driver_sys::port::PortError;
use driver_sys::sg::SgError;
use driver_sys::sysfs::{self, Fault};
use nix::errno::Errno;

use crate::error::{Error, Kind, Operation, explain};
use crate::message::Message;
use crate::step::Step;

/// A sysfs read or write that failed.
pub(super) fn sysfs(error: &sysfs::Error, tried: &str) -> Error {
    match &error.fault {
        Fault::Refused(errno) => explain(Operation::Store, *errno as i32, tried),
        fault => {
            let kind = match fault {
                Fault::Missing | Fault::Vanished => Kind::NotFound,
                Fault::Permission => Kind::Permission,
                _ => Kind::Failed,
            };
            Error::new(kind, tried).answered(error.to_string())
        }
    }
}

/// Whether the object is simply not there (any more).
pub(super) fn is_gone(error: &sysfs::Error) -> bool {
    matches!(error.fault, Fault::Missing | Fault::Vanished)
}

/// A socket that failed.
pub(super) fn port(error: &PortError, tried: &str) -> Error {
    let of = |kind| Error::new(kind, tried).answered(error.to_string());
    match error {
        PortError::NoModule => of(Kind::Unsupported).hint("load it: modprobe scsi_transport_iscsi"),
        PortError::WrongNamespace => of(Kind::Unsupported).hint("run it in the initial network namespace"),
        PortError::NoCapability { capability } => {
            of(Kind::Permission).hint(format!("run as root, or give the process {capability}"))
        }
        PortError::NotServed {
            source: Errno::EACCES | Errno::EPERM,
            ..
        } => of(Kind::Permission).hint("run as the user who serves the directory"),
        PortError::Mute { .. } => of(Kind::Timeout).hint(
            "nothing was sent; look why it does not answer (stopped, or too many clients), and try again",
        ),
        PortError::NotServed { .. } => of(Kind::NotFound).hint(
            Message::from("start the emulated adapter: ")
                .then(Step::Serve)
                .then(" DIR"),
        ),
        PortError::PathTooLong { .. } => of(Kind::Invalid).hint("use a shorter directory name"),
        PortError::Timeout { what, .. } => Error::timeout(tried, what),
        PortError::Closed { .. } => {
            of(Kind::Failed).hint("the other end went away; look whether it still runs")
        }
        PortError::System { source, what } => Error::new(Kind::Failed, tried)
            .answered(format!("{what}: {}", source.desc()))
            .with_errno(*source as i32),
        _ => of(Kind::Failed),
    }
}

/// A vendor command that failed.
pub(super) fn bsg(error: &BsgError, operation: Operation, tried: &str) -> Error {
    match error {
        BsgError::Port(e) => port(e, tried),
        BsgError::Refused(errno) => explain(operation, *errno as i32, tried),
        BsgError::Open { path, source } => opened(path, *source, tried),
        other => Error::new(Kind::Failed, tried).answered(other.to_string()),
    }
}

/// A logical unit that the kernel does not know; on every endpoint the same words.
pub(super) fn no_unit(tried: &str) -> Error {
    Error::new(Kind::NotFound, tried)
        .answered("there is no such logical unit")
        .hint(Step::LunList.then(" shows what is there"))
}

/// A SCSI command that could not be carried.
pub(super) fn sg(error: &SgError, tried: &str) -> Error {
    match error {
        SgError::Port(e) => port(e, tried),
        SgError::Open { path, source } => opened(path, *source, tried),
        other => Error::new(Kind::Failed, tried).answered(other.to_string()),
    }
}

fn opened(path: &std::path::Path, errno: Errno, tried: &str) -> Error {
    let answer = format!("{}: {}", path.display(), errno.desc());
    match errno {
        Errno::EACCES | Errno::EPERM => Error::new(Kind::Permission, tried)
            .answered(answer)
            .hint("run as root"),
        Errno::ENOENT | Errno::ENXIO | Errno::ENODEV => Error::new(Kind::NotFound, tried)
            .answered(answer)
            .hint("the driver has made no such node"),
        _ => Error::new(Kind::Failed, tried).answered(answer),
    }
    .with_errno(errno as i32)
}

/// An attribute write that failed.
pub(super) fn store(error: &StoreError, tried: &str) -> Error {
    match error {
        StoreError::Refused { source, .. } => explain(Operation::Store, *source as i32, tried),
        StoreError::Port(e) => port(e, tried),
        other @ StoreError::BadPath { .. } => Error::new(Kind::Failed, tried).answered(other.to_string()),
    }
}
