//! Error texts and codes.

use super::*;
use crate::step::Step;

#[test]
fn a_timeout_says_what_was_waited_for() {
    let e = Error::timeout("log in to flash target 3", "session state LOGGED_IN");
    assert!(e.to_string().contains("waited for session state LOGGED_IN"));
    assert_eq!(e.kind(), Kind::Timeout);
}

#[test]
fn the_same_errno_reads_differently_for_different_operations() {
    let logout = explain(
        Operation::FlashLogout,
        libc_errno::ESRCH,
        "log out of flash target 3",
    );
    let chap = explain(Operation::ChapDelete, libc_errno::EBUSY, "remove chap entry 1");
    assert_eq!(logout.kind(), Kind::NotFound);
    assert_eq!(chap.kind(), Kind::Busy);
    assert!(logout.next_step().is_some() && chap.next_step().is_some());
    assert_ne!(logout.answer(), chap.answer());
    assert_eq!(chap.errno(), Some(libc_errno::EBUSY));
}

mod libc_errno {
    pub(super) const ESRCH: i32 = nix::errno::Errno::ESRCH as i32;
    pub(super) const EBUSY: i32 = nix::errno::Errno::EBUSY as i32;
}

#[test]
fn an_unknown_errno_still_names_its_number() {
    let e = explain(Operation::FlashNew, 12345, "add a flash target");
    assert!(e.to_string().contains("12345"), "{e}");
}

#[test]
fn the_three_outcomes_are_told_apart() {
    let late = Error::timeout("write chap entry 3", "an answer");
    assert_eq!(late.kind().outcome(), Outcome::NotDone);
    let sent = late.clone().in_doubt(Step::ChapList);
    assert_eq!(
        (sent.kind(), sent.kind().outcome()),
        (Kind::Unknown, Outcome::Unknown)
    );
    assert!(
        sent.to_string()
            .starts_with("it is not known whether this was done: write chap entry 3"),
        "{sent}"
    );
    // What was refused was not done, sent or not.
    let refused = Error::new(Kind::Busy, "write chap entry 3").in_doubt(Step::ChapList);
    assert_eq!(refused.kind().outcome(), Outcome::NotDone);
    for kind in [Kind::RollbackFailed, Kind::VerifyFailed { rolled_back: false }] {
        assert_eq!(kind.outcome(), Outcome::Unknown);
    }
    assert_eq!(
        Kind::VerifyFailed { rolled_back: true }.outcome(),
        Outcome::NotDone
    );
}

#[test]
fn a_wait_that_was_ended_does_not_speak_of_time() {
    let e = Error::timeout("log in to flash target 3", "session state LOGGED_IN").interrupted("SIGTERM");
    assert_eq!(e.kind(), Kind::Interrupted);
    assert_eq!(
        e.answer(),
        Some("ended by SIGTERM; waited for session state LOGGED_IN")
    );
    let refused = Error::new(Kind::Busy, "x").answered("in use");
    assert_eq!(refused.clone().interrupted("SIGTERM"), refused);
}
