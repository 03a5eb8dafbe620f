//! Mailbox commands on a port: what each does and when it is refused.
//!
//! Owns the dispatch. Source: `ql4_mbx.c` (how the driver uses each command), `ql4_bsg.c` (NVRAM, factory defaults, ACB).

use driver_sys::hw::mailbox::LogoutOptions;
use driver_sys::hw::raw::about_fw_info;
use zeroize::Zeroize;

use super::port::{Ctx, Phase, Port};
use super::{Aen, Command, DdbDefaults, Effect, IpWhich, MboxError, PingSource, Reply};
use crate::flash::factory;

/// Most echoes one port has under way.
const MAX_PINGS: usize = 64;
/// Longest echo payload.
const MAX_PING: u32 = 65_467;

impl Port {
    /// Executes a command.
    pub(super) fn command(&mut self, cx: &mut Ctx<'_>, command: Command) -> Result<Reply, MboxError> {
        if self.phase == Phase::Dead && !matches!(command, Command::GetFirmwareState) {
            return Err(MboxError::command("the firmware has crashed; reset the port"));
        }
        match command {
            Command::AboutFirmware => Ok(self.about(cx)),
            Command::GetFirmwareState => {
                let (state, additional) = self.state();
                let board_id = self.chip.board_id.into();
                Ok(Reply::FirmwareState {
                    state,
                    board_id,
                    additional,
                })
            }
            Command::GetFirmwareStatus => Ok(Reply::FirmwareStatus {
                iocbs: self.chip.iocbs.into(),
            }),
            Command::DiagTest(test) => cx.rom.self_test(test).map(|()| Reply::Done),
            Command::StopFirmware => {
                self.reset(cx);
                Ok(Reply::Done)
            }
            Command::GetCrashRecord if self.chip.crash_record => {
                Err(MboxError::command("there is no crash record"))
            }
            Command::GetCrashRecord => Err(MboxError::unsupported(format!(
                "{} keeps no crash record",
                self.chip.name
            ))),
            Command::GetConnEventLog => Ok(Reply::ConnEventLog(self.log.entries())),
            Command::ReadFlash { offset, len } => cx.rom.read(self.number, offset, len).map(Reply::Bytes),
            Command::WriteFlash {
                offset,
                mut data,
                options,
            } => {
                let before = self.mac(cx.rom);
                let written = cx.rom.write(self.number, offset, &data, options);
                // It may have been a CHAP entry.
                data.zeroize();
                written?;
                if self.mac(cx.rom) != before {
                    cx.out.aen(self.number, Aen::MacAddressChanged);
                }
                Ok(Reply::Done)
            }
            Command::GetNvram { offset, len } => cx.rom.read_nvram(offset, len).map(Reply::Bytes),
            Command::SetNvram { offset, data } => cx.rom.write_nvram(offset, &data).map(|()| Reply::Done),
            Command::InitializeFirmware(block) => {
                self.initialize(cx, &block);
                Ok(Reply::Done)
            }
            Command::GetInitFwCtrlBlock => Ok(Reply::Acb(Box::new(self.acb.report()))),
            Command::GetInitFwCtrlBlockDefaults => Ok(Reply::Acb(Box::new(self.factory_acb(cx.rom)))),
            Command::RestoreFactoryDefaults { areas, fields } => self.restore(cx, areas, fields),
            Command::GetAcb { which } => {
                self.needs_acb_v2()?;
                match which {
                    0 => Ok(Reply::Acb(Box::new(self.acb.report()))),
                    _ => Err(MboxError::parameter(format!("there is no control block {which}"))),
                }
            }
            other => {
                self.needs_running()?;
                self.command_running(cx, other)
            }
        }
    }

    fn command_running(&mut self, cx: &mut Ctx<'_>, command: Command) -> Result<Reply, MboxError> {
        match command {
            // The driver gives these two to every chip; where one refused them, each change of an interface would end in EIO.
            Command::SetAcb(block) => {
                self.set_acb(cx, &block);
                Ok(Reply::Done)
            }
            Command::DisableAcb => {
                self.disable_acb(cx);
                Ok(Reply::Done)
            }
            Command::GetIpAddrState { acb, ip } => {
                let which = IpWhich::ALL.get(ip as usize).copied();
                match which.filter(|_| acb == 0) {
                    Some(which) => Ok(Reply::IpAddrState(self.acb.state(which))),
                    None => Err(MboxError::parameter(format!(
                        "there is no address {ip} of block {acb}"
                    ))),
                }
            }
            Command::RequestDatabaseEntry { ddb } => self.ddbs.request(ddb).map(|()| Reply::Done),
            Command::SetDatabaseEntry { ddb, entry } => {
                self.ddbs.set(cx.now, ddb, &entry).map(|()| Reply::Done)
            }
            Command::GetDatabaseEntry { ddb } => self.ddbs.reply(ddb).map(Reply::Ddb),
            Command::ClearDatabaseEntry { ddb } => {
                self.auto_pending.retain(|pending| *pending != ddb);
                self.ddbs.clear(ddb).map(|()| Reply::Done)
            }
            Command::GetDatabaseEntryDefaults(kind) => {
                let ipv6 = kind == DdbDefaults::Ipv6;
                let entry = factory::default_ddb(&self.acb.block, self.mac(cx.rom), ipv6);
                Ok(Reply::DdbDefaults(Box::new(entry)))
            }
            Command::GetDdbCurrentAddress { ddb } => {
                let at = self.ddbs.get(ddb).and_then(|ddb| ddb.session.as_ref()?.peer());
                Ok(Reply::Address(at))
            }
            Command::ConnOpen { ddb } => self.conn_open(cx, ddb).map(|()| Reply::Done),
            Command::ConnCloseSessLogout {
                ddb,
                connection,
                options,
            } => {
                if connection != 0 {
                    return Err(MboxError::parameter(format!(
                        "DDB {ddb} has no connection {connection}"
                    )));
                }
                let known = LogoutOptions::from_bits_retain(options.bits());
                self.logout(cx, ddb, known).map(|()| Reply::Done)
            }
            Command::AbortTask { ddb, tag } => self.abort_task(cx, ddb, tag).map(|()| Reply::Done),
            Command::LunReset { ddb, lun } => self.lun_reset(cx, ddb, lun).map(|()| Reply::Done),
            Command::TargetReset { ddb } => self.target_reset(cx, ddb).map(|()| Reply::Done),
            Command::GetManagementData { ddb } => {
                if ddb >= self.chip.max_ddbs {
                    return Err(MboxError::parameter(format!("there is no DDB {ddb}")));
                }
                Ok(Reply::Statistics(Box::new(self.statistics(ddb))))
            }
            Command::Ping {
                source,
                to,
                size,
                handle,
            } => self.ping(cx, source, to, size, handle),
            other => Err(MboxError::unsupported(format!("{other:?} is not known"))),
        }
    }

    fn about(&self, cx: &Ctx<'_>) -> Reply {
        let [major, minor, patch, build] = self.chip.firmware;
        let mut info = about_fw_info::default();
        info.fw_major.set(major);
        info.fw_minor.set(minor);
        info.fw_patch.set(patch);
        info.fw_build.set(build);
        info.fw_load_source.set(1);
        info.iscsi_major.set(1);
        info.bootload_major.set(1);
        let put = |room: &mut [u8], text: &str| room[..text.len()].copy_from_slice(text.as_bytes());
        put(&mut info.fw_build_date, "Nov 21 2026");
        put(&mut info.fw_build_time, "00:00:00");
        put(&mut info.fw_build_user, "hbaemu");
        put(&mut info.extended_timestamp, "Nov 21 2026 00:00:00 hbaemu");
        let uptime = self.uptime(cx.now);
        Reply::About {
            info: Box::new(info),
            uptime_secs: u32::try_from(uptime.as_secs()).unwrap_or(u32::MAX),
            uptime_msecs: uptime.subsec_millis(),
        }
    }

    fn ping(
        &mut self,
        cx: &mut Ctx<'_>,
        source: PingSource,
        to: std::net::IpAddr,
        size: u32,
        handle: u32,
    ) -> Result<Reply, MboxError> {
        use super::{Event, PingStatus};
        let which = match source {
            PingSource::Ipv4 => IpWhich::Ipv4,
            PingSource::Ipv6LinkLocal => IpWhich::LinkLocal,
            PingSource::Ipv6Addr0 => IpWhich::Ipv6Addr0,
            PingSource::Ipv6Addr1 => IpWhich::Ipv6Addr1,
        };
        if to.is_ipv4() != (which == IpWhich::Ipv4) {
            return Err(MboxError::parameter(format!(
                "{to} is of another family than the source"
            )));
        }
        let from = self.acb.usable(which);
        let failed = if !self.link_up {
            Some(PingStatus::Timeout)
        } else if from.is_none() {
            Some(match which {
                IpWhich::Ipv4 => PingStatus::Ipv4AddressInvalid,
                _ => PingStatus::LinkLocalInvalid,
            })
        } else if to.is_unspecified() || to.is_multicast() {
            Some(PingStatus::InvalidDestination)
        } else if size > MAX_PING {
            Some(PingStatus::OversizedPacket)
        } else if cx.out.pings_of(self.number) >= MAX_PINGS {
            Some(PingStatus::MaxRequests)
        } else {
            None
        };
        if let Some(status) = failed {
            cx.out.event(self.number, Event::PingDone { handle, status });
            return Ok(Reply::Done);
        }
        let ping = cx.out.new_ping(self.number, handle);
        let size = if size == 0 { DEFAULT_PING } else { size };
        cx.out.effect(Effect::Ping {
            port: self.number,
            ping,
            to,
            source: from,
            size,
        });
        Ok(Reply::Done)
    }

    fn needs_running(&self) -> Result<(), MboxError> {
        match self.phase {
            Phase::Running => Ok(()),
            _ => Err(MboxError::command(format!(
                "port {} is not initialized",
                self.number
            ))),
        }
    }

    fn needs_acb_v2(&self) -> Result<(), MboxError> {
        if self.chip.acb_v2 {
            Ok(())
        } else {
            Err(MboxError::unsupported(format!(
                "{} has no such command",
                self.chip.name
            )))
        }
    }
}

/// Echo payload when the command names none.
const DEFAULT_PING: u32 = 32;
