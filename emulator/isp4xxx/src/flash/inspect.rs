//! A flash image read as records, for people and tools.
//!
//! Owns plain structs without secrets. It must not know how they are shown.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use driver_sys::hw::chap::ChapFlags;
use driver_sys::hw::ddb::{BYTE_UNITS, DdbOptions, IscsiOptions};
use driver_sys::hw::flash::IFCB_COOKIE;
use driver_sys::hw::raw::{addr_ctrl_blk, dev_db_entry, flash_sys_info, ql4_chap_table};
use driver_sys::hw::until_nul;

use super::image::Image;
use super::layout::Area;
use super::{FlashError, Loaded, validate};
use crate::chip::Chip;
use crate::nvram::BootBlock;

/// Everything a card remembers, decoded.
#[derive(Debug, Clone)]
pub struct Contents {
    /// Port by port.
    pub ports: Vec<PortContents>,
}

/// Everything one port remembers.
#[derive(Debug, Clone)]
pub struct PortContents {
    /// Identity.
    pub info: SysInfoView,
    /// The control block; `None` when erased.
    pub ifcb: Option<IfcbView>,
    /// The DDBs in use.
    pub ddbs: Vec<DdbView>,
    /// The CHAP entries in use.
    pub chap: Vec<ChapView>,
    /// The boot block; `None` on a chip without one.
    pub boot: Option<BootBlock>,
}

/// Decodes what a store loaded.
///
/// # Errors
/// What is wrong with the image, by name.
pub fn inspect(chip: &'static Chip, ports: usize, loaded: &Loaded) -> Result<Contents, FlashError> {
    let (image, nvram) = validate::accept(chip, ports, loaded)?;
    let ports = (0..ports)
        .map(|port| PortContents {
            info: sys_info(&image, port),
            ifcb: ifcb(&image, port),
            ddbs: ddbs(chip, &image, port),
            chap: chap(chip, &image, port),
            boot: BootBlock::read(&nvram, port),
        })
        .collect();
    Ok(Contents { ports })
}

/// Identity of a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SysInfoView {
    /// MAC address.
    pub mac: [u8; 6],
    /// Serial number of the card.
    pub serial: String,
    /// Product name.
    pub product: String,
}

/// A control block's main fields. Lengths in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfcbView {
    /// Initiator name.
    pub initiator_name: String,
    /// Initiator alias.
    pub alias: String,
    /// IPv4 is on.
    pub ipv4_enabled: bool,
    /// IPv4 address by DHCP.
    pub dhcp: bool,
    /// Nagle's algorithm is off (IPv4).
    pub tcp_nagle_disable: bool,
    /// TCP window scaling is off (IPv4).
    pub tcp_wsf_disable: bool,
    /// IPv4 fragmentation is off.
    pub fragment_disable: bool,
    /// IPv4 address.
    pub ipv4: Ipv4Addr,
    /// Netmask.
    pub subnet: Ipv4Addr,
    /// Gateway.
    pub gateway: Ipv4Addr,
    /// IPv6 is on.
    pub ipv6_enabled: bool,
    /// Interface identifier of the link-local address.
    pub ipv6_interface_id: [u8; 8],
    /// Routable IPv6 addresses.
    pub ipv6: [Ipv6Addr; 2],
    /// IPv6 default router.
    pub ipv6_router: Ipv6Addr,
    /// Ethernet MTU.
    pub mtu: u16,
    /// iSCSI options.
    pub iscsi: IscsiOptions,
    /// The firmware logs in by itself (AUTO CONNECT).
    pub auto_connect: bool,
    /// Largest PDU data segment taken.
    pub max_recv_data: u32,
    /// FirstBurstLength.
    pub first_burst: u32,
    /// MaxBurstLength.
    pub max_burst: u32,
}

/// A DDB's main fields. Lengths in bytes, times in seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DdbView {
    /// Index in the table.
    pub index: u16,
    /// Target name; empty for a SendTargets entry.
    pub name: String,
    /// Where the target is; `None` when the entry holds no address.
    pub portal: Option<SocketAddr>,
    /// Portal group tag.
    pub tpgt: u16,
    /// ISID.
    pub isid: [u8; 6],
    /// Entry options.
    pub options: DdbOptions,
    /// iSCSI options.
    pub iscsi: IscsiOptions,
    /// CHAP table index of the credentials sent.
    pub chap_index: Option<u16>,
    /// Index of the SendTargets entry that found this one.
    pub discovery_parent: Option<u16>,
    /// Largest PDU data segment taken.
    pub max_recv_data: u32,
    /// FirstBurstLength.
    pub first_burst: u32,
    /// MaxBurstLength.
    pub max_burst: u32,
    /// DefaultTime2Wait.
    pub time2wait: u16,
    /// DefaultTime2Retain.
    pub time2retain: u16,
    /// Login timeout.
    pub timeout: u16,
}

/// A CHAP entry, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChapView {
    /// Index in the table.
    pub index: u16,
    /// User name.
    pub name: String,
    /// `LOCAL` (sent) or `PEER` (expected).
    pub flags: ChapFlags,
}

fn string(bytes: &[u8]) -> String {
    String::from_utf8_lossy(until_nul(bytes)).into_owned()
}

fn units(value: u16) -> u32 {
    u32::from(value) * BYTE_UNITS
}

/// Identity of a port.
#[must_use]
pub fn sys_info(image: &Image, port: usize) -> SysInfoView {
    let info = image
        .record::<flash_sys_info>(port, Area::SysInfo, 0)
        .unwrap_or_default();
    SysInfoView {
        mac: info.physAddr[0].address,
        serial: string(&info.acSerialNumber),
        product: string(&info.productId),
    }
}

/// The control block of a port; `None` when it is erased.
#[must_use]
pub fn ifcb(image: &Image, port: usize) -> Option<IfcbView> {
    let block = image.record::<addr_ctrl_blk>(port, Area::Ifcb, 0)?;
    (block.cookie.get() == IFCB_COOKIE).then(|| IfcbView::of(&block))
}

impl IfcbView {
    /// Decodes a control block.
    #[must_use]
    pub fn of(block: &addr_ctrl_blk) -> Self {
        use driver_sys::hw::acb::{AddFwOptions, Ipv4IpOptions, Ipv4TcpOptions, Ipv6Options};
        Self {
            initiator_name: string(&block.iscsi_name),
            alias: string(&block.iscsi_alias),
            ipv4_enabled: block
                .ipv4_ip_flags()
                .contains(Ipv4IpOptions::IPV4_PROTOCOL_ENABLE),
            dhcp: block.ipv4_tcp_flags().contains(Ipv4TcpOptions::DHCP_ENABLE),
            tcp_nagle_disable: block
                .ipv4_tcp_flags()
                .contains(Ipv4TcpOptions::NAGLE_ALGO_DISABLE),
            tcp_wsf_disable: block
                .ipv4_tcp_flags()
                .contains(Ipv4TcpOptions::WINDOW_SCALE_DISABLE),
            fragment_disable: block
                .ipv4_ip_flags()
                .contains(Ipv4IpOptions::FRAGMENTATION_DISABLE),
            ipv4: block.ipv4_addr.into(),
            subnet: block.ipv4_subnet.into(),
            gateway: block.ipv4_gw_addr.into(),
            ipv6_enabled: block.ipv6_flags().contains(Ipv6Options::IPV6_PROTOCOL_ENABLE),
            ipv6_interface_id: block.ipv6_if_id,
            ipv6: [block.ipv6_addr0.into(), block.ipv6_addr1.into()],
            ipv6_router: block.ipv6_dflt_rtr_addr.into(),
            mtu: block.eth_mtu_size.get(),
            iscsi: block.iscsi_flags(),
            auto_connect: !block.add_fw_flags().contains(AddFwOptions::AUTOCONN_DISABLE),
            max_recv_data: units(block.iscsi_max_pdu_size.get()),
            first_burst: units(block.iscsi_fburst_len.get()),
            max_burst: units(block.iscsi_max_burst_len.get()),
        }
    }
}

impl DdbView {
    /// Decodes an entry.
    #[must_use]
    pub fn of(index: u16, entry: &dev_db_entry) -> Self {
        let iscsi = entry.iscsi_flags();
        let some = |value: u16| (value < 0xFF00).then_some(value);
        Self {
            index,
            name: string(&entry.iscsi_name),
            portal: portal(entry),
            tpgt: entry.tgt_portal_grp.get(),
            isid: entry.isid,
            options: entry.option_flags(),
            iscsi,
            chap_index: some(entry.chap_tbl_idx.get()).filter(|_| iscsi.contains(IscsiOptions::CHAP_AUTH)),
            discovery_parent: some(entry.ddb_link.get()),
            max_recv_data: units(entry.iscsi_max_rcv_data_seg_len.get()),
            first_burst: units(entry.iscsi_first_burst_len.get()),
            max_burst: units(entry.iscsi_max_burst_len.get()),
            time2wait: entry.iscsi_def_time2wait.get(),
            time2retain: entry.iscsi_def_time2retain.get(),
            timeout: entry.def_timeout.get(),
        }
    }
}

/// Where an entry's target is; `None` without an address or a port.
#[must_use]
pub fn portal(entry: &dev_db_entry) -> Option<SocketAddr> {
    let ip = if entry.option_flags().contains(DdbOptions::IPV6_DEVICE) {
        IpAddr::from(entry.ip_addr)
    } else {
        let [a, b, c, d, ..] = entry.ip_addr;
        IpAddr::from([a, b, c, d])
    };
    let port = entry.port.get();
    (port != 0 && !ip.is_unspecified()).then(|| SocketAddr::new(ip, port))
}

/// The DDBs in use.
#[must_use]
pub fn ddbs(chip: &Chip, image: &Image, port: usize) -> Vec<DdbView> {
    (0..chip.max_flash_ddbs)
        .filter_map(|index| {
            let entry: dev_db_entry = image.record(port, Area::Ddb, index.into())?;
            entry.is_valid().then(|| DdbView::of(index, &entry))
        })
        .collect()
}

/// The CHAP entries in use, without their secrets.
#[must_use]
pub fn chap(chip: &Chip, image: &Image, port: usize) -> Vec<ChapView> {
    (0..chip.max_chap)
        .filter_map(|index| {
            let entry: ql4_chap_table = image.record(port, Area::Chap, index.into())?;
            entry.is_valid().then(|| ChapView {
                index,
                name: string(&entry.name),
                flags: entry.chap_flags(),
            })
        })
        .collect()
}
