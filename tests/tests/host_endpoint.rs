//! `hbactl --endpoint host` on a machine that lacks something: the module, or the caller's privilege. The error says which.

use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Result, ensure};
use lab_tests::asked::{IQN, describe, text};
use lab_tests::lab::Lab;
use lab_tests::namespace::Namespace;
use lab_tests::need::{Need, left_out};
use lab_tests::process::own_binary;

#[test]
fn a_machine_without_the_module_is_told_which() -> Result<()> {
    if left_out(
        "a_machine_without_the_module_is_told_which",
        &[Need::NoTransportClass],
    ) {
        return Ok(());
    }
    for args in [
        &["adapter", "list"][..],
        &["flash", "list"],
        &["session", "list"],
        &["event", "follow", "--for", "1"],
    ] {
        let out = Command::new(own_binary("hbactl")?)
            .args(["--endpoint", "host"])
            .args(args)
            .output()?;
        let said = text(&out.stderr);
        ensure!(out.status.code() == Some(4), "{args:?}: {} {said}", out.status);
        ensure!(
            said.contains("scsi_transport_iscsi") && said.contains("modprobe"),
            "{args:?}: {said}"
        );
    }
    Ok(())
}

/// What asks the kernel for something that it does not show in sysfs.
const ASKING: &[&[&str]] = &[
    &["chap", "list"],
    &["flash", "add", "--target", IQN, "--portal", "127.0.0.1"],
    &["stats", "host"],
    &["event", "follow", "--for", "1"],
];

/// A namespace whose `/sys` is the tree of an emulated adapter.
fn sys_of(lab: &Lab) -> Result<Namespace> {
    Namespace::new(&[(&lab.endpoint().join("sys"), Path::new("/sys"))])
}

fn run(namespace: &Namespace, before: &[&str], args: &[&str]) -> Result<Output> {
    let hbactl = own_binary("hbactl")?;
    let mut command = match before {
        [] => Command::new(&hbactl),
        [program, more @ ..] => {
            let mut command = Command::new(program);
            command.args(more).arg(&hbactl);
            command
        }
    };
    command.args(["--endpoint", "host"]).args(args);
    Ok(namespace.run(move || command.output())??)
}

#[test]
fn a_caller_without_the_capability_is_told_which_and_may_read() -> Result<()> {
    if left_out(
        "a_caller_without_the_capability_is_told_which_and_may_read",
        &[Need::Root, Need::Namespaces, Need::Tool("setpriv", "util-linux")],
    ) {
        return Ok(());
    }
    let lab = Lab::start(&["--ports", "1"])?;
    let namespace = sys_of(&lab)?;
    let without = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"];
    for args in ASKING {
        let out = run(&namespace, &without, args)?;
        let said = text(&out.stderr);
        ensure!(out.status.code() == Some(5), "{args:?}: {}", describe(&out));
        ensure!(said.contains("CAP_SYS_ADMIN"), "{args:?}: {said}");
        ensure!(out.stdout.is_empty(), "{args:?}: {}", describe(&out));
    }
    for args in [&["adapter", "show"], &["flash", "list"], &["session", "list"]] {
        let out = run(&namespace, &without, args)?;
        ensure!(out.status.success(), "{args:?}: {}", describe(&out));
    }
    Ok(())
}

#[test]
fn a_kernel_without_the_netlink_protocol_is_told_the_module() -> Result<()> {
    if left_out(
        "a_kernel_without_the_netlink_protocol_is_told_the_module",
        &[Need::Root, Need::Namespaces, Need::NoTransportClass],
    ) {
        return Ok(());
    }
    let lab = Lab::start(&["--ports", "1"])?;
    let namespace = sys_of(&lab)?;
    for args in ASKING {
        let out = run(&namespace, &[], args)?;
        let said = text(&out.stderr);
        ensure!(out.status.code() == Some(4), "{args:?}: {}", describe(&out));
        ensure!(said.contains("scsi_transport_iscsi"), "{args:?}: {said}");
    }
    Ok(())
}
