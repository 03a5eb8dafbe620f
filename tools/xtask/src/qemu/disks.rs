//! Disks of somebody else's target: tgt outside the guest, on the card's second port.
//!
//! Owns three targets (one plain, one with CHAP, one with two logical units) and what is proven with their disks: a file system
//! that keeps 256 MiB, and a verifying random load.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::tgt::{Account, Tgtd};

use super::checks::Checks;
use super::load::Load;
use super::road::{Lab, MINUTE, SECRET, disk_of, disks, good, listed};

const PLAIN: &str = "iqn.2026-11.org.example:peer-plain";
const CHAP: &str = "iqn.2026-11.org.example:peer-chap";
const TWO: &str = "iqn.2026-11.org.example:peer-two";
const MIB: u64 = 1 << 20;
/// Sizes of the logical units; the guest tells disks apart by them.
const FILES: u64 = 400 * MIB;
const SECURED: u64 = 72 * MIB;
const FIRST: u64 = 40 * MIB;
const SECOND: u64 = 56 * MIB;
/// Writing or reading 256 MiB with checksums, emulated.
const LONG: Duration = Duration::from_secs(300);
/// The port that logs in to them.
const HOST: &str = "host1";

/// The targets.
#[derive(Debug)]
pub(super) struct Peer {
    tgtd: Option<Tgtd>,
    portal: SocketAddr,
    files: [PathBuf; 4],
}

impl Peer {
    fn start(lab: &Lab<'_>) -> Result<Self> {
        let sizes = [
            ("files", FILES),
            ("secured", SECURED),
            ("first", FIRST),
            ("second", SECOND),
        ];
        let mut files = Vec::new();
        for (name, size) in sizes {
            let path = lab.dir.join(format!("{name}.img"));
            std::fs::File::create(&path)?.set_len(size)?;
            files.push(path);
        }
        let files = files.try_into().ok().context("four files")?;
        let tgtd = Tgtd::start()?;
        let mut peer = Self {
            portal: tgtd.portal(),
            tgtd: None,
            files,
        };
        peer.fill(tgtd)?;
        Ok(peer)
    }

    fn fill(&mut self, tgtd: Tgtd) -> Result<()> {
        let [files, secured, first, second] = &self.files;
        let account = Account {
            user: "operator",
            secret: SECRET,
            outgoing: false,
        };
        tgtd.add_target(1, PLAIN, &[files], &[])?;
        tgtd.add_target(2, CHAP, &[secured], &[account])?;
        tgtd.add_target(3, TWO, &[first, second], &[])?;
        self.tgtd = Some(tgtd);
        Ok(())
    }

    /// Kills the daemon and starts it again on the same files after `pause`.
    pub(super) fn restart(&mut self, pause: Duration) -> Result<()> {
        self.tgtd = None;
        std::thread::sleep(pause);
        self.fill(Tgtd::start_on(self.portal)?)
    }

    /// The disks without a file system.
    pub(super) fn raw(lab: &mut Lab<'_>) -> Result<Vec<String>> {
        [SECURED, SECOND]
            .into_iter()
            .map(|size| disk_of(&mut lab.guest, size))
            .collect()
    }

    /// The disk with the file system.
    pub(super) fn files(lab: &mut Lab<'_>) -> Result<String> {
        disk_of(&mut lab.guest, FILES)
    }

    /// Takes the targets out of the card's flash again.
    pub(super) fn remove(self, lab: &mut Lab<'_>) -> Result<()> {
        for node in listed(&mut lab.guest, &format!("flash list -a {HOST}"))? {
            let index = node["index"].as_u64().context("a target without an index")?;
            good(&mut lab.guest, &format!("flash logout {index} -a {HOST}"))?;
            good(&mut lab.guest, &format!("flash remove {index} -a {HOST}"))?;
        }
        Ok(())
    }
}

/// Adds the targets, and proves their disks with a load of so many seconds.
pub(super) fn walk(lab: &mut Lab<'_>, checks: &mut Checks, seconds: u64) -> Result<Peer> {
    let peer = checks.check(
        "three targets of tgt outside are added to the second port",
        || {
            let peer = Peer::start(lab)?;
            let guest = &mut lab.guest;
            good(
                guest,
                &format!("chap add -a {HOST} --user operator --secret-file /root/secret"),
            )?;
            let entries = listed(guest, &format!("chap list -a {HOST}"))?;
            let entry = entries.first().and_then(|entry| entry["index"].as_u64());
            let chap = format!(" --chap {}", entry.context("the CHAP entry is not listed")?);
            for (name, more) in [(PLAIN, ""), (CHAP, chap.as_str()), (TWO, "")] {
                let portal = peer.portal;
                good(
                    guest,
                    &format!("flash add -a {HOST} --target {name} --portal {portal}{more}"),
                )?;
            }
            for node in listed(guest, &format!("flash list -a {HOST}"))? {
                let index = node["index"].as_u64().context("a target without an index")?;
                good(guest, &format!("flash login {index} -a {HOST}"))?;
            }
            disks(guest, 8)?;
            Ok(peer)
        },
    )?;
    checks.check("ext4 keeps 256 MiB: written, unmounted, mounted, compared", || {
        let disk = Peer::files(lab)?;
        for command in [
            &format!("/sbin/mke2fs -q -t ext4 /dev/{disk}"),
            &format!("mount -t ext4 /dev/{disk} /mnt"),
            "for n in 1 2 3 4 5 6 7 8; do dd if=/dev/urandom of=/mnt/$n bs=1M count=32 2>/dev/null || exit 1; done",
            "sha256sum /mnt/[1-8] >/root/peer-sums && umount /mnt",
            "echo 3 >/proc/sys/vm/drop_caches",
            &format!("mount -t ext4 /dev/{disk} /mnt"),
            "sha256sum -c /root/peer-sums >/tmp/compared || { cat /tmp/compared; exit 1; }",
            "umount /mnt",
        ] {
            lab.guest.must(command, LONG)?;
        }
        Ok(())
    })?;
    let done = checks.check(
        &format!("fio verifies random 512 B to 1 MiB at depth 32 for {seconds} s"),
        || {
            let disks = Peer::raw(lab)?;
            let load = Load::start(&mut lab.guest, &disks, seconds)?;
            load.finish(&mut lab.guest, Duration::from_secs(seconds) + LONG)
        },
    )?;
    println!(
        "     written {} MiB, compared {} MiB",
        done.written / MIB,
        done.compared / MIB
    );
    lab.guest.must("sync", MINUTE)?;
    ensure!(peer.tgtd.is_some(), "tgt is gone");
    Ok(peer)
}
