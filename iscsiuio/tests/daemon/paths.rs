//! Path requests from the kernel to the neighbour and back.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::Ipv4Addr;

use driver_sys::netlink::code::PingStatus;
use driver_sys::uip::{Request, Status};

use super::helper::{Helper, exchange, record};
use super::kernel::{Kernel, TRANSPORT};
use super::lan::{Lan, mac_of};

const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 7);

fn neighbour(n: u8) -> Ipv4Addr {
    Ipv4Addr::new(192, 0, 2, n)
}

#[test]
fn a_path_request_is_answered_with_the_neighbours_mac_address() {
    let (mut kernel, ring) = Kernel::with_host(3);
    let _lan = Lan::behind(ring);
    let helper = Helper::start(kernel.dir.path());
    helper.up(3, OWN);
    kernel.ask(3, 0xabcd, OWN, neighbour(20));
    let (header, host, path) = kernel.update();
    assert_eq!((host, path.handle, path.mac), (3, 0xabcd, mac_of(neighbour(20))));
    assert_eq!(
        (path.src(), path.dst()),
        (Some(OWN.into()), Some(neighbour(20).into()))
    );
    assert_eq!(header.transport_handle(), TRANSPORT);
}

#[test]
fn two_hundred_and_fifty_six_requests_at_once_are_answered_once_each() {
    let (mut kernel, ring) = Kernel::with_host(3);
    let lan = Lan::behind(ring);
    let helper = Helper::start(kernel.dir.path());
    helper.up(3, OWN);
    for handle in 0..256 {
        let to = neighbour(20 + u8::try_from(handle % 200).unwrap());
        kernel.ask(3, handle, OWN, to);
    }
    let mut answered = BTreeSet::new();
    for _ in 0..256 {
        let (_, _, path) = kernel.update();
        let to = neighbour(20 + u8::try_from(path.handle % 200).unwrap());
        assert_eq!(path.mac, mac_of(to), "handle {}", path.handle);
        assert!(answered.insert(path.handle), "handle {} twice", path.handle);
    }
    assert!(kernel.hears_nothing(std::time::Duration::from_millis(100)));
    assert_eq!(lan.asked(), 200, "the same neighbour is asked for once");
}

#[test]
fn ports_do_not_wait_for_each_other() {
    let mut kernel = Kernel::new();
    let silent = Lan::behind(kernel.add_host(3));
    let _lan = Lan::behind(kernel.add_host(4));
    let helper = Helper::start(kernel.dir.path());
    helper.up(3, OWN);
    helper.up(4, OWN);
    silent.silence(true);
    kernel.ask(3, 1, OWN, neighbour(20));
    kernel.ask(4, 2, OWN, neighbour(20));
    let (_, host, path) = kernel.update();
    assert_eq!((host, path.handle, path.mac), (4, 2, mac_of(neighbour(20))));
    // Who never answers is told of with no MAC address.
    let (_, host, path) = kernel.update();
    assert_eq!((host, path.handle, path.mac), (3, 1, [0; 6]));
}

#[test]
fn a_request_for_a_host_that_is_not_there_is_answered_with_no_mac_address() {
    let mut kernel = Kernel::new();
    let helper = Helper::start(kernel.dir.path());
    for handle in 0..3 {
        kernel.ask(9, handle, OWN, neighbour(20));
        let (_, host, path) = kernel.update();
        assert_eq!((host, path.handle, path.mac), (9, handle, [0; 6]));
    }
    helper.logged("no port");
}

#[test]
fn a_ping_goes_through_the_ring() {
    let (kernel, ring) = Kernel::with_host(3);
    let lan = Lan::behind(ring);
    let helper = Helper::start(kernel.dir.path());
    let reply = helper.ping(3, OWN, neighbour(20), 56);
    assert_eq!(
        (reply.status, reply.ping),
        (Status::DeviceUp, PingStatus::Success)
    );
    lan.silence(true);
    let reply = helper.ping(3, OWN, neighbour(21), 56);
    assert_eq!(reply.status, Status::Err);
    assert!(
        matches!(reply.ping, PingStatus::Timeout | PingStatus::NoArpReceived),
        "{:?}",
        reply.ping
    );
}

#[test]
fn two_hundred_clients_at_once_are_all_served() {
    let (kernel, ring) = Kernel::with_host(3);
    let _lan = Lan::behind(ring);
    let helper = Helper::start(kernel.dir.path());
    helper.up(3, OWN);
    let message = Request::Iface(record(3, "192.0.2.7/24")).encode().unwrap();
    let mut clients: Vec<_> = (0..200).map(|_| helper.connect()).collect();
    for client in &mut clients {
        client.write_all(&message).unwrap();
    }
    for client in &mut clients {
        assert_eq!(exchange(client, &[]).status, Status::DeviceUp);
    }
}
