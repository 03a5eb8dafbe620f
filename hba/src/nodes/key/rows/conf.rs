//! What stands in iscsid.conf alone, and the rest of records of iSNS servers.

use super::super::{Key, Object, ValueKind};
use super::key;
use crate::nodes::Version;

const DAEMON: &[Object] = &[Object::Conf];
/// The longest command that is kept.
const COMMAND: ValueKind = ValueKind::Text { max: 1023 };

pub(super) const CONF: [Key; 4] = [
    key(
        "discovery.isns.discoveryd_poll_inval",
        &[Object::Isns, Object::Conf],
        ValueKind::Number {
            min: -1,
            max: i32::MAX as i64,
            unit: "s",
        },
        "how long the daemon waits before it asks again, -1 to wait for notes only",
    )
    .value("-1"),
    key(
        "iscsid.startup",
        DAEMON,
        COMMAND,
        "the command that starts the stock daemon when it is needed; not run here",
    ),
    key(
        "iscsid.safe_logout",
        DAEMON,
        ValueKind::YesNo,
        "whether a session whose disks are in use stays logged in",
    )
    .value("No"),
    key(
        "iscsid.ipc_auth_uid",
        DAEMON,
        ValueKind::YesNo,
        "whether the stock daemon looks at the user's number, not the name",
    )
    .value("Yes")
    .since(Version(2, 1, 9)),
];
