//! A flash node as the driver keeps it in memory: what its attributes show, what parameters change, what goes to flash.
//!
//! Must not talk to the card. Source: `ql4_os.c` (`qla4xxx_copy_from_fwddb_param`, `qla4xxx_copy_to_fwddb_param`,
//! `qla4xxx_sysfs_ddb_get_param`, `qla4xxx_sysfs_ddb_set_param`).

use driver_sys::hw::ddb::{DDB_ISNS, DDB_NO_LINK, DDB_VALID_COOKIE, DdbOptions};
use driver_sys::hw::raw::dev_db_entry;
use driver_sys::netlink::params::{FlashnodeParam as F, Object};
use nix::errno::Errno;
use zerocopy::{FromBytes, IntoBytes};

use super::ddb_table::{At, NUMBERS, cut};
use crate::text::{cstr, hex, ip4, ip6};

/// No CHAP entry, no parent.
pub(crate) const INVALID: u32 = 0xffff;

/// A flash node in the driver's memory.
#[derive(Clone)]
pub(crate) struct Flashnode {
    values: [u32; NUMBERS.len()],
    /// `ipv4` or `ipv6`.
    pub(crate) portal_type: String,
    /// Target name; none for a SendTargets entry.
    pub(crate) name: Option<Vec<u8>>,
    alias: Option<Vec<u8>>,
    address: [u8; 16],
    redirect: [u8; 16],
    link_local: Option<[u8; 16]>,
    isid: [u8; 6],
    parent_type: u16,
    /// Written to flash; a fresh node is not yet.
    pub(crate) persistent: bool,
    /// Named by the port's boot bytes.
    pub(crate) boot: bool,
}

impl Flashnode {
    /// Reads a DDB.
    pub(crate) fn from_entry(entry: &dev_db_entry, persistent: bool, boot: bool) -> Self {
        let bytes = <[u8; 512]>::ref_from_bytes(entry.as_bytes())
            .copied()
            .unwrap_or([0; 512]);
        let mut values = [0; NUMBERS.len()];
        for (value, number) in values.iter_mut().zip(NUMBERS) {
            *value = number.at.get(&bytes);
        }
        let v6 = entry.option_flags().contains(DdbOptions::IPV6_DEVICE);
        let text = |b: &[u8]| Some(driver_sys::hw::until_nul(b).to_vec()).filter(|t| !t.is_empty());
        let mut redirect = [0; 16];
        redirect.copy_from_slice(&entry.tgt_addr[..16]);
        let mut node = Self {
            values,
            portal_type: if v6 { "ipv6" } else { "ipv4" }.into(),
            name: text(&entry.iscsi_name),
            alias: text(&entry.iscsi_alias),
            address: entry.ip_addr,
            redirect,
            link_local: v6.then_some(entry.link_local_ipv6_addr),
            isid: reversed(entry.isid),
            parent_type: entry.ddb_link.get(),
            persistent,
            boot,
        };
        node.put(if v6 { F::Ipv6Tc } else { F::Ipv4Tos }, u32::from(entry.ipv4_tos));
        node
    }

    /// Whether the portal is IPv6 (as the driver asks: the first four letters).
    pub(crate) fn is_v6(&self) -> bool {
        self.portal_type
            .as_bytes()
            .get(..4)
            .is_some_and(|t| t.eq_ignore_ascii_case(b"ipv6"))
    }

    /// The DDB to write: a default entry with every field of the node laid over it.
    pub(crate) fn to_entry(&self, default: &dev_db_entry) -> dev_db_entry {
        let mut entry = *default;
        let mut flags = entry.option_flags();
        flags.set(DdbOptions::IPV6_DEVICE, self.is_v6());
        entry.set_option_flags(flags);
        if let Ok(bytes) = <[u8; 512]>::mut_from_bytes(entry.as_mut_bytes()) {
            for (value, number) in self.values.iter().zip(NUMBERS) {
                number.at.put(bytes, *value);
            }
        }
        entry.ipv4_tos = self.get(if self.is_v6() { F::Ipv6Tc } else { F::Ipv4Tos }) as u8;
        entry.ip_addr = self.address;
        entry.tgt_addr[..16].copy_from_slice(&self.redirect);
        if let Some(a) = self.link_local {
            entry.link_local_ipv6_addr = a;
        }
        if let Some(name) = &self.name {
            copy_text(&mut entry.iscsi_name, name);
        }
        if let Some(alias) = &self.alias {
            copy_text(&mut entry.iscsi_alias, alias);
        }
        entry.isid = reversed(self.isid);
        entry.cookie.set(DDB_VALID_COOKIE);
        entry
    }

    pub(crate) fn get(&self, param: F) -> u32 {
        NUMBERS
            .iter()
            .position(|n| n.param == param)
            .map_or(0, |i| self.values[i])
    }

    fn put(&mut self, param: F, value: u32) {
        if let Some(i) = NUMBERS.iter().position(|n| n.param == param) {
            self.values[i] = value;
        }
    }

    /// The CHAP entry it names.
    pub(crate) fn chap_index(&self) -> u32 {
        self.get(F::ChapOutIdx)
    }

    /// CHAP is on.
    pub(crate) fn uses_chap(&self) -> bool {
        self.get(F::ChapAuthEn) != 0
    }

    /// Changes one value in memory. `chap_exists` says whether an entry for this initiator exists at an index.
    ///
    /// # Errors
    /// `ENOSYS` for a parameter that the driver does not set; what was changed before stays changed.
    pub(crate) fn set(
        &mut self,
        p: u16,
        value: &[u8],
        chap_exists: impl Fn(u16) -> bool,
    ) -> Result<(), Errno> {
        let mut address = [0u8; 16];
        address.iter_mut().zip(value).for_each(|(a, v)| *a = *v);
        let p = F::from_raw(p);
        match p {
            F::PortalType => {
                // The driver copies as many letters as the old word has.
                let len = self.portal_type.len().min(value.len());
                let mut bytes = self.portal_type.clone().into_bytes();
                bytes[..len].copy_from_slice(&value[..len]);
                self.portal_type = cstr(&bytes);
                if self.is_v6() && self.link_local.is_none() {
                    self.link_local = Some([0; 16]);
                }
            }
            F::Isid => self.isid.iter_mut().zip(value).for_each(|(a, v)| *a = *v),
            F::Ipaddr => self.address = address,
            F::RedirectIpaddr => self.redirect = address,
            F::LinkLocalIpv6 => self.link_local = Some(address),
            F::Name => self.name = Some(driver_sys::hw::until_nul(value).to_vec()),
            F::Alias => self.alias = Some(driver_sys::hw::until_nul(value).to_vec()),
            F::ChapOutIdx => {
                let index = value.get(..2).map_or(0, |b| u16::from_ne_bytes([b[0], b[1]]));
                if chap_exists(index) {
                    self.put(F::ChapOutIdx, u32::from(index));
                    self.put(F::ChapAuthEn, 1);
                }
            }
            _ => {
                let known = NUMBERS.iter().any(|n| n.param == p);
                let Some(info) = p.info().filter(|_| known) else {
                    return Err(Errno::ENOSYS);
                };
                self.put(p, cut(info.kind, value));
                if p == F::ChapAuthEn && !self.uses_chap() {
                    self.put(F::ChapOutIdx, INVALID);
                }
            }
        }
        Ok(())
    }

    /// The attributes of the session object. `chap` gives name and secret of a CHAP entry.
    pub(crate) fn session_attrs(
        &self,
        chap: impl Fn(u16) -> Option<(String, String)>,
    ) -> Vec<(&'static str, String)> {
        let mut out = self.numbers(Object::FlashSession);
        let link = u32::from(self.parent_type);
        let (user, password) = if self.uses_chap() {
            chap(self.chap_index() as u16).unwrap_or_default()
        } else {
            Default::default()
        };
        let text = |t: &Option<Vec<u8>>| t.as_ref().map(|t| cstr(t)).unwrap_or_default();
        out.extend([
            (F::PortalType, self.portal_type.clone()),
            (F::Isid, hex(&self.isid)),
            (F::Name, text(&self.name)),
            (F::Alias, text(&self.alias)),
            (F::DiscoveryParentType, parent_name(link).into()),
            (F::Username, user),
            (F::Password, password),
            (F::IsBootTgt, u8::from(self.boot).to_string()),
        ]);
        named(out)
    }

    /// The attributes of the connection object.
    pub(crate) fn conn_attrs(&self) -> Vec<(&'static str, String)> {
        let mut out = self.numbers(Object::FlashConnection);
        let v6 = self.portal_type.starts_with("ipv6");
        let address = |a: &[u8; 16]| if v6 { ip6(a) } else { ip4(a) };
        out.extend([
            (F::Ipaddr, address(&self.address)),
            (F::RedirectIpaddr, address(&self.redirect)),
            (
                F::LinkLocalIpv6,
                if v6 {
                    ip6(&self.link_local.unwrap_or_default())
                } else {
                    String::new()
                },
            ),
        ]);
        if !v6 {
            for (param, value) in &mut out {
                if *param == F::Ipv6Tc {
                    value.clear();
                }
            }
        }
        named(out)
    }

    fn numbers(&self, object: Object) -> Vec<(F, String)> {
        let shown_by = |param: F| param.info().is_some_and(|row| row.object == object);
        NUMBERS
            .iter()
            .zip(self.values)
            .filter(|(n, _)| shown_by(n.param))
            .map(|(n, v)| (n.param, v.to_string()))
            .collect()
    }

    /// What two entries are compared by: name, address text, port.
    pub(crate) fn tuple(&self) -> Tuple {
        Tuple {
            name: self.name.clone().unwrap_or_default(),
            address: if self.portal_type.starts_with("ipv6") {
                ip6(&self.address)
            } else {
                ip4(&self.address)
            },
            port: self.get(F::Port) as u16,
        }
    }
}

/// Under the names of their attributes.
fn named(attrs: Vec<(F, String)>) -> Vec<(&'static str, String)> {
    let name = |(param, value): (F, String)| Some((param.attr()?, value));
    attrs.into_iter().filter_map(name).collect()
}

/// What makes two targets the same one for the driver (`qla4xxx_compare_tuple_ddb`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tuple {
    name: Vec<u8>,
    address: String,
    port: u16,
}

impl Tuple {
    /// The tuple of a DDB.
    pub(crate) fn of(entry: &dev_db_entry) -> Self {
        let v6 = entry.option_flags().contains(DdbOptions::IPV6_DEVICE);
        Self {
            name: driver_sys::hw::until_nul(&entry.iscsi_name).to_vec(),
            address: if v6 {
                ip6(&entry.ip_addr)
            } else {
                ip4(&entry.ip_addr)
            },
            port: entry.port.get(),
        }
    }
}

/// The kernel's word for how a target was found, by the DDB's link.
pub(crate) fn parent_name(link: u32) -> &'static str {
    match link as u16 {
        DDB_ISNS => "isns",
        DDB_NO_LINK => "Unknown",
        l if l < 512 => "Sendtarget",
        _ => "Unknown",
    }
}

fn copy_text(to: &mut [u8], from: &[u8]) {
    to.fill(0);
    let len = from.len().min(to.len());
    to[..len].copy_from_slice(&from[..len]);
}

/// The driver keeps an ISID in the other byte order than the DDB.
pub(crate) fn reversed(mut isid: [u8; 6]) -> [u8; 6] {
    isid.reverse();
    isid
}

impl At {
    /// For tests: whether the number reaches flash.
    #[cfg(test)]
    fn stored(self) -> bool {
        self != Self::Nowhere
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_survives_the_way_to_flash_and_back() {
        let mut node = Flashnode::from_entry(&dev_db_entry::default(), false, false);
        for number in NUMBERS
            .iter()
            .filter(|n| n.at.stored() && n.param != F::ChapOutIdx)
        {
            let value = match number.at {
                At::Units(_) => 1024u32,
                _ => 1,
            };
            node.set(number.param.raw(), &value.to_ne_bytes(), |_| true)
                .expect("set");
        }
        node.set(F::Name.raw(), b"iqn.x:y\0", |_| true).expect("name");
        node.set(F::Isid.raw(), &[1, 2, 3, 4, 5, 6], |_| true)
            .expect("isid");
        node.set(F::Ipaddr.raw(), &[10, 0, 0, 1], |_| true)
            .expect("address");
        let entry = node.to_entry(&dev_db_entry::default());
        assert!(entry.is_valid());
        assert_eq!(entry.isid, [6, 5, 4, 3, 2, 1]);
        let back = Flashnode::from_entry(&entry, true, false);
        for number in NUMBERS.iter().filter(|n| n.at.stored()) {
            assert_eq!(
                back.get(number.param),
                node.get(number.param),
                "{:?}",
                number.param
            );
        }
        assert_eq!(back.tuple(), node.tuple());
        assert_eq!(Tuple::of(&entry), node.tuple());
    }

    #[test]
    fn a_valid_chap_index_switches_chap_on_and_switching_off_forgets_it() {
        let mut node = Flashnode::from_entry(&dev_db_entry::default(), false, false);
        node.set(F::ChapOutIdx.raw(), &9u16.to_ne_bytes(), |_| false)
            .expect("set");
        assert!(!node.uses_chap());
        node.set(F::ChapOutIdx.raw(), &9u16.to_ne_bytes(), |i| i == 9)
            .expect("set");
        assert!(node.uses_chap());
        assert_eq!(node.chap_index(), 9);
        node.set(F::ChapAuthEn.raw(), &[0], |_| true).expect("off");
        assert_eq!(node.chap_index(), INVALID);
    }

    #[test]
    fn parameters_that_the_driver_does_not_set_are_enosys() {
        let mut node = Flashnode::from_entry(&dev_db_entry::default(), false, false);
        for p in [47, 50, 52, 53, 54, 55, 58, 59, 9999] {
            assert_eq!(node.set(p, &[1, 0, 0, 0], |_| true), Err(Errno::ENOSYS), "{p}");
        }
    }

    #[test]
    fn a_portal_type_keeps_its_length() {
        let mut node = Flashnode::from_entry(&dev_db_entry::default(), false, false);
        node.set(F::PortalType.raw(), b"ipv6-and-more\0", |_| true)
            .expect("set");
        assert_eq!(node.portal_type, "ipv6");
        assert!(node.is_v6());
    }
}
