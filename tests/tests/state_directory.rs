//! What `hbactl` keeps beside an endpoint: in a directory of its own, for its user alone, whoever put what there before.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use lab_tests::asked::{Asked, describe};
use lab_tests::need::{Need, left_out};
use lab_tests::process::own_binary;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

const OLD: &[u8] = b"precious";
const SET: [&str; 4] = ["iface", "set", "ipv4", "gateway=127.0.0.1"];
const STAGED: &str = "staged-ifaces.json";

/// Not followed, however it is called.
fn refused(lab: &Asked) -> Result<()> {
    let out = lab.lab.hbactl(&SET)?;
    ensure!(matches!(out.status.code(), Some(1 | 2)), "{}", describe(&out));
    Ok(())
}

fn mode(path: &Path) -> Result<u32> {
    Ok(fs::symlink_metadata(path)?.mode() & 0o7777)
}

#[test]
fn nothing_planted_is_followed_and_nothing_is_for_others() -> Result<()> {
    let lab = Asked::start(&["--ports", "1"])?;
    let state = lab.lab.endpoint().join("hbactl");
    let victims = lab.lab.path().join("victims");
    fs::create_dir(&victims)?;
    let victim = victims.join("file");
    fs::write(&victim, OLD)?;
    let untouched = |why: &str| -> Result<()> {
        ensure!(fs::read(&victim)? == OLD, "{why}: a file was overwritten");
        ensure!(fs::read_dir(&victims)?.count() == 1, "{why}: a file was made");
        Ok(())
    };

    // The directory itself is a link.
    symlink(&victims, &state)?;
    refused(&lab)?;
    untouched("a linked directory")?;
    fs::remove_file(&state)?;

    // Others may write to it.
    fs::create_dir(&state)?;
    fs::set_permissions(&state, fs::Permissions::from_mode(0o777))?;
    let said = lab.refused(5, &SET)?;
    ensure!(said.contains("others may write"), "{said}");
    ensure!(
        fs::read_dir(&state)?.count() == 0 && mode(&state)? == 0o777,
        "it was used"
    );

    // Links and a FIFO where the file is to be.
    fs::set_permissions(&state, fs::Permissions::from_mode(0o755))?;
    let staged = state.join(STAGED);
    for target in [&victim, &victims.join("made")] {
        symlink(target, &staged)?;
        refused(&lab)?;
        untouched("a linked file")?;
        fs::remove_file(&staged)?;
    }
    mkfifo(&staged, Mode::S_IRUSR | Mode::S_IWUSR)?;
    refused(&lab)?;
    fs::remove_file(&staged)?;

    // What a killed writer left is taken away; all is for us alone whatever the umask.
    let left = state.join(format!(".{STAGED}.new-0123456789abcdef"));
    fs::write(&left, "half")?;
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "umask 000; exec \"$@\"", "sh"])
        .arg(own_binary("hbactl")?);
    shell.args(SET).env("HBACTL_ENDPOINT", lab.lab.endpoint());
    let out = shell.output()?;
    ensure!(out.status.success(), "{}", describe(&out));
    ensure!(!left.exists(), "{left:?} stays");
    ensure!(mode(&state)? == 0o700 && mode(&staged)? == 0o600);
    untouched("at last")
}

#[test]
fn a_directory_of_somebody_else_is_not_used() -> Result<()> {
    if left_out("a_directory_of_somebody_else_is_not_used", &[Need::Root]) {
        return Ok(());
    }
    let lab = Asked::start(&["--ports", "1"])?;
    let state = lab.lab.endpoint().join("hbactl");
    fs::create_dir(&state)?;
    chown(&state, Some(65534), Some(65534))?;
    let said = lab.refused(5, &SET)?;
    ensure!(said.contains("belongs to user 65534"), "{said}");
    ensure!(fs::read_dir(&state)?.count() == 0);
    Ok(())
}
