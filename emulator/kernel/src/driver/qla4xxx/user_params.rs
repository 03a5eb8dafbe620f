//! What user space wants of a session before it logs in.
//!
//! Must not know the login. Source: `libiscsi.c` (`iscsi_set_param`).

use driver_sys::hw::ddb::IscsiOptions;
use driver_sys::netlink::params::IscsiParam as P;
use nix::errno::Errno;

use super::Qla4xxx;
use crate::transport::leading_number;

impl Qla4xxx {
    pub(super) fn set_user_param(&mut self, sid: u32, param: P, text: &[u8]) -> Result<(), Errno> {
        let text = String::from_utf8_lossy(text).into_owned();
        let value: i64 = leading_number(&text);
        let s = self.sessions.get_mut(&sid).ok_or(Errno::EINVAL)?;
        let mut entry = *s.entry();
        let units = |v: i64| (v.clamp(0, 0xffff * 512) / 512) as u16;
        let mut flags = entry.iscsi_flags();
        let mut flag = |f: IscsiOptions| flags.set(f, value != 0);
        match param {
            P::MaxRecvDlength => entry.iscsi_max_rcv_data_seg_len.set(units(value)),
            P::MaxXmitDlength => entry.iscsi_max_snd_data_seg_len.set(units(value)),
            P::FirstBurst => entry.iscsi_first_burst_len.set(units(value)),
            P::MaxBurst => entry.iscsi_max_burst_len.set(units(value)),
            P::MaxR2t => entry.iscsi_max_outsnd_r2t.set(value as u16),
            P::Tpgt => entry.tgt_portal_grp.set(value as u16),
            P::HdrdgstEn => flag(IscsiOptions::HEADER_DIGEST),
            P::DatadgstEn => flag(IscsiOptions::DATA_DIGEST),
            P::InitialR2tEn => flag(IscsiOptions::INITIAL_R2T),
            P::ImmDataEn => flag(IscsiOptions::IMMEDIATE_DATA),
            P::PduInorderEn => flag(IscsiOptions::DATA_PDU_IN_ORDER),
            P::DataseqInorderEn => flag(IscsiOptions::DATA_SEQ_IN_ORDER),
            P::Erl => {
                flags.remove(IscsiOptions::ERL);
                flags |= IscsiOptions::from_bits_retain((value & 3) as u16);
            }
            // Markers, timeouts and names: kept as text.
            _ if param.raw() <= P::DiscoveryParentType.raw() => {}
            _ => return Err(Errno::ENOSYS),
        }
        entry.set_iscsi_flags(flags);
        s.set_entry(entry);
        s.set.insert(param.raw(), text);
        Ok(())
    }
}
