//! SET_PARAM: what user space wants of a session before it logs in.
//!
//! Must not know the login. Source: `scsi_transport_iscsi.c` (`iscsi_if_set_param`), `libiscsi.c` (`iscsi_set_param`).

use driver_sys::hw::ddb::IscsiOptions;
use nix::errno::Errno;

use super::Kernel;
use crate::transport::attrs::param;
use crate::transport::ev::Message;
use crate::transport::session::ConnState;

/// A page: no parameter is longer.
const PAGE: usize = 4096;

impl Kernel {
    pub(super) fn set_param(&mut self, m: &Message) -> Result<(), Errno> {
        let (sid, cid, number, len) = (m.arg(0), m.arg(1), m.arg(2), m.arg(3) as usize);
        if len > m.payload.len() || len > PAGE || !self.has_conn(sid, cid) {
            return Err(Errno::EINVAL);
        }
        let text = driver_sys::hw::until_nul(&m.payload);
        if text.len() > len {
            return Err(Errno::EINVAL);
        }
        let text = String::from_utf8_lossy(text).into_owned();
        let value: i64 = leading_number(&text);
        let s = self.sessions.get_mut(&sid).ok_or(Errno::EINVAL)?;
        if number == param::SESS_RECOVERY_TMO {
            if !s.recovery_override {
                s.recovery_tmo = value as i32;
            }
            self.refresh_session(sid);
            return Ok(());
        }
        if !s
            .conn
            .as_ref()
            .is_some_and(|c| matches!(c.state, ConnState::Bound | ConnState::Up))
        {
            return Err(Errno::ENOTCONN);
        }
        let units = |v: i64| (v.clamp(0, 0xffff * 512) / 512) as u16;
        let mut flags = s.entry.iscsi_flags();
        let mut flag = |f: IscsiOptions| flags.set(f, value != 0);
        match number {
            param::MAX_RECV_DLENGTH => s.entry.iscsi_max_rcv_data_seg_len.set(units(value)),
            param::MAX_XMIT_DLENGTH => s.entry.iscsi_max_snd_data_seg_len.set(units(value)),
            param::FIRST_BURST => s.entry.iscsi_first_burst_len.set(units(value)),
            param::MAX_BURST => s.entry.iscsi_max_burst_len.set(units(value)),
            param::MAX_R2T => s.entry.iscsi_max_outsnd_r2t.set(value as u16),
            param::TPGT => s.entry.tgt_portal_grp.set(value as u16),
            param::HDRDGST_EN => flag(IscsiOptions::HEADER_DIGEST),
            param::DATADGST_EN => flag(IscsiOptions::DATA_DIGEST),
            param::INITIAL_R2T_EN => flag(IscsiOptions::INITIAL_R2T),
            param::IMM_DATA_EN => flag(IscsiOptions::IMMEDIATE_DATA),
            param::PDU_INORDER_EN => flag(IscsiOptions::DATA_PDU_IN_ORDER),
            param::DATASEQ_INORDER_EN => flag(IscsiOptions::DATA_SEQ_IN_ORDER),
            param::ERL => {
                flags.remove(IscsiOptions::ERL);
                flags |= IscsiOptions::from_bits_retain((value & 3) as u16);
            }
            // Markers, timeouts and names: kept as text.
            _ if number <= 70 => {}
            _ => return Err(Errno::ENOSYS),
        }
        s.entry.set_iscsi_flags(flags);
        s.set.insert(number, text);
        self.refresh_session(sid);
        Ok(())
    }
}

/// The number a text begins with, as `sscanf("%d")` reads it; 0 without one.
pub(super) fn leading_number(text: &str) -> i64 {
    let t = text.trim_start();
    let (sign, digits) = match t.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, t),
    };
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse::<i64>().map_or(0, |v| sign * v)
}
