//! What the factory writes: identity, default control block, default DDBs, an empty database, an EEPROM that sums to zero.
//!
//! Owns the defaults that RESTORE_FACTORY_DEFAULTS and the default-entry commands answer with. Sources: `ql4_fw.h`
//! structs; values as the stock driver reports them for a card that was never configured.

use driver_sys::hw::acb::{
    ACB_SUPPORTED, AddFwOptions, FwOptions, IFCB_VER_MAX, Ipv4IpOptions, Ipv4TcpOptions, Ipv6AddOptions,
};
use driver_sys::hw::ddb::{DDB_NO_LINK, DdbOptions, IscsiOptions};
use driver_sys::hw::flash::IFCB_COOKIE;
use driver_sys::hw::nvram::fix_checksum;
use driver_sys::hw::raw::{addr_ctrl_blk, dev_db_entry, eeprom_isp4010, eeprom_isp4022, flash_sys_info};
use zerocopy::IntoBytes;

use super::image::Image;
use super::layout::Area;
use super::store::Loaded;
use crate::chip::Chip;

/// Who made the card, as its system information says.
pub(super) const VENDOR: &str = "QLogic Corporation";

/// What makes one card differ from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Names the card; MAC addresses and serial number follow from it.
    pub seed: u64,
}

impl Identity {
    /// MAC address of a port: the maker's prefix, three bytes of the card, the port in the last bit.
    #[must_use]
    pub fn mac(self, port: usize) -> [u8; 6] {
        let mixed = self.mixed();
        let low = (mixed as u32 & 0x00FF_FFFC) | (port as u32 & 3);
        let [_, a, b, c] = low.to_be_bytes();
        [0x00, 0xC0, 0xDD, a, b, c]
    }

    /// Serial number, ten characters.
    #[must_use]
    pub fn serial(self) -> String {
        format!("FS{:08X}", (self.mixed() >> 32) as u32)
    }

    fn mixed(self) -> u64 {
        // splitmix64, so that neighbouring seeds give unlike cards.
        let mut z = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// A card as it leaves the factory.
#[must_use]
pub fn factory_default(chip: &'static Chip, ports: usize, identity: Identity) -> Loaded {
    let mut image = Image::erased(chip.layout, ports);
    for port in 0..ports {
        let info = sys_info(chip, identity, port);
        put(image.area_mut(port, Area::SysInfo), info.as_bytes());
        let block = default_acb(chip, identity.mac(port), &identity.serial(), port);
        put(image.area_mut(port, Area::Ifcb), block.as_bytes());
    }
    image.to_loaded(&factory_nvram(chip, ports, identity))
}

fn put(area: &mut [u8], bytes: &[u8]) {
    if let Some(room) = area.get_mut(..bytes.len()) {
        room.copy_from_slice(bytes);
    }
}

fn text<const N: usize>(text: &str) -> [u8; N] {
    let mut out = [0; N];
    let len = text.len().min(N);
    out[..len].copy_from_slice(&text.as_bytes()[..len]);
    out
}

fn sys_info(chip: &Chip, identity: Identity, port: usize) -> flash_sys_info {
    let mut info = flash_sys_info::default();
    info.cookie.set(IFCB_COOKIE);
    info.physAddrCount.set(1);
    info.physAddr[0].address = identity.mac(port);
    info.vendorId = text(VENDOR);
    info.productId = text(chip.board);
    info.serialNumber.set((identity.mixed() >> 32) as u32);
    info.pciDeviceVendor.set(chip.pci_vendor.into());
    info.pciDeviceId.set(chip.pci_device.into());
    info.pciSubsysVendor.set(chip.subsys_vendor.into());
    info.pciSubsysId.set(chip.subsys_device.into());
    info.enterpriseNumber.set(3873);
    info.mtu.set(1500);
    info.acSerialNumber = text(&identity.serial());
    info
}

/// The control block of a port that was never configured.
#[must_use]
pub fn default_acb(chip: &Chip, mac: [u8; 6], serial: &str, port: usize) -> addr_ctrl_blk {
    let mut block = addr_ctrl_blk {
        version: IFCB_VER_MAX,
        ipv4_ttl: 64,
        acb_version: if chip.acb_v2 { ACB_SUPPORTED } else { 0 },
        abort_timer: 30,
        hb_interval: 0,
        iscsi_name: text(&format!(
            "iqn.2000-04.com.qlogic:{}.{}.{}",
            chip.board.to_ascii_lowercase(),
            serial.to_ascii_lowercase(),
            port + 1
        )),
        ipv6_hop_limit: 64,
        ipv6_dup_addr_detect_count: 1,
        ..Default::default()
    };
    block.set_fw_flags(FwOptions::SESSION_MODE | FwOptions::INITIATOR_MODE);
    block.set_add_fw_flags(AddFwOptions::AUTOCONN_DISABLE | AddFwOptions::SERIALIZE_TASK_MGMT);
    block.exec_throttle.set(256);
    block.eth_mtu_size.set(1500);
    block.set_iscsi_flags(
        IscsiOptions::IMMEDIATE_DATA
            | IscsiOptions::INITIAL_R2T
            | IscsiOptions::DATA_SEQ_IN_ORDER
            | IscsiOptions::DATA_PDU_IN_ORDER
            | IscsiOptions::DISCOVERY_LOGOUT
            | IscsiOptions::DISCOVERY_AUTH_OPTIONAL,
    );
    block.set_ipv4_tcp_flags(Ipv4TcpOptions::NAGLE_ALGO_DISABLE);
    block.set_ipv4_ip_flags(Ipv4IpOptions::IPV4_PROTOCOL_ENABLE);
    block.iscsi_max_pdu_size.set(128);
    block.iscsi_fburst_len.set(128);
    block.iscsi_max_burst_len.set(512);
    block.iscsi_max_outstnd_r2t.set(1);
    block.iscsi_def_time2wait.set(2);
    block.iscsi_def_time2retain.set(20);
    block.conn_ka_timeout.set(30);
    block.def_timeout.set(10);
    block.ipv4_port.set(3260);
    block.tgt_portal_grp.set(1);
    block.cookie.set(IFCB_COOKIE);
    if chip.acb_v2 {
        block.ipv6_port.set(3260);
        block.set_ipv6_add_flags(Ipv6AddOptions::AUTOCONFIG_LINK_LOCAL_ADDR);
        block.ipv6_if_id = eui64(mac);
    }
    block
}

/// Interface identifier of a MAC address (RFC 4291 appendix A).
#[must_use]
pub fn eui64(mac: [u8; 6]) -> [u8; 8] {
    [mac[0] ^ 2, mac[1], mac[2], 0xFF, 0xFE, mac[3], mac[4], mac[5]]
}

/// A DDB that was never configured; the iSCSI part follows the port's control block.
#[must_use]
pub fn default_ddb(block: &addr_ctrl_blk, mac: [u8; 6], ipv6: bool) -> dev_db_entry {
    let mut entry = dev_db_entry::default();
    let mut options = DdbOptions::TARGET | DdbOptions::ENTRY_STATE;
    options.set(DdbOptions::IPV6_DEVICE, ipv6);
    entry.set_option_flags(options);
    entry.exec_throttle.set(block.exec_throttle.get());
    let chap = IscsiOptions::CHAP_AUTH | IscsiOptions::BIDI_CHAP;
    entry.set_iscsi_flags(
        block
            .iscsi_flags()
            .difference(chap | IscsiOptions::STRICT_LOGIN_COMP),
    );
    entry.tcp_options.set(block.ipv4_tcp_opts.get() & 0x003F);
    entry
        .iscsi_max_rcv_data_seg_len
        .set(block.iscsi_max_pdu_size.get());
    entry
        .iscsi_max_snd_data_seg_len
        .set(block.iscsi_max_pdu_size.get());
    entry.iscsi_first_burst_len.set(block.iscsi_fburst_len.get());
    entry.iscsi_max_burst_len.set(block.iscsi_max_burst_len.get());
    entry.iscsi_def_time2wait.set(block.iscsi_def_time2wait.get());
    entry.iscsi_def_time2retain.set(block.iscsi_def_time2retain.get());
    entry.iscsi_max_outsnd_r2t.set(block.iscsi_max_outstnd_r2t.get());
    entry.ka_timeout.set(block.conn_ka_timeout.get());
    entry.def_timeout.set(block.def_timeout.get());
    // The maker's OUI and the card's own three bytes (RFC 7143 11.12.5, type 00b). The driver writes a DDB index over two bytes of
    // it; what is left must still tell cards apart and never be zero, which tgt refuses.
    entry.isid = mac;
    entry.isid[0] &= 0x3F;
    entry.port.set(3260);
    entry.mss.set(
        block
            .eth_mtu_size
            .get()
            .saturating_sub(if ipv6 { 60 } else { 40 }),
    );
    entry.ddb_link.set(DDB_NO_LINK);
    entry.chap_tbl_idx.set(0xFFFF);
    entry.tgt_portal_grp.set(1);
    entry.len.set(512);
    entry
}

fn factory_nvram(chip: &Chip, ports: usize, identity: Identity) -> Vec<u8> {
    let mut bytes = if chip.nvram_size == size_of::<eeprom_isp4010>() {
        let mut image = eeprom_isp4010 {
            asic_id: *b"ISP ",
            version: 1,
            serial_number: text(&identity.serial()),
            mac0: identity.mac(0),
            ..Default::default()
        };
        image.board_id.set(chip.board_id);
        image.ext_hw_conf.set(0x1912);
        image.signature.set(0x9366);
        image.as_bytes().to_vec()
    } else {
        let mut image = eeprom_isp4022 {
            asicId: *b"ISP ",
            version: 1,
            boardIdStr: text(chip.board),
            serialNumber: text(&identity.serial()),
            ..Default::default()
        };
        image.boardId.set(chip.board_id);
        image.ext_hw_conf.set(0x0023);
        image.funcCfg_fn1.macAddress = identity.mac(0);
        if ports > 1 {
            image.funcCfg_fn3.macAddress = identity.mac(1);
        }
        for function in [&mut image.funcCfg_fn1, &mut image.funcCfg_fn3] {
            function.subsysVendorId.set(chip.subsys_vendor);
            function.subsysDeviceId.set(chip.subsys_device);
        }
        image.as_bytes().to_vec()
    };
    fix_checksum(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flash::validate;

    #[test]
    fn a_default_isid_tells_cards_apart_even_under_the_drivers_index() {
        // The driver writes a DDB index over bytes 1 and 2 (`qla4xxx_set_param_ddbentry`); the last byte of a MAC may be 0.
        let cards = [
            [0x00, 0xC0, 0xDD, 0x34, 0x59, 0x00],
            [0x00, 0xC0, 0xDD, 0x34, 0x5A, 0x00],
        ];
        let isids = cards.map(|mac| {
            let block = default_acb(&crate::chip::ISP4032, mac, "FS00000001", 0);
            let mut isid = default_ddb(&block, mac, false).isid;
            isid[1..3].fill(0);
            isid
        });
        assert_ne!(isids[0], [0; 6], "tgt refuses an ISID of zeros");
        assert_ne!(isids[0], isids[1]);
    }

    #[test]
    fn every_chip_accepts_what_its_factory_wrote() {
        for chip in Chip::ALL {
            for ports in 1..=chip.max_ports {
                let loaded = factory_default(chip, ports, Identity { seed: 7 });
                validate::accept(chip, ports, &loaded).unwrap();
            }
        }
    }

    #[test]
    fn ports_and_cards_have_their_own_addresses() {
        let card = Identity { seed: 1 };
        let other = Identity { seed: 2 };
        assert_ne!(card.mac(0), card.mac(1));
        assert_ne!(card.mac(0), other.mac(0));
        assert_ne!(card.serial(), other.serial());
        assert_eq!(card.mac(0), Identity { seed: 1 }.mac(0));
        assert_eq!(card.mac(1)[..3], [0x00, 0xC0, 0xDD]);
    }
}
