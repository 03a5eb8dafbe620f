//! Clients that stall, records that are wrong, a kernel that says nonsense or too much.

use std::io::{Read as _, Write as _};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use driver_sys::netlink::Event;
use driver_sys::port::overrun;
use driver_sys::uip::{Command, Header, Request, Status};

use super::helper::{Helper, exchange, record, until};
use super::kernel::Kernel;
use super::lan::{Lan, mac_of};

const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 7);
const NEIGHBOUR: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 20);

#[test]
fn a_client_that_stalls_delays_nobody_and_is_closed() {
    let (mut kernel, ring) = Kernel::with_host(3);
    let _lan = Lan::behind(ring);
    let helper = Helper::start(kernel.dir.path());
    let message = Request::Iface(record(3, "192.0.2.7/24")).encode().unwrap();
    let mut stalled: Vec<_> = [0, 3, 8, 5000, message.len() - 1]
        .into_iter()
        .map(|len| {
            let mut stream = helper.connect();
            stream.write_all(&message[..len]).unwrap();
            stream
        })
        .collect();
    let begin = Instant::now();
    helper.up(3, OWN);
    kernel.ask(3, 1, OWN, NEIGHBOUR);
    assert_eq!(kernel.update().2.mac, mac_of(NEIGHBOUR));
    assert!(
        begin.elapsed() < Duration::from_secs(4),
        "it took {:?}",
        begin.elapsed()
    );
    for stream in &mut stalled {
        assert_eq!(stream.read(&mut [0; 16]).unwrap(), 0, "closed without an answer");
    }
    helper.logged("it sent nothing useful within 5 s");
}

#[test]
fn a_record_of_another_size_and_an_unknown_command_are_refused_by_name() {
    let (kernel, ring) = Kernel::with_host(3);
    let _lan = Lan::behind(ring);
    let helper = Helper::start(kernel.dir.path());
    for (command, payload_len, said) in [
        (
            Command::GetIface,
            11712,
            "ISCSID_UIP_IPC_GET_IFACE announces 11712 bytes, its record has 11720",
        ),
        (
            Command::Ping,
            u32::MAX,
            "ISCSID_UIP_IPC_PING announces 4294967295 bytes, its record has 11864",
        ),
        (Command::Unknown(77), 0, "unknown command 77"),
    ] {
        let header = Header { command, payload_len };
        let reply = exchange(&mut helper.connect(), &header.encode());
        assert_eq!((reply.command, reply.status), (command, Status::Err));
        helper.logged(said);
    }
}

#[test]
fn a_record_that_cannot_be_used_is_refused_and_the_field_is_named() {
    let (kernel, ring) = Kernel::with_host(3);
    let _lan = Lan::behind(ring);
    let helper = Helper::start(kernel.dir.path());
    let refused = |record| assert_eq!(helper.ask(&Request::Iface(record)).status, Status::Err);
    refused(record(3, "nonsense"));
    helper.logged("iface.ipaddress = \"nonsense\" is no IP address");
    refused(record(8, "192.0.2.7"));
    helper.logged("no iSCSI host has the network device eth8 and the transport bnx2i");
    let mut other = record(3, "192.0.2.7");
    other.transport_name = "qedi".into();
    refused(other);
    helper.logged("no iSCSI host has the network device eth3 and the transport qedi");
    let mut message = Request::Iface(record(3, "192.0.2.7")).encode().unwrap();
    message[96..112].fill(b'x');
    let reply = exchange(&mut helper.connect(), &message);
    assert_eq!(reply.status, Status::Err);
    helper.logged("netdev of the interface record is no text");
}

#[test]
fn clients_beyond_the_limit_are_closed_and_told_of() {
    let (kernel, ring) = Kernel::with_host(3);
    let _lan = Lan::behind(ring);
    let helper = Helper::start(kernel.dir.path());
    let held: Vec<_> = (0..256).map(|_| helper.connect()).collect();
    let mut beyond = helper.connect();
    assert_eq!(beyond.read(&mut [0; 16]).unwrap(), 0);
    helper.logged("256 clients are being served");
    drop(held);
    // Once it has seen that they are gone.
    until("somebody is let in", || {
        let mut stream = helper.connect();
        stream.write_all(&[0xff; Header::SIZE]).ok()?;
        stream.read_exact(&mut [0; 12]).ok()
    });
    helper.up(3, OWN);
}

#[test]
fn a_kernel_that_says_nonsense_is_passed_over() {
    let (mut kernel, ring) = Kernel::with_host(3);
    let _lan = Lan::behind(ring);
    let helper = Helper::start(kernel.dir.path());
    helper.up(3, OWN);
    for packet in [&[0_u8][..], &[0xff; 72], &[0; 500]] {
        kernel.helper().send(packet, "nonsense").unwrap();
    }
    kernel.helper().send(&vec![7; 200_000], "nonsense").unwrap();
    let cut = Event::IfDown { host_no: 3 }.encode(1);
    kernel.helper().send(&cut[..60], "nonsense").unwrap();
    kernel.ask(3, 1, OWN, NEIGHBOUR);
    assert_eq!(kernel.update().2.mac, mac_of(NEIGHBOUR));
    helper.logged("makes no sense");
}

#[test]
fn after_lost_messages_hosts_are_looked_at_and_requests_answered() {
    let mut kernel = Kernel::new();
    let _gone = Lan::behind(kernel.add_host(3));
    let _lan = Lan::behind(kernel.add_host(4));
    let helper = Helper::start(kernel.dir.path());
    helper.up(3, OWN);
    helper.up(4, OWN);
    // Its interface went down, and nobody heard of it.
    kernel.remove_host(3);
    kernel.helper().send(&overrun::NOTICE, "the notice").unwrap();
    helper.logged("messages of the kernel were lost");
    let line = helper.logged("the kernel says that the interface is down");
    assert!(line.contains("host=3"), "{line}");
    kernel.ask(4, 1, OWN, NEIGHBOUR);
    assert_eq!(kernel.update().2.mac, mac_of(NEIGHBOUR));
    until("what is kept is what is there", || {
        let kept = |host: &str| helper.state.join(host).exists();
        (!kept("host3") && kept("host4")).then_some(())
    });
}
