//! The callbacks of the transport class: which method answers which.
//!
//! Source: `ql4_os.c` (`qla4xxx_iscsi_transport`).

use std::io;
use std::time::Instant;

use driver_sys::netlink::code::StopFlag;
use driver_sys::netlink::params::{ChapParam, FlashnodeParam, HostParam, IscsiParam};
use driver_sys::netlink::{
    Attr, ChapRecord, Destination, HostStats, IfaceAttr, IfaceCode, Return, SessionStats,
};
use emu_net::hardware::Hardware;
use nix::errno::Errno;

use super::Qla4xxx;
use crate::transport::bsg::{BsgAnswer, BsgRequest};
use crate::transport::{Class, FaultError, IfaceKind, LowLevelDriver, Params, Ping, Progress};

/// The address that identifies the transport, as a 6.1 kernel shows one.
const HANDLE: u64 = 0xffff_ffff_c04c_d5a0;
/// `CAP_TEXT_NEGO`, `CAP_PADDING_OFFLOAD` and the others that the driver sets.
const CAPS: u32 = 0x48b8;
/// `SCSI_NL_VID_TYPE_PCI | PCI_VENDOR_ID_QLOGIC`.
const VENDOR_ID: u64 = 0x0100_0000_0000_1077;

impl LowLevelDriver for Qla4xxx {
    fn handle(&self) -> u64 {
        HANDLE
    }

    fn caps(&self) -> u32 {
        CAPS
    }

    fn hardware(&mut self) -> Option<&mut dyn Hardware> {
        Some(&mut self.card)
    }

    fn set_link(&mut self, _: &mut Class, host: u32, up: bool) -> Result<(), FaultError> {
        let port = self.port_of(host).map_err(|_| FaultError::NoCard)?;
        self.set_cable(port, up)
    }

    fn tear_session(&mut self, _: &mut Class, sid: u32) -> Result<(), FaultError> {
        self.drop_link(sid)
    }

    fn load(&mut self, class: &mut Class) -> io::Result<()> {
        self.show_module(class)?;
        class.register_transport(self)?;
        (0..self.card.ports()).try_for_each(|port| self.attach_host(class, port))
    }

    fn ready(&self) -> bool {
        self.probed()
    }

    fn clock(&mut self, now: Instant) {
        self.now = now;
    }

    fn poll(&mut self, class: &mut Class) -> bool {
        let mut moved = false;
        while let Some((port, event)) = self.card.poll_event() {
            moved = true;
            self.card_event(class, port, event);
        }
        moved |= self.advance_probes(class);
        moved
    }

    fn deadline(&self) -> Option<Instant> {
        self.next_timer()
    }

    fn expire(&mut self) {
        if self.card.poll_timeout().is_some_and(|at| at <= self.now) {
            self.card.handle_timeout(self.now);
        }
    }

    fn timer(&mut self, class: &mut Class) {
        self.timers(class);
    }

    fn resume(&mut self, class: &mut Class) -> Option<Result<Return, Errno>> {
        let ended = self.advance_task(class)?;
        Some(ended.map(|()| Return::None))
    }

    fn create_session(
        &mut self,
        class: &mut Class,
        ep: Option<u64>,
        _cmds_max: u16,
        _queue_depth: u16,
        _initial_cmdsn: u32,
    ) -> Option<u32> {
        self.create_user_session(class, ep?)
    }

    fn destroy_session(&mut self, _class: &mut Class, sid: u32) -> Progress {
        let task = self.close_session(sid);
        self.begin(Ok(task))
    }

    fn create_conn(&mut self, class: &mut Class, sid: u32, cid: u32) -> bool {
        self.create_user_conn(class, sid, cid)
    }

    fn destroy_conn(&mut self, class: &mut Class, sid: u32, _cid: u32) {
        self.destroy_user_conn(class, sid);
    }

    fn bind_conn(
        &mut self,
        class: &mut Class,
        _sid: u32,
        _cid: u32,
        ep: u64,
        _leading: bool,
    ) -> Result<(), Errno> {
        let mine = |no| self.port_of(no).is_ok();
        let bound = class.endpoint(ep).filter(|e| mine(e.host));
        bound.map(|_| ()).ok_or(Errno::EINVAL)
    }

    fn start_conn(&mut self, class: &mut Class, sid: u32, _cid: u32) -> Result<(), Errno> {
        self.start_login(class, sid)
    }

    fn stop_conn(&mut self, class: &mut Class, sid: u32, _cid: u32, flag: StopFlag) {
        // `iscsi_conn_stop`.
        if flag == StopFlag::Recover {
            class.block_session(self, sid);
        }
    }

    fn set_param(
        &mut self,
        _class: &mut Class,
        sid: u32,
        _cid: u32,
        param: IscsiParam,
        text: &[u8],
    ) -> Result<(), Errno> {
        self.set_user_param(sid, param, text)
    }

    fn get_session_param(&mut self, _class: &Class, sid: u32, param: IscsiParam) -> Result<String, Errno> {
        self.session_param(sid, param)
    }

    fn get_conn_param(
        &mut self,
        _class: &Class,
        sid: u32,
        _cid: u32,
        param: IscsiParam,
    ) -> Result<String, Errno> {
        self.conn_param(sid, param)
    }

    fn param_is_visible(&self, param: IscsiParam) -> bool {
        Self::shows(param)
    }

    fn send_pdu(
        &mut self,
        _class: &mut Class,
        sid: u32,
        _cid: u32,
        header: &[u8],
        data: &[u8],
    ) -> Result<(), Errno> {
        self.pass_through(sid, header, data)
    }

    fn get_stats(&mut self, _class: &mut Class, sid: u32, _cid: u32) -> Box<SessionStats> {
        self.conn_stats(sid)
    }

    fn ep_connect(
        &mut self,
        class: &mut Class,
        host: Option<u32>,
        to: &Destination,
        _non_blocking: bool,
    ) -> Progress<u64> {
        self.connect(class, host, to).into()
    }

    fn ep_poll(&mut self, class: &mut Class, ep: u64, _timeout_ms: u32) -> Progress<i32> {
        self.poll_endpoint(class, ep).into()
    }

    fn ep_disconnect(&mut self, class: &mut Class, ep: u64) -> Progress {
        class.destroy_endpoint(ep);
        Ok(()).into()
    }

    fn get_ep_param(&mut self, class: &Class, ep: u64, param: IscsiParam) -> Result<String, Errno> {
        Self::endpoint_param(class, ep, param)
    }

    fn get_host_param(&mut self, _class: &Class, host: u32, param: HostParam) -> Result<String, Errno> {
        self.host_param(host, param)
    }

    fn host_param_is_visible(&self, param: HostParam) -> bool {
        param != HostParam::NetdevName
    }

    fn eh_host_reset(&mut self, class: &mut Class, host: u32) -> bool {
        let Ok(port) = self.port_of(host) else {
            return false;
        };
        let allowed = Self::may_reset(class);
        if allowed {
            self.recover_adapter(class, port);
        }
        allowed
    }

    fn host_reset(&mut self, class: &mut Class, host: u32, kind: &str) -> Result<(), Errno> {
        self.reset_by_hand(class, host, kind)
    }

    fn resetting(&self, host: u32) -> bool {
        self.port_of(host).is_ok_and(|port| Self::resetting(self, port))
    }

    fn get_host_stats(&mut self, _class: &mut Class, host: u32) -> Result<Box<HostStats>, Errno> {
        self.port_stats(host)
    }

    fn set_iface_param(&mut self, class: &mut Class, host: u32, params: Params<'_, IfaceAttr>) -> Progress {
        let task = self.begin_iface_params(class, host, params);
        self.begin(task)
    }

    fn get_iface_param(
        &mut self,
        _class: &Class,
        host: u32,
        iface: IfaceKind,
        param: IfaceCode,
    ) -> Result<String, Errno> {
        self.iface_param(host, iface, param)
    }

    fn send_ping(&mut self, _class: &mut Class, host: u32, ping: &Ping) -> Result<(), Errno> {
        self.ping(host, ping)
    }

    fn vendor_id(&self) -> u64 {
        VENDOR_ID
    }

    fn bsg_request(
        &mut self,
        _class: &mut Class,
        host: u32,
        words: &[u8],
        request: &BsgRequest<'_>,
    ) -> Result<BsgAnswer, Errno> {
        let port = self.port_of(host)?;
        self.vendor(port, words, request)
    }

    fn get_chap(
        &mut self,
        class: &mut Class,
        host: u32,
        from: u16,
        room: u32,
    ) -> Result<Vec<ChapRecord>, Errno> {
        self.chap_page(class, host, from, room)
    }

    fn set_chap(
        &mut self,
        class: &mut Class,
        host: u32,
        params: Params<'_, Attr<ChapParam>>,
    ) -> Result<(), Errno> {
        self.set_chap_entry(class, host, params)
    }

    fn delete_chap(&mut self, class: &mut Class, host: u32, index: u16) -> Result<(), Errno> {
        self.delete_chap_entry(class, host, index)
    }

    fn new_flashnode(&mut self, class: &mut Class, host: u32, kind: &[u8]) -> Result<u32, Errno> {
        self.new_node(class, host, kind)
    }

    fn set_flashnode_param(
        &mut self,
        class: &mut Class,
        host: u32,
        index: u32,
        params: Params<'_, Attr<FlashnodeParam>>,
    ) -> Result<(), Errno> {
        self.set_node(class, host, index, params)
    }

    fn del_flashnode(&mut self, class: &mut Class, host: u32, index: u32) -> Result<(), Errno> {
        self.del_node(class, host, index)
    }

    fn login_flashnode(&mut self, class: &mut Class, host: u32, index: u32) -> Progress {
        self.login_node(class, host, index)
    }

    fn logout_flashnode(&mut self, _class: &mut Class, host: u32, index: u32) -> Progress {
        let task = self.logout_node(host, index);
        self.begin(task)
    }

    fn logout_flashnode_sid(&mut self, _class: &mut Class, host: u32, sid: u32) -> Progress {
        let task = self.logout_sid(host, sid);
        self.begin(task)
    }
}
