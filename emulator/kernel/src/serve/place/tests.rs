//! Which directories are taken, and what is left alone.

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

fn lab() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn take(dir: &Path) -> Result<Place, ServeError> {
    Place::take(dir, &dir.join("flash.img"), None)
}

fn refused(dir: &Path) -> String {
    match take(dir) {
        Err(error @ ServeError::Refused { .. }) => error.to_string(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("taken"),
    }
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_missing_directory_is_made_for_its_owner_alone_and_taken_again_later() {
    let lab = lab();
    let dir = lab.path().join("above/hba");
    let place = take(&dir).unwrap();
    assert_eq!((mode(&lab.path().join("above")), mode(&dir)), (0o700, 0o700));
    assert_eq!((mode(&dir.join(LOCK)), mode(&dir.join(MARK))), (0o600, 0o600));
    assert!(matches!(take(&dir), Err(ServeError::Locked(_))));
    fs::create_dir(place.root().join("sys")).unwrap();
    drop(place);
    // A lock file of an older server, that everybody could read and hold.
    chmod(&dir.join(LOCK), 0o644);
    take(&dir).unwrap();
    assert_eq!(mode(&dir.join(LOCK)), 0o600);
    assert!(dir.join("sys").is_dir());
}

#[test]
fn what_somebody_keeps_in_a_directory_is_left_alone() {
    for name in ["sys", "netlink", "control", "lock", "anything"] {
        let lab = lab();
        fs::write(lab.path().join(name), "precious").unwrap();
        let before = mode(lab.path());
        let said = refused(lab.path());
        assert!(said.contains(name) && said.contains(MARK), "{said}");
        assert_eq!(fs::read(lab.path().join(name)).unwrap(), b"precious");
        assert_eq!(fs::read_dir(lab.path()).unwrap().count(), 1, "{name}");
        assert_eq!(mode(lab.path()), before);
    }
}

#[test]
fn a_flash_file_may_be_there_before_its_card() {
    let lab = lab();
    for name in [
        "flash.img",
        "flash.img.nvram",
        "flash.img.journal",
        "flash.img.lock",
    ] {
        fs::write(lab.path().join(name), "x").unwrap();
    }
    take(lab.path()).unwrap();
    let other = super::tests::lab();
    fs::write(other.path().join("flash.img"), "x").unwrap();
    let elsewhere = Place::take(other.path(), Path::new("/nowhere/flash.img"), None);
    assert!(matches!(elsewhere, Err(ServeError::Refused { .. })));
}

#[test]
fn a_directory_that_others_write_to_is_refused_and_what_they_planted_is_not_followed() {
    let lab = lab();
    let dir = lab.path().join("hba");
    fs::create_dir(&dir).unwrap();
    for open in [0o777, 0o1777, 0o770] {
        chmod(&dir, open);
        for name in ["flash.img", LOCK, MARK] {
            symlink(lab.path().join("victim"), dir.join(name)).unwrap();
            let Err(ServeError::Place(error)) = take(&dir) else {
                panic!("{name}");
            };
            assert!(matches!(error.why(), Why::Writable(_)), "{error}");
            fs::remove_file(dir.join(name)).unwrap();
        }
    }
    chmod(&dir, 0o755);
    drop(take(&dir).unwrap());
    assert_eq!(mode(&dir), 0o700);
    // One of its own, as somebody may have made it in a careless moment.
    for name in [LOCK, MARK] {
        fs::remove_file(dir.join(name)).unwrap();
        symlink(lab.path().join("victim"), dir.join(name)).unwrap();
        assert!(take(&dir).is_err(), "{name}");
        fs::remove_file(dir.join(name)).unwrap();
        fs::write(dir.join(MARK), "").unwrap();
    }
    assert!(!lab.path().join("victim").exists());
}

#[test]
fn a_parent_where_everybody_could_swap_it_is_refused() {
    let lab = lab();
    let open = lab.path().join("open");
    fs::create_dir(&open).unwrap();
    chmod(&open, 0o777);
    assert!(refused(&open.join("below/hba")).contains("sticky"));
    chmod(&open, 0o1777);
    take(&open.join("below/hba")).unwrap();
}

#[test]
fn another_directory_under_the_same_name_gets_nothing() {
    let lab = lab();
    let (dir, moved) = (lab.path().join("hba"), lab.path().join("moved"));
    let place = take(&dir).unwrap();
    fs::rename(&dir, &moved).unwrap();
    fs::create_dir(&dir).unwrap();
    fs::write(place.root().join("file"), "x").unwrap();
    assert!(moved.join("file").exists() && !dir.join("file").exists());
}

#[test]
fn somebody_elses_directory_is_refused() {
    if !nix::unistd::geteuid().is_root() {
        // Only root can make one; the check itself is the same for everybody.
        return;
    }
    let lab = lab();
    let dir = lab.path().join("theirs");
    fs::create_dir(&dir).unwrap();
    std::os::unix::fs::chown(&dir, Some(65534), None).unwrap();
    let Err(ServeError::Place(error)) = take(&dir) else {
        panic!("taken");
    };
    assert!(matches!(error.why(), Why::Owner(65534)), "{error}");
}

#[test]
fn a_group_may_enter_but_not_write() {
    let lab = lab();
    let dir = lab.path().join("hba");
    let _place = Place::take(&dir, &dir.join("flash.img"), Some(nix::unistd::getegid())).unwrap();
    assert_eq!(mode(&dir), 0o750);
    assert_eq!((mode(&dir.join(LOCK)), mode(&dir.join(MARK))), (0o600, 0o600));
}
