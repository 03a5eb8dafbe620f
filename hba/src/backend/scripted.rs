//! A backend that plays a script: every call is expected, in order, with its answer. [`Scripted::finish`] fails when a call was
//! unexpected or an expected one did not come.

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Debug;
use std::net::IpAddr;
use std::ops::ControlFlow;
use std::time::Duration;

use driver_sys::bsg::DiagTest;
use driver_sys::hw::mailbox::FactoryAreas;

use super::{
    Backend, BootMark, ChapRecord, FirmwareBoot, ListOutcome, ListProbe, LoginProbe, LunScope, Memory,
    ProbeOutcome, ScsiData, ScsiOutcome, SelfTest, Stack, UnitAttr,
};
use crate::deadline::Deadline;
use crate::error::{Error, Kind, Result};
use crate::ids::{Hctl, HostNo, IfaceId};
use crate::model::{
    Adapter, AdapterKey, BootTable, EventRecord, FlashTarget, Helper, HostStats, Iface, Lun, PingStatus,
    PortalType, Session, SessionBrief, SessionDetail, SessionStats,
};
use crate::params::{Assignment, FlashnodeParam, IfaceCode, ParamValue, Settable};
use crate::registry::Living;

/// A call of the [`Backend`], with the arguments that matter. Deadlines are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "one variant for each method of the same name")]
pub enum Call {
    AdapterKeys,
    BootTables,
    Adapter(HostNo),
    ResetAdapter(HostNo),
    Ifaces(HostNo),
    SetIfaceParams(HostNo, Vec<(IfaceId, Vec<(String, ParamValue)>)>),
    Ping(IfaceId, IpAddr, u32),
    Helper,
    HelperPing(HostNo, u16, IpAddr, u32),
    FlashTargets(HostNo),
    FlashNames(HostNo),
    FlashTarget(HostNo, u32),
    NewFlashTarget(HostNo, PortalType),
    SetFlashTarget(HostNo, u32, Vec<(String, ParamValue)>),
    DeleteFlashTarget(HostNo, u32),
    LoginFlashTarget(HostNo, u32),
    ProbeLogin(String),
    ProbeTargets(std::net::SocketAddr),
    LogoutFlashTarget(HostNo, u32),
    ChapPage(HostNo, u16),
    SetChap(HostNo, ChapRecord),
    DeleteChap(HostNo, u16),
    ModuleParameters,
    FirmwareBoot(HostNo),
    ReadNvram(HostNo, u32, usize),
    UpdateNvram(HostNo, u32, Vec<u8>),
    ReadMemory(HostNo, Memory),
    UpdateFlash(HostNo, u32, Vec<u8>),
    RestoreDefaults(HostNo, u32),
    SelfTest(HostNo, u32),
    Sessions,
    SessionDetails,
    Session(u32),
    LogoutSession(HostNo, u32),
    ScanSession(HostNo, u32),
    Luns(LunScope),
    StoreUnit(Hctl, UnitAttr, String),
    UnitAttr(Hctl, UnitAttr),
    DiskStat(Hctl, String),
    StoreRecovery(u32, String),
    Scsi(Hctl, Vec<u8>),
    HostStats(HostNo),
    ConnectionStats(u32, u32),
    Listen,
    ListenToPaths,
    NextEvent,
}

/// Data that a scripted SCSI command moves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScsiReply {
    /// How it ends.
    pub outcome: ScsiOutcome,
    /// Data from the device.
    pub data: Vec<u8>,
    /// Data that must arrive at the device.
    pub expect: Vec<u8>,
    /// Bytes of them that the device leaves.
    pub left: usize,
}

/// A step that is no answer.
struct Meanwhile(Box<dyn FnOnce() + Send>);

/// The script.
#[derive(Debug, Default)]
pub struct Scripted {
    steps: VecDeque<(Call, Box<dyn Any + Send>)>,
    complaints: Vec<String>,
    /// What the writers of this script exclude each other from, if a test has more than one.
    pub card: Option<String>,
    /// What stands on the disks, of whatever is asked; looking is no step of the script.
    pub stack: Stack,
    /// Which life of their numbers sessions are, and what the machine starts from; looking is no step of the script.
    pub living: BTreeMap<u32, Living>,
    /// See above.
    pub boot_marks: Vec<BootMark>,
    /// How often the operation paused.
    pub pauses: u32,
}

impl Scripted {
    /// An empty script.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Expects `call` next and answers it with `reply`, which must be of the method's type.
    pub fn expect<T: Send + 'static>(&mut self, call: Call, reply: Result<T>) -> &mut Self {
        self.steps.push_back((call, Box::new(reply)));
        self
    }

    /// Does something just before `call` is answered: what another program does meanwhile.
    pub fn meanwhile(&mut self, call: Call, act: impl FnOnce() + Send + 'static) -> &mut Self {
        self.steps.push_back((call, Box::new(Meanwhile(Box::new(act)))));
        self
    }

    /// What went against the script: unexpected calls, and expected ones that did not come.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let missing = self
            .steps
            .iter()
            .map(|(call, _)| format!("expected call did not come: {call:?}"));
        self.complaints.iter().cloned().chain(missing).collect()
    }

    /// Ends the script.
    ///
    /// # Panics
    /// When anything went against it.
    pub fn finish(&self) {
        let complaints = self.complaints();
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    }

    fn answer<T: 'static>(&mut self, call: &Call) -> Result<T> {
        let complain = |me: &mut Self, text: String| {
            me.complaints.push(text.clone());
            Err(Error::new(Kind::Failed, "follow the script").answered(text))
        };
        while let Some((_, act)) = self
            .steps
            .pop_front_if(|(expected, step)| expected == call && step.is::<Meanwhile>())
        {
            if let Ok(act) = act.downcast::<Meanwhile>() {
                (act.0)();
            }
        }
        match self.steps.pop_front() {
            Some((expected, reply)) if expected == *call => match reply.downcast::<Result<T>>() {
                Ok(reply) => *reply,
                Err(_) => complain(self, format!("the answer to {call:?} has the wrong type")),
            },
            Some((expected, reply)) => {
                let text = format!("expected {expected:?}, got {call:?}");
                self.steps.push_front((expected, reply));
                complain(self, text)
            }
            None => complain(self, format!("unexpected call: {call:?}")),
        }
    }
}

fn pairs<P: Settable>(params: &[Assignment<P>]) -> Vec<(String, ParamValue)> {
    params
        .iter()
        .map(|a| (a.name().to_owned(), a.value.clone()))
        .collect()
}

impl Backend for Scripted {
    fn card(&mut self, _: HostNo) -> Result<Option<String>> {
        Ok(self.card.clone())
    }
    fn adapter_keys(&mut self) -> Result<Vec<AdapterKey>> {
        self.answer(&Call::AdapterKeys)
    }
    fn adapter(&mut self, host: HostNo) -> Result<Option<Adapter>> {
        self.answer(&Call::Adapter(host))
    }
    fn reset_adapter(&mut self, host: HostNo, _: Deadline) -> Result<()> {
        self.answer(&Call::ResetAdapter(host))
    }
    fn ifaces(&mut self, host: HostNo) -> Result<Vec<Iface>> {
        self.answer(&Call::Ifaces(host))
    }
    fn set_iface_params(
        &mut self,
        host: HostNo,
        batch: &[(IfaceId, Vec<Assignment<IfaceCode>>)],
        _: Deadline,
    ) -> Result<()> {
        self.answer(&Call::SetIfaceParams(
            host,
            batch.iter().map(|(id, p)| (*id, pairs(p))).collect(),
        ))
    }
    fn ping(&mut self, iface: IfaceId, address: IpAddr, size: u32, _: Deadline) -> Result<PingStatus> {
        self.answer(&Call::Ping(iface, address, size))
    }
    fn helper(&mut self, _: Deadline) -> Result<Helper> {
        self.answer(&Call::Helper)
    }
    fn helper_ping(
        &mut self,
        host: HostNo,
        vlan: u16,
        address: IpAddr,
        size: u32,
        _: Deadline,
    ) -> Result<PingStatus> {
        self.answer(&Call::HelperPing(host, vlan, address, size))
    }
    fn flash_targets(&mut self, host: HostNo) -> Result<Vec<FlashTarget>> {
        self.answer(&Call::FlashTargets(host))
    }
    fn flash_names(&mut self, host: HostNo) -> Result<Vec<(u32, Option<String>)>> {
        self.answer(&Call::FlashNames(host))
    }
    fn flash_target(&mut self, host: HostNo, index: u32) -> Result<Option<FlashTarget>> {
        self.answer(&Call::FlashTarget(host, index))
    }
    fn new_flash_target(&mut self, host: HostNo, family: PortalType, _: Deadline) -> Result<u32> {
        self.answer(&Call::NewFlashTarget(host, family))
    }
    fn set_flash_target(
        &mut self,
        host: HostNo,
        index: u32,
        params: &[Assignment<FlashnodeParam>],
        _: Deadline,
    ) -> Result<()> {
        self.answer(&Call::SetFlashTarget(host, index, pairs(params)))
    }
    fn delete_flash_target(&mut self, host: HostNo, index: u32, _: Deadline) -> Result<()> {
        self.answer(&Call::DeleteFlashTarget(host, index))
    }
    fn login_flash_target(&mut self, host: HostNo, index: u32, _: Deadline) -> Result<()> {
        self.answer(&Call::LoginFlashTarget(host, index))
    }
    fn logout_flash_target(&mut self, host: HostNo, index: u32, _: Deadline) -> Result<()> {
        self.answer(&Call::LogoutFlashTarget(host, index))
    }
    fn chap_page(&mut self, host: HostNo, start: u16, _: usize, _: Deadline) -> Result<Vec<ChapRecord>> {
        self.answer(&Call::ChapPage(host, start))
    }
    fn set_chap(&mut self, host: HostNo, record: &ChapRecord, _: Deadline) -> Result<()> {
        self.answer(&Call::SetChap(host, record.clone()))
    }
    fn delete_chap(&mut self, host: HostNo, index: u16, _: Deadline) -> Result<()> {
        self.answer(&Call::DeleteChap(host, index))
    }
    fn module_parameters(&mut self) -> Result<Option<Vec<(String, String)>>> {
        self.answer(&Call::ModuleParameters)
    }
    fn boot_tables(&mut self) -> Result<Vec<BootTable>> {
        self.answer(&Call::BootTables)
    }
    fn firmware_boot(&mut self, host: HostNo) -> Result<FirmwareBoot> {
        self.answer(&Call::FirmwareBoot(host))
    }
    fn read_nvram(&mut self, host: HostNo, offset: u32, length: usize, _: Deadline) -> Result<Vec<u8>> {
        self.answer(&Call::ReadNvram(host, offset, length))
    }
    fn read_memory(&mut self, host: HostNo, what: Memory, _: Deadline) -> Result<Vec<u8>> {
        self.answer(&Call::ReadMemory(host, what))
    }
    fn update_flash(&mut self, host: HostNo, offset: u32, data: &[u8], _: Deadline) -> Result<()> {
        self.answer(&Call::UpdateFlash(host, offset, data.to_vec()))
    }
    fn restore_defaults(&mut self, host: HostNo, areas: FactoryAreas, _: Deadline) -> Result<()> {
        self.answer(&Call::RestoreDefaults(host, areas.bits()))
    }
    fn self_test(&mut self, host: HostNo, test: DiagTest, _: Deadline) -> Result<SelfTest> {
        self.answer(&Call::SelfTest(host, test.raw()))
    }
    fn update_nvram(&mut self, host: HostNo, offset: u32, data: &[u8], _: Deadline) -> Result<()> {
        self.answer(&Call::UpdateNvram(host, offset, data.to_vec()))
    }
    fn for_each_session(&mut self, each: &mut dyn FnMut(SessionBrief) -> ControlFlow<()>) -> Result<()> {
        for session in self.answer::<Vec<SessionBrief>>(&Call::Sessions)? {
            if each(session).is_break() {
                break;
            }
        }
        Ok(())
    }
    fn for_each_session_detail(
        &mut self,
        each: &mut dyn FnMut(SessionDetail) -> ControlFlow<()>,
    ) -> Result<()> {
        for session in self.answer::<Vec<SessionDetail>>(&Call::SessionDetails)? {
            if each(session).is_break() {
                break;
            }
        }
        Ok(())
    }
    fn session(&mut self, sid: u32) -> Result<Option<Session>> {
        self.answer(&Call::Session(sid))
    }
    fn session_life(&mut self, sid: u32) -> Result<Option<Living>> {
        Ok(self.living.get(&sid).cloned())
    }
    fn boot_marks(&mut self) -> Result<Vec<BootMark>> {
        Ok(self.boot_marks.clone())
    }
    fn logout_session(&mut self, host: HostNo, sid: u32, _: Deadline) -> Result<()> {
        self.answer(&Call::LogoutSession(host, sid))
    }
    fn scan_session(&mut self, host: HostNo, sid: u32, _: Deadline) -> Result<()> {
        self.answer(&Call::ScanSession(host, sid))
    }
    fn luns(&mut self, scope: LunScope) -> Result<Vec<Lun>> {
        self.answer(&Call::Luns(scope))
    }
    fn stacked(&mut self, _: LunScope, _: Deadline) -> Result<Stack> {
        Ok(self.stack.clone())
    }
    fn store_unit(&mut self, lun: Hctl, attr: UnitAttr, value: &str, _: Deadline) -> Result<()> {
        self.answer(&Call::StoreUnit(lun, attr, value.to_owned()))
    }
    fn unit_attr(&mut self, lun: Hctl, attr: UnitAttr) -> Result<Option<String>> {
        self.answer(&Call::UnitAttr(lun, attr))
    }
    fn disk_stat(&mut self, lun: Hctl, disk: &str) -> Result<Option<String>> {
        self.answer(&Call::DiskStat(lun, disk.to_owned()))
    }
    fn store_recovery(&mut self, sid: u32, value: &str, _: Deadline) -> Result<()> {
        self.answer(&Call::StoreRecovery(sid, value.to_owned()))
    }
    fn scsi(&mut self, lun: Hctl, cdb: &[u8], data: ScsiData<'_>, _: Deadline) -> Result<ScsiOutcome> {
        let mut reply: ScsiReply = self.answer(&Call::Scsi(lun, cdb.to_vec()))?;
        match data {
            ScsiData::In(buffer) => {
                let n = buffer.len().min(reply.data.len());
                buffer[..n].copy_from_slice(&reply.data[..n]);
                reply.outcome.transferred = n;
            }
            ScsiData::Out(bytes) => {
                if bytes != reply.expect {
                    self.complaints
                        .push(format!("{cdb:02x?} carried other data than expected"));
                }
                reply.outcome.transferred = bytes.len() - reply.left;
            }
            ScsiData::None => {}
        }
        Ok(reply.outcome)
    }
    fn host_stats(&mut self, host: HostNo, _: Deadline) -> Result<HostStats> {
        self.answer(&Call::HostStats(host))
    }
    fn connection_stats(&mut self, sid: u32, cid: u32, _: Deadline) -> Result<SessionStats> {
        self.answer(&Call::ConnectionStats(sid, cid))
    }
    fn probe_login(&mut self, probe: &LoginProbe, _: Deadline) -> ProbeOutcome {
        match self.answer(&Call::ProbeLogin(probe.target.clone())) {
            Ok(outcome) => outcome,
            Err(error) => ProbeOutcome::Unknown(error.to_string()),
        }
    }
    fn probe_targets(&mut self, probe: &ListProbe, _: Deadline) -> ListOutcome {
        match self.answer(&Call::ProbeTargets(probe.portal)) {
            Ok(outcome) => outcome,
            Err(error) => ListOutcome::Not(ProbeOutcome::Unknown(error.to_string())),
        }
    }
    fn pause(&mut self, _: Duration) {
        self.pauses += 1;
    }
    fn listen(&mut self) -> Result<()> {
        self.answer(&Call::Listen)
    }
    fn listen_to_paths(&mut self) -> Result<()> {
        self.answer(&Call::ListenToPaths)
    }
    fn next_event(&mut self, _: Deadline) -> Result<Option<EventRecord>> {
        self.answer(&Call::NextEvent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_does_not_come_is_a_complaint() {
        let mut s = Scripted::new();
        s.expect::<Vec<AdapterKey>>(Call::AdapterKeys, Ok(vec![]));
        assert_eq!(s.complaints().len(), 1);
        s.adapter_keys().expect("answered");
        s.finish();
    }

    #[test]
    fn an_unexpected_call_is_a_complaint_and_an_error() {
        let mut s = Scripted::new();
        s.expect::<Vec<AdapterKey>>(Call::AdapterKeys, Ok(vec![]));
        assert!(s.session(1).is_err());
        assert_eq!(
            s.complaints().len(),
            2,
            "the wrong call and the missing one: {:?}",
            s.complaints()
        );
    }
}
