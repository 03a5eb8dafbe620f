//! What stays over the end of the daemon, of the kernel and of a ring.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use driver_sys::netlink::Event;
use nix::sys::signal::Signal;

use super::helper::{Helper, until};
use super::kernel::Kernel;
use super::lan::{Lan, mac_of};

const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 7);
const NEIGHBOUR: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 20);

/// A daemon that knows its neighbour, and has written that down.
fn knowing(kernel: &mut Kernel) -> Helper {
    let helper = Helper::start(kernel.dir.path());
    helper.up(3, OWN);
    kernel.ask(3, 1, OWN, NEIGHBOUR);
    assert_eq!(kernel.update().2.mac, mac_of(NEIGHBOUR));
    until("the neighbour is written down", || {
        let text = std::fs::read_to_string(helper.state.join("host3/vlan0/neighbours")).ok()?;
        text.contains(&NEIGHBOUR.to_string()).then_some(())
    });
    helper
}

#[test]
fn killed_and_started_again_it_answers_from_what_was_kept() {
    let (mut kernel, ring) = Kernel::with_host(3);
    let lan = Lan::behind(ring);
    knowing(&mut kernel).end(Signal::SIGKILL);
    kernel.stop();
    kernel.restart();
    lan.silence(true);
    let helper = Helper::start(kernel.dir.path());
    // Nobody configured anything, and no neighbour says a word.
    let begin = Instant::now();
    kernel.ask(3, 2, OWN, NEIGHBOUR);
    let (_, _, path) = kernel.update();
    assert_eq!((path.handle, path.mac), (2, mac_of(NEIGHBOUR)));
    assert!(
        begin.elapsed() < Duration::from_millis(500),
        "it took {:?}",
        begin.elapsed()
    );
    helper.logged("resumed=1");
}

#[test]
fn a_signal_ends_it_with_success_and_everything_kept() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let (mut kernel, ring) = Kernel::with_host(3);
        let _lan = Lan::behind(ring);
        let helper = knowing(&mut kernel);
        let state = helper.state.clone();
        assert!(helper.end(signal).success());
        let kept = |name: &str| std::fs::read_to_string(state.join("host3").join(name)).unwrap();
        assert_eq!(kept("mac"), "00:10:18:00:00:03\n");
        assert_eq!(kept("vlan0/ipv4"), "static 192.0.2.7/24\n");
        assert!(kept("vlan0/neighbours").contains("192.0.2.20 02:01:c0:00:02:14 heard "));
    }
}

#[test]
fn an_interface_that_went_down_is_let_go_and_forgotten() {
    let (mut kernel, ring) = Kernel::with_host(3);
    let lan = Lan::behind(ring);
    let helper = knowing(&mut kernel);
    kernel.tell(&Event::IfDown { host_no: 3 });
    until("the state is gone", || {
        (!helper.state.join("host3").exists()).then_some(())
    });
    kernel.ask(3, 2, OWN, NEIGHBOUR);
    let (_, _, path) = kernel.update();
    assert_eq!((path.handle, path.mac), (2, [0; 6]), "nobody configured it again");
    helper.up(3, OWN);
    kernel.ask(3, 3, OWN, NEIGHBOUR);
    assert_eq!(kernel.update().2.mac, mac_of(NEIGHBOUR));
    until("the ring is open again", || {
        (lan.connections() == 2).then_some(())
    });
}

#[test]
fn a_ring_that_ends_is_opened_again_when_it_is_asked_for() {
    let (mut kernel, ring) = Kernel::with_host(3);
    let lan = Lan::behind(ring);
    let helper = knowing(&mut kernel);
    lan.silence(true);
    kernel.ask(3, 2, OWN, Ipv4Addr::new(192, 0, 2, 99));
    until("the neighbour is asked for", || (lan.asked() >= 2).then_some(()));
    lan.cut();
    let (_, _, path) = kernel.update();
    assert_eq!((path.handle, path.mac), (2, [0; 6]), "what waited is answered");
    helper.logged("the ring is gone");
    kernel.ask(3, 3, OWN, NEIGHBOUR);
    let (_, _, path) = kernel.update();
    assert_eq!(
        (path.handle, path.mac),
        (3, mac_of(NEIGHBOUR)),
        "from what was kept"
    );
    until("the ring is open again", || {
        (lan.connections() == 2).then_some(())
    });
}

#[test]
fn a_kernel_that_ends_is_looked_for_until_it_is_there() {
    let (mut kernel, ring) = Kernel::with_host(3);
    let _lan = Lan::behind(ring);
    let helper = knowing(&mut kernel);
    kernel.stop();
    helper.logged("the kernel is gone");
    helper.logged("there are no path requests yet");
    kernel.restart();
    kernel.ask(3, 2, OWN, NEIGHBOUR);
    assert_eq!(kernel.update().2.mac, mac_of(NEIGHBOUR));
}
