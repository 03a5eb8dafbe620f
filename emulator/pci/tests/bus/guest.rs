//! A guest that means harm, and a client that takes memory away: what is held is bounded, what was given back is not touched.

use std::fs::File;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use emu_array::{Fault, Served as Target};
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::Linger;
use nix::sys::stat::Mode;

use crate::driver::{CTRL_STATUS, DATA, Driver, MEMORY, MEMORY_LEN, memfd, set};
use crate::hostile::Raw;
use crate::scsi::{DDB, READ, WRITE, command, logged_in, ready, rw, status, target};
use crate::served::Served;

/// A range beside the driver's own.
const OTHER: u64 = 0x4000_0000;
const OTHER_LEN: u64 = 0x1_0000;
const CONFIG: u32 = 7;
const COMMAND: u64 = 4;
/// `SCS_INCOMPLETE`.
const INCOMPLETE: u8 = 1;

fn started(served: &Served, target: &Target) -> Driver {
    let mut driver = logged_in(served, target);
    ready(&mut driver);
    driver
}

fn map(driver: &mut Driver, memory: &File) {
    let fd = memory.as_raw_fd();
    driver.client.dma_map(0, OTHER, OTHER_LEN, fd).unwrap();
}

fn filled(byte: u8) -> File {
    let file = memfd(OTHER_LEN);
    file.write_all_at(&[byte; OTHER_LEN as usize], 0).unwrap();
    file
}

/// Every byte of it is still this.
fn untouched(file: &File, byte: u8) -> bool {
    let mut bytes = vec![0; OTHER_LEN as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes.iter().all(|found| *found == byte)
}

/// The other function answers.
fn other_answers(served: &Served) {
    let mut other = Driver::attach(&served.sockets[1]);
    assert_eq!(other.read(CTRL_STATUS) & 0x0700, 0x0700);
}

/// `VFIO_USER_DMA_MAP` of `size` bytes.
fn range(size: u64) -> Vec<u8> {
    let words = [0u64, OTHER, size].map(u64::to_le_bytes).concat();
    [&32u32.to_le_bytes()[..], &3u32.to_le_bytes(), &words].concat()
}

/// A socket whose close(2) waits for its peer to read or to go, and the peer.
fn lingering() -> (OwnedFd, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let peer = listener.accept().unwrap().0;
    socket.set_nonblocking(true).unwrap();
    while socket.write(&[0; 65536]).is_ok() {}
    socket.set_nonblocking(false).unwrap();
    let linger = nix::libc::linger {
        l_onoff: 1,
        l_linger: 60,
    };
    setsockopt(&socket, Linger, &linger).unwrap();
    (socket.into(), peer)
}

/// A NOP-Out of `len` bytes.
fn passthrough(handle: u32, len: u32) -> [u8; 64] {
    let mut entry = [0u8; 64];
    (entry[0], entry[3]) = (0x3A, 1);
    entry[4..8].copy_from_slice(&handle.to_le_bytes());
    entry[8..10].copy_from_slice(&(DDB as u16).to_le_bytes());
    entry[16..24].copy_from_slice(&DATA.to_le_bytes());
    entry[24..28].copy_from_slice(&len.to_le_bytes());
    entry[32..40].copy_from_slice(&(DATA + 0x10_0000).to_le_bytes());
    entry[40..44].copy_from_slice(&4096u32.to_le_bytes());
    entry
}

#[test]
fn pass_throughs_are_counted_by_what_they_hold_not_by_their_handle() {
    // So many of a length may be held, whatever their handles are: 4 MiB, and 256.
    for (len, held) in [(256 << 10, 16), (64 << 10, 64), (48, 256)] {
        let (served, target) = (Served::start(), target());
        let mut driver = started(&served, &target);
        driver.put(DATA, &[0x40, 0x80]);
        target.fault(&Fault::Silent).unwrap();
        let mut refused = 0;
        for _ in 0..held {
            driver.queue(&[passthrough(7, len)]);
        }
        // One by one: what is refused is answered at once.
        for number in 0..20 {
            driver.queue(&[passthrough(7, len)]);
            let answer = driver.response();
            assert_eq!(
                (answer[0], answer[4]),
                (0x3C, 7),
                "{number} more than {held} of {len}"
            );
            refused += usize::from(answer[0x0E] != 1);
        }
        assert_eq!(refused, 20, "{len} bytes");
        other_answers(&served);
        // What ends makes room again.
        target.fault(&Fault::Clear).unwrap();
        driver.start([127, 0, 0, 31]);
    }
}

#[test]
fn task_management_that_was_given_up_counts_until_it_ends() {
    const LUN_RESET: u32 = 0x16;
    let (served, target) = (Served::start(), target());
    let mut driver = started(&served, &target);
    target.fault(&Fault::Silent).unwrap();
    for _ in 0..32 {
        // Rung and given up, before anybody could answer.
        for (number, value) in [LUN_RESET, DDB, 0, 0, 0, 1].iter().enumerate().rev() {
            driver.write(number as u64 * 4, *value);
        }
        driver.write(CTRL_STATUS, set(0x40));
    }
    assert_eq!(driver.mailbox([LUN_RESET, DDB, 0, 0, 0, 1])[0], 0x4005);
    other_answers(&served);
}

#[test]
fn a_read_under_way_does_not_reach_memory_that_was_unmapped_nor_what_comes_after_it() {
    let (served, target) = (Served::start(), target());
    let mut driver = started(&served, &target);
    let (first, second) = (filled(0xA5), filled(0x5A));
    map(&mut driver, &first);
    served.tell("slow replies 500");
    driver.queue(&command(1, READ, &rw(false, 0, 8), 4096, &[(OTHER, 4096)]));
    driver.queue(&command(2, READ, &rw(false, 0, 8), 4096, &[(DATA, 4096)]));
    driver.client.dma_unmap(OTHER, OTHER_LEN).unwrap();
    map(&mut driver, &second);
    served.tell("slow replies 0");
    let mut ends = [status(&driver.response()), status(&driver.response())];
    ends.sort_unstable();
    assert_eq!(ends, [(1, 0, INCOMPLETE), (2, 0, 0)]);
    assert!(untouched(&first, 0xA5), "DMA after the unmap was answered");
    assert!(untouched(&second, 0x5A), "DMA to what came later");
    // A command of now reaches what is there now.
    driver.queue(&command(3, READ, &rw(false, 0, 8), 4096, &[(OTHER, 4096)]));
    assert_eq!(status(&driver.response()), (3, 0, 0));
    assert!(!untouched(&second, 0x5A) && untouched(&first, 0xA5));
}

#[test]
fn a_function_that_is_not_bus_master_touches_nothing() {
    let (served, target) = (Served::start(), target());
    let mut driver = started(&served, &target);
    driver.client.region_write(CONFIG, COMMAND, &[7, 0]).unwrap();
    served.tell("slow replies 300");
    driver.put(DATA, &[0xA5; 4096]);
    driver.queue(&command(1, READ, &rw(false, 0, 8), 4096, &[(DATA, 4096)]));
    driver.client.region_write(CONFIG, COMMAND, &[3, 0]).unwrap();
    let before = driver.get(MEMORY, MEMORY_LEN as usize);
    served.tell("slow replies 0");
    // The response cannot be delivered; registers still say so.
    driver.wait_event(0x8004);
    assert!(
        before == driver.get(MEMORY, MEMORY_LEN as usize),
        "DMA without being master"
    );
    // Nor are commands fetched, or mailbox commands' bytes moved.
    driver.client.region_write(CONFIG, COMMAND, &[7, 0]).unwrap();
    driver.start([127, 0, 0, 31]);
    driver.client.region_write(CONFIG, COMMAND, &[3, 0]).unwrap();
    let before = driver.get(MEMORY, MEMORY_LEN as usize);
    assert_eq!(driver.mailbox([0x09, 0, MEMORY as u32, 0, 256, 0])[0], 0x4005);
    driver.write(0x38, 1);
    driver.wait_event(0x8003);
    assert!(before == driver.get(MEMORY, MEMORY_LEN as usize));
    // A reset of the function leaves it off.
    driver.client.region_write(CONFIG, COMMAND, &[7, 0]).unwrap();
    driver.start([127, 0, 0, 31]);
    driver.client.reset().unwrap();
    driver.boot();
    assert_eq!(driver.mailbox([0x09, 0, MEMORY as u32, 0, 256, 0])[0], 0x4005);
}

#[test]
fn memory_that_is_shortened_fails_the_command_that_needs_it() {
    let (served, target) = (Served::start(), target());
    let mut driver = started(&served, &target);
    let memory = filled(1);
    map(&mut driver, &memory);
    driver.queue(&command(1, WRITE, &rw(true, 0, 8), 4096, &[(OTHER, 4096)]));
    assert_eq!(status(&driver.response()), (1, 0, 0));
    memory.set_len(0).unwrap();
    driver.queue(&command(2, WRITE, &rw(true, 0, 8), 4096, &[(OTHER, 4096)]));
    assert_eq!(status(&driver.response()), (2, 0, INCOMPLETE));
    driver.queue(&command(3, READ, &rw(false, 0, 8), 4096, &[(DATA, 4096)]));
    assert_eq!(status(&driver.response()), (3, 0, 0));
    other_answers(&served);
}

#[test]
fn only_what_never_blocks_is_memory_and_only_an_eventfd_an_interrupt() {
    let served = Served::start();
    let mut raw = Raw::connect(&served.sockets[0]);
    raw.hello();
    let irq = [20u32, 1 << 2 | 1 << 5, 0, 0, 1].map(u32::to_le_bytes).concat();
    let fifo = served.dir.path().join("fifo");
    nix::unistd::mkfifo(&fifo, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
    let open = |path: &str| OwnedFd::from(File::options().read(true).write(true).open(path).unwrap());
    let disk = tempfile::tempfile_in(env!("CARGO_MANIFEST_DIR")).unwrap();
    disk.set_len(OTHER_LEN).unwrap();
    let others = [
        disk.into(),
        open(fifo.to_str().unwrap()),
        open("/dev/null"),
        open("/dev/zero"),
        std::os::unix::net::UnixStream::pair().unwrap().0.into(),
    ];
    // More than are ever kept: each is closed again, by a thread that may be late. Until it has, no more are taken (EMFILE).
    let answered = |raw: &mut Raw, command, body: &[u8], fd: &dyn AsFd| {
        let limit = Instant::now() + Duration::from_secs(60);
        loop {
            match raw.ask_with(command, body, fd.as_fd()) {
                Err(24) if Instant::now() < limit => std::thread::yield_now(),
                answer => return answer,
            }
        }
    };
    let refused = |raw: &mut Raw, command, body: &[u8], fd: &dyn AsFd| {
        assert_eq!(answered(raw, command, body, fd), Err(22));
    };
    for other in others.iter().cycle().take(200) {
        refused(&mut raw, 2, &range(4096), other);
        refused(&mut raw, 8, &irq, other);
    }
    let memory = memfd(OTHER_LEN);
    refused(&mut raw, 8, &irq, &memory);
    // Longer than the file.
    refused(&mut raw, 2, &range(OTHER_LEN + 1), &memory);
    // More than a message may have: some are lost, and nobody knows which.
    assert_eq!(
        raw.ask_with_many(2, &range(OTHER_LEN), &[memory.as_raw_fd(); 9]),
        Err(24)
    );
    assert_eq!(answered(&mut raw, 2, &range(OTHER_LEN), &memory), Ok(()));
    other_answers(&served);
}

#[test]
fn descriptors_that_do_not_close_hold_up_their_own_function_only() {
    let served = Served::start();
    let mut clogged = Raw::connect(&served.sockets[0]);
    clogged.hello();
    let (socket, peer) = lingering();
    assert_eq!(clogged.give(2, &range(4096), socket), Err(22), "it is no memory");
    // What comes behind it is refused, too, and waits to be closed.
    let mut refused = 0;
    while let Err(22) = clogged.give(2, &range(4096), nix::unistd::pipe().unwrap().0) {
        refused += 1;
        assert!(refused < 1000, "descriptors are taken without end");
    }
    let memory = memfd(OTHER_LEN);
    assert_eq!(clogged.ask_with(2, &range(OTHER_LEN), memory.as_fd()), Err(24));
    let mut other = Raw::connect(&served.sockets[1]);
    other.hello();
    assert_eq!(other.ask_with(2, &range(OTHER_LEN), memory.as_fd()), Ok(()));
    drop(peer);
    let limit = Instant::now() + Duration::from_secs(60);
    while clogged.ask_with(2, &range(OTHER_LEN), memory.as_fd()) != Ok(()) {
        assert!(Instant::now() < limit, "memory is never taken again");
        std::thread::yield_now();
    }
}
