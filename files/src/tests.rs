//! What stands in the way of a careless open: links, FIFOs, other users, killed writers.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FlockOperation, Mode, mkfifoat};

use crate::{
    Access, Dir, Existing, Input, Kind, Lock, Output, Why, create_new, existing, overwrite, read_limited,
    unit,
};

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn fifo(path: &Path) {
    mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).unwrap();
}

/// Runs what must not block, and fails when it does.
fn soon<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(work()));
    told.recv_timeout(Duration::from_secs(20)).expect("it blocks")
}

#[test]
fn a_private_directory_is_made_for_its_owner_only() {
    let t = tempfile::tempdir().unwrap();
    let dir = Dir::private(&t.path().join("a/b")).unwrap();
    assert_eq!(mode(dir.path()), 0o700);
    assert_eq!(mode(&t.path().join("a")), 0o700);
    let sub = dir.subdir("c").unwrap();
    assert_eq!(mode(sub.path()), 0o700);
    drop(dir.create_new("new").unwrap());
    dir.replace("replaced", b"x").unwrap();
    drop(Lock::take(&dir, "lock", "me").unwrap());
    for name in ["new", "replaced", "lock"] {
        assert_eq!(mode(&dir.path().join(name)), 0o600, "{name}");
    }
}

#[test]
fn what_others_may_read_is_closed_and_what_they_may_write_is_refused() {
    let t = tempfile::tempdir().unwrap();
    fs::set_permissions(t.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let dir = Dir::private(t.path()).unwrap();
    assert_eq!(dir.mode().unwrap(), 0o700);
    for open in [0o777, 0o775, 0o1777] {
        fs::set_permissions(t.path(), fs::Permissions::from_mode(open)).unwrap();
        let error = Dir::private(t.path()).unwrap_err();
        assert!(matches!(error.why(), Why::Writable(m) if *m == open), "{error}");
        assert_eq!(mode(t.path()), open, "and it is left as it was");
        assert!(Dir::ours(t.path()).is_err() && Dir::private_if_there(t.path()).is_err());
        assert!(Dir::open(t.path()).is_ok());
    }
}

#[test]
fn what_belongs_to_somebody_else_is_refused() {
    let t = tempfile::tempdir().unwrap();
    // The superuser gives one away; anybody else takes one of the superuser's.
    let theirs = if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(t.path(), Some(65534), None).unwrap();
        t.path()
    } else {
        Path::new("/")
    };
    for result in [Dir::private(theirs), Dir::ours(theirs)] {
        let error = result.unwrap_err();
        assert!(matches!(error.why(), Why::Owner(_)), "{error}");
    }
}

#[test]
fn planted_links_are_not_followed() {
    let t = tempfile::tempdir().unwrap();
    let precious = t.path().join("precious");
    fs::write(&precious, "precious").unwrap();
    let dir = Dir::private(&t.path().join("d")).unwrap();
    symlink(&precious, dir.path().join("link")).unwrap();
    symlink(t.path(), dir.path().join("dirlink")).unwrap();
    symlink(t.path().join("made"), dir.path().join("dangling")).unwrap();
    for name in ["link", "dangling"] {
        let path = dir.path().join(name);
        assert!(matches!(
            dir.open_file(name, Access::Write).unwrap_err().why(),
            Why::Link
        ));
        assert!(matches!(dir.create_new(name).unwrap_err().why(), Why::Exists));
        assert!(matches!(
            Lock::take(&dir, name, "me").unwrap_err().why(),
            Why::Link
        ));
        assert!(matches!(
            existing(&path, Access::Read).unwrap_err().why(),
            Why::Link
        ));
        assert!(matches!(create_new(&path, 0o600).unwrap_err().why(), Why::Exists));
        assert!(matches!(overwrite(&path, 0o600).unwrap_err().why(), Why::Link));
        assert!(matches!(unit(&path, Access::Write).unwrap_err().why(), Why::Link));
        for how in [Existing::Refuse, Existing::Overwrite] {
            assert!(matches!(Output::create(&path, how).unwrap_err().why(), Why::Link));
        }
    }
    assert!(dir.subdir("dirlink").is_err());
    // A replaced link is replaced itself, not what it names.
    dir.replace("link", b"new").unwrap();
    assert_eq!(dir.read("link", 10).unwrap().unwrap(), b"new");
    dir.remove_all("dirlink").unwrap();
    assert_eq!(fs::read(&precious).unwrap(), b"precious");
    assert!(!t.path().join("made").exists());
}

#[test]
fn links_on_the_way_are_followed_only_where_we_or_the_superuser_made_them() {
    let t = tempfile::tempdir().unwrap();
    fs::create_dir(t.path().join("real")).unwrap();
    let link = t.path().join("link");
    symlink("real", &link).unwrap();
    assert!(Dir::private(&link.join("x")).is_ok());
    // In the last place, even one of our own: what we trust is a directory.
    assert!(Dir::open(&link).is_ok());
    for refused in [Dir::private(&link), Dir::ours(&link)] {
        assert!(matches!(refused.unwrap_err().why(), Why::Link));
    }
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::lchown(&link, Some(65534), None).unwrap();
        let error = Dir::private(&link.join("x")).unwrap_err();
        assert!(matches!(error.why(), Why::Link), "{error}");
        assert!(create_new(&link.join("y"), 0o600).is_err());
    }
    symlink("loop", t.path().join("loop")).unwrap();
    assert!(Dir::open(&t.path().join("loop/x")).is_err());
}

#[test]
fn names_that_leave_the_directory_are_refused() {
    let t = tempfile::tempdir().unwrap();
    let dir = Dir::private(&t.path().join("d")).unwrap();
    for name in ["..", ".", "", "a/b", "/etc/passwd", "../x", "x/"] {
        let error = dir.replace(name, b"").unwrap_err();
        assert!(matches!(error.why(), Why::Name), "{name}: {error}");
    }
}

#[test]
fn opening_never_blocks() {
    let t = tempfile::tempdir().unwrap();
    let path = t.path().join("fifo");
    fifo(&path);
    let dir = Dir::private(&t.path().join("d")).unwrap();
    fifo(&dir.path().join("fifo"));
    soon(move || {
        assert!(matches!(
            dir.read("fifo", 1).unwrap_err().why(),
            Why::Kind(Kind::Pipe, _)
        ));
        assert!(Lock::take(&dir, "fifo", "me").is_err());
        assert!(existing(&path, Access::Write).is_err());
        assert!(overwrite(&path, 0o600).is_err());
        assert!(unit(&path, Access::Write).is_err());
        assert!(Output::create(&path, Existing::Overwrite).is_err());
        // Nobody writes: it is waited for as long as wanted, and that is said.
        let error = read_limited(&path, 10, Some(Instant::now() + Duration::from_millis(30))).unwrap_err();
        assert!(matches!(error.why(), Why::Silent), "{error}");
    });
}

#[test]
fn a_pipe_is_read_to_its_end_and_not_beyond_the_limit() {
    let t = tempfile::tempdir().unwrap();
    let path = t.path().join("fifo");
    fifo(&path);
    let deadline = Some(Instant::now() + Duration::from_secs(20));
    for (limit, fits) in [(5, true), (4, false)] {
        let to = path.clone();
        let writer = thread::spawn(move || {
            let mut file = fs::OpenOptions::new().write(true).open(to).unwrap();
            file.write_all(b"ab").unwrap();
            file.write_all(b"cde").unwrap();
        });
        let read = read_limited(&path, limit, deadline);
        writer.join().unwrap();
        match read {
            Ok(bytes) => assert!(fits && bytes == b"abcde"),
            Err(error) => assert!(!fits && matches!(error.why(), Why::TooLong(4)), "{error}"),
        }
    }
}

#[test]
fn an_input_tells_its_length_where_it_has_one() {
    let t = tempfile::tempdir().unwrap();
    let path = t.path().join("f");
    fs::write(&path, "12345").unwrap();
    let mut input = Input::open(&path, None).unwrap();
    assert_eq!((input.kind(), input.length()), (Kind::File, Some(5)));
    let mut text = String::new();
    input.read_to_string(&mut text).unwrap();
    assert_eq!(text, "12345");
    assert_eq!(Input::open(Path::new("/dev/zero"), None).unwrap().length(), None);
    assert!(Input::open(t.path(), None).is_err());
}

#[test]
fn an_output_that_is_not_finished_leaves_what_was_there() {
    let t = tempfile::tempdir().unwrap();
    let path = t.path().join("out");
    let refused = |how| Output::create(&path, how);
    let mut output = refused(Existing::Refuse).unwrap();
    output.write_all(b"first").unwrap();
    assert!(!path.exists());
    output.finish().unwrap();
    assert_eq!(
        (fs::read(&path).unwrap().as_slice(), mode(&path)),
        (&b"first"[..], 0o600)
    );

    assert!(matches!(
        refused(Existing::Refuse).unwrap_err().why(),
        Why::Exists
    ));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let mut output = refused(Existing::Overwrite).unwrap();
    output.write_all(b"second").unwrap();
    drop(output);
    assert_eq!(fs::read(&path).unwrap(), b"first");
    assert_eq!(fs::read_dir(t.path()).unwrap().count(), 1);
    let mut output = refused(Existing::Overwrite).unwrap();
    output.write_all(b"third").unwrap();
    output.finish().unwrap();
    assert_eq!(
        (fs::read(&path).unwrap().as_slice(), mode(&path)),
        (&b"third"[..], 0o640)
    );

    // What came meanwhile is not overwritten either.
    let other = t.path().join("other");
    let output = Output::create(&other, Existing::Refuse).unwrap();
    fs::write(&other, "theirs").unwrap();
    assert!(matches!(output.finish().unwrap_err().why(), Why::Exists));
    assert_eq!(fs::read(&other).unwrap(), b"theirs");
    assert_eq!(fs::read_dir(t.path()).unwrap().count(), 2);
}

#[test]
fn what_killed_writers_left_is_removed_and_what_is_being_written_is_not() {
    let t = tempfile::tempdir().unwrap();
    let dir = Dir::private(t.path()).unwrap();
    let left = t.path().join(".state.new-0123456789abcdef");
    let written = t.path().join(".state.new-fedcba9876543210");
    fs::write(&left, "").unwrap();
    fs::write(&written, "").unwrap();
    for other in [
        ".other.new-0123456789abcdef",
        ".state.new-0123",
        "state.new-0123456789abcdef",
    ] {
        fs::write(t.path().join(other), "").unwrap();
    }
    let held = fs::File::open(&written).unwrap();
    rustix::fs::flock(&held, FlockOperation::LockExclusive).unwrap();
    dir.replace("state", b"x").unwrap();
    assert!(!left.exists() && written.exists());
    drop(held);
    dir.replace("state", b"y").unwrap();
    assert!(!written.exists());
    assert_eq!(dir.names().unwrap().len(), 4, "{:?}", dir.names());
}

#[test]
fn writers_of_one_name_do_not_disturb_each_other() {
    let t = tempfile::tempdir().unwrap();
    let dir = Dir::private(t.path()).unwrap();
    thread::scope(|scope| {
        for writer in 0..4u8 {
            let dir = &dir;
            scope.spawn(move || {
                for _ in 0..50 {
                    dir.replace("state", &[writer; 1000]).unwrap();
                    let read = dir.read("state", 1000).unwrap().unwrap();
                    assert!(read.len() == 1000 && read.iter().all(|b| *b == read[0]));
                }
            });
        }
    });
    assert_eq!(dir.names().unwrap(), [OsStr::new("state")]);
}

#[test]
fn a_lock_excludes_names_its_holder_and_is_freed() {
    let t = tempfile::tempdir().unwrap();
    let dir = Dir::private(t.path()).unwrap();
    assert_eq!(Lock::holder(&dir, "lock").unwrap(), None);
    let lock = Lock::take(&dir, "lock", "hbactl chap add (pid 7)\nmore").unwrap();
    let error = Lock::take(&dir, "lock", "other").unwrap_err();
    assert!(
        matches!(error.why(), Why::Held(by) if by == "hbactl chap add (pid 7)"),
        "{error}"
    );
    assert_eq!(
        Lock::holder(&dir, "lock").unwrap().as_deref(),
        Some("hbactl chap add (pid 7)")
    );
    let begun = Instant::now();
    let until = begun + Duration::from_millis(40);
    assert!(Lock::take_until(&dir, "lock", "other", until).is_err());
    assert!(begun.elapsed() >= Duration::from_millis(40));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            Lock::take_until(&dir, "lock", "other", Instant::now() + Duration::from_secs(20)).unwrap()
        });
        drop(lock);
        let lock = waiting.join().unwrap();
        assert_eq!(Lock::holder(&dir, "lock").unwrap().as_deref(), Some("other"));
        drop(lock);
    });
    assert_eq!(Lock::holder(&dir, "lock").unwrap(), None);
}

#[test]
fn a_lock_file_that_others_could_open_is_closed_to_them() {
    let t = tempfile::tempdir().unwrap();
    let dir = Dir::private(t.path()).unwrap();
    let path = t.path().join("lock");
    fs::OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o644)
        .open(&path)
        .unwrap();
    drop(Lock::take(&dir, "lock", "me").unwrap());
    assert_eq!(mode(&path), 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(matches!(
        Lock::take(&dir, "lock", "me").unwrap_err().why(),
        Why::Writable(_)
    ));
}

#[test]
fn overwriting_in_place_wants_a_file_of_ours_with_one_name() {
    let t = tempfile::tempdir().unwrap();
    let path = t.path().join("trace");
    let mut file = overwrite(&path, 0o600).unwrap();
    file.write_all(b"old").unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(overwrite(&path, 0o600).unwrap().metadata().unwrap().len(), 0);
    fs::hard_link(&path, t.path().join("second")).unwrap();
    assert!(matches!(overwrite(&path, 0o600).unwrap_err().why(), Why::Names));
}
