//! Boot targets: which DDBs the port's EEPROM names, and the objects under `firmware/iscsi_bootN`.
//!
//! Source: `ql4_os.c` (`get_fw_boot_info`, `qla4xxx_setup_boot_info`, `qla4xxx_show_boot_tgt_info`,
//! `qla4xxx_get_bidi_chap`), `iscsi_boot_sysfs.c`.

use driver_sys::hw::chap::ChapFlags;
use driver_sys::hw::ddb::{DdbOptions, IscsiOptions};
use driver_sys::hw::nvram::{
    BootTargetByte, NVRAM_PORT0_BOOT_MODE, NVRAM_PORT0_BOOT_PRI_TGT, NVRAM_PORT0_BOOT_SEC_TGT,
    NVRAM_PORT1_BOOT_MODE, NVRAM_PORT1_BOOT_PRI_TGT, NVRAM_PORT1_BOOT_SEC_TGT,
};
use isp4xxx::fw::{Command, Reply};

use super::Qla4xxx;
use crate::text::{cstr, ip4, ip6, mac};
use crate::transport::Class;
use crate::tree::Object;

impl Qla4xxx {
    /// A byte of the EEPROM as the driver clocks it out (`rd_nvram_byte`): it shifts as many bits of the address as the chip has, so
    /// that an address beyond the ISP4010's small EEPROM wraps round into it.
    fn nvram_byte(&mut self, host: usize, offset: usize) -> Option<u8> {
        let offset = offset % self.card.chip().nvram_size;
        match self.mbox(
            host,
            Command::GetNvram {
                offset: offset as u32,
                len: 1,
            },
        ) {
            Ok(Reply::Bytes(b)) => b.first().copied(),
            _ => None,
        }
    }

    /// Which DDBs are boot targets.
    pub(super) fn read_boot(&mut self, host: usize) {
        let [mode, primary, secondary] = match host {
            0 => [
                NVRAM_PORT0_BOOT_MODE,
                NVRAM_PORT0_BOOT_PRI_TGT,
                NVRAM_PORT0_BOOT_SEC_TGT,
            ],
            1 => [
                NVRAM_PORT1_BOOT_MODE,
                NVRAM_PORT1_BOOT_PRI_TGT,
                NVRAM_PORT1_BOOT_SEC_TGT,
            ],
            _ => return,
        };
        let enabled = self.nvram_byte(host, mode).is_some_and(|m| m & 0x07 != 0);
        let index = |byte: Option<u8>| byte.and_then(|b| BootTargetByte(b).ddb_index()).map(u16::from);
        let boot = if enabled {
            [
                index(self.nvram_byte(host, primary)),
                index(self.nvram_byte(host, secondary)),
            ]
        } else {
            [None; 2]
        };
        self.hosts[host].boot = boot;
    }

    /// Exports the boot targets unless the driver logs in to them itself.
    pub(super) fn show_boot(&mut self, class: &mut Class, host: usize) {
        let boot = self.hosts[host].boot;
        let h = &self.hosts[host];
        let base = format!("firmware/iscsi_boot{}", h.no);
        if self.config.disable_sysfs_boot || boot == [None; 2] || class.env.tree.contains(&base) {
            return;
        }
        let (address, name) = (mac(&h.mac), h.name_string());
        let mut objects = vec![Object::plain(base.clone())];
        for (i, index) in boot.into_iter().enumerate() {
            objects.push(self.boot_target(host, format!("{base}/target{i}"), index));
        }
        objects.push(Object::plain(format!("{base}/initiator")).ro("initiator-name", name));
        objects.push(
            Object::plain(format!("{base}/ethernet0"))
                .ro("index", "0")
                .ro("mac", address)
                .ro("flags", "2"),
        );
        for object in objects {
            class.env.show("boot", object);
        }
    }

    fn boot_target(&mut self, host: usize, path: String, index: Option<u16>) -> Object {
        let entry = index.and_then(|i| self.flash_ddb(host, i)).unwrap_or_default();
        let flags = entry.iscsi_flags();
        let out = if flags.contains(IscsiOptions::CHAP_AUTH) {
            self.uni_chap(host, entry.chap_tbl_idx.get()).unwrap_or_default()
        } else {
            Default::default()
        };
        let back = if flags.contains(IscsiOptions::BIDI_CHAP) {
            self.first_bidi(host)
        } else {
            Default::default()
        };
        let v6 = entry.option_flags().contains(DdbOptions::IPV6_DEVICE);
        Object::plain(path)
            .ro("target-name", cstr(&entry.iscsi_name))
            .ro(
                "ip-addr",
                if v6 {
                    ip6(&entry.ip_addr)
                } else {
                    ip4(&entry.ip_addr)
                },
            )
            .ro("port", entry.port.get().to_string())
            .secret("chap-name", out.0)
            .secret("chap-secret", out.1)
            .secret("rev-chap-name", back.0)
            .secret("rev-chap-name-secret", back.1)
            .ro("nic-assoc", "0")
            .ro("flags", "2")
    }

    fn first_bidi(&self, host: usize) -> (String, String) {
        self.chap_list(host)
            .iter()
            .find(|e| {
                e.is_valid() && e.chap_flags() & (ChapFlags::LOCAL | ChapFlags::PEER) == ChapFlags::PEER
            })
            .map(|e| (cstr(e.name_bytes()), cstr(e.secret_bytes())))
            .unwrap_or_default()
    }

    /// After a power cycle: takes the old objects away and reads the EEPROM again; the probe shows what it names.
    pub(super) fn reread_boot(&mut self, class: &mut Class, host: usize) {
        self.read_boot(host);
        let base = format!("firmware/iscsi_boot{}", self.hosts[host].no);
        if class.env.tree.contains(&base) {
            class.env.hide("boot", &base);
        }
    }
}
