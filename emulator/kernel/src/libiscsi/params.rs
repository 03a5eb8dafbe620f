//! SET_PARAM: text of user space to what it sets.
//!
//! Source: `libiscsi.c` (`iscsi_set_param`, `iscsi_switch_str_param`), `libiscsi_tcp.c` (`iscsi_tcp_set_max_r2t`).

use driver_sys::netlink::params::IscsiParam as P;
use nix::errno::Errno;
use zeroize::Zeroizing;

use super::state::timeouts;
use super::{Libiscsi, session::Session};

/// What `sscanf("%d")` and its kin make of a text: the number that it begins with; none leaves what was there.
fn scan(text: &str) -> Option<i64> {
    let text = text.trim_start();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let number = digits.get(..end).filter(|digits| !digits.is_empty())?;
    // Numbers of any length wrap, as in a kernel.
    let value = number.bytes().fold(0i64, |sum, b| {
        sum.wrapping_mul(10).wrapping_add(i64::from(b - b'0'))
    });
    Some(if digits.len() < text.len() {
        value.wrapping_neg()
    } else {
        value
    })
}

impl Libiscsi {
    /// Sets a parameter of a session or its connection (`iscsi_set_param`).
    ///
    /// # Errors
    /// `ENOSYS` for what libiscsi has no room for, `EINVAL` for a session that is gone.
    pub(crate) fn set_param(&mut self, sid: u32, param: P, text: &[u8]) -> Result<(), Errno> {
        let text = Zeroizing::new(String::from_utf8_lossy(text).into_owned());
        let session = self.sessions.get_mut(&sid).ok_or(Errno::EINVAL)?;
        if is_text(param) {
            session.texts.insert(u32::from(param.raw()), text);
            return Ok(());
        }
        let number = scan(&text);
        set_number(session, param, number)?;
        // The kernel's timers read them anew each time.
        if matches!(param, P::PingTmo | P::RecvTmo)
            && let Some(conn) = &mut session.conn
            && conn.started
        {
            let timeouts = timeouts(conn);
            if let Some(engine) = conn.engine.as_deref_mut() {
                engine.set_timeouts(timeouts);
            }
        }
        Ok(())
    }

    /// How many R2Ts a command may have: a power of two, which a pool is made for (`iscsi_tcp_set_max_r2t`).
    ///
    /// # Errors
    /// `EINVAL`: it is not.
    pub(crate) fn set_max_r2t(&mut self, sid: u32, text: &[u8]) -> Result<(), Errno> {
        let session = self.sessions.get_mut(&sid).ok_or(Errno::EINVAL)?;
        let r2ts = scan(&String::from_utf8_lossy(text)).map_or(0, |n| n as u16);
        if session.max_r2t != r2ts {
            if !r2ts.is_power_of_two() {
                return Err(Errno::EINVAL);
            }
            session.max_r2t = r2ts;
        }
        Ok(())
    }
}

/// Parameters that are kept as they come.
const fn is_text(param: P) -> bool {
    matches!(
        param,
        P::Username
            | P::UsernameIn
            | P::Password
            | P::PasswordIn
            | P::TargetName
            | P::TargetAlias
            | P::PersistentAddress
            | P::IfaceName
            | P::InitiatorName
            | P::BootRoot
            | P::BootNic
            | P::BootTarget
            | P::PortalType
            | P::DiscoveryParentType
            | P::LocalIpaddr
    )
}

fn set_number(session: &mut Session, param: P, number: Option<i64>) -> Result<(), Errno> {
    // A kernel's int takes the lower half.
    let put = |to: &mut i32| {
        if let Some(number) = number {
            *to = number as i32;
        }
    };
    match param {
        P::FastAbort => put(&mut session.fast_abort),
        P::AbortTmo => put(&mut session.abort_timeout),
        P::LuResetTmo => put(&mut session.lu_reset_timeout),
        P::TgtResetTmo => put(&mut session.tgt_reset_timeout),
        P::InitialR2tEn => put(&mut session.initial_r2t_en),
        P::MaxR2t => {
            if let Some(number) = number {
                session.max_r2t = number as u16;
            }
        }
        P::ImmDataEn => put(&mut session.imm_data_en),
        P::FirstBurst => put(&mut session.first_burst),
        P::MaxBurst => put(&mut session.max_burst),
        P::PduInorderEn => put(&mut session.pdu_inorder_en),
        P::DataseqInorderEn => put(&mut session.dataseq_inorder_en),
        P::Erl => put(&mut session.erl),
        P::Tpgt => put(&mut session.tpgt),
        P::DiscoverySess => session.discovery_sess = number.unwrap_or(0) != 0,
        _ => {
            let conn = session.conn.as_mut().ok_or(Errno::EINVAL)?;
            match param {
                P::PingTmo => put(&mut conn.ping_timeout),
                P::RecvTmo => put(&mut conn.recv_timeout),
                P::MaxRecvDlength => put(&mut conn.max_recv_dlength),
                P::MaxXmitDlength => put(&mut conn.max_xmit_dlength),
                P::HdrdgstEn => put(&mut conn.hdrdgst_en),
                P::DatadgstEn => put(&mut conn.datadgst_en),
                P::PersistentPort => put(&mut conn.persistent_port),
                P::ExpStatsn => {
                    if let Some(number) = number {
                        conn.exp_statsn = number as u32;
                    }
                }
                _ => return Err(Errno::ENOSYS),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::scan;

    #[test]
    fn numbers_are_read_as_sscanf_reads_them() {
        for (text, value) in [
            ("7", Some(7)),
            (" -12x", Some(-12)),
            ("0x10", Some(0)),
            ("", None),
            ("x", None),
            ("-", None),
        ] {
            assert_eq!(scan(text), value, "{text:?}");
        }
        assert_eq!(scan("4294967295").map(|n| n as u32), Some(u32::MAX));
        assert!(scan(&"9".repeat(400)).is_some());
    }
}
