//! A host: one port of the card, its objects and what the driver remembers of it.
//!
//! Source: `ql4_attr.c`, `ql4_os.c` (`qla4xxx_host_get_param`, `qla4xxx_probe_adapter`), `scsi_sysfs.c`.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Instant;

use driver_sys::hw::flash::FLASH_OFFSET_SYS_INFO;
use driver_sys::hw::mailbox::FwAddState;
use driver_sys::hw::raw::{about_fw_info, addr_ctrl_blk, flash_sys_info};
use isp4xxx::fw::{Command, Reply};
use zerocopy::FromBytes;

use super::Kernel;
use super::probe::Stage;
use crate::midlayer::Recovery;
use crate::qla4xxx::acb;
use crate::qla4xxx::flashnode::Flashnode;
use crate::text::{cstr, ip4, mac};
use crate::tree::Object;

/// A host.
pub(crate) struct Host {
    /// Host number.
    pub(super) no: u32,
    /// Port of the card.
    pub(super) port: usize,
    /// Path of `hostN`.
    pub(super) path: String,
    /// The control block in use (`ha->ip_config`).
    pub(super) acb: addr_ctrl_blk,
    /// MAC address.
    pub(super) mac: [u8; 6],
    /// Serial number.
    pub(super) serial: String,
    /// Cable in.
    pub(super) link_up: bool,
    /// Mailbox 3 of GET_FW_STATE.
    pub(super) additional: FwAddState,
    /// Flash nodes by index.
    pub(super) flashnodes: BTreeMap<u16, Flashnode>,
    /// DDB indices that the driver has taken.
    pub(super) ddbs: BTreeSet<u16>,
    /// Primary and secondary boot target.
    pub(super) boot: [Option<u16>; 2],
    /// Where the probe stands.
    pub(super) stage: Stage,
    /// The list of targets has to be built when the link comes; is it for a reset?
    pub(super) build_list: Option<bool>,
    /// A SendTargets login is under way.
    pub(super) discovering: bool,
    /// Commands that took too long.
    pub(super) recovery: Recovery,
    /// When the firmware's uptime was last shown.
    pub(super) shown_uptime: Option<Instant>,
}

impl Host {
    /// The path of an interface object.
    pub(super) fn iface_path(&self, iface: acb::IfaceKind) -> String {
        format!("{}/iscsi_iface/{}", self.path, iface.name(self.no))
    }

    pub(super) fn class_path(&self, class: &str) -> String {
        format!("{}/{class}/host{}", self.path, self.no)
    }

    /// The initiator name in use.
    pub(super) fn name_string(&self) -> String {
        cstr(&self.acb.iscsi_name)
    }

    fn speed(&self) -> &'static str {
        let a = self.additional;
        if a.contains(FwAddState::LINK_SPEED_10GBPS) {
            "10 Gbps"
        } else if a.contains(FwAddState::LINK_SPEED_1GBPS) {
            "1 Gbps"
        } else if a.contains(FwAddState::LINK_SPEED_100MBPS) {
            "100 Mbps"
        } else if a.contains(FwAddState::LINK_SPEED_10MBPS) {
            "10 Mbps"
        } else {
            "Unknown"
        }
    }
}

impl Kernel {
    /// Brings a port up and shows its host.
    pub(super) fn attach_host(&mut self, port: usize) -> io::Result<()> {
        let function = self
            .card
            .chip()
            .functions
            .get(port)
            .copied()
            .unwrap_or(port as u8);
        let no = self.config.first_host + port as u32;
        self.hosts.push(Host {
            no,
            port,
            path: format!("devices/pci0000:00/0000:00:05.{function}/host{no}"),
            acb: addr_ctrl_blk::default(),
            mac: [0; 6],
            serial: String::new(),
            link_up: false,
            additional: FwAddState::empty(),
            flashnodes: BTreeMap::new(),
            ddbs: BTreeSet::new(),
            boot: [None; 2],
            stage: Stage::Running,
            build_list: None,
            discovering: false,
            recovery: Recovery::default(),
            shown_uptime: None,
        });
        let host = self.hosts.len() - 1;
        self.read_identity(host);
        self.initialize_port(host);
        self.show_host(host)?;
        self.read_boot(host);
        self.start_probe(host, false);
        Ok(())
    }

    fn read_identity(&mut self, host: usize) {
        let read = self.mbox(
            host,
            Command::ReadFlash {
                offset: FLASH_OFFSET_SYS_INFO,
                len: 512,
            },
        );
        if let Ok(Reply::Bytes(bytes)) = read
            && let Ok(info) = flash_sys_info::read_from_bytes(&bytes)
        {
            let h = &mut self.hosts[host];
            h.mac = info.physAddr[0].address;
            h.serial = cstr(&info.acSerialNumber);
        }
    }

    /// Gives the port its control block and reads back what it made of it.
    pub(super) fn initialize_port(&mut self, host: usize) {
        if let Ok(Reply::Acb(mut acb)) = self.mbox(host, Command::GetInitFwCtrlBlock) {
            use driver_sys::hw::acb::{AddFwOptions, FwOptions};
            let mut flags = acb.fw_flags();
            flags.insert(FwOptions::SESSION_MODE | FwOptions::INITIATOR_MODE);
            flags.remove(FwOptions::TARGET_MODE);
            acb.set_fw_flags(flags);
            let auto = self.config.fw_mode == crate::config::FirmwareMode::AutoConnect;
            let mut add = acb.add_fw_flags();
            add.insert(AddFwOptions::SERIALIZE_TASK_MGMT);
            add.set(AddFwOptions::AUTOCONN_DISABLE, !auto);
            acb.set_add_fw_flags(add);
            let _ = self.mbox(host, Command::InitializeFirmware(acb));
        }
        self.update_state(host);
        self.update_local_acb(host);
    }

    /// Reads the control block in use (`qla4xxx_update_local_ifcb`).
    pub(super) fn update_local_acb(&mut self, host: usize) {
        if let Ok(Reply::Acb(acb)) = self.mbox(host, Command::GetInitFwCtrlBlock) {
            self.hosts[host].acb = *acb;
        }
    }

    pub(super) fn update_state(&mut self, host: usize) {
        if let Ok(Reply::FirmwareState { additional, .. }) = self.mbox(host, Command::GetFirmwareState) {
            let h = &mut self.hosts[host];
            h.additional = additional;
            h.link_up = additional.contains(FwAddState::LINK_UP);
        }
    }

    fn firmware_attrs(&mut self, host: usize) -> Vec<(&'static str, String)> {
        let mut out = Vec::new();
        if let Ok(Reply::About {
            info,
            uptime_secs,
            uptime_msecs,
        }) = self.mbox(host, Command::AboutFirmware)
        {
            out.extend(about(&info));
            out.push(("fw_uptime", format!("{uptime_secs}.{uptime_msecs} secs")));
        }
        let state = self.mbox(host, Command::GetFirmwareState);
        if let Ok(Reply::FirmwareState {
            state,
            board_id,
            additional,
        }) = state
        {
            out.push((
                "fw_state",
                format!("0x{:08X}{:8X}", state.raw(), additional.bits()),
            ));
            out.push(("board_id", format!("0x{board_id:08X}")));
        }
        out
    }

    fn show_host(&mut self, host: usize) -> io::Result<()> {
        let firmware = self.firmware_attrs(host);
        let model = self.card.chip().board;
        let h = &self.hosts[host];
        let (no, path) = (h.no, h.path.clone());
        let device = Object::bus(path.clone(), "scsi", "scsi_host").raw("fw_dump", 0o600, Vec::new());
        let mut shost = Object::class(h.class_path("scsi_host"), "scsi_host", Some(&path))
            .ro("active_mode", "Initiator")
            .ro("supported_mode", "Initiator")
            .ro("can_queue", "1024")
            .ro("cmd_per_lun", "3")
            .ro("host_busy", "0")
            .ro("nr_hw_queues", "1")
            .ro("proc_name", "qla4xxx")
            .ro("prot_capabilities", "0")
            .ro("prot_guard_type", "0")
            .ro("sg_prot_tablesize", "0")
            .ro("sg_tablesize", "128")
            .ro("unique_id", "0")
            .ro("use_blk_mq", "1")
            .ro("serial_num", &h.serial)
            .ro("hba_model", model)
            .refused("iscsi_func_cnt", 0o444)
            .refused("phy_port_cnt", 0o444)
            .refused("phy_port_num", 0o444)
            .rw("eh_deadline", "off")
            .rw("state", "running")
            .wo("host_reset")
            .wo("scan");
        for (name, value) in &firmware {
            shost = shost.ro(name, value);
        }
        let ihost = self.iscsi_host_attrs(host).into_iter().fold(
            Object::class(h.class_path("iscsi_host"), "iscsi_host", Some(&path)),
            |o, (n, v)| o.ro(n, v),
        );
        let bsg = Object::class(format!("{path}/bsg/iscsi_host{no}"), "bsg", Some(&path))
            .env("MAJOR", "248")
            .env("MINOR", &host.to_string())
            .env("DEVNAME", &format!("bsg/iscsi_host{no}"))
            .ro("dev", format!("248:{host}"));
        for object in [device, shost, ihost, bsg] {
            self.tree.add(object)?;
        }
        Ok(())
    }

    fn iscsi_host_attrs(&self, host: usize) -> Vec<(&'static str, String)> {
        let h = &self.hosts[host];
        vec![
            ("hwaddress", mac(&h.mac)),
            ("initiatorname", h.name_string()),
            ("ipaddress", ip4(&h.acb.ipv4_addr)),
            ("port_speed", h.speed().into()),
            (
                "port_state",
                if h.link_up { "LINK UP" } else { "LINK DOWN" }.into(),
            ),
        ]
    }

    /// Writes what may have changed of a host's objects.
    pub(super) fn refresh_host(&mut self, host: usize) {
        self.update_state(host);
        let ihost = self.iscsi_host_attrs(host);
        let firmware = self.firmware_attrs(host);
        let h = &self.hosts[host];
        let (ipath, spath) = (h.class_path("iscsi_host"), h.class_path("scsi_host"));
        let line = |(n, v): (&'static str, String)| (n, format!("{v}\n"));
        let done = self.tree.set_all(&ipath, ihost.into_iter().map(line));
        self.tree_done("host", done);
        let done = self.tree.set_all(&spath, firmware.into_iter().map(line));
        self.tree_done("host", done);
        self.hosts[host].shown_uptime = Some(self.now);
        self.refresh_ifaces(host);
    }
}

fn about(info: &about_fw_info) -> Vec<(&'static str, String)> {
    let version = |a: u16, b: u16, c: u16, d: u16| format!("{a}.{b:02}.{c:02}.{d:02}");
    vec![
        (
            "fw_version",
            version(
                info.fw_major.get(),
                info.fw_minor.get(),
                info.fw_patch.get(),
                info.fw_build.get(),
            ),
        ),
        (
            "fw_timestamp",
            format!("{} {}", cstr(&info.fw_build_date), cstr(&info.fw_build_time)),
        ),
        ("fw_build_user", cstr(&info.fw_build_user)),
        ("fw_ext_timestamp", cstr(&info.extended_timestamp)),
        (
            "fw_load_src",
            match info.fw_load_source.get() {
                1 => "Flash Primary",
                2 => "Flash Secondary",
                3 => "Host Download",
                _ => "",
            }
            .into(),
        ),
        (
            "iscsi_version",
            format!("{}.{:02}", info.iscsi_major.get(), info.iscsi_minor.get()),
        ),
        (
            "optrom_version",
            version(
                info.bootload_major.get(),
                info.bootload_minor.get(),
                info.bootload_patch.get(),
                info.bootload_build.get(),
            ),
        ),
    ]
}
