//! `/sys/bus/iscsi_flashnode/devices/flashnode_{sess-H:I,conn-H:I:C}`: the targets in an adapter's flash.
//!
//! Owns: [`FlashNode`], its two attribute groups. Must not know: netlink numbers, what may be set.
//! Unlike iface attributes, `tcp_nagle_disable` and its like are raw here: 1 = disabled.
//! Source: kernel `scsi_transport_iscsi.c` (`iscsi_flashnode_sess_attrs`, `iscsi_flashnode_conn_attrs`), `ql4_os.c`
//! (`qla4xxx_sysfs_ddb_get_param`, `qla4xxx_sysfs_ddb_add`).

use crate::sysfs::{Address, Dir, Error, Fault, Portal, Reader, Root, Secret, attrs};

use super::Listing;
use super::listing::number_after;

attrs! {
    /// A flash target's session attributes, without its CHAP secrets.
    pub struct FlashSessionAttrs, table FLASH_SESSION_ATTRS {
        /// SendTargets not done by the firmware.
        may auto_snd_tgt_disable: bool = "auto_snd_tgt_disable";
        /// A SendTargets entry: discovery only.
        may discovery_session: bool = "discovery_session";
        /// `ipv4` or `ipv6`.
        must portal_type: String = "portal_type";
        /// Whether the entry is used.
        may entry_enable: bool = "entry_enable";
        /// Immediate data.
        may immediate_data: bool = "immediate_data";
        /// Initial R2T.
        may initial_r2t: bool = "initial_r2t";
        /// Sequences in order.
        may data_seq_in_order: bool = "data_seq_in_order";
        /// PDUs in order.
        may data_pdu_in_order: bool = "data_pdu_in_order";
        /// CHAP.
        may chap_auth: bool = "chap_auth";
        /// Discovery sessions log out.
        may discovery_logout: bool = "discovery_logout";
        /// Mutual CHAP.
        may bidi_chap: bool = "bidi_chap";
        /// Discovery without authentication allowed.
        may discovery_auth_optional: bool = "discovery_auth_optional";
        /// Error recovery level.
        may erl: u8 = "erl";
        /// First burst, in bytes.
        may first_burst_len: u32 = "first_burst_len";
        /// Seconds to wait before a new login.
        may def_time2wait: u16 = "def_time2wait";
        /// Seconds the target keeps the session.
        may def_time2retain: u16 = "def_time2retain";
        /// Outstanding R2Ts.
        may max_outstanding_r2t: u16 = "max_outstanding_r2t";
        /// ISID, 12 hexadecimal digits.
        may isid: String = "isid";
        /// TSIH of the last session.
        may tsid: u16 = "tsid";
        /// Burst, in bytes.
        may max_burst_len: u32 = "max_burst_len";
        /// Task management timeout in seconds.
        may def_taskmgmt_tmo: u16 = "def_taskmgmt_tmo";
        /// Target alias.
        may targetalias: String = "targetalias";
        /// Target name; a SendTargets entry has none.
        may targetname: String = "targetname";
        /// Entry that found this one; 65535 for none.
        may discovery_parent_idx: u16 = "discovery_parent_idx";
        /// How it was found: `Unknown`, `Sendtarget`, `SLP`, `iSNS`, ….
        may discovery_parent_type: String = "discovery_parent_type";
        /// Target portal group tag.
        may tpgt: u16 = "tpgt";
        /// CHAP table entry that this side answers with; 65535 for none.
        may chap_out_idx: u16 = "chap_out_idx";
        /// CHAP table entry that the target must answer with.
        may chap_in_idx: u16 = "chap_in_idx";
        /// Name of the entry at `chap_out_idx`.
        may username: String = "username";
        /// Name of the entry at `chap_in_idx`.
        may username_in: String = "username_in";
        /// Whether the adapter boots from it.
        may is_boot_target: bool = "is_boot_target";
    }
}

attrs! {
    /// The CHAP secrets of a flash target. The kernel shows them to anyone who may read the file.
    pub struct FlashSecrets, table FLASH_SECRET_ATTRS {
        /// Secret that this side answers with.
        may password: Secret = "password";
        /// Secret that the target must answer with.
        may password_in: Secret = "password_in";
    }
}

attrs! {
    /// A flash target's connection attributes.
    pub struct FlashConnectionAttrs, table FLASH_CONNECTION_ATTRS {
        /// Address by the firmware.
        may is_fw_assigned_ipv6: bool = "is_fw_assigned_ipv6";
        /// Header digests.
        may header_digest: bool = "header_digest";
        /// Data digests.
        may data_digest: bool = "data_digest";
        /// SNACK.
        may snack_req: bool = "snack_req";
        /// TCP timestamps in use.
        may tcp_timestamp_stat: u32 = "tcp_timestamp_stat";
        /// Nagle's algorithm off.
        may tcp_nagle_disable: bool = "tcp_nagle_disable";
        /// Window scaling off.
        may tcp_wsf_disable: bool = "tcp_wsf_disable";
        /// TCP timer scale.
        may tcp_timer_scale: u32 = "tcp_timer_scale";
        /// TCP timestamps wanted.
        may tcp_timestamp_enable: bool = "tcp_timestamp_enable";
        /// IP fragmentation off.
        may fragment_disable: bool = "fragment_disable";
        /// Longest data segment that the target takes, in bytes.
        may max_xmit_dlength: u32 = "max_xmit_dlength";
        /// Longest data segment that this side takes, in bytes.
        may max_recv_dlength: u32 = "max_recv_dlength";
        /// Keep-alive timeout.
        may keepalive_tmo: u16 = "keepalive_tmo";
        /// TCP port.
        may port: u16 = "port";
        /// Address.
        may ipaddress: Address = "ipaddress";
        /// Where the target redirected to.
        may redirect_ipaddr: Address = "redirect_ipaddr";
        /// TCP segment size in bytes.
        may max_segment_size: u32 = "max_segment_size";
        /// Local TCP port.
        may local_port: u16 = "local_port";
        /// Type of service.
        may ipv4_tos: u8 = "ipv4_tos";
        /// Traffic class.
        may ipv6_traffic_class: u8 = "ipv6_traffic_class";
        /// Flow label.
        may ipv6_flow_label: u32 = "ipv6_flow_label";
        /// Link-local address of the target.
        may link_local_ipv6: Address = "link_local_ipv6";
        /// Window scale sent.
        may tcp_xmit_wsf: u32 = "tcp_xmit_wsf";
        /// Window scale received.
        may tcp_recv_wsf: u32 = "tcp_recv_wsf";
        /// StatSN.
        may statsn: u32 = "statsn";
        /// Next expected StatSN.
        may exp_statsn: u32 = "exp_statsn";
    }
}

/// A target in flash.
#[derive(Debug, Clone, PartialEq)]
pub struct FlashNode {
    /// Host number.
    pub host_no: u32,
    /// Index in the adapter's table of device database entries.
    pub index: u32,
    /// Session attributes.
    pub session: FlashSessionAttrs,
    /// Connection attributes; `None` when the entry has no connection.
    pub connection: Option<FlashConnectionAttrs>,
}

impl FlashNode {
    /// Where it goes, if it says. The all-zero address is none.
    pub fn portal(&self) -> Option<Portal> {
        let connection = self.connection.as_ref()?;
        let address = connection
            .ipaddress
            .clone()
            .filter(|address| !address.is_unspecified())?;
        Some(Portal {
            address,
            port: connection.port?,
        })
    }
}

/// Lists the flash targets, of one host or of all, ordered by host and index.
pub fn flash_nodes(root: &Root, host: Option<u32>) -> Result<Listing<FlashNode>, Error> {
    let mut listing = Listing::default();
    let Some(dir) = root.dir_if_present(DEVICES)? else {
        return Ok(listing);
    };
    let mut reader = Reader::new();
    for name in dir.names_with("flashnode_sess-")? {
        let Some((host_no, index)) = numbers(&name) else {
            let found = name.chars().take(64).collect::<String>().into();
            listing.skipped.push(dir.at(&name).error(
                "",
                Fault::Malformed {
                    expected: "flashnode_sess-HOST:INDEX",
                    found,
                },
            ));
            continue;
        };
        if host.is_none_or(|only| only == host_no) {
            listing.add(read(&dir, &mut reader, host_no, index));
        }
    }
    listing.problems = reader.take_problems();
    Ok(listing)
}

/// Reads one flash target.
pub fn flash_node(root: &Root, host_no: u32, index: u32) -> Result<FlashNode, Error> {
    read(&root.dir(DEVICES)?, &mut Reader::new(), host_no, index)
}

/// Reads the CHAP secrets of a flash target.
pub fn flash_secrets(root: &Root, host_no: u32, index: u32) -> Result<FlashSecrets, Error> {
    let dir = root.dir(DEVICES)?;
    let name = format!("flashnode_sess-{host_no}:{index}");
    let mut reader = Reader::new();
    reader.confirm(dir.at(&name))?;
    FlashSecrets::read(&mut reader, dir.at(&name))
}

const DEVICES: &str = "bus/iscsi_flashnode/devices";

fn read(dir: &Dir, reader: &mut Reader, host_no: u32, index: u32) -> Result<FlashNode, Error> {
    let name = format!("flashnode_sess-{host_no}:{index}");
    let session = FlashSessionAttrs::read(reader, dir.at(&name))?;
    let connection_name = format!("flashnode_conn-{host_no}:{index}:0");
    let at = dir.at(&connection_name);
    let connection = if at.exists() {
        Some(FlashConnectionAttrs::read(reader, at)?)
    } else {
        None
    };
    reader.confirm(dir.at(&name))?;
    Ok(FlashNode {
        host_no,
        index,
        session,
        connection,
    })
}

fn numbers(name: &str) -> Option<(u32, u32)> {
    let (host, index) = name.strip_prefix("flashnode_sess-")?.split_once(':')?;
    Some((number_after(host, "")?, number_after(index, "")?))
}
