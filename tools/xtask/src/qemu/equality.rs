//! The equality script in a stock kernel and on the emulated kernel: two transcripts, one comparison.
//!
//! Owns the two runs. What is normalised and compared stands in [`lab_tests::equality`].

use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use driver_sys::endpoint::Endpoint;
use lab_tests::equality::{Class, Here, Line, Setup, compare, known, no_helper, parse, run};
use lab_tests::lab;
use lab_tests::process::own_binary;
use lab_tests::qemu::{Cache, Card, Guest, Initramfs, Kernel};
use lab_tests::target::Target;

use super::checks::Checks;
use super::road::{MINUTE, MODULES};

const IQN: &str = "iqn.2026-11.org.example:disk";
const LUNS: &[&str] = &["--lun", "16M", "--lun", "8M"];
/// The script has 300 commands, each a new process under TCG, and faults that take their time.
const LIMIT: Duration = Duration::from_secs(1800);
/// The guest's line for orders: its third serial port.
const LINE: &str = "/dev/ttyS2";
/// This machine as QEMU's network for users shows it to the guest.
const GATEWAY: &str = "10.0.2.2";

/// Runs the script on both and compares. The transcripts are left in `dir`.
pub(super) fn walk(
    cache: &Cache,
    kernel: &Kernel,
    chip: &str,
    dir: &Path,
    checks: &mut Checks,
) -> Result<()> {
    let dir = dir.join("equality");
    std::fs::create_dir_all(&dir)?;
    let beside = dir.join("emulated");
    std::fs::create_dir_all(&beside)?;
    let (stock, emulated) = std::thread::scope(|scope| {
        let emulated = scope.spawn(|| on_emulated(chip, &beside));
        let stock = checks.check("the equality script runs in the guest", || {
            in_guest(cache, kernel, chip, &dir)
        })?;
        let emulated = checks.check("the equality script runs on the emulated kernel", || {
            emulated
                .join()
                .unwrap_or_else(|_| Err(anyhow::anyhow!("the run panicked")))
        })?;
        anyhow::Ok((stock, emulated))
    })?;
    std::fs::write(dir.join("stock.txt"), &stock)?;
    std::fs::write(dir.join("emulated.txt"), &emulated)?;
    checks.check("the two transcripts are equal but for known differences", || {
        let found = compare(&emulated, &stock, &kernel.release, &known()?);
        std::fs::write(dir.join("unknown.txt"), found.unknown.join("\n") + "\n")?;
        found
            .accept()
            .with_context(|| format!("compare emulated.txt and stock.txt in {}", dir.display()))
    })
}

fn in_guest(cache: &Cache, kernel: &Kernel, chip: &str, dir: &Path) -> Result<String> {
    let modules = [MODULES, &["virtio_pci", "virtio_net"]].concat();
    let mut image = Initramfs::new(cache, kernel, &modules)?;
    image.program(&own_binary("hbactl")?, "/bin/hbactl")?;
    image.program(&own_binary("equality")?, "/bin/equality")?;
    let modules = image.modules.clone();
    let initramfs = dir.join("initramfs");
    image.write(&initramfs)?;
    let target = Target::start(dir, IQN, LUNS)?;
    let card = Card::start(dir, chip, 2)?;
    let orders = dir.join("orders.sock");
    let chardev = format!("socket,id=orders,path={},server=on,wait=off", orders.display());
    let more = [
        "-chardev",
        &chardev,
        "-serial",
        "chardev:orders",
        "-netdev",
        "user,id=outside",
        "-device",
        "virtio-net-pci,netdev=outside,bus=pcie.0,addr=06.0",
    ];
    let mut guest = Guest::boot_with(cache, kernel, &initramfs, dir, &card.sockets, &more)?;
    guest.load(&modules, "")?;
    guest.must("ifconfig eth0 10.0.2.15 netmask 255.255.255.0 up", MINUTE)?;
    let portal = target.portal();
    let mut outside = Here {
        card: &|words| card.fault(words),
        target: &target,
        helper: &mut no_helper,
    };
    std::thread::scope(|scope| {
        let stream = UnixStream::connect(&orders).context("the guest's line for orders")?;
        let end = stream.try_clone()?;
        let served = scope.spawn(move || Line::new(stream).serve(&mut outside));
        let transcript = guest.must(
            &format!("equality qla4xxx host /bin/hbactl {portal} {IQN} {LINE} {GATEWAY}"),
            LIMIT,
        );
        end.shutdown(Shutdown::Both)?;
        let served = served.join();
        let transcript = transcript?;
        served.unwrap_or_else(|_| Err(anyhow::anyhow!("the orders' line panicked")))?;
        guest.power_off()?;
        Ok(transcript)
    })
}

fn on_emulated(chip: &str, dir: &Path) -> Result<String> {
    let lab = lab::Lab::start(&["--ports", "2", "--chip", chip, "--first-host", "0"])?;
    let target = Target::start(dir, IQN, LUNS)?;
    let setup = Setup {
        class: Class::Qla4xxx,
        endpoint: Endpoint::Dir(lab.endpoint()),
        hbactl: own_binary("hbactl")?,
        portal: target.portal(),
        target: IQN.to_owned(),
        scratch: tempfile::tempdir_in(dir)?.keep(),
    };
    let mut outside = Here {
        card: &|words| lab.fault(words),
        target: &target,
        helper: &mut no_helper,
    };
    run(&setup, &mut outside, &parse(setup.class.script())?)
}
