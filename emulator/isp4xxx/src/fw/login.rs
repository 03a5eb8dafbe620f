//! What a DDB asks of a login, and what the login made of it.
//!
//! Owns the translation between entry and negotiation: lengths in units of 512 bytes, option bits, CHAP by table index.
//! Secrets pass through and are not kept. Sources: `ql4_fw.h` `struct dev_db_entry`, `struct ql4_chap_table`; `ql4_os.c`
//! `qla4xxx_update_session_conn_fwddb_param` (what the driver reads back after a login).

use std::net::SocketAddr;
use std::time::Duration;

use driver_sys::hw::chap::ChapFlags;
use driver_sys::hw::ddb::{BYTE_UNITS, IscsiOptions};
use driver_sys::hw::raw::{dev_db_entry, ql4_chap_table};
use driver_sys::hw::until_nul;
use iscsi::chap::{ChapAccount, ChapAlgorithm, ChapSecret};
use iscsi::digest::Digest;
use iscsi::initiator::{Auth, Config, Timeouts};
use iscsi::negotiate::{Offer, Params};
use iscsi::{IscsiName, Isid};

use super::LoginFailure;
use super::ddb::Ddb;
use super::port::Port;
use super::rom::Rom;
use super::session::Session;
use crate::flash::Area;

/// Login timeout of an entry that names none, seconds.
const DEFAULT_TIMEOUT: u16 = 10;
/// Bounds of the login timeout, seconds.
const TIMEOUTS: (u16, u16) = (2, 120);
/// RFC 7143 13.12: MaxRecvDataSegmentLength, MaxBurstLength and FirstBurstLength.
const LENGTHS: (u32, u32) = (512, (1 << 24) - 1);

/// What to log in with.
pub(super) fn spec(
    port: &Port,
    ddb: &Ddb,
    rom: &Rom,
    algorithms: &[ChapAlgorithm],
    initiator: &str,
    seed: [u8; 32],
) -> Result<Config, LoginFailure> {
    let entry = &*ddb.configured;
    let name = |bytes: &[u8]| IscsiName::from_bytes(bytes).map_err(|_| LoginFailure::BadEntry);
    let target = match until_nul(&entry.iscsi_name) {
        [] => None,
        bytes => Some(name(bytes)?),
    };
    let mut config = Config::new(name(initiator.as_bytes())?, target, Isid(entry.isid), seed);
    let alias = until_nul(&port.acb.block.iscsi_alias);
    config.initiator_alias = std::str::from_utf8(alias)
        .ok()
        .filter(|alias| !alias.is_empty())
        .map(Into::into);
    config.offer = offer(entry);
    config.auth = auth(port, entry, rom, algorithms, ddb.is_discovery())?;
    config.timeouts = timeouts(entry);
    Ok(config)
}

/// How long connect and login may take.
pub(super) fn timeout(entry: &dev_db_entry) -> Duration {
    let seconds = match entry.def_timeout.get() {
        0 => DEFAULT_TIMEOUT,
        given => given.clamp(TIMEOUTS.0, TIMEOUTS.1),
    };
    Duration::from_secs(seconds.into())
}

fn timeouts(entry: &dev_db_entry) -> Timeouts {
    // Half of the keep-alive time passes before the question, the other half before the end.
    let half = Duration::from_millis(u64::from(entry.ka_timeout.get()) * 500);
    Timeouts {
        login: timeout(entry),
        noop_interval: (!half.is_zero()).then_some(half),
        noop_timeout: half.max(Duration::from_secs(1)),
        logout: Duration::from_secs(5),
        ..Timeouts::default()
    }
}

fn length(units: u16, default: u32) -> u32 {
    match u32::from(units) * BYTE_UNITS {
        0 => default,
        bytes => bytes.clamp(LENGTHS.0, LENGTHS.1),
    }
}

fn units(bytes: u32) -> u16 {
    u16::try_from(bytes / BYTE_UNITS).unwrap_or(u16::MAX)
}

fn offer(entry: &dev_db_entry) -> Offer {
    let flags = entry.iscsi_flags();
    // An entry without the option takes no digest; with it, digests are preferred.
    let digests = |on| {
        if on {
            vec![Digest::Crc32c, Digest::None]
        } else {
            vec![Digest::None]
        }
    };
    let rfc = Params::default();
    let max_burst = length(entry.iscsi_max_burst_len.get(), rfc.max_burst);
    Offer {
        header_digests: digests(flags.contains(IscsiOptions::HEADER_DIGEST)),
        data_digests: digests(flags.contains(IscsiOptions::DATA_DIGEST)),
        params: Params {
            initial_r2t: flags.contains(IscsiOptions::INITIAL_R2T),
            immediate_data: flags.contains(IscsiOptions::IMMEDIATE_DATA),
            max_recv_data_segment: length(entry.iscsi_max_rcv_data_seg_len.get(), 65536),
            max_burst,
            first_burst: length(entry.iscsi_first_burst_len.get(), rfc.first_burst).min(max_burst),
            time2wait: entry.iscsi_def_time2wait.get().min(3600).into(),
            time2retain: entry.iscsi_def_time2retain.get().min(3600).into(),
            max_outstanding_r2t: entry.iscsi_max_outsnd_r2t.get().max(1).into(),
            error_recovery_level: 0,
            max_connections: 1,
            ..rfc
        },
    }
}

fn auth(
    port: &Port,
    entry: &dev_db_entry,
    rom: &Rom,
    algorithms: &[ChapAlgorithm],
    discovery: bool,
) -> Result<Auth, LoginFailure> {
    let flags = entry.iscsi_flags();
    if !flags.contains(IscsiOptions::CHAP_AUTH) {
        return Ok(Auth::None);
    }
    let chap = |index: u16| -> Option<ql4_chap_table> {
        (index < port.chip.max_chap).then(|| rom.record(port.number, Area::Chap, index.into()))?
    };
    let own = chap(entry.chap_tbl_idx.get())
        .filter(|own| own.is_valid() && !own.chap_flags().contains(ChapFlags::PEER))
        .ok_or(LoginFailure::NoChapEntry)?;
    let incoming = if flags.contains(IscsiOptions::BIDI_CHAP) {
        let peer = |entry: &ql4_chap_table| entry.is_valid() && entry.chap_flags().contains(ChapFlags::PEER);
        // The entry's link, or else the first peer entry of the table (as the driver pairs them).
        let linked = Some(own.link.get())
            .filter(|link| *link != 0)
            .and_then(chap)
            .filter(peer);
        let first = || (0..port.chip.max_chap).find_map(|index| chap(index).filter(peer));
        Some(account(&linked.or_else(first).ok_or(LoginFailure::NoChapEntry)?)?)
    } else {
        None
    };
    Ok(Auth::Chap {
        outgoing: account(&own)?,
        incoming,
        algorithms: algorithms.to_vec(),
        optional: discovery && flags.contains(IscsiOptions::DISCOVERY_AUTH_OPTIONAL),
    })
}

fn account(entry: &ql4_chap_table) -> Result<ChapAccount, LoginFailure> {
    Ok(ChapAccount {
        name: String::from_utf8_lossy(entry.name_bytes()).into_owned(),
        secret: ChapSecret::new(entry.secret_bytes().to_vec()).map_err(|_| LoginFailure::NoChapEntry)?,
    })
}

/// Puts what was negotiated into the entry the driver reads.
pub(super) fn show_negotiated(entry: &mut dev_db_entry, session: &Session) {
    let Some(login) = session.login() else {
        return;
    };
    let params = &login.params;
    let mut flags = entry.iscsi_flags();
    flags.set(
        IscsiOptions::HEADER_DIGEST,
        params.header_digest == Digest::Crc32c,
    );
    flags.set(IscsiOptions::DATA_DIGEST, params.data_digest == Digest::Crc32c);
    flags.set(IscsiOptions::INITIAL_R2T, params.initial_r2t);
    flags.set(IscsiOptions::IMMEDIATE_DATA, params.immediate_data);
    flags.set(IscsiOptions::DATA_PDU_IN_ORDER, params.data_pdu_in_order);
    flags.set(IscsiOptions::DATA_SEQ_IN_ORDER, params.data_sequence_in_order);
    flags.remove(IscsiOptions::ERL);
    entry.set_iscsi_flags(flags);
    entry
        .iscsi_max_rcv_data_seg_len
        .set(units(params.max_recv_data_segment));
    entry
        .iscsi_max_snd_data_seg_len
        .set(units(params.max_xmit_data_segment));
    entry.iscsi_first_burst_len.set(units(params.first_burst));
    entry.iscsi_max_burst_len.set(units(params.max_burst));
    entry.iscsi_max_outsnd_r2t.set(params.max_outstanding_r2t as u16);
    entry.iscsi_def_time2wait.set(params.time2wait as u16);
    entry.iscsi_def_time2retain.set(params.time2retain as u16);
    entry.tsid.set(login.tsih);
    if let Some(tag) = login.portal_group_tag {
        entry.tgt_portal_grp.set(tag);
    }
    if let Some(alias) = &login.target_alias {
        put_text(&mut entry.iscsi_alias, alias);
    }
    entry
        .lcl_port
        .set(session.local().map_or(0, |local| local.port()));
}

/// Notes where a redirect sends us (the driver shows it as `redirect_ipaddr`).
pub(super) fn show_redirect(entry: &mut dev_db_entry, to: SocketAddr) {
    put_text(&mut entry.tgt_addr, &to.ip().to_string());
}

fn put_text(room: &mut [u8], text: &str) {
    room.fill(0);
    let len = text.len().min(room.len());
    room[..len].copy_from_slice(&text.as_bytes()[..len]);
}
