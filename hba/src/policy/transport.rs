//! Which transport a record means, and whether a login can go through it.
//!
//! Owns the steps from a name to a driver that can be used: its row, the kernel's word, the module once. Must not read sysfs nor load anything:
//! what the kernel shows comes as an argument, loading is an answer.
//!
//! Source: open-iscsi `usr/iscsi_sysfs.c` (`iscsi_sysfs_get_transport_by_name`), `usr/transport.c` (`set_transport_template`); the numbers of
//! capabilities: kernel `iscsi_if.h`.

use driver_sys::sysfs::class::transport::Caps;

use crate::error::{Error, Kind, Result, Status};
use crate::message::Message;
use crate::quirks::Driver;
use crate::quirks::driver::{Flow, Template};
use crate::step::Step;

/// What the kernel shows of a transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The number that requests name it by; 0 when it cannot be asked.
    pub handle: u64,
    /// Its capabilities.
    pub caps: Caps,
}

/// A transport that a login can go through.
#[derive(Debug, Clone, Copy)]
pub struct Usable {
    /// Its row.
    pub driver: &'static Driver,
    /// What a login takes.
    pub login: Template,
    /// The number that requests name it by.
    pub handle: u64,
    /// Its capabilities, with those that older kernels do not tell.
    pub caps: Caps,
}

/// Where sessions of a transport come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// User space makes them, or the driver from flash targets that can be managed.
    Stock,
    /// The vendor's first drivers: the firmware makes them from a table of its own, and user space only looks at them and rescans.
    FirmwareTable,
}

/// Who asks a portal for its targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendTargets {
    /// Whoever wants to know, by a session of his own.
    UserSpace,
    /// The adapter, on request.
    Adapter,
}

/// What comes of a name.
#[derive(Debug, Clone)]
pub enum Lookup {
    /// It can be used.
    Usable(Usable),
    /// The module is to be loaded, and then it is looked for once more.
    Load(&'static str),
}

/// Looks a transport up. `seen` is what the kernel shows under its name now, `loaded` whether its module was loaded for this before.
///
/// # Errors
/// [`Kind::Unsupported`] for a name without a row, with [`Status::NotSupported`], and for a transport that is not there after its module was loaded,
/// with [`Status::TransportNotFound`].
pub fn lookup(name: &str, seen: Option<Seen>, loaded: bool) -> Result<Lookup> {
    let (driver, login) = template(name)?;
    match seen.filter(|seen| seen.handle != 0) {
        Some(seen) => Ok(Lookup::Usable(Usable {
            driver,
            login,
            handle: seen.handle,
            caps: seen.caps | login.more_caps,
        })),
        None if !loaded => Ok(Lookup::Load(login.module)),
        None => Err(Error::new(Kind::Unsupported, format!("log in through {name}"))
            .with_status(Status::TransportNotFound)
            .answered(format!(
                "the kernel has no transport {name} although its module {} was asked for",
                login.module
            ))
            .hint("the kernel's log says why the module does not serve (dmesg)")),
    }
}

/// The row of a transport's name. One without a row is listed like any other, and nobody logs in through it.
///
/// # Errors
/// [`Kind::Unsupported`], with the errno that no function is there (ENOSYS).
pub fn template(name: &str) -> Result<(&'static Driver, Template)> {
    let driver = Driver::of(name);
    driver.login.map(|login| (driver, login)).ok_or_else(|| {
        Error::new(
            Kind::Unsupported,
            format!("log in through {}", name.escape_debug()),
        )
        .with_errno(nix::errno::Errno::ENOSYS as i32)
        .answered("there is no template for this transport: it is not known here what its logins take")
        .hint(
            Message::from("sessions that others make through it can be looked at: ").then(Step::SessionList),
        )
    })
}

impl Usable {
    /// Who connects and who logs in: what the kernel says goes before what the row says.
    #[must_use]
    pub fn flow(&self) -> Flow {
        if self.caps.contains(Caps::LOGIN_OFFLOAD) {
            Flow::Adapter
        } else {
            self.login.flow
        }
    }

    /// Where its sessions come from.
    #[must_use]
    pub fn generation(&self) -> Generation {
        if self.caps.contains(Caps::FW_DB) {
            Generation::FirmwareTable
        } else {
            Generation::Stock
        }
    }

    /// Who asks a portal for its targets.
    #[must_use]
    pub fn send_targets(&self) -> SendTargets {
        if self.caps.contains(Caps::SENDTARGETS_OFFLOAD) {
            SendTargets::Adapter
        } else {
            SendTargets::UserSpace
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HANDLE: u64 = 0xffff_8880_0000_1000;

    fn seen(caps: u32) -> Option<Seen> {
        Some(Seen {
            handle: HANDLE,
            caps: Caps::from_bits_retain(caps),
        })
    }

    fn usable(name: &str, caps: u32) -> Usable {
        match lookup(name, seen(caps), false).unwrap() {
            Lookup::Usable(usable) => usable,
            Lookup::Load(module) => panic!("{module} is to be loaded"),
        }
    }

    #[test]
    fn every_known_driver_is_loaded_once_and_used_when_it_is_there() {
        for driver in Driver::all() {
            let name = driver.transport;
            let dead = Some(Seen {
                handle: 0,
                caps: Caps::empty(),
            });
            for nothing in [None, dead] {
                let Ok(Lookup::Load(module)) = lookup(name, nothing, false) else {
                    panic!("{name}");
                };
                assert_eq!(Some(module), driver.login.map(|l| l.module));
                let e = lookup(name, nothing, true).unwrap_err();
                assert_eq!(
                    (e.kind(), e.status()),
                    (Kind::Unsupported, Status::TransportNotFound),
                    "{e}"
                );
            }
            assert_eq!(usable(name, 0).handle, HANDLE);
        }
    }

    #[test]
    fn a_transport_without_a_row_is_an_error_of_its_own_whether_the_kernel_has_it_or_not() {
        for there in [None, seen(0x48B8)] {
            let e = lookup("weird\n", there, false).unwrap_err();
            assert_eq!((e.kind(), e.status()), (Kind::Unsupported, Status::NotSupported));
            assert_eq!(e.errno(), Some(nix::errno::Errno::ENOSYS as i32));
            assert!(
                e.to_string().contains("no template") && e.to_string().contains("weird\\n"),
                "{e}"
            );
        }
    }

    /// The masks are those of the kernel's drivers; the last is that of the vendor's first one.
    #[test]
    fn who_logs_in_is_what_the_capabilities_say_and_then_the_row() {
        use Flow::{Adapter, Endpoint, Socket};
        for (name, caps, flow, generation, asks) in [
            (
                "qla4xxx",
                0x48B8,
                Adapter,
                Generation::Stock,
                SendTargets::UserSpace,
            ),
            (
                "bnx2i",
                0x08B9,
                Endpoint,
                Generation::Stock,
                SendTargets::UserSpace,
            ),
            (
                "cxgb4i",
                0x30B9,
                Endpoint,
                Generation::Stock,
                SendTargets::UserSpace,
            ),
            ("tcp", 0x0039, Socket, Generation::Stock, SendTargets::UserSpace),
            ("ocs", 0x4000, Adapter, Generation::Stock, SendTargets::UserSpace),
            (
                "qla4xxx",
                0x0E00,
                Adapter,
                Generation::FirmwareTable,
                SendTargets::Adapter,
            ),
        ] {
            let usable = usable(name, caps);
            assert_eq!(
                (usable.flow(), usable.generation(), usable.send_targets()),
                (flow, generation, asks),
                "{name}"
            );
        }
    }

    #[test]
    fn qla4xxx_carries_data_itself_even_where_the_kernel_forgot_to_say_so() {
        assert!(usable("qla4xxx", 0).caps.contains(Caps::DATA_PATH_OFFLOAD));
        assert!(!usable("tcp", 0).caps.contains(Caps::DATA_PATH_OFFLOAD));
    }
}
