//! PDUs that user space sends itself: the target's answer is multicast as RECV_PDU.

#[macro_use]
mod common;

use common::{IQN, Lab, session};
use driver_sys::netlink::{Bytes, Event, Pdu, Request, Return};
use nix::errno::Errno;

const NOP_IN: u8 = 0x20;

#[test]
fn the_answer_to_a_nop_out_is_multicast_and_a_login_is_not_passed_on() {
    needs_tgtd!("the_answer_to_a_nop_out_is_multicast_and_a_login_is_not_passed_on");
    let lab = Lab::start();
    let mut client = lab.client();
    client.set_address("127.0.0.1");
    let index = client.target_node(lab.portal, Some(IQN));
    client.login(index).expect("login");
    let sid = lab.wait("a session", || lab.sessions().first().copied());
    lab.wait_for(&format!("{}/state", session(sid)), "LOGGED_IN");
    let pdu = |opcode: u8| {
        let mut header = [0u8; 48];
        header[0] = 0x40 | opcode;
        header[1] = 0x80;
        header[20..24].fill(0xff);
        Request::SendPdu {
            sid,
            cid: 0,
            pdu: Pdu {
                header: Bytes::new(header),
                data: Bytes::new([]),
            },
        }
    };
    assert_eq!(client.ask(&pdu(0x00)), Ok(Return::Code(0)));
    let (to, cid, answer) = client.event("the answer", |event| match event {
        Event::RecvPdu { sid, cid, pdu, .. } => Some((*sid, *cid, pdu.header.as_slice().to_vec())),
        _ => None,
    });
    assert_eq!((to, cid), (sid, 0));
    assert_eq!(answer[0] & 0x3f, NOP_IN);
    assert_eq!(client.ask(&pdu(0x03)), Err(Errno::ENOSYS));
}
