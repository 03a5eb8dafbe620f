//! What was kept comes back; what is damaged, foreign or of another boot does not.

use std::net::IpAddr;
use std::time::Duration;

use super::*;
use crate::port::{
    AddressStatus, Configured, Counters, InterfaceConfig, InterfaceStatus, Ipv4Source, Ipv6Source,
    LeaseStatus, LinkLocalSource, NeighbourStatus, PortStatus, RouterSource, Vlan,
};

const MAC: [u8; 6] = [0, 0x10, 0x18, 0xaa, 0xbb, 0xcc];

fn early() -> Duration {
    Duration::from_secs(1000)
}

fn later() -> Duration {
    Duration::from_secs(1060)
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn interface(vlan: Option<Vlan>) -> InterfaceStatus {
    InterfaceStatus {
        config: InterfaceConfig {
            vlan,
            mtu: Some(9000),
            v4: Ipv4Source::Dhcp,
            v6: Ipv6Source::Static {
                address: "2001:db8::7".parse().unwrap(),
                prefix: 64,
            },
            link_local: LinkLocalSource::Static("fe80::7".parse().unwrap()),
            router: RouterSource::Static("fe80::1".parse().unwrap()),
        },
        state: Configured::Ready,
        addresses: vec![
            AddressStatus {
                address: ip("192.0.2.7"),
                prefix: 24,
                duplicate: false,
                valid: Some(secs(3600)),
            },
            AddressStatus {
                address: ip("2001:db8::7"),
                prefix: 64,
                duplicate: true,
                valid: None,
            },
        ],
        routers: vec![ip("192.0.2.1"), ip("fe80::1")],
        leases: vec![
            LeaseStatus::V4 {
                address: "192.0.2.7".parse().unwrap(),
                prefix: 24,
                gateway: Some("192.0.2.1".parse().unwrap()),
                routes: vec![
                    (
                        "198.51.100.0".parse().unwrap(),
                        24,
                        Some("192.0.2.2".parse().unwrap()),
                    ),
                    ("203.0.113.0".parse().unwrap(), 24, None),
                ],
                mtu: Some(1500),
                server: "192.0.2.1".parse().unwrap(),
                renew: secs(1800),
                rebind: secs(3150),
                expires: secs(3600),
            },
            LeaseStatus::V6 {
                address: "2001:db8::99".parse().unwrap(),
                iaid: 7,
                server: vec![0, 3, 0, 1, 0xde, 0xad],
                preferred: secs(100),
                renew: secs(200),
                rebind: secs(300),
                expires: Duration::MAX,
            },
        ],
        neighbours: vec![
            NeighbourStatus {
                address: ip("192.0.2.1"),
                mac: Some([0, 0x1b, 0x21, 1, 2, 3]),
                age: secs(5),
            },
            NeighbourStatus {
                address: ip("192.0.2.2"),
                mac: None,
                age: secs(1),
            },
        ],
    }
}

fn port(interfaces: Vec<InterfaceStatus>) -> PortStatus {
    PortStatus {
        host: 7,
        mac: MAC,
        mtu: 9000,
        link: true,
        interfaces,
        pending: 0,
        counters: Counters::default(),
    }
}

fn saved(dir: &std::path::Path, interfaces: Vec<InterfaceStatus>) {
    State::open(dir, "boot", early)
        .unwrap()
        .save(&port(interfaces))
        .unwrap();
}

#[test]
fn what_was_kept_comes_back_with_its_time_gone_on() {
    let dir = tempfile::tempdir().unwrap();
    let tagged = Some(Vlan { id: 100, priority: 5 });
    saved(dir.path(), vec![interface(None), interface(tagged)]);
    let state = State::open(dir.path(), "boot", later).unwrap();
    assert_eq!(state.hosts(), [7]);
    let back = state.load(7, MAC);
    let [untagged, tagged_back] = &back[..] else {
        panic!("{back:?}")
    };
    assert_eq!(tagged_back.config.vlan, tagged);
    let was = interface(None);
    assert_eq!(untagged.config, was.config);
    assert_eq!(untagged.routers, was.routers);
    assert_eq!(untagged.addresses[0].valid, Some(secs(3540)));
    assert_eq!(untagged.addresses[1], was.addresses[1]);
    // Who did not answer is asked again.
    assert_eq!(untagged.neighbours.len(), 1);
    assert_eq!(untagged.neighbours[0].age, secs(65));
    assert_eq!(untagged.neighbours[0].mac, was.neighbours[0].mac);
    let [
        LeaseStatus::V4 {
            routes,
            renew,
            expires,
            ..
        },
        LeaseStatus::V6 {
            server,
            renew: renew6,
            expires: expires6,
            ..
        },
    ] = &untagged.leases[..]
    else {
        panic!("{:?}", untagged.leases)
    };
    assert_eq!((*renew, *expires), (secs(1740), secs(3540)));
    assert_eq!(routes.len(), 2);
    assert_eq!((*renew6, *expires6), (secs(140), Duration::MAX));
    assert_eq!(server, &[0, 3, 0, 1, 0xde, 0xad]);
}

#[test]
fn a_fact_is_a_small_file_that_anybody_can_read() {
    let dir = tempfile::tempdir().unwrap();
    saved(dir.path(), vec![interface(None)]);
    let read = |name: &str| std::fs::read_to_string(dir.path().join("host7").join(name)).unwrap();
    assert_eq!(read("mac"), "00:10:18:aa:bb:cc\n");
    assert_eq!(read("vlan0/ipv4"), "dhcp\n");
    assert_eq!(read("vlan0/ipv6"), "static 2001:db8::7/64\n");
    assert_eq!(
        read("vlan0/addresses"),
        "192.0.2.7/24 until 4600\n2001:db8::7/64 until never duplicate\n"
    );
    assert_eq!(
        read("vlan0/neighbours"),
        "192.0.2.1 00:1b:21:01:02:03 heard 995\n"
    );
    assert_eq!(
        read("vlan0/lease-0"),
        "dhcpv4 192.0.2.7/24\ngateway 192.0.2.1\nroute 198.51.100.0/24 192.0.2.2\nroute 203.0.113.0/24 link\nmtu 1500\n\
         server 192.0.2.1\nrenew 2800\nrebind 4150\nexpires 4600\n"
    );
}

#[test]
fn a_damaged_fact_is_ignored_and_a_damaged_configuration_is_not_resumed() {
    let dir = tempfile::tempdir().unwrap();
    let tagged = Some(Vlan { id: 100, priority: 5 });
    saved(dir.path(), vec![interface(None), interface(tagged)]);
    let put = |name: &str, text: &[u8]| std::fs::write(dir.path().join("host7").join(name), text).unwrap();
    put("vlan0/lease-0", b"dhcpv4 192.0.2.7/240\n");
    put("vlan0/neighbours", b"\xff\xfe\0");
    put("vlan0/addresses", &vec![b'x'; 70_000]);
    put("vlan0/something-else", b"of a later version\n");
    put("vlan100/ipv4", b"static nowhere\n");
    let back = State::open(dir.path(), "boot", later).unwrap().load(7, MAC);
    let [only] = &back[..] else { panic!("{back:?}") };
    assert_eq!(only.config, interface(None).config);
    assert_eq!(only.leases.len(), 1);
    assert_eq!((&only.neighbours[..], &only.addresses[..]), (&[][..], &[][..]));
}

#[test]
fn a_lease_that_ended_meanwhile_is_not_resumed() {
    let dir = tempfile::tempdir().unwrap();
    let mut short = interface(None);
    let LeaseStatus::V4 { expires, .. } = &mut short.leases[0] else {
        panic!()
    };
    *expires = secs(59);
    short.addresses[0].valid = Some(secs(59));
    saved(dir.path(), vec![short]);
    let back = State::open(dir.path(), "boot", later).unwrap().load(7, MAC);
    assert!(matches!(back[0].leases[..], [LeaseStatus::V6 { .. }]));
    assert_eq!(back[0].addresses.len(), 1);
}

#[test]
fn another_adapter_and_another_boot_get_nothing() {
    let dir = tempfile::tempdir().unwrap();
    saved(dir.path(), vec![interface(None)]);
    let state = State::open(dir.path(), "boot", later).unwrap();
    assert_eq!(state.load(7, [9; 6]), []);
    assert_eq!(state.load(8, MAC), []);
    drop(state);
    let state = State::open(dir.path(), "the next boot", early).unwrap();
    assert!(state.hosts().is_empty());
    assert!(!dir.path().join("host7").exists());
}

#[test]
fn only_what_is_another_is_written_and_what_is_gone_goes() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = State::open(dir.path(), "boot", early).unwrap();
    let both = vec![interface(None), interface(Some(Vlan { id: 5, priority: 0 }))];
    state.save(&port(both)).unwrap();
    let inode = |name: &str| {
        use std::os::unix::fs::MetadataExt as _;
        std::fs::metadata(dir.path().join("host7/vlan0").join(name))
            .unwrap()
            .ino()
    };
    let (ipv4, lease) = (inode("ipv4"), inode("lease-0"));
    let mut changed = interface(None);
    changed.leases.remove(1);
    changed.config.v4 = Ipv4Source::Off;
    state.save(&port(vec![changed])).unwrap();
    assert_ne!(inode("ipv4"), ipv4);
    assert_eq!(inode("lease-0"), lease);
    assert!(!dir.path().join("host7/vlan0/lease-1").exists());
    assert!(!dir.path().join("host7/vlan5").exists());
    state.forget(7).unwrap();
    assert!(state.hosts().is_empty());
}

#[test]
fn names_of_others_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["host7x", "host07", "hosts", "new-host7"] {
        std::fs::create_dir(dir.path().join(name)).unwrap();
    }
    let state = State::open(dir.path(), "boot", early).unwrap();
    assert!(state.hosts().is_empty());
    assert!(dir.path().join("host07").exists());
}
