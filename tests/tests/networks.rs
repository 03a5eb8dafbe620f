//! Addresses that a port gets from its network, as an operator sees them. Needs no privileges.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use driver_sys::netlink::code::IfaceType;
use driver_sys::netlink::params::NetParam;
use driver_sys::netlink::{Bytes, IfaceAttr, IfaceCode, Request};
use lab_tests::lab::Lab;
use lab_tests::netlink::Client;
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

/// An interface that is off is not there: it is switched on by its number.
fn enable_ipv6(lab: &Lab, port: &str) -> Result<()> {
    let host_no = port.trim_start_matches("host").parse()?;
    let attrs = vec![IfaceAttr {
        iface_num: 0,
        iface_type: IfaceType::Ipv6,
        param: IfaceCode::Net(NetParam::IfaceEnable),
        value: Bytes::u8(2),
    }];
    let mut client = Client::open(&lab.endpoint())?;
    client.ask(&Request::SetIfaceParams { host_no, attrs }).map(drop)
}

#[test]
fn an_ipv6_router_gives_a_prefix_and_its_own_address() -> Result<()> {
    let lab = Lab::start(&["--ports", "2", "--ipv6-router", "2001:db8:0:7::/64,fe80::77"])?;
    for port in ["host1", "host2"] {
        enable_ipv6(&lab, port)?;
        apply(&lab, "ipv6", port, &["ipaddr_autocfg=nd"])?;
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
