//! Operations as requests: the [`Backend`] of a kernel.

use std::net::IpAddr;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use driver_sys::bsg::DiagTest;
use driver_sys::hw::mailbox::FactoryAreas;
use driver_sys::netlink::code::{GROUP_ISCSID, GROUP_UIP};
use driver_sys::netlink::{Destination, Event, Request, Return, code};
use driver_sys::sysfs::Reader;

use super::events::Listener;
use super::netlink::Ask;
use super::store::store;
use super::vendor::Vendor;
use super::{Kernel, encode, helper, read};
use crate::backend::{
    Backend, BootMark, ChapRecord, FirmwareBoot, ListOutcome, ListProbe, LoginProbe, LunScope, Memory,
    ProbeOutcome, ScsiData, ScsiOutcome, SelfTest, Stack, UnitAttr,
};
use crate::deadline::Deadline;
use crate::error::{Error, Kind, Operation, Result};
use crate::ids::{Family, Hctl, HostNo, IfaceId};
use crate::model::{
    Adapter, AdapterKey, BootTable, EventRecord, FlashTarget, Helper, HostStats, Iface, Lun, PingStatus,
    PortalType, Session, SessionBrief, SessionDetail, SessionStats,
};
use crate::params::{Assignment, FlashnodeParam, IfaceCode, Params};
use crate::registry::Living;

impl Kernel {
    pub(super) fn ask(
        &mut self,
        host: HostNo,
        request: Request,
        operation: Operation,
        tried: &str,
        deadline: Deadline,
    ) -> Result<Return> {
        self.netlink.ask(
            &self.root,
            &Ask {
                host,
                request,
                operation,
                tried,
                deadline,
            },
        )
    }
}

impl Kernel {
    const fn vendor(&self, host: HostNo, deadline: Deadline) -> Vendor<'_> {
        Vendor {
            endpoint: &self.endpoint,
            host,
            deadline,
        }
    }
}

/// A number that tells this process's pings apart from all others.
fn ping_id() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let step = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(1 << 22);
    std::process::id().wrapping_add(step)
}

impl Backend for Kernel {
    fn card(&mut self, host: HostNo) -> Result<Option<String>> {
        Ok(Some(read::adapter::card(&self.root, host)))
    }

    fn adapter_keys(&mut self) -> Result<Vec<AdapterKey>> {
        read::adapter::keys(&self.root)
    }

    fn adapter(&mut self, host: HostNo) -> Result<Option<Adapter>> {
        read::adapter::one(&self.root, host)
    }

    fn reset_adapter(&mut self, host: HostNo, deadline: Deadline) -> Result<()> {
        let path = format!("class/scsi_host/{host}/host_reset");
        store(
            &self.endpoint,
            path,
            b"adapter",
            deadline,
            &format!("reset {host}"),
        )
    }

    fn ifaces(&mut self, host: HostNo) -> Result<Vec<Iface>> {
        read::iface::all(&self.root, host)
    }

    fn set_iface_params(
        &mut self,
        host: HostNo,
        batch: &[(IfaceId, Vec<Assignment<IfaceCode>>)],
        deadline: Deadline,
    ) -> Result<()> {
        let applied = self.ifaces(host)?;
        let none = Params::new();
        let mut attrs = Vec::new();
        for (id, params) in batch {
            let now = applied
                .iter()
                .find(|i| i.id() == *id)
                .map_or(&none, |i| &i.params);
            attrs.extend(encode::iface(*id, params, now)?);
        }
        let request = Request::SetIfaceParams {
            host_no: host.0,
            attrs,
        };
        self.ask(
            host,
            request,
            Operation::IfaceSet,
            &format!("set interface parameters of {host}"),
            deadline,
        )?;
        Ok(())
    }

    fn ping(&mut self, iface: IfaceId, address: IpAddr, size: u32, deadline: Deadline) -> Result<PingStatus> {
        let id = ping_id();
        let tried = format!("ping {address}");
        let iface_type = match iface.family {
            Family::Ipv4 => code::IfaceType::Ipv4,
            Family::Ipv6 => code::IfaceType::Ipv6,
        };
        let request = Request::Ping {
            host_no: iface.host.0,
            iface_num: iface.num,
            iface_type,
            payload_size: size,
            id,
            to: Destination::from(address),
        };
        let ask = Ask {
            host: iface.host,
            request,
            operation: Operation::Ping,
            tried: &tried,
            deadline,
        };
        self.netlink.ask(&self.root, &ask)?;
        self.netlink
            .event(&ask, "the end of the ping (PING_COMP)", |event| match event {
                Event::PingComplete {
                    id: found, status, ..
                } if *found == id => Some(PingStatus::from_code(status.raw())),
                _ => None,
            })
    }

    fn helper(&mut self, deadline: Deadline) -> Result<Helper> {
        helper::report(&self.endpoint, deadline)
    }

    fn helper_ping(
        &mut self,
        host: HostNo,
        vlan: u16,
        address: IpAddr,
        size: u32,
        deadline: Deadline,
    ) -> Result<PingStatus> {
        helper::ping(&self.endpoint, host, vlan, address, size, deadline)
    }

    fn flash_targets(&mut self, host: HostNo) -> Result<Vec<FlashTarget>> {
        read::flash::all(&self.root, host)
    }

    fn flash_names(&mut self, host: HostNo) -> Result<Vec<(u32, Option<String>)>> {
        read::flash::names(&self.root, host)
    }

    fn flash_target(&mut self, host: HostNo, index: u32) -> Result<Option<FlashTarget>> {
        read::flash::one(&self.root, host, index)
    }

    fn new_flash_target(&mut self, host: HostNo, family: PortalType, deadline: Deadline) -> Result<u32> {
        self.flash_new(host, family, deadline)
    }

    fn set_flash_target(
        &mut self,
        host: HostNo,
        index: u32,
        params: &[Assignment<FlashnodeParam>],
        deadline: Deadline,
    ) -> Result<()> {
        self.flash_set(host, index, params, deadline)
    }

    fn delete_flash_target(&mut self, host: HostNo, index: u32, deadline: Deadline) -> Result<()> {
        self.flash_delete(host, index, deadline)
    }

    fn login_flash_target(&mut self, host: HostNo, index: u32, deadline: Deadline) -> Result<()> {
        self.flash_login(host, index, deadline)
    }

    fn logout_flash_target(&mut self, host: HostNo, index: u32, deadline: Deadline) -> Result<()> {
        self.flash_logout(host, index, deadline)
    }

    fn chap_page(
        &mut self,
        host: HostNo,
        start: u16,
        max: usize,
        deadline: Deadline,
    ) -> Result<Vec<ChapRecord>> {
        self.read_chap_page(host, start, max, deadline)
    }

    fn set_chap(&mut self, host: HostNo, record: &ChapRecord, deadline: Deadline) -> Result<()> {
        self.write_chap(host, record, deadline)
    }

    fn delete_chap(&mut self, host: HostNo, index: u16, deadline: Deadline) -> Result<()> {
        self.remove_chap(host, index, deadline)
    }

    fn module_parameters(&mut self) -> Result<Option<Vec<(String, String)>>> {
        read::module::all(&self.root)
    }

    fn firmware_boot(&mut self, host: HostNo) -> Result<FirmwareBoot> {
        read::boot::of(&self.root, host)
    }

    fn boot_tables(&mut self) -> Result<Vec<BootTable>> {
        read::boot::tables(&self.root)
    }

    fn read_nvram(
        &mut self,
        host: HostNo,
        offset: u32,
        length: usize,
        deadline: Deadline,
    ) -> Result<Vec<u8>> {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.vendor(host, deadline).read(Memory::Nvram { offset, length })
    }

    fn read_memory(&mut self, host: HostNo, what: Memory, deadline: Deadline) -> Result<Vec<u8>> {
        self.vendor(host, deadline).read(what)
    }

    fn update_flash(&mut self, host: HostNo, offset: u32, data: &[u8], deadline: Deadline) -> Result<()> {
        self.vendor(host, deadline).update_flash(offset, data)
    }

    fn restore_defaults(&mut self, host: HostNo, areas: FactoryAreas, deadline: Deadline) -> Result<()> {
        self.vendor(host, deadline).restore(areas)
    }

    fn self_test(&mut self, host: HostNo, test: DiagTest, deadline: Deadline) -> Result<SelfTest> {
        self.vendor(host, deadline).self_test(test)
    }

    fn update_nvram(&mut self, host: HostNo, offset: u32, data: &[u8], deadline: Deadline) -> Result<()> {
        self.vendor(host, deadline).update_nvram(offset, data)
    }

    fn for_each_session(&mut self, each: &mut dyn FnMut(SessionBrief) -> ControlFlow<()>) -> Result<()> {
        read::session::each(&self.root, each)
    }

    fn for_each_session_detail(
        &mut self,
        each: &mut dyn FnMut(SessionDetail) -> ControlFlow<()>,
    ) -> Result<()> {
        read::session::each_detail(&self.root, each)
    }

    fn session(&mut self, sid: u32) -> Result<Option<Session>> {
        read::session::one(&self.root, sid)
    }

    fn session_life(&mut self, sid: u32) -> Result<Option<Living>> {
        Ok(read::session::living(&self.root, sid))
    }

    fn boot_marks(&mut self) -> Result<Vec<BootMark>> {
        let mut marks = read::flash::boot_marks(&self.root)?;
        marks.extend(read::boot::marks(&self.root)?);
        Ok(marks)
    }

    fn logout_session(&mut self, host: HostNo, sid: u32, deadline: Deadline) -> Result<()> {
        let request = Request::LogoutFlashnodeSid { host_no: host.0, sid };
        self.ask(
            host,
            request,
            Operation::FlashLogout,
            &format!("log out session {sid}"),
            deadline,
        )?;
        Ok(())
    }

    fn scan_session(&mut self, host: HostNo, sid: u32, deadline: Deadline) -> Result<()> {
        let tried = format!("scan session {sid}");
        let target = self.session(sid)?.and_then(|s| s.target_id).ok_or_else(|| {
            Error::new(Kind::NotFound, tried.clone()).answered("the session is gone, or has no scsi target")
        })?;
        let path = format!("class/scsi_host/{host}/scan");
        store(&self.endpoint, path, format!("0 {target} -"), deadline, &tried)
    }

    fn luns(&mut self, scope: LunScope) -> Result<Vec<Lun>> {
        read::lun::all(&self.root, scope)
    }

    fn stacked(&mut self, scope: LunScope, deadline: Deadline) -> Result<Stack> {
        super::stack::read(&self.endpoint, &self.root, scope, deadline)
    }

    fn store_unit(&mut self, lun: Hctl, attr: UnitAttr, value: &str, deadline: Deadline) -> Result<()> {
        let path = format!("bus/scsi/devices/{lun}/{}", attr.name());
        let tried = format!("write {} of {lun}", attr.name());
        store(&self.endpoint, path, value, deadline, &tried)
    }

    fn unit_attr(&mut self, lun: Hctl, attr: UnitAttr) -> Result<Option<String>> {
        let path = format!("bus/scsi/devices/{lun}");
        let read = Reader::new().may::<String>(self.root.at(&path), attr.name());
        Ok(read.ok().flatten())
    }

    fn disk_stat(&mut self, lun: Hctl, disk: &str) -> Result<Option<String>> {
        let path = format!("bus/scsi/devices/{lun}/block/{disk}");
        let read = Reader::new().may::<String>(self.root.at(&path), "stat");
        Ok(read.ok().flatten())
    }

    fn store_recovery(&mut self, sid: u32, value: &str, deadline: Deadline) -> Result<()> {
        let path = format!("class/iscsi_session/session{sid}/recovery_tmo");
        let tried = format!("set the recovery time of session {sid}");
        store(&self.endpoint, path, value, deadline, &tried)
    }

    fn scsi(&mut self, lun: Hctl, cdb: &[u8], data: ScsiData<'_>, deadline: Deadline) -> Result<ScsiOutcome> {
        self.run_scsi(lun, cdb, data, deadline)
    }

    fn host_stats(&mut self, host: HostNo, deadline: Deadline) -> Result<HostStats> {
        self.read_host_stats(host, deadline)
    }

    fn connection_stats(&mut self, sid: u32, cid: u32, deadline: Deadline) -> Result<SessionStats> {
        self.read_connection_stats(sid, cid, deadline)
    }

    fn probe_login(&mut self, probe: &LoginProbe, deadline: Deadline) -> ProbeOutcome {
        // On a thread of its own: TCP does not hear that somebody asks for the end.
        let job = probe.clone();
        super::within::within(deadline, "ask the target", move || {
            super::probe::run(&job, deadline)
        })
        .unwrap_or_else(|_| ProbeOutcome::Unknown("the target did not answer in time".to_owned()))
    }

    fn probe_targets(&mut self, probe: &ListProbe, deadline: Deadline) -> ListOutcome {
        let job = probe.clone();
        super::within::within(deadline, "ask the portal", move || {
            super::probe::list(&job, deadline)
        })
        .unwrap_or_else(|_| {
            ListOutcome::Not(ProbeOutcome::Unknown(
                "the portal did not answer in time".to_owned(),
            ))
        })
    }

    fn pause(&mut self, at_most: Duration) {
        std::thread::sleep(at_most);
    }

    fn listen(&mut self) -> Result<()> {
        if self.listener.is_none() {
            self.listener = Some(Listener::open(&self.endpoint, GROUP_ISCSID)?);
        }
        Ok(())
    }

    fn listen_to_paths(&mut self) -> Result<()> {
        // `nl_groups` has a bit for each; the two are the first.
        self.listener = Some(Listener::open(&self.endpoint, GROUP_ISCSID | GROUP_UIP)?);
        Ok(())
    }

    fn next_event(&mut self, deadline: Deadline) -> Result<Option<EventRecord>> {
        match &mut self.listener {
            Some(listener) => listener.next(deadline),
            None => Err(Error::new(Kind::Failed, "wait for an event").answered("nobody listens yet")),
        }
    }
}
