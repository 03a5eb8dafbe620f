//! The distribution's packages that tests and the demo meet, and installing what is missing.

use std::process::Command;

use anyhow::{Result, bail};

use crate::workspace::must;

/// A program, the Debian package it comes from, and what it is for.
pub(crate) struct Tool {
    program: &'static str,
    package: &'static str,
    purpose: &'static str,
}

/// The target the emulated adapter logs in to.
pub(crate) const TGT: Tool = Tool {
    program: "tgtd",
    package: "tgt",
    purpose: "the iSCSI target the adapter logs in to",
};

/// The initiator that everybody has.
pub(crate) const OPEN_ISCSI: Tool = Tool {
    program: "iscsiadm",
    package: "open-iscsi",
    purpose: "the peer that reads the same sysfs tree beside us",
};

/// The DHCP server that everybody has.
pub(crate) const DNSMASQ: Tool = Tool {
    program: "dnsmasq",
    package: "dnsmasq-base",
    purpose: "a DHCPv4 server",
};

/// Everything the tests meet.
pub(crate) const FOR_TESTS: &[Tool] = &[
    TGT,
    OPEN_ISCSI,
    Tool {
        program: "iscsi-inq",
        package: "libiscsi-bin",
        purpose: "another initiator, against our target",
    },
    Tool {
        program: "tshark",
        package: "tshark",
        purpose: "Wireshark's dissector, over our captures",
    },
    Tool {
        program: "tcpdump",
        package: "tcpdump",
        purpose: "captures what the network helper puts on a cable",
    },
    Tool {
        program: "ip",
        package: "iproute2",
        purpose: "cables between network namespaces",
    },
    DNSMASQ,
    Tool {
        program: "kea-dhcp4",
        package: "kea-dhcp4-server",
        purpose: "a DHCPv4 server with leases of seconds",
    },
    Tool {
        program: "kea-dhcp6",
        package: "kea-dhcp6-server",
        purpose: "a DHCPv6 server",
    },
    Tool {
        program: "radvd",
        package: "radvd",
        purpose: "router advertisements",
    },
    Tool {
        program: "isnsd",
        package: "open-isns-server",
        purpose: "an iSNS server",
    },
    Tool {
        program: "isnsadm",
        package: "open-isns-utils",
        purpose: "registers targets at an iSNS server",
    },
];

/// What the QEMU lane needs to make its private root.
pub(crate) const FOR_QEMU: &[Tool] = &[Tool {
    program: "mmdebstrap",
    package: "mmdebstrap",
    purpose: "makes the private root with a QEMU that has vfio-user",
}];

/// Installs what is missing, after saying what and why. Without root or apt it says so and goes on: tests that need a
/// package then report that they were left out.
pub(crate) fn install(tools: &[Tool]) -> Result<()> {
    let missing: Vec<&Tool> = tools.iter().filter(|tool| !present(tool.program)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("Missing on this machine:");
    for tool in &missing {
        println!("  {:<14} {} ({})", tool.package, tool.purpose, tool.program);
    }
    if !nix::unistd::geteuid().is_root() || !present("apt-get") {
        let names: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
        println!(
            "Not installing: that needs root and apt-get. By hand: apt-get install {}",
            names.join(" ")
        );
        return Ok(());
    }
    println!("Installing them with apt-get.");
    let env = [("DEBIAN_FRONTEND", "noninteractive")];
    must(
        Command::new("apt-get")
            .args(["-q", "update"])
            .envs(env)
            .stdout(std::process::Stdio::null()),
    )?;
    let mut install = Command::new("apt-get");
    install
        .args(["-q", "-y", "--no-install-recommends", "install"])
        .envs(env);
    install
        .args(missing.iter().map(|tool| tool.package))
        .stdout(std::process::Stdio::null());
    // Packages start their daemons on install where there is a service manager; a lab has no use for them.
    install.env("RUNLEVEL", "1");
    must(&mut install)?;
    for tool in missing {
        if !present(tool.program) {
            bail!(
                "{} was installed and {} is still not found",
                tool.package,
                tool.program
            );
        }
    }
    Ok(())
}

/// Whether a program is on `PATH` or in the sbin directories.
pub(crate) fn present(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(Into::into))
        .any(|dir| dir.join(program).is_file())
}
