//! The interfaces by which the firmware's targets are reached.
//!
//! Owns which record an adapter's boot port has, and that a new one is named as the stock programs name it. Must not know targets. Source: open-iscsi's
//! `usr/iface.c` (`iface_setup_from_boot_context`), `usr/fwparam_ibft`.

use crate::ctx::Ctx;
use crate::discovery::firmware::Through;
use crate::error::Result;
use crate::ids::{Family, parse_mac};
use crate::nodes::iface::AutoName;
use crate::nodes::key::Object;
use crate::nodes::{Conf, DEFAULT_IFACE, Database, Record};
use crate::ops::iface_record::find;

/// Interface records that are to be made.
pub(super) type New = Vec<(String, Record)>;

/// The interface of each path, and the records that have to be made for them. What the machine's own table names is reached over its network.
pub(super) fn ifaces(
    ctx: &mut Ctx<'_>,
    database: &Database,
    conf: &Conf,
    through: &[(Family, &Through)],
    tried: &str,
) -> Result<(Vec<Vec<String>>, New)> {
    let keys = ctx.backend.adapter_keys()?;
    let (mut all, mut new): (Vec<Vec<String>>, New) = (Vec::new(), Vec::new());
    for (family, one) in through {
        let key = one.host.and_then(|host| keys.iter().find(|key| key.host == host));
        let mac = key
            .and_then(|key| key.mac.as_deref())
            .or(one.mac.as_deref())
            .and_then(parse_mac);
        let transport = key.and_then(|key| key.transport.as_deref());
        let (Some(mac), Some(transport)) = (mac, transport) else {
            if one.host.is_some() {
                ctx.warn(format!(
                    "{} is an adapter's table, and its port cannot be told: the records are those of this host's network",
                    one.table
                ));
            }
            all.push(vec![DEFAULT_IFACE.to_owned()]);
            continue;
        };
        let is_there = |name: &str| find(database, name, tried).is_ok() || new.iter().any(|(n, _)| n == name);
        let name = match AutoName::found(transport, mac, *family, 0, is_there) {
            Some(name) => name.to_string(),
            None => {
                let names = AutoName::candidates(transport, mac, *family, 0);
                let Some(name) = names.first().map(ToString::to_string) else {
                    continue;
                };
                let mut record = Record::interface(&name, transport, conf.version());
                let text: Vec<String> = mac.iter().map(|byte| format!("{byte:02x}")).collect();
                record.put(Object::Iface, "iface.hwaddress", &text.join(":"))?;
                new.push((name.clone(), record));
                name
            }
        };
        all.push(vec![name]);
    }
    Ok((all, new))
}
