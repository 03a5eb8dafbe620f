//! Counters of a port and of its connections.
//!
//! Owns how bytes and PDUs that really moved become the MAC, IP, TCP and iSCSI counters of GET_MANAGEMENT_DATA. What TCP
//! does below the socket (retransmissions, pure ACKs) is not visible and stays 0. Source: `ql4_fw.h`
//! `struct ql_iscsi_stats`.

use driver_sys::hw::raw::ql_iscsi_stats;
use iscsi::initiator::{Counters, RxPdus, TxPdus};

use super::port::Port;
use super::{Event, LoginFailure};

/// What a port moved.
#[derive(Debug, Default)]
pub(super) struct PortStats {
    pub(super) connects: u64,
    v4: Wire,
    v6: Wire,
    /// Sessions that are over.
    past: Counters,
    io_completed: u64,
    protocol_errors: u64,
}

#[derive(Debug, Default)]
struct Wire {
    tx_segments: u64,
    tx_bytes: u64,
    rx_segments: u64,
    rx_bytes: u64,
}

const ETHERNET: u64 = 18;
const TCP: u64 = 20;
const IPV4: u64 = 20;
const IPV6: u64 = 40;

impl PortStats {
    /// TCP payload went out.
    pub(super) fn sent(&mut self, ipv6: bool, bytes: usize, mss: u64) {
        let wire = if ipv6 { &mut self.v6 } else { &mut self.v4 };
        wire.tx_bytes += bytes as u64;
        wire.tx_segments += (bytes as u64).div_ceil(mss.max(1));
    }

    /// TCP payload came in.
    pub(super) fn received(&mut self, ipv6: bool, bytes: usize, mss: u64) {
        let wire = if ipv6 { &mut self.v6 } else { &mut self.v4 };
        wire.rx_bytes += bytes as u64;
        wire.rx_segments += (bytes as u64).div_ceil(mss.max(1));
    }

    /// A session is over; its counters stay.
    pub(super) fn absorb(&mut self, session: &Counters) {
        self.past = plus(&self.past, session);
    }

    /// Something was reported to the front end.
    pub(super) fn note(&mut self, event: &Event) {
        if matches!(event, Event::IoDone(_)) {
            self.io_completed += 1;
        }
    }

    /// A login failed or a session was lost.
    pub(super) fn failed(&mut self, failure: LoginFailure) {
        if failure == LoginFailure::Protocol {
            self.protocol_errors += 1;
        }
    }
}

/// The sum of two connections.
pub(super) fn plus(a: &Counters, b: &Counters) -> Counters {
    macro_rules! sum {
        ($kind:ident, $a:expr, $b:expr, $($field:ident)*) => { $kind { $($field: $a.$field.wrapping_add($b.$field)),* } };
    }
    Counters {
        tx: sum!(TxPdus, a.tx, b.tx, nop_out scsi_command task_management login text data_out logout snack),
        rx: sum!(RxPdus, a.rx, b.rx, nop_in scsi_response task_management login text data_in logout r2t async_message reject),
        tx_octets: a.tx_octets.wrapping_add(b.tx_octets),
        rx_octets: a.rx_octets.wrapping_add(b.rx_octets),
        written: a.written.wrapping_add(b.written),
        read: a.read.wrapping_add(b.read),
        digest_errors: a.digest_errors.wrapping_add(b.digest_errors),
        timeout_errors: a.timeout_errors.wrapping_add(b.timeout_errors),
        format_errors: a.format_errors.wrapping_add(b.format_errors),
        completed: a.completed.wrapping_add(b.completed),
        busy: a.busy.saturating_add(b.busy),
        busy_max: a.busy_max.max(b.busy_max),
    }
}

const fn tx_pdus(tx: &TxPdus) -> u64 {
    tx.nop_out
        + tx.scsi_command
        + tx.task_management
        + tx.login
        + tx.text
        + tx.data_out
        + tx.logout
        + tx.snack
}

const fn rx_pdus(rx: &RxPdus) -> u64 {
    rx.nop_in
        + rx.scsi_response
        + rx.task_management
        + rx.login
        + rx.text
        + rx.data_in
        + rx.logout
        + rx.r2t
        + rx.async_message
        + rx.reject
}

impl Port {
    /// GET_MANAGEMENT_DATA: the port's counters and those of one DDB's connection.
    pub(super) fn statistics(&self, index: u16) -> ql_iscsi_stats {
        let live = self
            .ddbs
            .iter()
            .filter_map(|(_, ddb)| Some(ddb.session.as_ref()?.counters()));
        let total = live.fold(self.stats.past, |sum, session| plus(&sum, &session));
        let mut out = ql_iscsi_stats::default();
        let Wire {
            tx_segments,
            tx_bytes,
            rx_segments,
            rx_bytes,
        } = &self.stats.v4;
        let six = &self.stats.v6;
        out.ip_tx_packets.set(*tx_segments);
        out.ip_tx_bytes.set(tx_bytes + tx_segments * (TCP + IPV4));
        out.ip_rx_packets.set(*rx_segments);
        out.ip_rx_bytes.set(rx_bytes + rx_segments * (TCP + IPV4));
        out.ipv6_tx_packets.set(six.tx_segments);
        out.ipv6_tx_bytes
            .set(six.tx_bytes + six.tx_segments * (TCP + IPV6));
        out.ipv6_rx_packets.set(six.rx_segments);
        out.ipv6_rx_bytes
            .set(six.rx_bytes + six.rx_segments * (TCP + IPV6));
        out.tcp_tx_segments.set(tx_segments + six.tx_segments);
        out.tcp_tx_bytes.set(tx_bytes + six.tx_bytes);
        out.tcp_rx_segments.set(rx_segments + six.rx_segments);
        out.tcp_rx_byte.set(rx_bytes + six.rx_bytes);
        out.mac_tx_frames.set(tx_segments + six.tx_segments);
        out.mac_rx_frames.set(rx_segments + six.rx_segments);
        let frames = out.mac_tx_frames.get();
        out.mac_tx_bytes
            .set(out.ip_tx_bytes.get() + out.ipv6_tx_bytes.get() + frames * ETHERNET);
        let frames = out.mac_rx_frames.get();
        out.mac_rx_bytes
            .set(out.ip_rx_bytes.get() + out.ipv6_rx_bytes.get() + frames * ETHERNET);
        out.iscsi_pdu_tx.set(tx_pdus(&total.tx));
        out.iscsi_data_bytes_tx.set(total.written);
        out.iscsi_pdu_rx.set(rx_pdus(&total.rx));
        out.iscsi_data_bytes_rx.set(total.read);
        out.iscsi_io_completed.set(self.stats.io_completed);
        out.iscsi_format_error
            .set(total.format_errors + self.stats.protocol_errors);
        out.iscsi_data_digest_error.set(total.digest_errors);
        if let Some(ddb) = self.ddbs.get(index) {
            let live = ddb
                .session
                .as_ref()
                .map(|session| session.counters())
                .unwrap_or_default();
            connection(&mut out, &plus(&ddb.past, &live));
        }
        out
    }

    /// TCP payload bytes of one segment.
    pub(super) fn mss(&self, ipv6: bool) -> u64 {
        let mtu = u64::from(self.acb.block.eth_mtu_size.get()).max(576);
        mtu - TCP - if ipv6 { IPV6 } else { IPV4 }
    }
}

fn connection(out: &mut ql_iscsi_stats, one: &Counters) {
    let (tx, rx) = (&one.tx, &one.rx);
    out.tx_cmd_pdu.set(tx_pdus(tx) as u32);
    out.rx_resp_pdu.set(rx_pdus(rx) as u32);
    out.tx_data_octets.set(one.tx_octets);
    out.rx_data_octets.set(one.rx_octets);
    out.data_digest_err.set(one.digest_errors as u32);
    out.conn_timeout_err.set(one.timeout_errors as u32);
    out.framing_err.set(one.format_errors as u32);
    out.tx_nopout_pdus.set(tx.nop_out as u32);
    out.tx_scsi_cmd_pdus.set(tx.scsi_command as u32);
    out.tx_tmf_cmd_pdus.set(tx.task_management as u32);
    out.tx_login_cmd_pdus.set(tx.login as u32);
    out.tx_text_cmd_pdus.set(tx.text as u32);
    out.tx_scsi_write_pdus.set(tx.data_out as u32);
    out.tx_logout_cmd_pdus.set(tx.logout as u32);
    out.tx_snack_req_pdus.set(tx.snack as u32);
    out.rx_nopin_pdus.set(rx.nop_in as u32);
    out.rx_scsi_resp_pdus.set(rx.scsi_response as u32);
    out.rx_tmf_resp_pdus.set(rx.task_management as u32);
    out.rx_login_resp_pdus.set(rx.login as u32);
    out.rx_text_resp_pdus.set(rx.text as u32);
    out.rx_scsi_read_pdus.set(rx.data_in as u32);
    out.rx_logout_resp_pdus.set(rx.logout as u32);
    out.rx_r2t_pdus.set(rx.r2t as u32);
    out.rx_async_pdus.set(rx.async_message as u32);
    out.rx_reject_pdus.set(rx.reject as u32);
}
