//! The driver's two tables: what a DDB's new state means for a flash session and for a session of user space.
//!
//! Pure tables; must not act. Source: `ql4_init.c` (`qla4xxx_flash_ddb_change`, `qla4xxx_ddb_change`).

use driver_sys::hw::ddb::DdbState;

/// What a flash session does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlashStep {
    /// Commands flow, parameters are taken over, the target is scanned.
    Up,
    /// Commands wait, the relogin timer is armed.
    Down,
    /// It was down already: only the timer is armed.
    Again,
}

/// What a session of user space does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UserStep {
    /// Parameters are taken over, then user space hears of the login.
    LoggedIn,
    /// User space hears of the login, then parameters are taken over.
    Back,
    /// User space hears that the login failed.
    LoginFailed,
    /// User space hears that the connection is lost.
    Lost,
    /// The firmware's entry is free again.
    Released,
}

/// Flash sessions; `None` for a change that the driver only logs.
pub(crate) fn flash(old: DdbState, new: DdbState) -> Option<FlashStep> {
    use DdbState::{LoginInProcess, NoConnectionActive, SessionActive, SessionFailed};
    match (old, new) {
        (LoginInProcess | NoConnectionActive | SessionFailed, SessionActive) => Some(FlashStep::Up),
        (LoginInProcess | NoConnectionActive | SessionActive, SessionFailed) => Some(FlashStep::Down),
        (SessionFailed, SessionFailed) => Some(FlashStep::Again),
        _ => None,
    }
}

/// Sessions of user space; `None` for a change that the driver only logs.
pub(crate) fn user(old: DdbState, new: DdbState) -> Option<UserStep> {
    use DdbState::{Discovery, LoginInProcess, NoConnectionActive, SessionActive, SessionFailed};
    match (old, new) {
        (LoginInProcess, SessionActive | Discovery) => Some(UserStep::LoggedIn),
        (SessionFailed, SessionActive | Discovery) => Some(UserStep::Back),
        (LoginInProcess, SessionFailed | NoConnectionActive) => Some(UserStep::LoginFailed),
        (SessionActive | Discovery | SessionFailed, SessionFailed) => Some(UserStep::Lost),
        (SessionActive | Discovery, NoConnectionActive) => Some(UserStep::Released),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row for each old state, a column for each new one, in the order of the codes 0, 1, 2, 4, 6, 7.
    const STATES: [DdbState; 6] = [
        DdbState::Unassigned,
        DdbState::NoConnectionActive,
        DdbState::Discovery,
        DdbState::SessionActive,
        DdbState::SessionFailed,
        DdbState::LoginInProcess,
    ];

    #[test]
    fn the_flash_table_is_the_drivers() {
        let table = ["......", "...ud.", "......", "....d.", "...ua.", "...ud."];
        for (row, old) in table.iter().zip(STATES) {
            for (want, new) in row.chars().zip(STATES) {
                let got = match flash(old, new) {
                    None => '.',
                    Some(FlashStep::Up) => 'u',
                    Some(FlashStep::Down) => 'd',
                    Some(FlashStep::Again) => 'a',
                };
                assert_eq!(got, want, "{old:?} -> {new:?}");
            }
        }
    }

    #[test]
    fn the_user_table_is_the_drivers() {
        let table = ["......", "......", ".r..l.", ".r..l.", "..bbl.", ".fuuf."];
        for (row, old) in table.iter().zip(STATES) {
            for (want, new) in row.chars().zip(STATES) {
                let got = match user(old, new) {
                    None => '.',
                    Some(UserStep::LoggedIn) => 'u',
                    Some(UserStep::Back) => 'b',
                    Some(UserStep::LoginFailed) => 'f',
                    Some(UserStep::Lost) => 'l',
                    Some(UserStep::Released) => 'r',
                };
                assert_eq!(got, want, "{old:?} -> {new:?}");
            }
        }
    }
}
