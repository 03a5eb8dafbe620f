//! The attribute tables of the readers and the parameter tables of netlink speak of the same attributes.

use std::collections::BTreeSet;

use driver_sys::netlink::params::{
    FlashnodeParam, HostParam, IfaceParam, IscsiParam, NetParam, Object, Param,
};
use driver_sys::sysfs::Attr;
use driver_sys::sysfs::class::{connection, flashnode, host, iface, session};

/// The tables of an object, and those of its attributes that are no parameters.
fn tables(object: Object) -> Option<(Vec<&'static [Attr]>, &'static [&'static str])> {
    Some(match object {
        Object::Session => (
            vec![session::SESSION_ATTRS, session::SESSION_AUTH_ATTRS],
            &["creator", "state", "target_state", "target_id", "recovery_tmo"],
        ),
        Object::Connection => (
            vec![connection::CONNECTION_ATTRS, connection::PORTAL_ATTRS],
            &["state"],
        ),
        Object::Host => (vec![host::ISCSI_HOST_ATTRS], &[]),
        Object::Iface => (vec![iface::IFACE_ATTRS], &[]),
        Object::Ipv4Iface => (vec![iface::IPV4_IFACE_ATTRS], &[]),
        Object::Ipv6Iface => (vec![iface::IPV6_IFACE_ATTRS], &[]),
        Object::FlashSession => (
            vec![flashnode::FLASH_SESSION_ATTRS, flashnode::FLASH_SECRET_ATTRS],
            &[],
        ),
        Object::FlashConnection => (vec![flashnode::FLASH_CONNECTION_ATTRS], &[]),
        Object::Chap | Object::None => return None,
    })
}

const OBJECTS: [Object; 8] = [
    Object::Session,
    Object::Connection,
    Object::Host,
    Object::Iface,
    Object::Ipv4Iface,
    Object::Ipv6Iface,
    Object::FlashSession,
    Object::FlashConnection,
];

fn shown<P: Param>(object: Object) -> impl Iterator<Item = &'static str> {
    P::table()
        .iter()
        .filter(move |row| row.object == object)
        .filter_map(|row| row.attr)
}

#[test]
fn readers_know_the_attributes_that_parameters_name_and_no_others() {
    for object in OBJECTS {
        let (tables, private) = tables(object).expect("an object in sysfs");
        let read: BTreeSet<&str> = tables
            .iter()
            .flat_map(|table| table.iter().map(|a| a.name))
            .collect();
        let named: BTreeSet<&str> = shown::<IscsiParam>(object)
            .chain(shown::<HostParam>(object))
            .chain(shown::<IfaceParam>(object))
            .chain(shown::<NetParam>(object))
            .chain(shown::<FlashnodeParam>(object))
            .chain(private.iter().copied())
            .collect();
        let unread: Vec<_> = named.difference(&read).collect();
        let unnamed: Vec<_> = read.difference(&named).collect();
        assert!(
            unread.is_empty() && unnamed.is_empty(),
            "{object:?}: not read {unread:?}, no parameter {unnamed:?}"
        );
    }
}

#[test]
fn secrets_of_netlink_are_secrets_in_sysfs() {
    let secret: BTreeSet<&str> = [session::SESSION_AUTH_ATTRS, flashnode::FLASH_SECRET_ATTRS]
        .iter()
        .flat_map(|table| table.iter().map(|attr| attr.name))
        .collect();
    let mut seen = 0;
    for row in IscsiParam::table().iter().filter(|row| row.param.is_secret()) {
        assert!(row.attr.is_none_or(|attr| secret.contains(attr)), "{row:?}");
        seen += 1;
    }
    for row in FlashnodeParam::table().iter().filter(|row| row.param.is_secret()) {
        assert!(row.attr.is_none_or(|attr| secret.contains(attr)), "{row:?}");
        seen += 1;
    }
    assert_eq!(seen, 4);
}
