//! What the network needs before a login connects: the port's address and device.
//!
//! Owns which settings go to the kernel first and which lack refuses a login. Must not set them.
//!
//! Source: open-iscsi `usr/netlink.c` and `usr/iface.c` (`iscsi_host_set_net_params`).

use driver_sys::netlink::params::HostParam;

use crate::error::{Error, Kind, Result};
use crate::message::Message;
use crate::quirks::Driver;
use crate::quirks::driver::HostIp;
use crate::step::Step;

/// What an interface's record has of the network; empty is not set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settings<'a> {
    /// Name of the record.
    pub name: &'a str,
    /// Address.
    pub address: &'a str,
    /// Network device.
    pub netdev: &'a str,
    /// MAC address.
    pub mac: &'a str,
}

/// A thing to do, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prepare {
    /// The network device is brought up. That it fails is a remark: the login tells.
    NetdevUp(String),
    /// A parameter of the host is set; that it fails ends the login.
    Set(HostParam, String),
    /// The network helper brings the address up; that it fails ends the login.
    Helper,
}

/// What is to be done, and what is to be said about it.
///
/// # Errors
/// [`Kind::Invalid`]: the driver needs an address and the record has none.
pub fn before_connect(driver: &Driver, of: &Settings<'_>) -> Result<(Vec<Prepare>, Option<Message>)> {
    let Some(login) = driver.login else {
        return Ok(Default::default());
    };
    let name = of.name.escape_debug();
    match (login.host_ip, of.address.is_empty()) {
        (HostIp::NotRequired, _) => return Ok(Default::default()),
        (HostIp::Optional, true) => {
            let said = Message::from(format!(
                "interface {name} has no address: {} takes the one that its port has",
                driver.transport
            ));
            return Ok((Vec::new(), Some(said)));
        }
        (HostIp::Required, true) => {
            return Err(
                Error::new(Kind::Invalid, format!("log in through interface {name}"))
                    .answered(format!(
                        "it has no address, and {} connects from none of the machine's",
                        driver.transport
                    ))
                    .hint(Message::from("give it one: ").then(Step::OpenIscsiAddress)),
            );
        }
        (HostIp::Optional | HostIp::Required, false) => {}
    }
    let mut steps = Vec::new();
    if !login.no_netdev && !of.netdev.is_empty() {
        steps.push(Prepare::NetdevUp(of.netdev.to_owned()));
    }
    let params = [
        (HostParam::Ipaddress, of.address),
        (HostParam::NetdevName, of.netdev),
        (HostParam::Hwaddress, of.mac),
    ];
    let set = params.into_iter().filter(|(_, value)| !value.is_empty());
    steps.extend(set.map(|(param, value)| Prepare::Set(param, value.to_owned())));
    if driver.helper {
        steps.push(Prepare::Helper);
    }
    Ok((steps, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Settings<'static> = Settings {
        name: "port0",
        address: "10.0.0.5",
        netdev: "eth2",
        mac: "00:10:18:00:00:01",
    };

    fn steps(transport: &str, of: &Settings<'_>) -> Vec<Prepare> {
        before_connect(Driver::of(transport), of).expect(transport).0
    }

    #[test]
    fn each_driver_gets_what_it_needs_and_nothing_else() {
        use Prepare::{Helper, NetdevUp, Set};
        let set = [
            Set(HostParam::Ipaddress, "10.0.0.5".into()),
            Set(HostParam::NetdevName, "eth2".into()),
            Set(HostParam::Hwaddress, "00:10:18:00:00:01".into()),
        ];
        let up = [NetdevUp("eth2".into())];
        for transport in ["tcp", "iser", "cxgb4i", "be2iscsi", "qla4xxx", "ocs", "weird"] {
            assert_eq!(steps(transport, &FULL), [], "{transport}");
        }
        assert_eq!(steps("cxgb3i", &FULL), [&up[..], &set].concat());
        assert_eq!(steps("bnx2i", &FULL), [&up[..], &set, &[Helper]].concat());
        assert_eq!(
            steps("qedi", &FULL),
            [&set[..], &[Helper]].concat(),
            "no device beside it"
        );
    }

    #[test]
    fn without_an_address_some_refuse_one_says_so_and_the_others_never_wanted_one() {
        let none = Settings { address: "", ..FULL };
        for driver in Driver::all() {
            let answer = before_connect(driver, &none);
            match driver.transport {
                "bnx2i" | "qedi" => {
                    let e = answer.unwrap_err();
                    assert_eq!(e.kind(), Kind::Invalid);
                    assert!(e.to_string().contains("port0") && e.next_step().is_some(), "{e}");
                }
                "cxgb3i" => {
                    let (steps, said) = answer.unwrap();
                    assert!(steps.is_empty() && said.is_some());
                }
                _ => assert_eq!(answer.unwrap(), (vec![], None), "{}", driver.transport),
            }
        }
    }

    #[test]
    fn what_a_record_does_not_have_is_not_set() {
        let bare = Settings {
            netdev: "",
            mac: "",
            ..FULL
        };
        assert_eq!(
            steps("cxgb3i", &bare),
            [Prepare::Set(HostParam::Ipaddress, "10.0.0.5".into())]
        );
    }
}
