use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use super::*;
use crate::deadline::Deadline;
use crate::error::Kind;
use crate::nodes::Place;

struct Lab {
    dir: tempfile::TempDir,
    place: Place,
}

impl Lab {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let place = Place::under(dir.path());
        // The directory of the lock is made by the first who takes it.
        let lab = Self { dir, place };
        drop(lab.take());
        lab
    }

    fn take(&self) -> Held {
        Held::take(&self.place, Deadline::after(Duration::from_secs(120)), "a test").expect("the lock")
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join("lock").join(name)
    }

    /// What a peer does.
    fn peer_takes(&self) -> bool {
        let file = self.at("lock");
        fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&file)
            .expect("the file");
        fs::hard_link(&file, self.at("lock.write")).is_ok()
    }

    fn peer_frees(&self) {
        fs::remove_file(self.at("lock.write")).expect("it was taken");
    }
}

#[test]
fn a_lock_excludes_the_peer_until_it_is_dropped() {
    let lab = Lab::new();
    assert!(lab.peer_takes());
    lab.peer_frees();
    let held = lab.take();
    assert_eq!(held.told(), None);
    let turn = held_here(&lab.place.lock);
    assert!(turn.is_some() && turn == held_here(&lab.place.lock));
    assert!(!lab.peer_takes());
    let said = fs::read_to_string(lab.at("lock.write")).expect("the link");
    assert!(
        said.contains("a test") && said.contains(&std::process::id().to_string()),
        "{said}"
    );
    drop(held);
    assert_eq!(held_here(&lab.place.lock), None);
    let another = lab.take();
    assert_ne!(held_here(&lab.place.lock), turn, "another turn");
    drop(another);
    assert!(lab.peer_takes());
}

#[test]
fn who_waits_in_vain_is_told_who_has_it() {
    let lab = Lab::new();
    let held = lab.take();
    let soon = || Deadline::after(Duration::from_millis(20));
    let refused = Held::take(&lab.place, soon(), "another").expect_err("it is held");
    assert_eq!(refused.kind(), Kind::Busy);
    let me = format!("a test, process {}", std::process::id());
    assert!(refused.to_string().contains(&me), "{refused}");
    drop(held);
    assert!(lab.peer_takes());
    let refused = Held::take(&lab.place, soon(), "another").expect_err("it is held");
    assert_eq!(refused.kind(), Kind::Busy);
    assert!(refused.to_string().contains("held by"), "{refused}");
    lab.peer_frees();
    drop(lab.take());
}

#[test]
fn the_lock_comes_when_the_peer_frees_it() {
    let lab = Lab::new();
    assert!(lab.peer_takes());
    thread::scope(|scope| {
        let waiter = scope.spawn(|| lab.take());
        while fs::read(lab.at("hba.queue")).unwrap_or_default().is_empty() {
            thread::yield_now();
        }
        lab.peer_frees();
        assert_eq!(waiter.join().expect("a waiter").told(), None);
    });
    assert!(lab.peer_takes());
}

#[test]
fn what_a_dead_one_of_ours_left_is_taken_over_at_once_and_told() {
    let lab = Lab::new();
    fs::write(
        lab.at("lock.write"),
        "hba hbactl node set, process 4711, since 1.000 (0)",
    )
    .expect("a link");
    let held = Held::take(&lab.place, Deadline::after(Duration::ZERO), "a test").expect("the lock");
    assert!(
        held.told()
            .expect("told")
            .contains("hbactl node set, process 4711")
    );
    assert!(!lab.peer_takes());
    drop(held);
    assert!(lab.peer_takes());
}

#[test]
fn what_a_dead_peer_left_is_taken_over_exactly_once() {
    let lab = Lab::new();
    assert!(lab.peer_takes());
    let (told, inside) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let held = lab.take();
                assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                told.fetch_add(u32::from(held.told().is_some()), Ordering::SeqCst);
                assert!(!lab.peer_takes());
                inside.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    assert_eq!(told.into_inner(), 1);
    assert!(lab.peer_takes());
}

#[test]
fn a_lock_that_is_somebody_elses_by_now_is_not_freed() {
    let lab = Lab::new();
    let held = lab.take();
    fs::remove_file(lab.at("lock.write")).expect("somebody tidied up");
    assert!(lab.peer_takes());
    drop(held);
    assert!(!lab.peer_takes());
}

#[test]
fn threads_of_ours_and_peers_lose_no_update() {
    let lab = Lab::new();
    let counter = lab.at("../counter");
    fs::write(&counter, "0").expect("a counter");
    let add = || {
        let was: u32 = fs::read_to_string(&counter)
            .expect("a counter")
            .parse()
            .expect("a number");
        fs::write(&counter, (was + 1).to_string()).expect("written");
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let held = lab.take();
                    add();
                    drop(held);
                }
            });
            scope.spawn(|| {
                for _ in 0..25 {
                    // As the peer does, but more often.
                    while !lab.peer_takes() {
                        thread::sleep(Duration::from_millis(1));
                    }
                    add();
                    lab.peer_frees();
                }
            });
        }
    });
    assert_eq!(fs::read_to_string(&counter).expect("a counter"), "300");
}

#[test]
fn a_lock_that_cannot_be_made_is_refused_with_its_place() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("lock"), "").expect("a file in the way");
    let place = Place::under(dir.path());
    let refused =
        Held::take(&place, Deadline::after(Duration::from_secs(1)), "a test").expect_err("no place");
    assert!(refused.to_string().contains("lock"), "{refused}");
}
