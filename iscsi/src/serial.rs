//! Serial numbers modulo 2^32: CmdSN, StatSN and their windows.
//!
//! Owns comparison and windows. Source: RFC 1982 as used by RFC 7143 section 4.2.2.1.

/// True if `a` comes before `b`. Numbers exactly 2^31 apart are not ordered: both directions are false.
#[must_use]
pub const fn before(a: u32, b: u32) -> bool {
    let distance = b.wrapping_sub(a);
    distance != 0 && distance < 0x8000_0000
}

/// True if `a` equals `b` or comes before it.
#[must_use]
pub const fn at_or_before(a: u32, b: u32) -> bool {
    a == b || before(a, b)
}

/// How many commands the window ExpCmdSN..=MaxCmdSN leaves from `next` on; 0 if it is closed or `next` lies outside.
#[must_use]
pub const fn window(next: u32, max: u32) -> u32 {
    if at_or_before(next, max) {
        max.wrapping_sub(next).wrapping_add(1)
    } else {
        0
    }
}

/// The initiator's view of the command window, updated from every target PDU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandWindow {
    /// Lowest CmdSN that the target still expects.
    pub exp: u32,
    /// Highest CmdSN that may be sent.
    pub max: u32,
}

impl CommandWindow {
    /// A window that lets exactly `first` through, as before the first login response.
    #[must_use]
    pub const fn new(first: u32) -> Self {
        Self {
            exp: first,
            max: first,
        }
    }

    /// The window that a login ends with. MaxCmdSN below ExpCmdSN - 1 is void: the window is closed then.
    #[must_use]
    pub const fn told(exp: u32, max: u32) -> Self {
        let closed = exp.wrapping_sub(1);
        Self {
            exp,
            max: if before(max, closed) { closed } else { max },
        }
    }

    /// Takes ExpCmdSN and MaxCmdSN of a PDU. Values that go backwards or contradict each other are ignored, as the RFC demands.
    pub const fn update(&mut self, exp: u32, max: u32) {
        if before(max, exp.wrapping_sub(1)) {
            return;
        }
        if before(self.exp, exp) {
            self.exp = exp;
        }
        if before(self.max, max) {
            self.max = max;
        }
    }

    /// True if a command numbered `cmd_sn` may be sent.
    #[must_use]
    pub const fn admits(&self, cmd_sn: u32) -> bool {
        at_or_before(cmd_sn, self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_wraps_around() {
        assert!(before(0xffff_ffff, 0));
        assert!(!before(0, 0xffff_ffff));
        assert!(!before(7, 7));
        assert!(!before(0, 0x8000_0000) && !before(0x8000_0000, 0));
        assert!(at_or_before(3, 3));
    }

    #[test]
    fn a_window_counts_what_may_be_sent() {
        assert_eq!(window(5, 5), 1);
        assert_eq!(window(6, 5), 0);
        assert_eq!(window(0xffff_fffe, 1), 4);
    }

    #[test]
    fn a_window_never_moves_back_and_ignores_contradictions() {
        let mut w = CommandWindow::new(10);
        w.update(12, 40);
        w.update(11, 30);
        assert_eq!(w, CommandWindow { exp: 12, max: 40 });
        w.update(50, 41);
        assert_eq!(w, CommandWindow { exp: 12, max: 40 }, "max below exp-1 is void");
        w.update(41, 40);
        assert!(w.admits(40) && !w.admits(41), "exp = max + 1 closes the window");
    }
}
