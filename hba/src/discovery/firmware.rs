//! What the boot firmware boots from, as an answer like any other.
//!
//! Owns which entries of its tables are targets. Must not know where the tables are read, nor what a record looks like. Source: ACPI's iSCSI Boot
//! Firmware Table; kernel `iscsi_ibft.c`, `iscsi_boot_sysfs.c` (flags: bit 0 valid, bit 1 booted from).

use iscsi::IscsiName;
use iscsi::address::{Host, ISCSI_PORT, TargetAddress};

use super::heard::{Found, Heard, Unusable};
use super::usable;
use crate::ids::HostNo;
use crate::initiator::{Account, Chap};
use crate::model::{BootTable, BootTarget};
use crate::secret::Secret;

/// The flag of an entry that means something.
const VALID: u32 = 1;

/// The tag of records that come from a table.
const TAG: u16 = 1;

/// How a target of the firmware is reached.
#[derive(Debug, Clone)]
pub struct Through {
    /// The table it stands in.
    pub table: String,
    /// The port whose driver shows the table.
    pub host: Option<HostNo>,
    /// MAC address of the network port.
    pub mac: Option<String>,
    /// The initiator's name there.
    pub initiator: Option<String>,
    /// Who proves himself with what.
    pub chap: Option<Chap>,
}

/// What the tables name: the answer, and for each path of it how it is reached.
#[must_use]
pub fn read(tables: &[BootTable]) -> (Heard, Vec<Through>) {
    let (mut heard, mut through) = (Heard::default(), Vec::new());
    for table in tables {
        for target in &table.targets {
            heard.listed += 1;
            match entry(target) {
                Ok(found) => {
                    let nic = |n: u32| table.nics.iter().find(|(number, _)| *number == n);
                    let nic = target.nic.and_then(nic).or_else(|| table.nics.first());
                    heard.found.push(found);
                    through.push(Through {
                        table: table.name.clone(),
                        host: table.host,
                        mac: nic.and_then(|(_, nic)| nic.mac.clone()),
                        initiator: table.initiator_name.clone(),
                        chap: chap(target),
                    });
                }
                Err(why) => heard.left_out.push(Unusable {
                    target: target.target_name.clone().unwrap_or_else(|| "n/a".to_owned()),
                    portal: format!("{}/{}", table.name, target.name),
                    why,
                }),
            }
        }
    }
    (heard, through)
}

fn entry(target: &BootTarget) -> Result<Found, String> {
    if target.flags.is_some_and(|flags| flags & VALID == 0) {
        return Err("the firmware marks it as not valid".to_owned());
    }
    let name = target.target_name.as_deref().unwrap_or_default();
    if name.is_empty() {
        return Err("it has no target name".to_owned());
    }
    let name: IscsiName = name
        .parse()
        .map_err(|why| format!("its name cannot be carried: {why}"))?;
    let host: Host = match target.address.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => text.parse().map_err(|_| "its address is none".to_owned())?,
        None => return Err("it has no address".to_owned()),
    };
    let address = TargetAddress {
        host,
        port: target.port.filter(|port| *port != 0).unwrap_or(ISCSI_PORT),
        tag: None,
    };
    // The tables have no tags, and the stock programs write this one for what they read there.
    let at = usable::portal(&address, None)?.with_tag(Some(TAG));
    Ok(Found {
        target: name,
        at,
        named: address.to_string(),
        alias: None,
    })
}

fn chap(target: &BootTarget) -> Option<Chap> {
    let account = |name: &Option<String>, secret: &Option<Secret>| {
        let secret = secret.clone().filter(|secret| !secret.expose().is_empty())?;
        Some(Account {
            name: name.clone()?,
            secret,
        })
    };
    Some(Chap {
        outgoing: account(&target.chap_username, &target.chap_secret)?,
        incoming: account(&target.reverse_chap_username, &target.reverse_chap_secret),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::BootNic;

    fn target(name: &str, iqn: Option<&str>, address: Option<&str>) -> BootTarget {
        BootTarget {
            name: name.to_owned(),
            target_name: iqn.map(str::to_owned),
            address: address.map(str::to_owned),
            port: Some(3260),
            lun: None,
            chap_username: None,
            chap_secret: None,
            reverse_chap_username: None,
            reverse_chap_secret: None,
            nic: Some(1),
            flags: Some(3),
        }
    }

    fn table(targets: Vec<BootTarget>) -> BootTable {
        let nic = |mac: &str| BootNic {
            mac: Some(mac.to_owned()),
            address: None,
            vlan: None,
        };
        BootTable {
            name: "ibft".to_owned(),
            host: None,
            initiator_name: Some("iqn.2026-11.org.example:host".to_owned()),
            nics: vec![(0, nic("00:00:00:00:00:01")), (1, nic("00:00:00:00:00:02"))],
            targets,
        }
    }

    #[test]
    fn entries_that_mean_something_are_targets_and_the_others_have_their_reasons() {
        let iqn = Some("iqn.2026-11.org.example:boot");
        let (heard, through) = read(&[table(vec![
            BootTarget {
                chap_username: Some("me".to_owned()),
                chap_secret: Some(Secret::stored("secret-of-mine".as_bytes())),
                ..target("target0", iqn, Some("10.0.0.1"))
            },
            BootTarget {
                port: None,
                flags: None,
                nic: None,
                ..target("target1", iqn, Some("2001:db8::1"))
            },
            BootTarget {
                flags: Some(2),
                ..target("target2", iqn, Some("10.0.0.3"))
            },
            target("target3", None, Some("10.0.0.4")),
            target("target4", iqn, None),
            target("target5", iqn, Some("0.0.0.0")),
            target("target6", Some("two words"), Some("10.0.0.5")),
        ])]);
        let found: Vec<&str> = heard.found.iter().map(|f| f.named.as_str()).collect();
        assert_eq!(found, ["10.0.0.1:3260", "[2001:db8::1]:3260"]);
        let macs: Vec<Option<&str>> = through.iter().map(|t| t.mac.as_deref()).collect();
        assert_eq!(macs, [Some("00:00:00:00:00:02"), Some("00:00:00:00:00:01")]);
        assert!(
            through[0]
                .chap
                .as_ref()
                .is_some_and(|c| c.outgoing.name == "me" && c.incoming.is_none())
        );
        assert!(through[1].chap.is_none());
        let reasons: Vec<(&str, bool)> = heard
            .left_out
            .iter()
            .zip([
                "not valid",
                "no target name",
                "no address",
                "no address at all",
                "cannot be carried",
            ])
            .map(|(l, why)| (l.portal.as_str(), l.why.contains(why)))
            .collect();
        let wanted: Vec<(String, bool)> = (2..7).map(|n| (format!("ibft/target{n}"), true)).collect();
        assert!(
            reasons.iter().eq(wanted
                .iter()
                .map(|(p, b)| (p.as_str(), *b))
                .collect::<Vec<_>>()
                .iter()),
            "{reasons:?}"
        );
        assert_eq!(heard.listed, 7);
    }
}
