//! Rings on devices of a namespace: the frames of the wire come and go as they are.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use driver_sys::netdev::Groups;
use iscsiuio::nic::{FRAME_ROOM, Nic, NicError, Packet, Tap};
use lab_tests::need::{Need, left_out};
use lab_tests::network::segment::{ip, quiet};
use lab_tests::network::{FAR, NEAR, NEEDS, Plan, Segment};
use lab_tests::process::until;
use nix::mount::{MsFlags, mount};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

const MAC: [u8; 6] = [0x02, 0x10, 0x18, 0, 0, 1];
const PEER: [u8; 6] = [0x02, 0x10, 0x18, 0, 0, 2];
const ALL: [u8; 6] = [0xff; 6];
/// How long a frame may be on its way.
const SOON: Duration = Duration::from_secs(10);

fn frame(to: [u8; 6], from: [u8; 6], tag: Option<u16>, len: usize) -> Vec<u8> {
    let mut frame = [to, from].concat();
    if let Some(tci) = tag {
        frame.extend([&[0x81, 0], &tci.to_be_bytes()[..]].concat());
    }
    // An EtherType for experiments: no machine answers.
    frame.extend([0x88, 0xb5]);
    let header = frame.len();
    frame.extend((header..len).map(|at| at.to_le_bytes()[0]));
    frame
}

/// The next frame that `wants`; others are passed over.
fn next(nic: &mut dyn Nic, wants: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>> {
    let (begin, mut room) = (Instant::now(), vec![0; FRAME_ROOM]);
    loop {
        while let Some(len) = nic.receive(&mut room)? {
            if wants(&room[..len]) {
                return Ok(room[..len].to_vec());
            }
        }
        let left = SOON.checked_sub(begin.elapsed()).context("no frame came")?;
        let mut fds = [PollFd::new(nic.fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::try_from(left)?)?;
    }
}

fn experiment(frame: &[u8]) -> bool {
    frame.get(12..14) == Some(&[0x88, 0xb5]) || frame.get(12..14) == Some(&[0x81, 0])
}

fn lab(test: &str, mtu: u16) -> Result<Option<Segment>> {
    if left_out(test, NEEDS) {
        return Ok(None);
    }
    let plan = Plan {
        mtu,
        ..Plan::default()
    };
    Segment::start(plan).map(Some)
}

/// A port at either end of the cable.
fn ends(segment: &Segment) -> Result<(Packet, Packet)> {
    let near = segment.near.run(|| Packet::open(NEAR, MAC))??;
    let far = segment.far.run(|| Packet::open(FAR, PEER))??;
    Ok((near, far))
}

#[test]
fn frames_of_every_length_and_tag_cross_a_cable_whole() -> Result<()> {
    let Some(segment) = lab("frames_of_every_length_and_tag_cross_a_cable_whole", 9000)? else {
        return Ok(());
    };
    let (mut near, mut far) = ends(&segment)?;
    ensure!(near.link() && near.mtu() == 9000 && near.mac() == MAC);
    for (to, from, ends) in [(PEER, MAC, true), (MAC, PEER, false), (ALL, MAC, true)] {
        for tag in [None, Some(1), Some(0x6fff), Some(0xe000)] {
            for len in [60, 61, 1514, 9014] {
                let whole = len + if tag.is_some() { 4 } else { 0 };
                let sent = frame(to, from, tag, whole);
                let (out, into) = if ends {
                    (&mut near, &mut far)
                } else {
                    (&mut far, &mut near)
                };
                out.send(&sent)?;
                let came = next(into, experiment)?;
                ensure!(came == sent, "{tag:?} {len}: {} bytes came", came.len());
            }
        }
    }
    let error = near.send(&frame(PEER, MAC, None, 9015)).expect_err("too long");
    ensure!(error.kind() == ErrorKind::InvalidInput, "{error}");
    Ok(())
}

#[test]
fn a_port_hears_its_own_address_and_groups_and_nothing_of_its_own_machine() -> Result<()> {
    let test = "a_port_hears_its_own_address_and_groups_and_nothing_of_its_own_machine";
    let Some(segment) = lab(test, 1500)? else {
        return Ok(());
    };
    let (mut near, mut far) = ends(&segment)?;
    // A second port on the same device is as far away as on an adapter.
    let mut beside = segment.near.run(|| Packet::open(NEAR, PEER))??;
    beside.send(&frame(MAC, PEER, None, 77))?;
    beside.send(&frame(ALL, PEER, None, 77))?;
    far.send(&frame([0x02, 0x10, 0x18, 0, 0, 3], PEER, None, 77))?;
    far.send(&frame([0x33, 0x33, 0, 0, 0, 9], PEER, None, 88))?;
    far.send(&frame(MAC, PEER, None, 99))?;
    ensure!(next(&mut near, experiment)?.len() == 88, "a group's");
    ensure!(next(&mut near, experiment)?.len() == 99, "its own");
    Ok(())
}

fn sum(bytes: &[u8]) -> u32 {
    let mut sum = bytes.chunks(2).fold(0, |sum, pair| {
        sum + (u32::from(pair[0]) << 8) + u32::from(pair.get(1).copied().unwrap_or(0))
    });
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    sum
}

/// Whether the checksum of an IPv4 UDP datagram in a frame is right, pseudo header and all.
fn right(frame: &[u8]) -> bool {
    let (ip, udp) = (&frame[14..34], &frame[34..]);
    let len = usize::from(u16::from_be_bytes([udp[4], udp[5]]));
    let pseudo = [&ip[12..20], &[0, 17], &udp[4..6]].concat();
    udp[6..8] != [0, 0] && sum(&[&pseudo, &udp[..len]].concat()) == 0xffff
}

fn datagram(frame: &[u8]) -> bool {
    frame.get(12..14) == Some(&[8, 0]) && frame.get(23) == Some(&17)
}

/// A machine on a virtual cable leaves checksums to hardware that is not there.
#[test]
fn a_machines_datagrams_have_their_checksums() -> Result<()> {
    let Some(segment) = lab("a_machines_datagrams_have_their_checksums", 1500)? else {
        return Ok(());
    };
    let mut near = segment.near.run(|| Packet::open(NEAR, MAC))??;
    ip(
        &segment.far,
        &format!("neigh add 10.71.0.9 lladdr 02:10:18:00:00:01 dev {FAR}"),
    )?;
    for payload in [1, 2, 999, 1472] {
        segment.far.run(move || {
            let socket = UdpSocket::bind("0.0.0.0:0")?;
            socket.send_to(&vec![0x5a; payload], "10.71.0.9:9")
        })??;
        let came = next(&mut near, datagram)?;
        ensure!(
            came.len() >= 42 + payload && right(&came),
            "{payload}: {came:02x?}"
        );
    }
    Ok(())
}

/// Whether both ports see their links like this.
fn links(near: &mut Packet, far: &mut Packet, wanted: [bool; 2]) -> Result<Option<()>> {
    near.service()?;
    far.service()?;
    Ok(([near.link(), far.link()] == wanted).then_some(()))
}

#[test]
fn a_link_that_goes_is_told_and_a_device_that_goes_ends_the_port() -> Result<()> {
    let test = "a_link_that_goes_is_told_and_a_device_that_goes_ends_the_port";
    let Some(segment) = lab(test, 1500)? else {
        return Ok(());
    };
    let (mut near, mut far) = ends(&segment)?;
    ip(&segment.far, &format!("link set {FAR} down"))?;
    // The kernel tells of carriers a little later than it knows of them.
    until(SOON, "both ends to have no link", || {
        links(&mut near, &mut far, [false; 2])
    })?;
    // What is sent into no link is lost, and the port stands.
    near.send(&frame(PEER, MAC, None, 60))?;
    far.send(&frame(MAC, PEER, None, 60))?;
    let mut room = vec![0; FRAME_ROOM];
    ensure!(far.receive(&mut room)?.is_none(), "down, not gone");
    ip(&segment.far, &format!("link set {FAR} up"))?;
    until(SOON, "both ends to have a link", || {
        links(&mut near, &mut far, [true; 2])
    })?;
    near.send(&frame(PEER, MAC, None, 66))?;
    ensure!(next(&mut far, experiment)?.len() == 66, "it is the same port");

    ip(&segment.near, &format!("link set {NEAR} mtu 1400"))?;
    near.service()?;
    ensure!(near.mtu() == 1400);
    // Both ends of a cable go together.
    ip(&segment.near, &format!("link del {NEAR}"))?;
    for gone in [
        near.service(),
        far.service(),
        near.send(&frame(PEER, MAC, None, 60)),
    ] {
        let error = gone.expect_err("the device is gone");
        ensure!(error.kind() == ErrorKind::NotConnected, "{error}");
    }
    ensure!(near.receive(&mut room).is_err());
    Ok(())
}

#[test]
fn what_is_no_device_for_a_port_is_refused_by_name() -> Result<()> {
    let Some(segment) = lab("what_is_no_device_for_a_port_is_refused_by_name", 1500)? else {
        return Ok(());
    };
    let texts = segment.near.run(|| -> Result<Vec<String>> {
        let fails = |opened: Result<Packet, NicError>| match opened {
            Ok(_) => bail!("it was opened"),
            Err(error) => Ok(error.to_string()),
        };
        Ok(vec![
            fails(Packet::open("nothing0", MAC))?,
            fails(Packet::open("lo", MAC))?,
            fails(Packet::open("no/name", MAC))?,
        ])
    })??;
    ensure!(texts[0].contains("no network device nothing0"), "{}", texts[0]);
    ensure!(texts[1].contains("lo is no Ethernet device"), "{}", texts[1]);
    ensure!(texts[2].contains("is no name"), "{}", texts[2]);
    Ok(())
}

/// bnx2's port hears the groups that its network device hears.
#[test]
fn a_device_hears_every_group_as_long_as_somebody_wants_it() -> Result<()> {
    let Some(segment) = lab("a_device_hears_every_group_as_long_as_somebody_wants_it", 1500)? else {
        return Ok(());
    };
    let flags = segment.near.run(|| -> Result<Vec<u32>> {
        // This namespace's devices.
        let none: Option<&str> = None;
        mount(none, "/sys", Some("sysfs"), MsFlags::empty(), none)?;
        let flags = || -> Result<u32> {
            let text = std::fs::read_to_string(format!("/sys/class/net/{NEAR}/flags"))?;
            Ok(u32::from_str_radix(text.trim().trim_start_matches("0x"), 16)?)
        };
        let before = flags()?;
        let wish = Groups::all(NEAR)?;
        let meanwhile = flags()?;
        drop(wish);
        Ok(vec![before, meanwhile, flags()?])
    })??;
    let hears: Vec<bool> = flags.iter().map(|flags| flags & 0x200 != 0).collect();
    ensure!(hears == [false, true, false], "{flags:x?}");
    Ok(())
}

#[test]
fn a_tap_device_is_a_machine_at_the_ports_cable() -> Result<()> {
    let needs = [NEEDS, &[Need::Tap]].concat();
    if left_out("a_tap_device_is_a_machine_at_the_ports_cable", &needs) {
        return Ok(());
    }
    let segment = Segment::start(Plan::default())?;
    let machine = &segment.near;
    let mut tap = machine.run(|| Tap::open("tap0", MAC))??;
    let busy = machine.run(|| Tap::open("tap0", MAC))?;
    let busy = busy.map(|_| ()).expect_err("one end is one port");
    ensure!(busy.to_string().contains("tap0 is in use"), "{busy}");
    ensure!(!tap.link(), "nobody has plugged it in");
    tap.send(&frame(ALL, MAC, None, 60))
        .context("what is sent into no link is lost")?;
    quiet(machine, "tap0")?;
    ip(machine, "address add 10.72.0.1/24 dev tap0")?;
    ip(machine, "neigh add 10.72.0.2 lladdr 02:10:18:00:00:01 dev tap0")?;
    ip(machine, "neigh add 10.72.0.3 lladdr 02:10:18:00:00:03 dev tap0")?;
    ip(machine, "link set tap0 mtu 9000")?;
    ip(machine, "link set tap0 up")?;
    until(SOON, "the device to be up", || {
        tap.service()?;
        Ok(tap.link().then_some(()))
    })?;
    ensure!(tap.mtu() == 9000);

    // To the port, to somebody else, to the port again; the machine's own checksums are right.
    let server = machine.run(|| -> Result<UdpSocket> {
        let socket = UdpSocket::bind("10.72.0.1:700")?;
        socket.set_read_timeout(Some(SOON))?;
        for (to, len) in [(2, 10), (3, 20), (2, 8972)] {
            socket.send_to(&vec![7; len], (Ipv4Addr::new(10, 72, 0, to), 9))?;
        }
        Ok(socket)
    })??;
    for len in [52, 9014] {
        let came = next(&mut tap, datagram)?;
        ensure!(came.len() == len && right(&came), "{} bytes came", came.len());
    }

    // From the port: a datagram without a checksum.
    let mut sent = [&ALL[..], &MAC, &[8, 0]].concat();
    let mut header = vec![
        0x45, 0, 0, 33, 0, 1, 0, 0, 64, 17, 0, 0, 10, 72, 0, 2, 10, 72, 0, 1,
    ];
    let check = !u16::try_from(sum(&header))?;
    header[10..12].copy_from_slice(&check.to_be_bytes());
    sent.extend(header);
    sent.extend([0, 9, 2, 188, 0, 13, 0, 0]);
    sent.extend(b"hello");
    sent.resize(60, 0);
    tap.send(&sent)?;
    let mut room = [0; 16];
    let (len, from) = server.recv_from(&mut room).context("the machine hears nothing")?;
    ensure!(
        room[..len] == *b"hello" && from == "10.72.0.2:9".parse()?,
        "{len} {from}"
    );

    ip(machine, "link del tap0")?;
    let error = tap.service().expect_err("the device is gone");
    ensure!(error.kind() == ErrorKind::NotConnected, "{error}");
    ensure!(tap.send(&sent).is_err() && tap.receive(&mut vec![0; FRAME_ROOM]).is_err());
    Ok(())
}
