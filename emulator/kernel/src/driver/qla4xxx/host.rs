//! A host: one port of the card, its objects and what the driver remembers of it.
//!
//! Source: `ql4_attr.c`, `ql4_os.c` (`qla4xxx_host_get_param`, `qla4xxx_probe_adapter`), `scsi_sysfs.c`.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Instant;

use driver_sys::hw::mailbox::FwAddState;
use driver_sys::hw::raw::{about_fw_info, addr_ctrl_blk, flash_sys_info};
use driver_sys::netlink::params::HostParam;
use isp4xxx::flash::Area;
use isp4xxx::fw::{Command, Reply};
use nix::errno::Errno;

use super::Qla4xxx;
use super::chap_list::ChapList;
use super::flashnode::Flashnode;
use super::manage::Managing;
use super::probe::Stage;
use crate::midlayer::host_objects;
use crate::text::{cstr, ip4, mac};
use crate::transport::Class;

/// A host.
pub(super) struct Host {
    /// Host number.
    pub(super) no: u32,
    /// Path of `hostN`.
    path: String,
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
    /// The CHAP table as the driver knows it.
    pub(super) chap_list: ChapList,
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
    /// The task management function that its firmware is at.
    pub(super) managing: Option<Managing>,
    /// When the firmware's uptime was last shown.
    pub(super) shown_uptime: Option<Instant>,
}

impl Host {
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

impl Qla4xxx {
    /// Brings a port up and shows its host.
    pub(super) fn attach_host(&mut self, class: &mut Class, port: usize) -> io::Result<()> {
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
            path: format!("devices/pci0000:00/0000:00:05.{function}/host{no}"),
            acb: addr_ctrl_blk::default(),
            mac: [0; 6],
            serial: String::new(),
            link_up: false,
            additional: FwAddState::empty(),
            chap_list: ChapList::default(),
            flashnodes: BTreeMap::new(),
            ddbs: BTreeSet::new(),
            boot: [None; 2],
            stage: Stage::Running,
            build_list: None,
            discovering: false,
            managing: None,
            shown_uptime: None,
        });
        self.read_identity(port);
        self.initialize_port(port);
        self.show_host(class, port)?;
        self.read_boot(port);
        self.read_chap_list(port);
        self.start_probe(class, port, false);
        Ok(())
    }

    fn read_identity(&mut self, host: usize) {
        if let Some(info) = self.read_record::<flash_sys_info>(host, Area::SysInfo, 0) {
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

    fn show_host(&mut self, class: &mut Class, host: usize) -> io::Result<()> {
        let firmware = self.firmware_attrs(host);
        let h = &self.hosts[host];
        let no = h.no;
        let (device, shost) = host_objects("qla4xxx", no, &h.path);
        let device = device.raw("fw_dump", 0o600, Vec::new());
        let shost = shost
            .ro("can_queue", "1024")
            .ro("cmd_per_lun", "3")
            .ro("sg_tablesize", "128")
            .ro("serial_num", &h.serial)
            .ro("hba_model", self.card.chip().board)
            .refused("iscsi_func_cnt", 0o444)
            .refused("phy_port_cnt", 0o444)
            .refused("phy_port_num", 0o444);
        let shost = firmware.into_iter().fold(shost, |o, (n, v)| o.ro(n, v));
        class.add_host(self, no, [device, shost], Some(host))
    }

    /// What a parameter of a host reads.
    pub(super) fn host_param(&self, no: u32, param: HostParam) -> Result<String, Errno> {
        let h = &self.hosts[self.port_of(no)?];
        Ok(match param {
            HostParam::Hwaddress => mac(&h.mac),
            HostParam::InitiatorName => h.name_string(),
            HostParam::Ipaddress => ip4(&h.acb.ipv4_addr),
            HostParam::PortSpeed => h.speed().into(),
            HostParam::PortState => if h.link_up { "LINK UP" } else { "LINK DOWN" }.into(),
            _ => return Err(Errno::ENOSYS),
        })
    }

    /// Writes what may have changed of a host's objects.
    pub(super) fn refresh_host(&mut self, class: &mut Class, host: usize) {
        self.update_state(host);
        let no = self.hosts[host].no;
        class.refresh_host(self, no);
        let firmware = self.firmware_attrs(host);
        let h = &mut self.hosts[host];
        let at = format!("{}/scsi_host/host{}", h.path, h.no);
        class.env.write_all("host", &at, firmware);
        h.shown_uptime = Some(self.now);
        self.refresh_ifaces(class, host);
    }

    /// A write to `host_reset`.
    pub(super) fn reset_by_hand(&mut self, class: &mut Class, no: u32, kind: &str) -> Result<(), Errno> {
        let host = self.port_of(no)?;
        match kind {
            "adapter" | "firmware" => {
                if !Self::may_reset(class) {
                    return Err(Errno::EPERM);
                }
                self.recover_adapter(class, host);
                Ok(())
            }
            _ => Err(Errno::EINVAL),
        }
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
