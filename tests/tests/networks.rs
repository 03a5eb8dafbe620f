//! Addresses that a port gets from its network, as an operator sees them. Needs no privileges.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::lab::Lab;
use lab_tests::process::until;
use serde_json::Value;

fn show(lab: &Lab, iface: &str, port: &str) -> Result<Value> {
    lab.json(&["iface", "show", iface, "-a", port])
}

fn param<'v>(shown: &'v Value, name: &str) -> &'v str {
    shown["params"][name].as_str().unwrap_or_default()
}

fn apply(lab: &Lab, iface: &str, port: &str, params: &[&str]) -> Result<()> {
    lab.json(&[&["iface", "set", iface, "-a", port], params].concat())?;
    lab.json(&["iface", "apply", "-a", port]).map(drop)
}

#[test]
fn dhcp_gives_a_lease_where_there_is_a_server_and_keeps_asking_elsewhere() -> Result<()> {
    let lab = Lab::start(&["--ports", "2", "--dhcp-lease", "127.0.0.51/8,127.0.0.1"])?;
    for port in ["host1", "host2"] {
        apply(&lab, "ipv4", port, &["bootproto=dhcp"])?;
    }
    let leased = until(Duration::from_secs(10), "the lease", || {
        let shown = show(&lab, "ipv4", "host1")?;
        Ok((param(&shown, "ipaddress_state") == "Valid").then_some(shown))
    })?;
    ensure!(leased["address"] == "127.0.0.51", "{leased}");
    ensure!(
        param(&leased, "subnet") == "255.0.0.0" && param(&leased, "gateway") == "127.0.0.1",
        "{leased}"
    );
    let waiting = show(&lab, "ipv4", "host2")?;
    ensure!(param(&waiting, "ipaddress_state") == "Acquiring", "{waiting}");
    Ok(())
}

#[test]
fn an_ipv6_router_gives_a_prefix_and_its_own_address() -> Result<()> {
    let lab = Lab::start(&["--ports", "2", "--ipv6-router", "2001:db8:0:7::/64,fe80::77"])?;
    for port in ["host1", "host2"] {
        apply(&lab, "ipv6", port, &["enabled=on", "ipaddr_autocfg=nd"])?;
    }
    let shown = until(Duration::from_secs(20), "an address of the prefix", || {
        let shown = show(&lab, "ipv6", "host1")?;
        Ok((param(&shown, "ipaddress_state") == "Valid").then_some(shown))
    })?;
    let address = shown["address"].as_str().context("an address")?;
    ensure!(address.starts_with("2001:db8:0:7:"), "{shown}");
    ensure!(
        param(&shown, "router_state") == "Advertised" && param(&shown, "link_local_state") == "Valid",
        "{shown}"
    );
    ensure!(param(&shown, "router_addr") == "fe80::77", "{shown}");
    until(
        Duration::from_secs(30),
        "the port without a router to give up",
        || {
            let shown = show(&lab, "ipv6", "host2")?;
            Ok((param(&shown, "ipaddress_state") == "Unconfigured").then_some(()))
        },
    )
}

/// The names of the interfaces in the tree.
fn objects(lab: &Lab) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(lab.endpoint().join("sys/class/iscsi_iface"))? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

#[test]
fn ipv6_is_switched_on_and_off_although_the_kernel_hides_what_is_off() -> Result<()> {
    let lab = Lab::start(&["--ports", "1"])?;
    ensure!(objects(&lab)? == ["ipv4-iface-1-0"], "{:?}", objects(&lab)?);
    let listed = lab.json(&["iface", "list", "-a", "host1"])?;
    ensure!(
        listed[1]["name"] == "ipv6-iface-1-0"
            && listed[1]["present"] == false
            && listed[1]["enabled"] == false,
        "{listed}"
    );
    let text = lab.hbactl(&["iface", "list", "-a", "host1"])?.stdout;
    ensure!(String::from_utf8_lossy(&text).contains("not shown while off"));
    // Nothing to ping from.
    let refused = lab.hbactl(&["iface", "ping", "ipv6", "fd00::1", "-a", "host1"])?;
    ensure!(refused.status.code() == Some(3), "{refused:?}");
    ensure!(
        String::from_utf8_lossy(&refused.stderr).contains("ipv6 is off on host1"),
        "{refused:?}"
    );

    apply(&lab, "ipv6", "host1", &["enabled=on"])?;
    let on = ["ipv4-iface-1-0", "ipv6-iface-1-0", "ipv6-iface-1-1"];
    ensure!(objects(&lab)? == on, "{:?}", objects(&lab)?);
    // Both at once, each its own address.
    lab.json(&["iface", "set", "ipv6", "-a", "host1", "ipaddress=fd00::21"])?;
    apply(&lab, "ipv6-1", "host1", &["ipaddress=fd00::22"])?;
    for (iface, address) in [("ipv6", "fd00::21"), ("ipv6-1", "fd00::22")] {
        let shown = show(&lab, iface, "host1")?;
        ensure!(shown["address"] == address && shown["present"] == true, "{shown}");
    }

    apply(&lab, "ipv6", "host1", &["enabled=off"])?;
    ensure!(objects(&lab)? == ["ipv4-iface-1-0"], "{:?}", objects(&lab)?);
    let off = show(&lab, "ipv6-1", "host1")?;
    ensure!(off["present"] == false && off["address"].is_null(), "{off}");
    // The addresses stayed in flash: on again, they are back.
    apply(&lab, "ipv6", "host1", &["enabled=on"])?;
    let back = show(&lab, "ipv6", "host1")?;
    ensure!(back["address"] == "fd00::21", "{back}");
    // The other way round: with IPv4 off, the port is still there to be managed.
    apply(&lab, "ipv4", "host1", &["enabled=off"])?;
    ensure!(objects(&lab)? == on[1..], "{:?}", objects(&lab)?);
    apply(&lab, "ipv4", "host1", &["enabled=on"])?;
    ensure!(objects(&lab)? == on, "{:?}", objects(&lab)?);
    Ok(())
}
