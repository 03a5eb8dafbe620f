//! Statuses as one table: our name for what came of a request, and its number in the neighbouring systems: open-iscsi's `iscsi_err`,
//! the kernel's errno, the status values of Microsoft's initiator. Data, and how it is looked up.
//!
//! A number that means just this stands alone; `~` marks the nearest one, where a system has no number of its own for it. So every
//! status has a number in both systems, and every number of theirs has one status.
//!
//! Source: open-iscsi `include/iscsi_err.h` (0–33); Microsoft `iscsierr.h`, `iscsi-status-qualifiers` (0xEFFF0001–0xEFFF0066).

use nix::errno::Errno;

/// A number in another system's vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number<T> {
    /// It means just this.
    Is(T),
    /// That system has none for it; this is the nearest.
    Near(T),
}

impl<T: Copy> Number<T> {
    /// The number, exact or not.
    pub const fn get(self) -> T {
        match self {
            Self::Is(number) | Self::Near(number) => number,
        }
    }

    /// The number, if it means just this.
    pub const fn exact(self) -> Option<T> {
        match self {
            Self::Is(number) => Some(number),
            Self::Near(_) => None,
        }
    }
}

/// One row: a status in all four vocabularies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// Our stable name.
    pub name: &'static str,
    /// The exit status of `iscsiadm`.
    pub iscsi_err: Number<u8>,
    /// The status value of Microsoft's initiator.
    pub ms: Number<u32>,
    /// The kernel's error number, where one means just this.
    pub errno: Option<Errno>,
    /// What it means.
    pub meaning: &'static str,
}

macro_rules! number {
    (~ $number:literal) => {
        Number::Near($number)
    };
    ($number:literal) => {
        Number::Is($number)
    };
}

macro_rules! errno {
    (-) => {
        None
    };
    ($name:ident) => {
        Some(Errno::$name)
    };
}

macro_rules! statuses {
    ($($status:ident $name:literal ($($err:tt)+) ($($ms:tt)+) $errno:tt $meaning:literal;)+) => {
        /// What came of a request, as precisely as it is known.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Status {
            $(#[doc = $meaning] $status,)+
        }

        impl Status {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$status,)+];

            /// Its row.
            #[must_use]
            pub const fn code(self) -> &'static Code {
                match self {$(
                    Self::$status => &Code {
                        name: $name,
                        iscsi_err: number!($($err)+),
                        ms: number!($($ms)+),
                        errno: errno!($errno),
                        meaning: $meaning,
                    },
                )+}
            }
        }
    };
}

statuses! {
    Success "success" (0) (0) - "done";
    Failed "failed" (1) (0xEFFF_0001) - "it failed, and nothing more is known";
    SessionNotFound "session_not_found" (2) (0xEFFF_001C) ESRCH "there is no such session";
    NoMemory "no_memory" (3) (0xEFFF_0014) ENOMEM "no memory or other resources";
    ConnectionFailed "connection_failed" (4) (0xEFFF_0003) ECONNREFUSED "the connection could not be made";
    LoginFailed "login_failed" (5) (0xEFFF_0002) - "the login failed";
    Database "database" (6) (~0xEFFF_0001) - "records could not be read or written";
    Invalid "invalid" (7) (0xEFFF_0056) EINVAL "a value is wrong";
    TransportTimeout "transport_timeout" (8) (~0xEFFF_0024) - "the connection was not made in time";
    Internal "internal" (9) (0xEFFF_0008) - "a fault of the initiator";
    LogoutFailed "logout_failed" (10) (~0xEFFF_0001) - "the logout failed";
    PduTimeout "pdu_timeout" (11) (~0xEFFF_0024) - "a pdu was not answered in time";
    TransportNotFound "transport_not_found" (12) (~0xEFFF_0044) EPROTONOSUPPORT "the kernel has no such transport";
    Access "access" (13) (~0xEFFF_000A) EACCES "not permitted";
    TransportCaps "transport_caps" (14) (~0xEFFF_0037) - "the transport cannot do this";
    SessionExists "session_exists" (15) (0xEFFF_0016) EEXIST "the session exists already";
    BadRequest "bad_request" (16) (~0xEFFF_0056) - "the request makes no sense here";
    IsnsUnavailable "isns_unavailable" (17) (0xEFFF_003A) - "there is no isns server, or it does not answer";
    ServiceFailed "service_failed" (18) (0xEFFF_0039) - "the session service did not answer";
    LoginFatal "login_fatal" (19) (~0xEFFF_0002) - "the login failed, and trying again is of no use";
    HelperUnreachable "helper_unreachable" (~20) (~0xEFFF_003E) - "the network helper does not run";
    ServiceUnreachable "service_unreachable" (20) (0xEFFF_003E) - "the session service does not run";
    NotFound "not_found" (21) (0xEFFF_000B) ENOENT "there is no such object";
    Sysfs "sysfs" (22) (~0xEFFF_0001) - "sysfs could not be read";
    HostNotFound "host_not_found" (23) (0xEFFF_0044) ENODEV "there is no such adapter";
    AuthFailed "auth_failed" (24) (0xEFFF_0009) - "the other side did not accept the authentication";
    IsnsQuery "isns_query" (25) (~0xEFFF_003A) - "the isns server could not be asked";
    IsnsRegistration "isns_registration" (26) (~0xEFFF_003A) - "the isns server took no registration";
    NotSupported "not_supported" (27) (0xEFFF_0037) ENOSYS "this adapter, driver or kernel cannot do it";
    Busy "busy" (28) (0xEFFF_001F) EBUSY "it is in use";
    Again "again" (29) (~0xEFFF_001F) EAGAIN "not now; later it may work";
    UnknownDiscovery "unknown_discovery_type" (30) (0xEFFF_0045) - "there is no such way of discovery";
    ChildTerminated "child_terminated" (31) (~0xEFFF_0001) - "a helping process ended early";
    NotConnected "session_not_connected" (32) (0xEFFF_0060) ENOTCONN "the session has no connection";
    TimedOut "request_timed_out" (33) (~0xEFFF_0039) ETIMEDOUT "nothing answered in time";
    VerifyFailed "verify_failed" (~1) (~0xEFFF_0001) - "read back, it is not what was written";
    RollbackFailed "rollback_failed" (~1) (~0xEFFF_0001) - "it is neither what was written nor what was before";
    Unknown "unknown" (~1) (~0xEFFF_0001) - "nobody knows whether it was done";
    Interrupted "interrupted" (~29) (~0xEFFF_0001) EINTR "somebody asked for the end before it was done";
    NodeExists "initiator_node_exists" (~15) (0xEFFF_0004) - "the initiator node exists already";
    NodeNotFound "initiator_node_not_found" (~21) (0xEFFF_0005) - "there is no such initiator node";
    MovedTemporarily "target_moved_temporarily" (~5) (0xEFFF_0006) - "the target is elsewhere for now";
    MovedPermanently "target_moved_permanently" (~5) (0xEFFF_0007) - "the target is elsewhere for good";
    NotAuthorized "not_authorized" (~24) (0xEFFF_000A) - "the target does not admit this initiator";
    TargetRemoved "target_removed" (~19) (0xEFFF_000C) - "the target was taken away for good";
    UnsupportedVersion "unsupported_version" (~19) (0xEFFF_000D) - "the target speaks no version that we do";
    TooManyConnections "too_many_connections" (~5) (0xEFFF_000E) - "the session takes no more connections";
    MissingParameter "missing_parameter" (~19) (0xEFFF_000F) - "the target misses a parameter of the login";
    NotInSession "cannot_include_in_session" (~5) (0xEFFF_0010) - "the target does not take the connection into the session";
    SessionType "session_type_not_supported" (~19) (0xEFFF_0011) - "the target does not serve sessions of this kind";
    TargetError "target_error" (~5) (0xEFFF_0012) - "a fault of the target";
    TargetUnavailable "target_unavailable" (~5) (0xEFFF_0013) - "the target does not serve at the moment";
    ConnectionExists "connection_exists" (~15) (0xEFFF_0015) EISCONN "the connection exists already";
    InstanceNotFound "initiator_instance_not_found" (~23) (0xEFFF_0017) - "there is no such initiator instance";
    TargetExists "target_exists" (~15) (0xEFFF_0018) - "the target is there already";
    DriverFault "driver_fault" (~9) (0xEFFF_0019) - "the driver answered against its own rules";
    TextKey "invalid_text_key" (~5) (0xEFFF_001A) - "a text key is wrong";
    SendTargetsText "invalid_send_targets_text" (~5) (0xEFFF_001B) - "the answer to SendTargets cannot be read";
    ScsiFailed "scsi_request_failed" (~1) (0xEFFF_001D) - "the scsi command did not end well";
    TooManySessions "too_many_sessions" (~1) (0xEFFF_001E) ENOSPC "no more sessions, or entries, fit";
    MappingUnavailable "target_mapping_unavailable" (~1) (0xEFFF_0020) - "the mapping cannot be had";
    AddressType "address_type_not_supported" (~7) (0xEFFF_0021) EAFNOSUPPORT "addresses of this kind are not served";
    LogonFailed "logon_failed" (~24) (0xEFFF_0022) - "the account was not accepted";
    SendFailed "send_failed" (~4) (0xEFFF_0023) EPIPE "a pdu could not be sent";
    TransportError "transport_error" (~4) (0xEFFF_0024) ECONNRESET "the connection broke";
    VersionMismatch "version_mismatch" (~9) (0xEFFF_0025) - "two parts are of versions that do not fit";
    MappingRange "target_mapping_out_of_range" (~7) (0xEFFF_0026) ERANGE "the mapping is out of range";
    NoTargetKey "target_key_unavailable" (~24) (0xEFFF_0027) - "there is no preshared key for the target";
    NoTargetAuth "target_auth_unavailable" (~24) (0xEFFF_0028) - "there is no secret for the target";
    TargetNotFound "target_not_found" (~21) (0xEFFF_0029) - "there is no such target";
    BadUser "login_user_bad" (~24) (0xEFFF_002A) - "the user of the login is wrong";
    MappingExists "target_mapping_exists" (~15) (0xEFFF_002B) - "the mapping exists already";
    SecurityCacheFull "security_cache_full" (~1) (0xEFFF_002C) - "the adapter keeps no more secrets";
    PortNumber "invalid_port_number" (~7) (0xEFFF_002D) - "there is no such port";
    PartlyDone "partly_done" (~1) (0xAFFF_002E) - "not all of it was done";
    NoSecurityCache "security_cache_not_supported" (~27) (0xEFFF_002F) - "the adapter keeps no secrets";
    IkeIdType "ike_id_type_not_supported" (~27) (0xEFFF_0030) - "ike ids of this kind are not served";
    IkeIdSize "ike_id_size" (~7) (0xEFFF_0031) - "the ike id has a wrong length";
    PortalExists "target_portal_exists" (~15) (0xEFFF_0032) - "the portal is there already";
    AddressExists "target_address_exists" (~15) (0xEFFF_0033) EADDRINUSE "the address is there already";
    NoAuthInfo "no_auth_info" (~24) (0xEFFF_0034) - "there is no secret to prove ourselves with";
    NoTunnelAddress "no_tunnel_address" (~21) (0xEFFF_0035) - "there is no address of the tunnel";
    CacheCorrupted "cache_corrupted" (~9) (0xEFFF_0036) - "what the adapter keeps is damaged";
    TargetResources "target_out_of_resources" (~5) (0xEFFF_0038) - "the target has no resources left";
    NeedsReboot "needs_reboot" (~0) (0xAFFF_003B) - "done, and in force when the adapter or machine starts again";
    NoPortal "no_portal" (~7) (0xEFFF_003C) EDESTADDRREQ "no portal is known";
    LastConnection "last_connection" (~7) (0xEFFF_003D) - "the last connection of a session cannot be removed";
    AlreadyLoggedIn "already_logged_in" (~15) (0xEFFF_003F) - "the target is logged in to already";
    DeviceBusy "device_busy" (~28) (0xEFFF_0040) - "a disk of the session is in use";
    LoginNotSaved "login_not_saved" (~6) (0xEFFF_0041) - "the lasting login could not be kept";
    LoginNotRemoved "login_not_removed" (~6) (0xEFFF_0042) - "the lasting login could not be removed";
    PortalNotFound "portal_not_found" (~21) (0xEFFF_0043) - "there is no such portal";
    NoIpsec "ipsec_not_supported" (~27) (0xEFFF_0046) - "there is no ipsec here";
    PersistentTimeout "persistent_login_timeout" (~33) (0xEFFF_0047) - "a lasting login was not up in time";
    ShortSecret "short_chap_secret" (~7) (0xAFFF_0048) - "the chap secret is too short";
    Expired "evaluation_expired" (~1) (0xEFFF_0049) - "a trial period is over";
    BadSecret "invalid_chap_secret" (~7) (0xEFFF_004A) - "the chap secret cannot be used";
    BadTargetSecret "invalid_target_chap_secret" (~7) (0xEFFF_004B) - "the secret of the target's side cannot be used";
    BadInitiatorSecret "invalid_initiator_chap_secret" (~7) (0xEFFF_004C) - "the secret of the initiator's side cannot be used";
    BadChapUser "invalid_chap_user" (~7) (0xEFFF_004D) - "the chap user name cannot be used";
    BadAuthType "invalid_auth_type" (~7) (0xEFFF_004E) - "there is no such kind of authentication";
    BadMapping "invalid_target_mapping" (~7) (0xEFFF_004F) - "the mapping is wrong";
    BadTargetId "invalid_target_id" (~7) (0xEFFF_0050) - "there is no such target id";
    BadName "invalid_iscsi_name" (~7) (0xEFFF_0051) - "the iscsi name is wrong";
    IsnsVersion "isns_version" (~25) (0xEFFF_0052) - "the isns server speaks another version";
    IpsecFailed "ipsec_failed" (~1) (0xEFFF_0053) - "ipsec could not be set up";
    BufferTooSmall "buffer_too_small" (~9) (0xEFFF_0054) ENOBUFS "a buffer is too small";
    BadPolicy "invalid_load_balance_policy" (~7) (0xEFFF_0055) - "there is no such policy of load balance";
    DuplicatePath "duplicate_path" (~7) (0xEFFF_0057) - "a path is named twice";
    PathCount "path_count_mismatch" (~7) (0xEFFF_0058) - "not all paths are named";
    BadPathId "invalid_path_id" (~7) (0xEFFF_0059) - "there is no such path";
    PrimaryPaths "several_primary_paths" (~7) (0xEFFF_005A) - "more than one primary path is named";
    NoPrimaryPath "no_primary_path" (~7) (0xEFFF_005B) - "no primary path is named";
    AlreadyBound "device_already_bound" (~15) (0xEFFF_005C) - "the device is bound already";
    DeviceNotFound "device_not_found" (~21) (0xEFFF_005D) ENXIO "there is no such device";
    NotIscsi "device_not_iscsi" (~7) (0xEFFF_005E) ENODATA "the device is not an iscsi device that lasts";
    NameUnresolved "name_unresolved" (~4) (0xEFFF_005F) - "the name has no address";
    NoLoadBalance "load_balance_not_supported" (~27) (0xEFFF_0061) - "there is no load balance within a session";
    RemovalInProgress "connection_removal_in_progress" (~28) (0xEFFF_0062) - "the connection is being removed";
    BadConnectionId "invalid_connection_id" (~7) (0xEFFF_0063) EBADF "there is no such connection";
    LeadingConnection "leading_connection" (~7) (0xEFFF_0064) - "the leading connection cannot be removed";
    Restricted "restricted" (~13) (0xEFFF_0065) EPERM "a rule of the driver or the operator forbids it";
    IsnsFirewall "isns_firewall_blocked" (~17) (0xEFFF_0066) - "a firewall keeps the isns server away";
}

impl Status {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.code().name
    }

    /// The status of our name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|s| s.name() == name)
    }

    /// The status that an `iscsi_err` number means.
    #[must_use]
    pub fn by_iscsi_err(number: u8) -> Option<Self> {
        let is = |s: &Self| s.code().iscsi_err.exact() == Some(number);
        Self::ALL.iter().copied().find(is)
    }

    /// The status that a value of Microsoft's initiator means.
    #[must_use]
    pub fn by_ms(value: u32) -> Option<Self> {
        let is = |s: &Self| s.code().ms.exact() == Some(value);
        Self::ALL.iter().copied().find(is)
    }

    /// The status that a kernel error number (positive) means by itself, whatever was asked.
    #[must_use]
    pub fn by_errno(errno: i32) -> Option<Self> {
        let is = |s: &Self| s.code().errno.is_some_and(|e| e as i32 == errno);
        Self::ALL.iter().copied().find(is)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_number_of_the_neighbours_has_one_status() {
        for number in 0..=33 {
            assert!(Status::by_iscsi_err(number).is_some(), "{number}");
        }
        assert!(Status::by_iscsi_err(34).is_none());
        for low in 1..=0x66 {
            let found = [0xEFFF_0000, 0xAFFF_0000].map(|high| Status::by_ms(high | low));
            assert_eq!(found.iter().flatten().count(), 1, "{low:#06x}: {found:?}");
        }
        assert!(Status::by_ms(0xEFFF_0067).is_none());
    }

    #[test]
    fn no_two_statuses_share_what_is_theirs() {
        fn unique<T: Eq + std::hash::Hash>(of: impl Fn(&Code) -> Option<T>) {
            let all: Vec<T> = Status::ALL.iter().filter_map(|s| of(s.code())).collect();
            let count = all.len();
            assert_eq!(all.into_iter().collect::<HashSet<_>>().len(), count);
        }
        unique(|c| Some(c.name));
        unique(|c| c.iscsi_err.exact());
        unique(|c| c.ms.exact());
        unique(|c| c.errno.map(|e| e as i32));
        for status in Status::ALL {
            assert_eq!(Status::by_name(status.name()), Some(*status));
        }
    }

    #[test]
    fn the_nearest_number_is_one_that_the_other_system_has() {
        for status in Status::ALL {
            let code = status.code();
            assert!(code.iscsi_err.get() <= 33, "{}", code.name);
            assert!(Status::by_ms(code.ms.get()).is_some(), "{}", code.name);
        }
    }
}
