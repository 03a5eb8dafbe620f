//! Two ports of the card, two portals of an array, one disk: the kernel's dm-multipath over both, and a path pulled under load.
//!
//! Owns the array (two portal groups, one preferred), the map and what must hold: one name of the disk on both paths, states of the
//! groups as the array says, no error and no difference while either path is away. Paths are reinstated by hand, as multipathd would
//! once its checker sees them. Source: the kernel's `dm-mpath.c` (table and messages), `scsi_dh_alua.c`.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::process::{own_binary, until};
use lab_tests::qemu::{Cache, Card, Guest, Initramfs, Kernel};
use lab_tests::target::Target;

use super::checks::Checks;
use super::load::{FIO, Load};
use super::road::{MINUTE, disks, good, in_use, kernel_is_content, listed, session_of};

const IQN: &str = "iqn.2026-11.org.example:array";
/// The handler comes before the disks, so that the kernel takes it for them.
const MODULES: &[&str] = &[
    "qla4xxx",
    "scsi_dh_alua",
    "sd_mod",
    "sg",
    "dm_multipath",
    "dm_round_robin",
    "dm_service_time",
    "crc32c_generic",
    "crc32c",
];
/// The card's ports, and their addresses.
const HOSTS: [(&str, &str); 2] = [("host0", "127.0.0.21"), ("host1", "127.0.0.22")];
/// The map, as the kernel calls its disk.
const MAP: &str = "dm-0";
/// A session that is away fails what waits for it after five seconds, and the map takes the other path.
const PARAMETERS: &str = "ql4xsess_recovery_tmo=5";
/// Longest until a path is given up, or back.
const RECOVERY: Duration = Duration::from_secs(180);
const ENDLESS: u64 = 7200;
/// The driver blocks a session again at each login that fails, disks that are offline since its recovery time has passed cannot be
/// blocked, and the kernel reports that once (`scsi_lib.c`, `device_block`).
const BLOCKED_AGAIN: &str = "scsi_internal_device_block";

struct Scene {
    guest: Guest,
    card: Card,
    array: Target,
    /// `sda` and its number, of each port.
    paths: Vec<(String, String)>,
}

/// Walks through it, with a card and an array of its own in `dir`.
pub(super) fn walk(
    cache: &Cache,
    kernel: &Kernel,
    chip: &str,
    dir: &Path,
    checks: &mut Checks,
) -> Result<()> {
    let dir = dir.join("multipath");
    std::fs::create_dir_all(&dir)?;
    let mut scene = checks.check(
        "an array with two portal groups, a path from each port of the card",
        || start(cache, kernel, chip, &dir),
    )?;
    checks.check("both paths lead to one disk, and say how well", || {
        one_disk(&mut scene)
    })?;
    checks.check("dm-multipath makes one disk of them", || map(&mut scene))?;
    checks.check("a path that a map uses is not taken away unasked", || {
        let disk = scene.paths[0].0.clone();
        let guest = &mut scene.guest;
        let sid = session_of(guest, &disk)?;
        in_use(guest, &format!("session logout {sid}"), "array")
    })?;
    let load = Load::start(&mut scene.guest, &[MAP.to_owned()], ENDLESS)?;
    for of in [0, 1] {
        let port = HOSTS[of].0;
        checks.check(
            &format!("the portal of {port} is pulled and put back under load"),
            || {
                let portal = scene.array.portals()[of].to_string();
                scene.array.fault(&["portals", "close", &portal])?;
                away(&mut scene, &load, of)?;
                scene.array.fault(&["portals", "open", &portal])?;
                back(&mut scene, &load, of)
            },
        )?;
    }
    checks.check("the cable of host0 is out under load", || {
        scene.card.fault(&["link-down", "0"])?;
        away(&mut scene, &load, 0)?;
        scene.card.fault(&["link-up", "0"])?;
        back(&mut scene, &load, 0)
    })?;
    let done = checks.check("the load had no error and found no difference", || {
        load.stop(&mut scene.guest)
    })?;
    println!(
        "     written {} MiB, compared {} MiB",
        done.written >> 20,
        done.compared >> 20
    );
    kernel_is_content(&scene.guest, checks, &[BLOCKED_AGAIN])?;
    scene.guest.power_off()
}

fn start(cache: &Cache, kernel: &Kernel, chip: &str, dir: &Path) -> Result<Scene> {
    let mut image = Initramfs::new(cache, kernel, MODULES)?;
    image.program(&own_binary("hbactl")?, "/bin/hbactl")?;
    image.package_program(cache, "fio", FIO.1, FIO.0)?;
    image.package_program(cache, "dmsetup", "usr/sbin/dmsetup", "/sbin/dmsetup")?;
    let modules = image.modules.clone();
    let initramfs = dir.join("initramfs");
    image.write(&initramfs)?;
    let array = Target::start(
        dir,
        IQN,
        &[
            "--lun",
            "128M",
            "--listen",
            "127.0.0.1:0,2",
            "--group",
            "2=nonoptimized",
        ],
    )?;
    let card = Card::start(dir, chip, HOSTS.len())?;
    let mut guest = Guest::boot(cache, kernel, &initramfs, dir, &card.sockets)?;
    guest.load(&modules, PARAMETERS)?;
    for ((host, address), portal) in HOSTS.iter().zip(array.portals()) {
        for command in [
            format!("iface set ipv4 -a {host} ipaddress={address} subnet=255.0.0.0"),
            format!("iface apply -a {host}"),
            format!("flash add -a {host} --target {IQN} --portal {portal}"),
        ] {
            good(&mut guest, &command)?;
        }
        let nodes = listed(&mut guest, &format!("flash list -a {host}"))?;
        let index = nodes.first().and_then(|node| node["index"].as_u64());
        let index = index.context("the flash target is not listed")?;
        good(&mut guest, &format!("flash login {index} -a {host}"))?;
    }
    disks(&mut guest, HOSTS.len())?;
    let mut paths = Vec::new();
    for (host, _) in HOSTS {
        let number = host.trim_start_matches("host");
        let find = format!("ls -d /sys/bus/scsi/devices/{number}:*/block/sd* | sed 's,.*/,,'");
        let disk = guest.must(&find, MINUTE)?.trim().to_owned();
        let device = guest.must(&format!("cat /sys/block/{disk}/dev"), MINUTE)?;
        paths.push((disk, device.trim().to_owned()));
    }
    Ok(Scene {
        guest,
        card,
        array,
        paths,
    })
}

fn one_disk(scene: &mut Scene) -> Result<()> {
    let mut of = |file: &str| -> Result<Vec<String>> {
        let mut texts = Vec::new();
        for (disk, _) in &scene.paths {
            let text = scene
                .guest
                .must(&format!("cat /sys/block/{disk}/device/{file}"), MINUTE)?;
            texts.push(text.trim().to_owned());
        }
        Ok(texts)
    };
    let names = of("wwid")?;
    ensure!(
        !names[0].is_empty() && names[0] == names[1],
        "two disks: {names:?}"
    );
    let states = of("access_state")?;
    ensure!(
        states == ["active/optimized", "active/non-optimized"],
        "states: {states:?}"
    );
    Ok(())
}

fn map(scene: &mut Scene) -> Result<()> {
    let disk = &scene.paths[0].0;
    let sectors = scene.guest.must(&format!("cat /sys/block/{disk}/size"), MINUTE)?;
    let groups: Vec<String> = scene
        .paths
        .iter()
        .map(|(_, device)| format!("round-robin 0 1 1 {device} 1000"))
        .collect();
    let table = format!(
        "0 {} multipath 1 queue_if_no_path 1 alua 2 1 {}",
        sectors.trim(),
        groups.join(" ")
    );
    scene.guest.must(
        &format!("dmsetup create --noudevsync array --table '{table}'"),
        MINUTE,
    )?;
    scene.guest.must(&format!("test -b /dev/{MAP}"), MINUTE)?;
    Ok(())
}

/// Whether the map uses a path.
fn usable(scene: &mut Scene, of: usize) -> Result<bool> {
    let status = scene.guest.must("dmsetup status array", MINUTE)?;
    let device = &scene.paths[of].1;
    let words: Vec<&str> = status.split_whitespace().collect();
    let at = words.iter().position(|word| word == device);
    let state = at.and_then(|at| words.get(at + 1)).copied();
    Ok(state.with_context(|| format!("no path {device} in {status:?}"))? == "A")
}

/// The path fails, and the load goes on over the other one.
fn away(scene: &mut Scene, load: &Load, of: usize) -> Result<()> {
    let port = u64::from(scene.array.portals()[of].port());
    until(RECOVERY, "the session to be away", || {
        let sessions = listed(&mut scene.guest, "session list")?;
        let session = sessions.iter().find(|session| session["port"] == port);
        Ok(session
            .is_none_or(|session| session["state"] != "LOGGED_IN")
            .then_some(()))
    })?;
    load.moves(&mut scene.guest)
}

/// The session is back by itself, and the path is used again.
fn back(scene: &mut Scene, load: &Load, of: usize) -> Result<()> {
    until(RECOVERY, "both sessions to be logged in", || {
        let sessions = listed(&mut scene.guest, "session list")?;
        let up = sessions.iter().filter(|s| s["state"] == "LOGGED_IN").count();
        Ok((up == HOSTS.len()).then_some(()))
    })?;
    if !usable(scene, of)? {
        let device = scene.paths[of].1.clone();
        scene.guest.must(
            &format!("dmsetup message array 0 reinstate_path {device}"),
            MINUTE,
        )?;
    }
    until(RECOVERY, "the path to be used", || {
        Ok(usable(scene, of)?.then_some(()))
    })?;
    load.moves(&mut scene.guest)
}
