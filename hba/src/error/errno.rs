//! What a kernel error number means for each operation, as one table. Sign is positive here.
//!
//! Source: `scsi_transport_iscsi.c` (`iscsi_if_recv_msg`), `qla4xxx/ql4_os.c` (`qla4xxx_sysfs_ddb_*`, `qla4xxx_*_chap*`).

use nix::errno::Errno;

use super::operation::Operation;
use super::{Error, Kind, Status};
use crate::message::{Message, Part};
use crate::step::Step;

use Operation as O;

type Row = (Operation, Errno, Kind, Status, &'static str, &'static [Part]);

const fn say(text: &'static str) -> Part {
    Part::text(text)
}

const fn see(step: Step) -> Part {
    Part::Step(step)
}

/// The table: operation, error number, kind, status, what it means, what to do. `Any` rows are the fallback.
const TABLE: &[Row] = &[
    (
        O::FlashNew,
        Errno::EIO,
        Kind::Failed,
        Status::Failed,
        "the table is full, or a new entry waits to be committed, or the adapter did not answer",
        &[
            see(Step::FlashList),
            say(" shows the table; an entry without a name is one that nobody committed: "),
            see(Step::FlashRemove(None)),
            say(" INDEX"),
        ],
    ),
    (
        O::FlashSet,
        Errno::ENOSYS,
        Kind::Unsupported,
        Status::NotSupported,
        "the driver does not accept one of these parameters",
        &[see(Step::FlashShow), say(" tells which parameters can be set")],
    ),
    (
        O::FlashSet,
        Errno::ENODEV,
        Kind::NotFound,
        Status::TargetNotFound,
        "there is no such flash target",
        &[see(Step::FlashList), say(" shows what is there")],
    ),
    (
        O::FlashSet,
        Errno::EIO,
        Kind::Failed,
        Status::Failed,
        "the adapter could not write its flash",
        &[see(Step::AdapterShow), say(" tells the firmware state")],
    ),
    (
        O::FlashDelete,
        Errno::EPERM,
        Kind::Permission,
        Status::Restricted,
        "it is a boot target",
        &[
            say("take it out of the boot configuration first: "),
            see(Step::BootClear),
        ],
    ),
    (
        O::FlashDelete,
        Errno::ENODEV,
        Kind::NotFound,
        Status::TargetNotFound,
        "there is no such flash target",
        &[see(Step::FlashList), say(" shows what is there")],
    ),
    (
        O::FlashLogin,
        Errno::EIO,
        Kind::Failed,
        Status::LoginFailed,
        "the adapter could not log in: entry not committed, target unreachable or login refused",
        &[
            see(Step::EventFollow),
            say(" shows why; "),
            see(Step::IfacePing),
            say(" tests the portal"),
        ],
    ),
    (
        O::FlashLogin,
        Errno::EPERM,
        Kind::Busy,
        Status::SessionExists,
        "a session to this target exists already",
        &[see(Step::SessionList), say(" shows it")],
    ),
    (
        O::FlashLogin,
        Errno::ENODEV,
        Kind::NotFound,
        Status::TargetNotFound,
        "there is no such flash target",
        &[see(Step::FlashList), say(" shows what is there")],
    ),
    (
        O::FlashLogin,
        Errno::EBUSY,
        Kind::Busy,
        Status::Busy,
        "a discovery is running already",
        &[say("wait for it and try again")],
    ),
    (
        O::FlashLogout,
        Errno::ESRCH,
        Kind::NotFound,
        Status::SessionNotFound,
        "the target has no session",
        &[see(Step::SessionList), say(" shows the sessions")],
    ),
    (
        O::FlashLogout,
        Errno::EPERM,
        Kind::Permission,
        Status::Restricted,
        "it is a boot target or a discovery entry, whose session must not be closed",
        &[say("a boot session stays until the machine is shut down")],
    ),
    (
        O::FlashLogout,
        Errno::ENXIO,
        Kind::Unsupported,
        Status::NotSupported,
        "the session was not made from flash",
        &[say("close it with the program that made it (iscsiadm)")],
    ),
    (
        O::FlashLogout,
        Errno::ENODEV,
        Kind::NotFound,
        Status::SessionNotFound,
        "there is no such flash target or session",
        &[see(Step::SessionList), say(" shows the sessions")],
    ),
    (
        O::ChapGet,
        Errno::EINVAL,
        Kind::Invalid,
        Status::Invalid,
        "the chap table index is out of range",
        &[see(Step::ChapList), say(" shows the entries")],
    ),
    (
        O::ChapSet,
        Errno::EBUSY,
        Kind::Busy,
        Status::Busy,
        "the entry is in use, or the table is full",
        &[see(Step::ChapList), say(" shows who uses it")],
    ),
    (
        O::ChapSet,
        Errno::EINVAL,
        Kind::Invalid,
        Status::Invalid,
        "the entry exists with the other direction",
        &[say("remove the entry first, or use another index")],
    ),
    (
        O::ChapDelete,
        Errno::EBUSY,
        Kind::Busy,
        Status::Busy,
        "the entry is in use by a session",
        &[say("log the session out first")],
    ),
    (
        O::ChapDelete,
        Errno::EINVAL,
        Kind::Failed,
        Status::Failed,
        "the adapter could not read or write that entry",
        &[see(Step::ChapList), say(" shows the entries")],
    ),
    (
        O::Ping,
        Errno::ENOSYS,
        Kind::Unsupported,
        Status::AddressType,
        "this interface cannot ping such an address",
        &[say("use an interface of the address's family")],
    ),
    (
        O::Ping,
        Errno::EINVAL,
        Kind::Invalid,
        Status::Invalid,
        "the adapter refused the address or size",
        &[say("check address family and size")],
    ),
    (
        O::IfaceSet,
        Errno::EIO,
        Kind::Failed,
        Status::Failed,
        "the adapter could not write its flash or restart the port",
        &[see(Step::AdapterShow), say(" tells the firmware state")],
    ),
    (
        O::SessionStats,
        Errno::EINVAL,
        Kind::NotFound,
        Status::SessionNotFound,
        "there is no such session",
        &[see(Step::SessionList), say(" shows the sessions")],
    ),
    (
        O::SessionStats,
        Errno::ENODEV,
        Kind::NotFound,
        Status::SessionNotFound,
        "there is no such session",
        &[see(Step::SessionList), say(" shows the sessions")],
    ),
    (
        O::SessionDestroy,
        Errno::EBUSY,
        Kind::Unsupported,
        Status::NotSupported,
        "the driver cannot close sessions made by user programs",
        &[say("restart the adapter driver to get rid of it")],
    ),
    (
        O::Nvram,
        Errno::ENOSYS,
        Kind::Unsupported,
        Status::NotSupported,
        "only 40xx adapters have this memory",
        &[say("boot targets of other families are kept in flash")],
    ),
    (
        O::Nvram,
        Errno::EINVAL,
        Kind::Failed,
        Status::Failed,
        "the driver refused the range",
        &[see(Step::AdapterShow), say(" tells the model")],
    ),
    (
        O::Memory,
        Errno::EINVAL,
        Kind::Unsupported,
        Status::NotSupported,
        "this chip does not have it, or not so much of it",
        &[see(Step::AdapterShow), say(" tells the model")],
    ),
    (
        O::FlashWrite,
        Errno::EINVAL,
        Kind::Unsupported,
        Status::NotSupported,
        "this chip does not do it",
        &[see(Step::AdapterShow), say(" tells the model")],
    ),
    (
        O::Store,
        Errno::EINVAL,
        Kind::Invalid,
        Status::Invalid,
        "the kernel does not accept this value",
        &[say("check the value")],
    ),
    (
        O::Any,
        Errno::EPERM,
        Kind::Permission,
        Status::Access,
        "not permitted",
        &[say("run as root (CAP_SYS_ADMIN is needed)")],
    ),
    (
        O::Any,
        Errno::EACCES,
        Kind::Permission,
        Status::Access,
        "not permitted",
        &[say("run as root (CAP_SYS_ADMIN is needed)")],
    ),
    (
        O::Any,
        Errno::EPROTONOSUPPORT,
        Kind::Unsupported,
        Status::TransportNotFound,
        "the kernel has no iscsi transport",
        &[say("load it: modprobe scsi_transport_iscsi")],
    ),
    (
        O::Any,
        Errno::ENOSYS,
        Kind::Unsupported,
        Status::NotSupported,
        "the driver does not offer this",
        &[see(Step::AdapterShow), say(" tells what the adapter can do")],
    ),
    (
        O::Any,
        Errno::EOPNOTSUPP,
        Kind::Unsupported,
        Status::NotSupported,
        "the driver does not offer this",
        &[see(Step::AdapterShow), say(" tells what the adapter can do")],
    ),
    (
        O::Any,
        Errno::ENODEV,
        Kind::NotFound,
        Status::HostNotFound,
        "there is no such adapter",
        &[see(Step::AdapterList), say(" shows what is there")],
    ),
    (
        O::Any,
        Errno::ENOENT,
        Kind::NotFound,
        Status::NotFound,
        "it does not exist",
        &[see(Step::AdapterList), say(" shows what is there")],
    ),
    (
        O::Any,
        Errno::ENXIO,
        Kind::NotFound,
        Status::DeviceNotFound,
        "there is no such device",
        &[see(Step::AdapterList), say(" shows what is there")],
    ),
    (
        O::Any,
        Errno::EBUSY,
        Kind::Busy,
        Status::Busy,
        "it is in use",
        &[say("wait and try again")],
    ),
    (
        O::Any,
        Errno::EINVAL,
        Kind::Failed,
        Status::Invalid,
        "the kernel refused the request",
        &[say("check the values")],
    ),
    (
        O::Any,
        Errno::EIO,
        Kind::Failed,
        Status::Failed,
        "the adapter reported an error",
        &[see(Step::AdapterShow), say(" tells the firmware state")],
    ),
    (
        O::Any,
        Errno::ENOMEM,
        Kind::Failed,
        Status::NoMemory,
        "the kernel has no memory for it",
        &[say("try again later")],
    ),
];

/// The error for a refusal by the kernel: `errno` positive, `tried` a verb phrase.
pub fn explain(operation: Operation, errno: i32, tried: impl Into<String>) -> Error {
    let errno = errno.saturating_abs();
    let of = |op: Operation| TABLE.iter().find(|row| row.0 == op && row.1 as i32 == errno);
    let code = Errno::from_raw(errno);
    let name = if code == Errno::UnknownErrno {
        format!("error {errno}")
    } else {
        format!("{code:?}")
    };
    match of(operation).or_else(|| of(O::Any)) {
        Some((_, _, kind, status, meaning, hint)) => Error::new(*kind, tried)
            .with_status(*status)
            .answered(format!("the kernel answered {name}: {meaning}"))
            .hint(Message::of(hint))
            .with_errno(errno),
        None => Error::new(Kind::Failed, tried)
            .with_status(Status::by_errno(errno).unwrap_or(Status::Failed))
            .answered(format!("the kernel answered {name}"))
            .with_errno(errno),
    }
}
