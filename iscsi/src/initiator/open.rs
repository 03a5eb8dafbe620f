//! The login's way through the engine: requests out, responses in, and what holds afterwards.
//!
//! Source: RFC 7143 sections 6.3 and 11.12 to 11.13.

use super::{
    Config, Event, Initiator, LoginFailure,
    engine::Phase,
    login::{LOGIN_SEGMENT, Step},
};
use crate::{
    framer::Data,
    negotiate::SessionType,
    pdu::{LoginFlags, LoginRequest, LoginResponse, OpcodeByte, Stage},
    serial::CommandWindow,
};

impl Initiator {
    /// A login response, and what the login makes of it.
    pub(super) fn on_login_response(&mut self, pdu: &LoginResponse, data: &[u8]) {
        let Phase::Login(login) = &mut self.phase else {
            return;
        };
        let step = check(pdu, self.login_tag, &login.config).and_then(|()| login.response(pdu, data));
        self.exp_stat_sn = pdu.stat_sn.get().wrapping_add(1);
        match step {
            Ok(step) => {
                if matches!(step, Step::Done(_)) {
                    self.window = CommandWindow::told(pdu.exp_cmd_sn.get(), pdu.max_cmd_sn.get());
                }
                self.login_step(step);
            }
            Err(why) => self.fail_login(why),
        }
    }

    pub(super) fn login_step(&mut self, step: Step) {
        match step {
            Step::Send { flags, text } => self.send_login(flags, &text),
            Step::Redirect { permanent, address } => self.end(Event::Redirected { permanent, address }),
            Step::Done(logged_in) => {
                let params = &logged_in.params;
                self.rx.set_digests(params.header_digest, params.data_digest);
                self.rx
                    .set_max_data((params.max_recv_data_segment as usize).max(LOGIN_SEGMENT));
                self.tx.set_digests(params.header_digest, params.data_digest);
                self.params = params.clone();
                self.phase = Phase::Full;
                self.events.push_back(Event::LoggedIn(logged_in));
            }
        }
    }

    fn send_login(&mut self, flags: LoginFlags, text: &[u8]) {
        let Phase::Login(login) = &self.phase else {
            return;
        };
        let pdu = LoginRequest {
            opcode: OpcodeByte::immediate(LoginRequest::OPCODE),
            flags,
            isid: login.config.isid,
            tsih: login.config.tsih.into(),
            itt: self.login_tag.into(),
            cid: login.config.cid.into(),
            cmd_sn: self.cmd_sn.into(),
            exp_stat_sn: self.exp_stat_sn.into(),
            ..LoginRequest::default()
        };
        self.send(pdu.to_bhs(), Data::Bytes(text));
    }
}

/// The fields of a login response that never change during a login.
fn check(pdu: &LoginResponse, tag: u32, config: &Config) -> Result<(), LoginFailure> {
    if pdu.itt.get() != tag {
        return Err(LoginFailure::BadField("task tag"));
    }
    if pdu.status.is_success() && pdu.isid != config.isid {
        return Err(LoginFailure::BadField("ISID"));
    }
    let last = pdu.flags.contains(LoginFlags::TRANSIT) && pdu.flags.next() == Stage::FULL_FEATURE;
    let normal = config.session_type() == SessionType::Normal;
    if pdu.status.is_success() && last && normal && pdu.tsih.get() == 0 {
        return Err(LoginFailure::BadField("TSIH"));
    }
    Ok(())
}
