//! Which host an interface goes through: by MAC address, or else by the name of the network device beside it.
//!
//! Owns the choice. Must not list hosts. The MAC address decides where both are given: the name of a device changes with a rename, a card's
//! address does not.
//!
//! Source: open-iscsi `usr/iscsi_sysfs.c` (`iscsi_sysfs_get_host_no_from_hwinfo`), `usr/iface.c` (`iface_is_bound_by_hwaddr`), where `default`
//! means "not bound".

use super::iface::DEFAULT;
use crate::error::{Error, Kind, Result, Status};
use crate::ids::{HostNo, parse_mac};
use crate::message::Message;
use crate::quirks::Driver;
use crate::step::Step;

/// A host, as it is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host<'a> {
    /// Its number.
    pub host: HostNo,
    /// Its transport.
    pub transport: &'a str,
    /// MAC address of its port.
    pub mac: Option<&'a str>,
    /// Network device beside it.
    pub netdev: Option<&'a str>,
}

/// What an interface's record binds to; empty and `default` are nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding<'a> {
    /// Name of the record.
    pub name: &'a str,
    /// MAC address.
    pub mac: &'a str,
    /// Network device.
    pub netdev: &'a str,
}

/// Where an endpoint is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Through {
    /// Wherever the routes of the machine lead.
    Any,
    /// Through this host, with what is to be said about it.
    Host(HostNo, Option<Message>),
}

/// The host of an interface.
///
/// # Errors
/// [`Status::HostNotFound`]: no host, or more than one, is what the record names; [`Kind::Invalid`]: its MAC address is none.
pub fn of_iface(driver: &Driver, of: &Binding<'_>, hosts: &[Host<'_>]) -> Result<Through> {
    let bound = |text: &'_ str| !text.is_empty() && !text.eq_ignore_ascii_case(DEFAULT);
    if !driver.login.is_some_and(|login| login.bind_endpoint) || !(bound(of.mac) || bound(of.netdev)) {
        return Ok(Through::Any);
    }
    let tried = format!("find the host of interface {}", of.name.escape_debug());
    let mine = || hosts.iter().filter(|h| h.transport == driver.transport);
    let by_netdev: Vec<HostNo> = mine()
        .filter(|h| bound(of.netdev) && h.netdev == Some(of.netdev))
        .map(|h| h.host)
        .collect();
    if !bound(of.mac) {
        let what = format!("network device {}", of.netdev.escape_debug());
        return only(driver, &by_netdev, &what, tried).map(|host| Through::Host(host, None));
    }
    let mac = parse_mac(of.mac).ok_or_else(|| {
        Error::new(Kind::Invalid, tried.clone())
            .answered(format!("{} is no mac address", of.mac.escape_debug()))
            .hint("write it as 00:c0:dd:11:22:35")
    })?;
    let by_mac: Vec<HostNo> = mine()
        .filter(|h| h.mac.and_then(parse_mac) == Some(mac))
        .map(|h| h.host)
        .collect();
    let host = only(driver, &by_mac, &format!("mac address {}", of.mac), tried)?;
    let elsewhere = bound(of.netdev) && !by_netdev.contains(&host);
    let said = elsewhere.then(|| {
        Message::from(format!(
            "interface {} names {} and network device {}, which is not beside it: the mac address decides",
            of.name.escape_debug(),
            of.mac,
            of.netdev.escape_debug()
        ))
    });
    Ok(Through::Host(host, said))
}

fn only(driver: &Driver, found: &[HostNo], what: &str, tried: String) -> Result<HostNo> {
    let e = Error::new(Kind::NotFound, tried).with_status(Status::HostNotFound);
    let list = || Step::AdapterList.then(" shows the ports with their addresses");
    match found {
        [one] => Ok(*one),
        [] => Err(e
            .answered(format!("no host of {} has {what}", driver.transport))
            .hint(list())),
        many => {
            let all: Vec<String> = many.iter().map(ToString::to_string).collect();
            Err(e
                .answered(format!(
                    "{} hosts of {} have {what}: {}",
                    many.len(),
                    driver.transport,
                    all.join(", ")
                ))
                .hint(list()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "00:10:18:00:00:01";
    const B: &str = "00:10:18:00:00:02";

    fn host<'a>(no: u32, transport: &'a str, mac: &'a str, netdev: Option<&'a str>) -> Host<'a> {
        Host {
            host: HostNo(no),
            transport,
            mac: Some(mac),
            netdev,
        }
    }

    fn hosts() -> Vec<Host<'static>> {
        vec![
            host(1, "bnx2i", A, Some("eth0")),
            host(2, "bnx2i", B, Some("eth1")),
            host(3, "qedi", A, None),
            host(4, "bnx2i", "00:10:18:00:00:03", Some("twin")),
            host(5, "bnx2i", "00:10:18:00:00:03", Some("twin")),
        ]
    }

    fn of(transport: &str, mac: &str, netdev: &str) -> Result<Through> {
        let binding = Binding {
            name: "port0",
            mac,
            netdev,
        };
        of_iface(Driver::of(transport), &binding, &hosts())
    }

    #[test]
    fn a_mac_address_or_a_network_device_leads_to_the_host_of_that_driver() {
        for (transport, mac, netdev, no) in [
            ("bnx2i", A, "", 1),
            ("bnx2i", "00-10-18-00-00-02", "", 2),
            ("bnx2i", "", "eth1", 2),
            ("bnx2i", "default", "eth0", 1),
            ("bnx2i", A, "default", 1),
            ("bnx2i", A, "eth0", 1),
            ("qedi", A, "", 3),
        ] {
            let found = of(transport, mac, netdev).unwrap();
            assert_eq!(
                found,
                Through::Host(HostNo(no), None),
                "{transport} {mac} {netdev}"
            );
        }
    }

    #[test]
    fn what_is_not_bound_goes_where_the_routes_lead_and_so_does_what_needs_no_host() {
        for (transport, mac, netdev) in [
            ("bnx2i", "", ""),
            ("bnx2i", "default", "default"),
            ("tcp", A, "eth0"),
            ("iser", A, ""),
            ("weird", A, ""),
        ] {
            assert_eq!(of(transport, mac, netdev).unwrap(), Through::Any, "{transport}");
        }
    }

    #[test]
    fn no_host_and_several_are_told_apart_from_each_other_and_from_nonsense() {
        for (mac, netdev, kind, status, said) in [
            (
                "00:10:18:00:00:09",
                "",
                Kind::NotFound,
                Status::HostNotFound,
                "no host of bnx2i",
            ),
            (
                "",
                "eth7",
                Kind::NotFound,
                Status::HostNotFound,
                "network device eth7",
            ),
            (
                "00:10:18:00:00:03",
                "",
                Kind::NotFound,
                Status::HostNotFound,
                "2 hosts of bnx2i have mac address 00:10:18:00:00:03: host4, host5",
            ),
            ("", "twin", Kind::NotFound, Status::HostNotFound, "host4, host5"),
            ("eth0", "", Kind::Invalid, Status::Invalid, "eth0 is no mac"),
        ] {
            let e = of("bnx2i", mac, netdev).unwrap_err();
            assert_eq!((e.kind(), e.status()), (kind, status), "{e}");
            assert!(e.to_string().contains(said) && e.next_step().is_some(), "{e}");
        }
    }

    #[test]
    fn where_both_are_given_and_lead_apart_the_mac_address_decides_and_it_is_said() {
        let Ok(Through::Host(HostNo(1), Some(said))) = of("bnx2i", A, "eth1") else {
            panic!("host1 with a remark");
        };
        assert!(said.to_string().contains("the mac address decides"), "{said}");
    }
}
