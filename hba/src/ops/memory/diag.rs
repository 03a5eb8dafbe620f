//! Self tests of the firmware: one table of what each does and whether it disturbs.
//!
//! Source: `ql4_bsg.c` (`qla4xxx_execute_diag_test`), `ql4_bsg.h` (`QL_DIAG_CMD_*`).

use driver_sys::bsg::DiagTest;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::adapter::guard_sessions;
use super::super::write::{may, unless_dry};
use super::place::{port, unless};
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::{AdapterId, HostNo};
use crate::message::Message;
use crate::quirks::{Ability, Chip};
use crate::step::Step;

/// A self test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Test {
    /// Its name.
    pub name: &'static str,
    /// What it tests.
    pub about: &'static str,
    /// What it does to the port's work, if anything.
    pub disturbs: Option<&'static str>,
    raw: DiagTest,
    only_40xx: bool,
}

const MEMORY: Option<&str> =
    Some("it writes the memory that the firmware works in, and may end its sessions");
const NETWORK: Option<&str> = Some("nothing reaches the network while it runs, and sessions may end");

const fn row(
    name: &'static str,
    about: &'static str,
    raw: DiagTest,
    disturbs: Option<&'static str>,
    only_40xx: bool,
) -> Test {
    Test {
        name,
        about,
        disturbs,
        raw,
        only_40xx,
    }
}

impl Test {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        row(
            "ddr-size",
            "size of the DDR memory",
            DiagTest::DdrSize,
            None,
            false,
        ),
        row("nvram", "checksum of the NVRAM", DiagTest::Nvram, None, true),
        row("flash", "checksum of the flash", DiagTest::FlashRom, None, false),
        row(
            "ddr",
            "DDR memory, read and written",
            DiagTest::DdrRw,
            MEMORY,
            false,
        ),
        row(
            "onchip",
            "memory of the chip, read and written",
            DiagTest::OnchipMemRw,
            MEMORY,
            false,
        ),
        row("dma", "transfers over the bus", DiagTest::DmaXfer, MEMORY, true),
        row(
            "self-ddr",
            "DDR memory, by the chip's own test",
            DiagTest::SelfDdrRw,
            MEMORY,
            false,
        ),
        row(
            "self-onchip",
            "memory of the chip, by its own test",
            DiagTest::SelfOnchipMemRw,
            MEMORY,
            false,
        ),
        row(
            "internal-loopback",
            "network, turned round inside of the port",
            DiagTest::IntLoopback,
            NETWORK,
            false,
        ),
        row(
            "external-loopback",
            "network, turned round in a plug",
            DiagTest::ExtLoopback,
            NETWORK,
            false,
        ),
    ];

    /// The test of a name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|test| test.name == name)
    }
}

/// How a self test ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SelfTestReport {
    /// The port.
    pub host: HostNo,
    /// The test.
    pub test: String,
    /// What it tests.
    pub about: String,
    /// Whether the firmware found nothing wrong; `None` in a dry run.
    pub passed: Option<bool>,
    /// The mailboxes that it answered with, hexadecimal.
    pub mailboxes: Vec<String>,
}

/// Runs a self test. One that disturbs the port needs the operator's word, and `force` while there are sessions.
///
/// # Errors
/// [`Kind::Invalid`] without that word; [`Kind::Busy`]; [`Kind::Unsupported`] where the chip does not have the test.
pub fn test(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, test: &Test) -> Result<SelfTestReport> {
    let doing = format!("run self test {}", test.name);
    let (key, chip) = port(ctx, id, &doing, Ability::Memory)?;
    let tried = format!("{doing} on {}", key.host);
    let not_here = test.only_40xx && chip == Chip::Isp80xx;
    unless(
        &key,
        &tried,
        not_here.then_some("only 40xx adapters have this test"),
    )?;
    let _writer = ctx.writer(key.host, "adapter diag", &tried)?;
    if let Some(what) = test.disturbs {
        if !ctx.consent.disturb {
            let refusal = Error::new(Kind::Invalid, tried.clone())
                .answered(format!("{what}; nothing was started"))
                .hint(Message::from("say that it may: ").then(Step::WithYesDisturb));
            may_disturb(ctx, what, refusal)?;
        }
        guard_sessions(ctx, key.host, &tried)?;
    }
    let ran = unless_dry(ctx, |ctx| ctx.backend.self_test(key.host, test.raw, ctx.deadline))?;
    let mailboxes = ran.as_ref().map(|r| r.mailboxes.as_slice()).unwrap_or_default();
    Ok(SelfTestReport {
        host: key.host,
        test: test.name.to_owned(),
        about: test.about.to_owned(),
        passed: ran.as_ref().map(|r| r.passed),
        mailboxes: mailboxes.iter().map(|m| format!("{m:#010x}")).collect(),
    })
}

/// A dry run may be told what would happen; `force` is no such word.
fn may_disturb(ctx: &mut Ctx<'_>, what: &str, refusal: Error) -> Result<()> {
    let forced = std::mem::replace(&mut ctx.force, false);
    let done = may(ctx, what.to_owned(), refusal);
    ctx.force = forced;
    done
}
