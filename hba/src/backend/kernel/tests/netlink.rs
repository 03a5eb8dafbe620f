//! Requests against a far end in the test's hands: answers for others, refusals, silence, late answers.

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use driver_sys::netlink::code::{PingStatus as Code, Uevent};
use driver_sys::netlink::params::ChapType;
use driver_sys::netlink::{
    ChapPage, ChapRecord as RawRecord, Event, Header, HostStats, Reply, Request, Return,
};
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, Backlog, MsgFlags, SockFlag, SockType, UnixAddr, accept, bind, listen, recv, send, socket,
};

use super::dir;
use crate::backend::kernel::Kernel;
use crate::backend::{Backend, ChapRecord};
use crate::ids::{Family, HostNo, IfaceId};
use crate::model::{ChapDirection, PingStatus, PortalType};
use crate::secret::Secret;
use crate::{Deadline, Kind};

const H0: HostNo = HostNo(0);
const WORD: &str = "correct-horse-battery";

/// Serves `DIR/netlink`: for each request, `answer` gives the packets to send back; an empty one ends the connection.
fn serve(
    dir: &Path,
    connections: usize,
    answered: Arc<AtomicUsize>,
    mut answer: impl FnMut(&Header, Request) -> Vec<Vec<u8>> + Send + 'static,
) -> JoinHandle<()> {
    for (path, text) in [
        ("iscsi_host/host0/port_state", "LINK UP\n"),
        ("scsi_host/host0/proc_name", "qla4xxx\n"),
        ("iscsi_transport/qla4xxx/handle", "1\n"),
        ("iscsi_transport/qla4xxx/caps", "0x48b8\n"),
    ] {
        let path = dir.join("sys/class").join(path);
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    let fd: OwnedFd =
        socket(AddressFamily::Unix, SockType::SeqPacket, SockFlag::empty(), None).expect("socket");
    bind(
        fd.as_raw_fd(),
        &UnixAddr::new(&dir.join("netlink")).expect("address"),
    )
    .expect("bound");
    listen(&fd, Backlog::new(4).expect("backlog")).expect("listening");
    std::thread::spawn(move || {
        let mut buffer = vec![0; 65536];
        // One more: opening asks whether anybody is there.
        for _ in 0..=connections {
            let Ok(peer) = accept(fd.as_raw_fd()) else { return };
            // The first packet is the address.
            let mut count = recv(peer, &mut buffer, MsgFlags::empty()).unwrap_or(0);
            while count > 0 {
                count = recv(peer, &mut buffer, MsgFlags::empty()).unwrap_or(0);
                if let Ok((header, request)) = Request::decode(&buffer[..count]) {
                    for packet in answer(&header, request) {
                        if packet.is_empty() {
                            count = 0;
                        }
                        let _ = send(peer, &packet, MsgFlags::MSG_NOSIGNAL);
                    }
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            }
            let _ = nix::unistd::close(peer);
        }
    })
}

struct Lab {
    _dir: tempfile::TempDir,
    kernel: Option<Kernel>,
    server: Option<JoinHandle<()>>,
    /// Requests whose answers are all sent.
    answered: Arc<AtomicUsize>,
}

impl Lab {
    fn new(
        connections: usize,
        answer: impl FnMut(&Header, Request) -> Vec<Vec<u8>> + Send + 'static,
    ) -> Self {
        let dir = dir();
        let answered = Arc::default();
        let server = serve(dir.path(), connections, Arc::clone(&answered), answer);
        let endpoint = driver_sys::endpoint::Endpoint::Dir(dir.path().to_owned());
        Self {
            kernel: Some(Kernel::open(&endpoint).expect("opened")),
            _dir: dir,
            server: Some(server),
            answered,
        }
    }

    /// Waits until everything of so many answers is on its way.
    fn all_sent(&self, answers: usize) {
        let until = soon();
        while self.answered.load(Ordering::SeqCst) < answers {
            assert!(!until.expired(), "the far end is stuck");
            std::thread::yield_now();
        }
    }

    fn kernel(&mut self) -> &mut Kernel {
        self.kernel.as_mut().expect("open")
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // The socket goes first: the server ends with its last connection.
        self.kernel = None;
        if let Some(server) = self.server.take()
            && !std::thread::panicking()
        {
            server.join().expect("the far end");
        }
    }
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

fn page(host_no: u32, start: u16, index: u16) -> Vec<u8> {
    page_of(32, host_no, start, index)
}

/// An answer to one who asked for `room` records.
fn page_of(room: u32, host_no: u32, start: u16, index: u16) -> Vec<u8> {
    let record = RawRecord {
        index,
        kind: ChapType::In,
        username: b"user".to_vec(),
        password: driver_sys::Secret::new(WORD.as_bytes()),
        password_length: u8::try_from(WORD.len()).expect("short"),
    };
    let page = ChapPage {
        host_no,
        start,
        records: vec![record],
        room,
    };
    Event::Chap { page }.encode(1)
}

#[test]
fn chap_answers_for_others_are_passed_over() {
    let mut lab = Lab::new(1, |header, request| {
        let Request::GetChap {
            host_no: 0, start: 5, ..
        } = request
        else {
            panic!("{request:?}")
        };
        let stray = Header {
            nlmsg_type: Uevent::SetChap.raw(),
            ..*header
        };
        vec![
            page(9, 5, 1),
            page(0, 0, 2),
            // Another reader's page from the same place.
            page_of(7, 0, 5, 3),
            Reply::to(&stray, Err(Errno::EBUSY)).encode(),
            b"garbage".to_vec(),
            page(0, 5, 7),
        ]
    });
    let records = lab.kernel().chap_page(H0, 5, 32, soon()).expect("page");
    let record = ChapRecord {
        index: 7,
        direction: ChapDirection::In,
        username: "user".into(),
        secret: Secret::stored(WORD),
    };
    assert_eq!(records, [record]);
}

#[test]
fn what_arrived_before_the_question_is_no_answer_to_it() {
    let mut asked: u16 = 0;
    let mut lab = Lab::new(1, move |_, _| {
        asked += 1;
        // The second is how the table was when somebody else asked.
        vec![page(0, 5, asked), page(0, 5, 100)]
    });
    for index in [1_u16, 2] {
        // What is left of the first answer lies in the socket.
        lab.all_sent(usize::from(index) - 1);
        let records = lab.kernel().chap_page(H0, 5, 32, soon()).expect("page");
        assert_eq!(records.iter().map(|r| r.index).collect::<Vec<_>>(), [index]);
    }
}

#[test]
fn a_refused_multicast_request_is_explained() {
    let mut lab = Lab::new(1, |header, _| {
        vec![Reply::to(header, Err(Errno::ENODEV)).encode()]
    });
    let e = lab.kernel().chap_page(H0, 0, 32, soon()).expect_err("refused");
    assert_eq!(
        (e.kind(), e.errno()),
        (Kind::NotFound, Some(Errno::ENODEV as i32))
    );
}

#[test]
fn host_statistics_are_grouped() {
    let mut lab = Lab::new(1, |header, _| {
        let mut stats = HostStats::default();
        assert!(stats.set("mactx_frames", 17) && stats.set("iprx_bytes", 5) && stats.set("ipv6rx_bytes", 6));
        let answer = |host_no| {
            Event::HostStats {
                host_no,
                stats: Box::new(stats.clone()),
            }
            .encode(1)
        };
        vec![answer(4), Reply::to(header, Ok(Return::None)).encode(), answer(0)]
    });
    let stats = lab.kernel().host_stats(H0, soon()).expect("stats");
    assert_eq!(stats.groups["mac"]["mactx_frames"], 17);
    assert_eq!(
        (
            stats.groups["ipv4"]["iprx_bytes"],
            stats.groups["ipv6"]["ipv6rx_bytes"]
        ),
        (5, 6)
    );
    assert_eq!(
        stats
            .groups
            .values()
            .map(std::collections::BTreeMap::len)
            .sum::<usize>(),
        82
    );
    assert!(!stats.groups.contains_key("other"));
}

#[test]
fn a_new_flash_target_has_the_index_of_the_answer() {
    let mut lab = Lab::new(1, |header, request| {
        let Request::NewFlashnode {
            host_no: 0,
            portal_type,
        } = request
        else {
            panic!("{request:?}")
        };
        assert_eq!(portal_type.as_slice(), b"ipv6");
        vec![Reply::to(header, Ok(Return::Flashnode { index: 11 })).encode()]
    });
    assert_eq!(
        lab.kernel().new_flash_target(H0, PortalType::Ipv6, soon()),
        Ok(11)
    );
}

#[test]
fn a_ping_that_ends_before_its_request_is_answered_is_not_missed() {
    let mut lab = Lab::new(1, |header, request| {
        let Request::Ping {
            host_no: 0,
            id,
            payload_size: 64,
            ..
        } = request
        else {
            panic!("{request:?}")
        };
        let done = |id, status| {
            Event::PingComplete {
                host_no: 0,
                status,
                id,
                data: Vec::new().into(),
            }
            .encode(1)
        };
        vec![
            done(id.wrapping_add(1), Code::Success),
            done(id, Code::NoArpReceived),
            Reply::to(header, Ok(Return::None)).encode(),
        ]
    });
    let iface = IfaceId {
        host: H0,
        family: Family::Ipv4,
        num: 0,
    };
    let status = lab
        .kernel()
        .ping(iface, "10.0.0.1".parse().expect("address"), 64, soon());
    assert_eq!(status, Ok(PingStatus::NoArpReceived));
}

#[test]
fn silence_says_what_was_waited_for_and_a_late_answer_is_not_taken_for_the_next() {
    let mut asked: u16 = 0;
    let mut lab = Lab::new(2, move |header, _| {
        asked += 1;
        if asked == 1 {
            Vec::new()
        } else {
            vec![Reply::to(header, Err(Errno::EPERM)).encode()]
        }
    });
    let e = lab
        .kernel()
        .delete_flash_target(H0, 3, Deadline::after(Duration::from_millis(50)))
        .expect_err("silent");
    // It was sent: it may have been done.
    assert_eq!(e.kind(), Kind::Unknown);
    assert!(e.to_string().contains("DelFlashnode"), "{e}");
    let e = lab
        .kernel()
        .delete_flash_target(H0, 0, soon())
        .expect_err("boot target");
    assert_eq!(e.kind(), Kind::Permission);
    assert!(e.to_string().contains("boot target"), "{e}");
}

#[test]
fn a_far_end_that_goes_away_is_an_error_and_no_hang() {
    let mut lab = Lab::new(1, |_, _| vec![Vec::new()]);
    let e = lab.kernel().delete_flash_target(H0, 3, soon()).expect_err("gone");
    assert_eq!(e.kind(), Kind::Unknown, "{e:?}");
}

#[test]
fn no_error_of_a_refused_secret_shows_it() {
    let mut lab = Lab::new(1, |header, request| {
        assert!(matches!(request, Request::SetChap { .. }));
        vec![Reply::to(header, Err(Errno::EBUSY)).encode()]
    });
    let record = ChapRecord {
        index: 4,
        direction: ChapDirection::Out,
        username: "user".into(),
        secret: Secret::stored(WORD),
    };
    let e = lab.kernel().set_chap(H0, &record, soon()).expect_err("refused");
    assert_eq!(e.kind(), Kind::Busy);
    assert!(!format!("{e} {e:?} {record:?}").contains("horse"));
}
