//! What the parameters of sessions, connections and endpoints read, and which of them are shown.
//!
//! Source: `ql4_os.c` (`qla4_attr_is_visible`, `qla4xxx_session_get_param`, `qla4xxx_conn_get_param`, `qla4xxx_get_ep_param`,
//! `qla4xxx_copy_to_sess_conn_params`), `libiscsi.c` (`iscsi_session_get_param`, `iscsi_conn_get_param`).

use std::net::SocketAddr;

use driver_sys::hw::ddb::DdbOptions;
use driver_sys::netlink::params::{FlashnodeParam as F, IscsiParam as P};
use nix::errno::Errno;

use super::Qla4xxx;
use super::ddb::DdbEntry;
use super::flashnode::{parent_name, reversed};
use crate::text::{cstr, hex, ip4, ip6};
use crate::transport::Class;

/// What the kernel prints for a string that nobody set.
const NULL: &str = "(null)";

fn is_v6(s: &DdbEntry) -> bool {
    s.entry().option_flags().contains(DdbOptions::IPV6_DEVICE)
}

/// Numbers of a DDB: the flash node's parameter that is the same field as a session's or connection's.
const fn field(param: P) -> Option<F> {
    Some(match param {
        P::AutoSndTgtDisable => F::AutoSndTgtDisable,
        P::BidiChapEn => F::BidiChapEn,
        P::ChapAuthEn => F::ChapAuthEn,
        P::PduInorderEn => F::PduInorder,
        P::DataseqInorderEn => F::DataseqInorder,
        P::DefTaskmgmtTmo => F::DefTaskmgmtTmo,
        P::DefTime2retain => F::DefTime2retain,
        P::DefTime2wait => F::DefTime2wait,
        P::DiscoveryAuthOptional => F::DiscoveryAuthOptional,
        P::DiscoveryLogoutEn => F::DiscoveryLogoutEn,
        P::DiscoverySess => F::DiscoverySess,
        P::Erl => F::Erl,
        P::FirstBurst => F::FirstBurst,
        P::ImmDataEn => F::ImmDataEn,
        P::InitialR2tEn => F::InitialR2tEn,
        P::MaxBurst => F::MaxBurst,
        P::MaxR2t => F::MaxR2t,
        P::Tpgt => F::Tpgt,
        P::Tsid => F::Tsid,
        P::DatadgstEn => F::DataDgstEn,
        P::ExpStatsn => F::ExpStatsn,
        P::IpFragmentDisable => F::IpFragDisable,
        P::HdrdgstEn => F::HdrDgstEn,
        P::Ipv4Tos => F::Ipv4Tos,
        P::IsFwAssignedIpv6 => F::IsFwAssignedIpv6,
        P::KeepaliveTmo => F::KeepaliveTmo,
        P::LocalPort => F::LocalPort,
        P::MaxRecvDlength => F::MaxRecvDlength,
        P::MaxSegmentSize => F::MaxSegmentSize,
        P::MaxXmitDlength => F::MaxXmitDlength,
        P::Statsn => F::Statsn,
        P::TcpNagleDisable => F::TcpNagleDisable,
        P::TcpRecvWsf => F::TcpRecvWsf,
        P::TcpTimerScale => F::TcpTimerScale,
        P::TcpTimestampEn => F::TcpTimestampEn,
        P::TcpTimestampStat => F::TcpTimestampStat,
        P::TcpWsfDisable => F::TcpWsfDisable,
        P::TcpXmitWsf => F::TcpXmitWsf,
        _ => return None,
    })
}

fn number(s: &DdbEntry, param: P) -> Result<String, Errno> {
    let field = field(param).ok_or(Errno::ENOSYS)?;
    Ok(s.numbers().get(field).to_string())
}

impl Qla4xxx {
    /// Whether a parameter has an attribute.
    pub(super) fn shows(param: P) -> bool {
        field(param).is_some()
            || matches!(
                param,
                P::PersistentAddress
                    | P::PersistentPort
                    | P::ConnAddress
                    | P::ConnPort
                    | P::TargetName
                    | P::TargetAlias
                    | P::IfaceName
                    | P::ChapOutIdx
                    | P::ChapInIdx
                    | P::Username
                    | P::Password
                    | P::UsernameIn
                    | P::PasswordIn
                    | P::PortalType
                    | P::Ipv6Tc
                    | P::Ipv6FlowLabel
                    | P::Isid
                    | P::DiscoveryParentIdx
                    | P::DiscoveryParentType
                    | P::LocalIpaddr
            )
    }

    pub(super) fn session_param(&mut self, sid: u32, param: P) -> Result<String, Errno> {
        let s = self.sessions.get(&sid).ok_or(Errno::EINVAL)?;
        let text = |p: P| s.text(p).unwrap_or(NULL).to_owned();
        let logged_in_once = s.flash || s.entry().cookie.get() != 0;
        Ok(match param {
            P::ChapInIdx | P::ChapOutIdx => {
                let index = self.chap_index_shown(sid, param == P::ChapInIdx);
                index.map(|i| i.to_string()).unwrap_or_default()
            }
            P::Username | P::Password => match self.chap_shown(sid) {
                Some((name, _)) if param == P::Username => name,
                Some((_, secret)) => secret,
                None => self.sessions[&sid].text(param).unwrap_or(NULL).to_owned(),
            },
            P::UsernameIn | P::PasswordIn | P::IfaceName => text(param),
            P::TargetName if s.flash => cstr(&s.entry().iscsi_name),
            P::TargetName => text(param),
            P::TargetAlias if logged_in_once => cstr(&s.entry().iscsi_alias),
            P::TargetAlias => text(param),
            P::PortalType => match (s.flash, is_v6(s)) {
                (true, true) => "ipv6",
                (true, false) => "ipv4",
                (false, _) => NULL,
            }
            .into(),
            P::Isid => hex(&reversed(s.entry().isid)),
            P::DiscoveryParentIdx => s.parent.to_string(),
            P::DiscoveryParentType if logged_in_once => {
                parent_name(u32::from(s.entry().ddb_link.get())).into()
            }
            P::DiscoveryParentType => String::new(),
            _ => return number(s, param),
        })
    }

    /// The CHAP entry that a session shows.
    fn chap_index_shown(&mut self, sid: u32, incoming: bool) -> Option<u16> {
        let s = self.sessions.get(&sid)?;
        if s.flash && !incoming {
            return Some(s.chap).filter(|index| *index != 0xffff);
        }
        let (name, secret) = if incoming {
            (s.text(P::UsernameIn), s.text(P::PasswordIn))
        } else {
            (s.text(P::Username), s.text(P::Password))
        };
        let (name, secret) = (name?.to_owned(), secret?.to_owned());
        let host = s.host;
        self.find_chap(host, &name, &secret, incoming)
    }

    /// Name and secret of the CHAP entry of a session from flash.
    fn chap_shown(&mut self, sid: u32) -> Option<(String, String)> {
        let s = self.sessions.get(&sid)?;
        let (host, index) = (s.host, s.chap);
        if !s.flash || index == 0xffff {
            return None;
        }
        self.uni_chap(host, index)
    }

    pub(super) fn conn_param(&self, sid: u32, param: P) -> Result<String, Errno> {
        let s = self.sessions.get(&sid).ok_or(Errno::EINVAL)?;
        let v6 = is_v6(s);
        let address = || {
            if v6 {
                ip6(&s.entry().ip_addr)
            } else {
                ip4(&s.entry().ip_addr)
            }
        };
        let port = || s.entry().port.get().to_string();
        Ok(match param {
            P::ConnAddress => address(),
            P::ConnPort => port(),
            P::PersistentAddress if s.flash => address(),
            P::PersistentPort if s.flash => port(),
            P::PersistentAddress => s.text(param).unwrap_or(NULL).into(),
            P::PersistentPort => s.text(param).unwrap_or("0").into(),
            P::Ipv6FlowLabel | P::Ipv6Tc => "0".into(),
            P::LocalIpaddr if v6 => ip6(&s.entry().link_local_ipv6_addr),
            P::LocalIpaddr => NULL.into(),
            _ => return number(s, param),
        })
    }

    pub(super) fn endpoint_param(class: &Class, ep: u64, param: P) -> Result<String, Errno> {
        let to = class.endpoint(ep).and_then(|e| e.to).ok_or(Errno::ENOTCONN)?;
        match (param, to) {
            (P::ConnAddress, SocketAddr::V6(a)) => Ok(ip6(&a.ip().octets())),
            (P::ConnAddress, SocketAddr::V4(a)) => Ok(a.ip().to_string()),
            (P::ConnPort, to) => Ok(to.port().to_string()),
            _ => Err(Errno::ENOSYS),
        }
    }
}
