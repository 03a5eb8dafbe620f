//! Several parameters of an interface as an operator gives them: an address may carry its prefix, and none is given twice.

use std::net::IpAddr;

use super::{Assignment, IfaceCode, NetParam, sense};
use crate::error::{Error, Kind, Result};

/// Reads `NAME=VALUE` each; `ipaddress=10.0.0.21/24` sets the mask too.
///
/// # Errors
/// As [`Assignment::parse`]; [`Kind::Invalid`] when a parameter has two values.
pub fn ifaces(given: &[String]) -> Result<Vec<Assignment<IfaceCode>>> {
    let mut all: Vec<Assignment<IfaceCode>> = Vec::new();
    for text in given {
        for a in one(text)? {
            match all.iter().find(|other| other.param == a.param) {
                None => all.push(a),
                Some(other) if other.value == a.value => {}
                Some(other) => {
                    return Err(Error::new(Kind::Invalid, format!("set {}", a.name()))
                        .answered(format!("it has two values, {} and {}", other.value, a.value)));
                }
            }
        }
    }
    Ok(all)
}

fn one(text: &str) -> Result<Vec<Assignment<IfaceCode>>> {
    let parts = text
        .split_once('=')
        .map(|(name, value)| (name.trim(), value.trim()));
    let Some(("ipaddress", value)) = parts else {
        return Ok(vec![Assignment::parse(text)?]);
    };
    let Some((address, prefix)) = value.split_once('/') else {
        return Ok(vec![Assignment::parse(text)?]);
    };
    let refuse = |why: &str| Error::new(Kind::Invalid, format!("set {}", text.escape_debug())).answered(why);
    let own = Assignment::named("ipaddress", address)?;
    let length = prefix
        .bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| prefix.parse::<u32>().ok())
        .flatten();
    match (address.parse(), length) {
        (Ok(IpAddr::V4(_)), Some(length @ 0..=32)) => {
            let mask = sense::of_prefix(length).to_string();
            let param = IfaceCode::Net(NetParam::Ipv4Subnet);
            Ok(vec![own, Assignment::new(param, &mask)?])
        }
        (Ok(IpAddr::V4(_)), _) => Err(refuse("a prefix of ipv4 has 0 to 32 bits")),
        (_, Some(64)) => Ok(vec![own]),
        _ => Err(refuse("the adapter's ipv6 prefixes have 64 bits, and no others")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[&str]) -> Result<Vec<String>> {
        let given: Vec<String> = given.iter().map(|&text| text.to_owned()).collect();
        let all = ifaces(&given)?;
        Ok(all.iter().map(|a| format!("{}={}", a.name(), a.value)).collect())
    }

    #[test]
    fn an_address_may_carry_its_prefix() {
        let both = ["ipaddress=10.0.0.21", "subnet=255.255.255.0"];
        assert_eq!(read(&["ipaddress=10.0.0.21/24"]).expect("valid"), both);
        assert_eq!(
            read(&["ipaddress=10.0.0.21/24", "subnet=24"]).expect("valid"),
            both
        );
        assert_eq!(
            read(&["ipaddress=fd00::21/64"]).expect("valid"),
            ["ipaddress=fd00::21"]
        );
        for wrong in [
            "ipaddress=10.0.0.21/33",
            "ipaddress=10.0.0.21/",
            "ipaddress=10.0.0.21/+4",
            "ipaddress=fd00::21/48",
            "ipaddress=x/24",
        ] {
            assert!(
                read(&[wrong]).is_err_and(|e| e.kind() == Kind::Invalid),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_parameter_has_one_value() {
        assert!(read(&["mtu=1500", "mtu=9000"]).is_err());
        assert!(read(&["ipaddress=10.0.0.21/24", "subnet=16"]).is_err());
        assert_eq!(read(&["mtu=1500", "mtu=1500"]).expect("the same"), ["mtu=1500"]);
    }
}
