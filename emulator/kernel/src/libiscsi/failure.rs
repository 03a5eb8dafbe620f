//! The loss of a connection, and the code that user space is told.
//!
//! Source: `libiscsi.c` (`iscsi_conn_failure`, `iscsi_set_conn_failed`), `iscsi_tcp.c` (`iscsi_sw_sk_state_check`, `iscsi_sw_tcp_xmit`), `libiscsi_tcp.c`
//! (`iscsi_tcp_hdr_dissect`, `iscsi_tcp_data_in`, `iscsi_tcp_r2t_rsp`, `iscsi_tcp_data_recv_done`).

use driver_sys::netlink::code::IscsiErr;
use iscsi::LinkLoss;
use iscsi::framer::FrameError;
use iscsi::initiator::{Breach, DropReason};

use super::Driver;
use super::session::State;
use crate::transport::Class;

/// The code of a loss as software iSCSI tells it.
pub(super) fn code(why: DropReason) -> IscsiErr {
    match why {
        // `iscsi_sw_tcp_xmit`; whatever ends a connection in the common ways is seen as its state first.
        DropReason::Link(LinkLoss::Os(_)) => IscsiErr::XmitFailed,
        DropReason::Link(_) => IscsiErr::TcpConnClose,
        DropReason::Frame(FrameError::HeaderDigest) => IscsiErr::HdrDgst,
        DropReason::Frame(FrameError::TooLong { .. }) => IscsiErr::DataLen,
        DropReason::DataDigest => IscsiErr::DataDgst,
        DropReason::NopTimeout => IscsiErr::NopTimedout,
        DropReason::Protocol(breach) => match breach {
            Breach::DataSn => IscsiErr::DataSn,
            Breach::DataRange | Breach::DataOrder => IscsiErr::DataOffset,
            Breach::R2tSn => IscsiErr::R2tSn,
            Breach::R2tLength | Breach::R2tRange => IscsiErr::DataLen,
            Breach::Tag => IscsiErr::BadItt,
            Breach::Opcode => IscsiErr::BadOpcode,
            _ => IscsiErr::Proto,
        },
        _ => IscsiErr::ConnFailed,
    }
}

/// A connection is lost: user space is told, and the class stops it (`iscsi_conn_failure`).
pub(crate) fn conn_failure<D: Driver>(driver: &mut D, class: &mut Class, sid: u32, error: IscsiErr) {
    let Some(session) = driver.lib_mut().sessions.get_mut(&sid) else {
        return;
    };
    if session.state == State::Failed {
        return;
    }
    if session.conn.as_ref().is_some_and(|conn| conn.stopped.is_none()) {
        session.state = State::Failed;
    }
    tracing::info!(sid, ?error, "detected conn error");
    class.conn_failed(driver, sid, error);
}

/// The engine has given a connection up.
pub(super) fn dropped<D: Driver>(driver: &mut D, class: &mut Class, sid: u32, why: DropReason) {
    let leaving = driver
        .lib()
        .sessions
        .get(&sid)
        .is_some_and(|s| s.state == State::LoggingOut);
    // A target closes after a logout; user space knows why.
    if leaving && matches!(why, DropReason::Link(_)) {
        return;
    }
    tracing::debug!(sid, %why, "connection lost");
    let error = driver.conn_error(why);
    conn_failure(driver, class, sid, error);
}
