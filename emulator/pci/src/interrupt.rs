//! The interrupt line: level in, eventfd out.
//!
//! Owns INTx with automask: after it has fired it is silent until the client unmasks it, and fires again then if the level is
//! still high. Source: `include/uapi/linux/vfio.h` `VFIO_IRQ_SET_*`.

use std::os::fd::OwnedFd;

use nix::libc;

use crate::descriptor::Foreign;

const DATA_NONE: u32 = 1;
const DATA_BOOL: u32 = 1 << 1;
const DATA_EVENTFD: u32 = 1 << 2;
const ACTION_MASK: u32 = 1 << 3;
const ACTION_UNMASK: u32 = 1 << 4;
const ACTION_TRIGGER: u32 = 1 << 5;

/// The INTx line of a function.
#[derive(Debug, Default)]
pub(crate) struct Interrupt {
    eventfd: Option<OwnedFd>,
    masked: bool,
    level: bool,
}

impl Interrupt {
    /// `DEVICE_SET_IRQS` for INTx.
    pub(crate) fn set(
        &mut self,
        flags: u32,
        start: u32,
        count: u32,
        data: &[u8],
        fds: Vec<Foreign>,
    ) -> Result<(), i32> {
        if start > 1 || count > 1 {
            return Err(libc::EINVAL);
        }
        let what = flags & (DATA_NONE | DATA_BOOL | DATA_EVENTFD);
        let on = match what {
            DATA_NONE => true,
            DATA_BOOL => *data.first().ok_or(libc::EINVAL)? != 0,
            DATA_EVENTFD => false,
            _ => return Err(libc::EINVAL),
        };
        match flags & (ACTION_MASK | ACTION_UNMASK | ACTION_TRIGGER) {
            ACTION_TRIGGER if what == DATA_EVENTFD => {
                // A new line begins unmasked.
                self.eventfd = match fds.into_iter().next() {
                    // Of anything else nobody knows whether a write returns.
                    Some(fd) => Some(fd.eventfd().ok_or(libc::EINVAL)?),
                    None => None,
                };
                self.masked = false;
            }
            ACTION_TRIGGER if count == 0 => self.eventfd = None,
            ACTION_TRIGGER if on => return self.signal(),
            ACTION_MASK if on => self.masked = true,
            ACTION_UNMASK if on => self.masked = false,
            ACTION_MASK | ACTION_UNMASK if what == DATA_EVENTFD => return Err(libc::ENOTSUP),
            ACTION_TRIGGER | ACTION_MASK | ACTION_UNMASK => {}
            _ => return Err(libc::EINVAL),
        }
        self.fire();
        Ok(())
    }

    /// The line's level is now this.
    pub(crate) fn level(&mut self, high: bool) {
        self.level = high;
        self.fire();
    }

    fn fire(&mut self) {
        if self.level && !self.masked && self.eventfd.is_some() {
            self.masked = true;
            // A counter that is full has been told already.
            let _ = self.signal();
        }
    }

    fn signal(&self) -> Result<(), i32> {
        let Some(fd) = &self.eventfd else { return Ok(()) };
        match nix::unistd::write(fd, &1u64.to_ne_bytes()) {
            Ok(_) | Err(nix::errno::Errno::EAGAIN) => Ok(()),
            Err(errno) => Err(errno as i32),
        }
    }
}

#[cfg(test)]
mod tests {
    use nix::sys::eventfd::{EfdFlags, EventFd};

    use super::*;

    fn fired(fd: &EventFd) -> u64 {
        fd.read().unwrap_or(0)
    }

    #[test]
    fn a_high_line_fires_once_until_it_is_unmasked() {
        let mine = EventFd::from_flags(EfdFlags::EFD_NONBLOCK).unwrap();
        let theirs = Foreign::new(
            std::os::fd::AsFd::as_fd(&mine).try_clone_to_owned().unwrap(),
            crate::descriptor::Waiting::default(),
        );
        let mut line = Interrupt::default();
        line.level(true);
        line.set(DATA_EVENTFD | ACTION_TRIGGER, 0, 1, &[], vec![theirs])
            .unwrap();
        assert_eq!(fired(&mine), 1);
        line.level(true);
        assert_eq!(fired(&mine), 0);
        line.set(DATA_NONE | ACTION_UNMASK, 0, 1, &[], vec![]).unwrap();
        assert_eq!(fired(&mine), 1, "the level is still high");
        line.level(false);
        line.set(DATA_NONE | ACTION_UNMASK, 0, 1, &[], vec![]).unwrap();
        assert_eq!(fired(&mine), 0);
        line.set(DATA_NONE | ACTION_MASK, 0, 1, &[], vec![]).unwrap();
        line.level(true);
        assert_eq!(fired(&mine), 0);
        line.set(DATA_BOOL | ACTION_UNMASK, 0, 1, &[1], vec![]).unwrap();
        assert_eq!(fired(&mine), 1);
        line.set(DATA_NONE | ACTION_TRIGGER, 0, 0, &[], vec![]).unwrap();
        line.set(DATA_NONE | ACTION_UNMASK, 0, 1, &[], vec![]).unwrap();
        assert_eq!(fired(&mine), 0, "disabled");
    }

    #[test]
    fn nonsense_is_refused() {
        let mut line = Interrupt::default();
        let file = Foreign::new(
            tempfile::tempfile().unwrap().into(),
            crate::descriptor::Waiting::default(),
        );
        assert_eq!(
            line.set(DATA_EVENTFD | ACTION_TRIGGER, 0, 1, &[], vec![file]),
            Err(libc::EINVAL)
        );
        for (flags, start, count) in [
            (0, 0, 1),
            (0xFF, 0, 1),
            (DATA_NONE | ACTION_MASK, 7, 1),
            (DATA_NONE | ACTION_MASK, 0, 9),
        ] {
            assert_eq!(line.set(flags, start, count, &[], vec![]), Err(libc::EINVAL));
        }
        assert_eq!(
            line.set(DATA_BOOL | ACTION_MASK, 0, 1, &[], vec![]),
            Err(libc::EINVAL)
        );
        assert_eq!(
            line.set(DATA_EVENTFD | ACTION_UNMASK, 0, 1, &[], vec![]),
            Err(libc::ENOTSUP)
        );
    }
}
