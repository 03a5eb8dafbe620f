//! A session and its connection: what user space has set, how far they are, what is on its way.
//!
//! Must not know the class. Source: `libiscsi.h` (`struct iscsi_session`, `struct iscsi_conn`), `libiscsi.c` (`iscsi_session_setup`,
//! `iscsi_conn_setup`, `iscsi_host_get_max_scsi_cmds`), `libiscsi_tcp.c` (`iscsi_tcp_conn_setup`).

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;

use driver_sys::netlink::code::StopFlag;
use driver_sys::netlink::params::IscsiParam;
use driver_sys::netlink::raw::iscsi_stats;
use emu_net::hardware::LinkId;
use iscsi::initiator::{Initiator, TaskTag};
use nix::errno::Errno;
use zeroize::Zeroizing;

use super::eh::Eh;
use crate::midlayer::{Command, Direction, Tag};

/// `ISCSI_TOTAL_CMDS_MAX`: commands and management together.
pub(crate) const CMDS_MAX: u32 = 4096;
/// `ISCSI_TOTAL_CMDS_MIN`.
const CMDS_MIN: u32 = 16;
/// `ISCSI_DEF_XMIT_CMDS_MAX`.
const CMDS_DEFAULT: u32 = 128;
/// `ISCSI_MGMT_CMDS_MAX`: of them, for management.
const MGMT_CMDS: u32 = 15;
/// `ISCSI_DEF_MAX_RECV_SEG_LEN`.
pub(super) const LOGIN_SEGMENT: i32 = 8192;

/// How many SCSI commands a session may have on its way, of what user space asks for in all (`iscsi_host_get_max_scsi_cmds`).
///
/// # Errors
/// `EINVAL`: too few to do anything with.
pub(crate) fn max_scsi_cmds(can_queue: u32, requested: u16) -> Result<u32, Errno> {
    let mut total = u32::from(requested);
    loop {
        if total == 0 {
            total = CMDS_DEFAULT;
        }
        if total < CMDS_MIN {
            return Err(Errno::EINVAL);
        }
        // A power of two, rounded down.
        total = 1 << total.min(CMDS_MAX).ilog2();
        let commands = total - MGMT_CMDS;
        if can_queue == 0 || commands <= can_queue {
            return Ok(commands);
        }
        total = can_queue;
    }
}

/// `enum` of `session->state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Never logged in.
    Free,
    /// Commands flow.
    LoggedIn,
    /// The connection failed; nobody has stopped it yet.
    Failed,
    /// It will not come back.
    Terminate,
    /// Stopped for recovery.
    InRecovery,
    /// Recovery took too long.
    RecoveryFailed,
    /// User space has asked for a logout.
    LoggingOut,
}

/// A connection.
pub(super) struct Conn {
    /// `c_stage` is past the login.
    pub(super) started: bool,
    /// `stop_stage`.
    pub(super) stopped: Option<StopFlag>,
    /// `ISCSI_CONN_FLAG_BOUND`.
    pub(super) bound: bool,
    /// It is the session's `leadconn`.
    pub(super) leading: bool,
    pub(super) exp_statsn: u32,
    pub(super) max_recv_dlength: i32,
    pub(super) max_xmit_dlength: i32,
    pub(super) hdrdgst_en: i32,
    pub(super) datadgst_en: i32,
    pub(super) ping_timeout: i32,
    pub(super) recv_timeout: i32,
    pub(super) persistent_port: i32,
    pub(super) link: Option<LinkId>,
    pub(super) engine: Option<Box<Initiator>>,
    pub(super) local: Option<SocketAddr>,
    pub(super) peer: Option<SocketAddr>,
    /// What its earlier links have counted.
    pub(super) past: iscsi_stats,
    pub(super) eh_aborts: u64,
}

impl Conn {
    pub(super) fn new() -> Self {
        Self {
            started: false,
            stopped: None,
            bound: false,
            leading: false,
            exp_statsn: 0,
            max_recv_dlength: LOGIN_SEGMENT,
            max_xmit_dlength: 0,
            hdrdgst_en: 0,
            datadgst_en: 0,
            ping_timeout: 0,
            recv_timeout: 0,
            persistent_port: 0,
            link: None,
            engine: None,
            local: None,
            peer: None,
            past: iscsi_stats::default(),
            eh_aborts: 0,
        }
    }

    /// StatSN that is expected next.
    pub(super) fn exp_statsn(&self) -> u32 {
        match &self.engine {
            Some(engine) if self.started => engine.exp_stat_sn(),
            _ => self.exp_statsn,
        }
    }
}

/// A command that the engine has.
pub(super) struct Running {
    pub(super) task: TaskTag,
    pub(super) lun: u64,
    pub(super) cdb: [u8; 16],
    pub(super) direction: Direction,
}

/// A session.
pub(crate) struct Session {
    pub(super) host: u32,
    pub(super) state: State,
    pub(super) conn: Option<Conn>,
    /// CmdSN of the next command; the engine's while there is one.
    pub(super) cmd_sn: u32,
    pub(super) scsi_cmds_max: u32,
    pub(super) queue_depth: u32,
    pub(super) fast_abort: i32,
    pub(super) abort_timeout: i32,
    pub(super) lu_reset_timeout: i32,
    pub(super) tgt_reset_timeout: i32,
    pub(super) initial_r2t_en: i32,
    pub(super) imm_data_en: i32,
    pub(super) first_burst: i32,
    pub(super) max_burst: i32,
    pub(super) max_r2t: u16,
    pub(super) pdu_inorder_en: i32,
    pub(super) dataseq_inorder_en: i32,
    pub(super) erl: i32,
    pub(super) tpgt: i32,
    pub(super) discovery_sess: bool,
    /// Names and secrets, by parameter.
    pub(super) texts: BTreeMap<u32, Zeroizing<String>>,
    /// What error handling waits for.
    pub(super) eh: Option<Eh>,
    pub(super) running: BTreeMap<Tag, Running>,
    pub(super) tags: HashMap<TaskTag, Tag>,
    /// Commands that the engine has no room for, or that came when it was not open.
    pub(super) pending: VecDeque<(Tag, Command)>,
}

impl Session {
    pub(super) fn new(host: u32, scsi_cmds_max: u32, queue_depth: u32, initial_cmdsn: u32) -> Self {
        Self {
            host,
            state: State::Free,
            conn: None,
            cmd_sn: initial_cmdsn,
            scsi_cmds_max,
            queue_depth,
            fast_abort: 1,
            abort_timeout: 10,
            lu_reset_timeout: 15,
            tgt_reset_timeout: 30,
            initial_r2t_en: 0,
            imm_data_en: 0,
            first_burst: 0,
            max_burst: 0,
            max_r2t: 1,
            pdu_inorder_en: 0,
            dataseq_inorder_en: 0,
            erl: 0,
            tpgt: 0,
            discovery_sess: false,
            texts: BTreeMap::new(),
            eh: None,
            running: BTreeMap::new(),
            tags: HashMap::new(),
            pending: VecDeque::new(),
        }
    }

    /// A text that user space has set.
    pub(super) fn text(&self, param: IscsiParam) -> Option<&str> {
        self.texts.get(&u32::from(param.raw())).map(|text| text.as_str())
    }

    /// The engine, while the session is logged in and takes commands.
    pub(super) fn open_engine(&mut self) -> Option<&mut Initiator> {
        if self.state != State::LoggedIn {
            return None;
        }
        let engine = self.conn.as_mut()?.engine.as_deref_mut();
        engine.filter(|engine| engine.is_open())
    }
}
