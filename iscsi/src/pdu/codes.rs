//! Opcodes, reasons and statuses.
//!
//! Source: RFC 7143 sections 11.2.1.2, 11.4.3, 11.5.1, 11.6.1, 11.9.1, 11.13.5, 11.14.1, 11.15.1, 11.16.1, 11.17.1.

use std::fmt;

use super::open::open_enum;

open_enum! {
    /// Operation code.
    pub enum Opcode {
        /// NOP-Out.
        NOP_OUT = 0x00, "NOP-Out";
        /// SCSI Command.
        SCSI_COMMAND = 0x01, "SCSI Command";
        /// Task Management Function Request.
        TMF_REQUEST = 0x02, "Task Management Function Request";
        /// Login Request.
        LOGIN_REQUEST = 0x03, "Login Request";
        /// Text Request.
        TEXT_REQUEST = 0x04, "Text Request";
        /// SCSI Data-Out.
        DATA_OUT = 0x05, "SCSI Data-Out";
        /// Logout Request.
        LOGOUT_REQUEST = 0x06, "Logout Request";
        /// SNACK Request.
        SNACK = 0x10, "SNACK Request";
        /// NOP-In.
        NOP_IN = 0x20, "NOP-In";
        /// SCSI Response.
        SCSI_RESPONSE = 0x21, "SCSI Response";
        /// Task Management Function Response.
        TMF_RESPONSE = 0x22, "Task Management Function Response";
        /// Login Response.
        LOGIN_RESPONSE = 0x23, "Login Response";
        /// Text Response.
        TEXT_RESPONSE = 0x24, "Text Response";
        /// SCSI Data-In.
        DATA_IN = 0x25, "SCSI Data-In";
        /// Logout Response.
        LOGOUT_RESPONSE = 0x26, "Logout Response";
        /// Ready To Transfer.
        R2T = 0x31, "Ready To Transfer";
        /// Asynchronous Message.
        ASYNC_MESSAGE = 0x32, "Asynchronous Message";
        /// Reject.
        REJECT = 0x3f, "Reject";
    }
}

open_enum! {
    /// SCSI task attribute of a command.
    pub enum TaskAttribute {
        /// No attribute: the device server's default.
        UNTAGGED = 0, "untagged";
        /// Simple.
        SIMPLE = 1, "simple";
        /// Ordered.
        ORDERED = 2, "ordered";
        /// Head of queue.
        HEAD_OF_QUEUE = 3, "head of queue";
        /// ACA.
        ACA = 4, "ACA";
    }
}

open_enum! {
    /// iSCSI service response of a SCSI Response.
    pub enum ScsiResponseCode {
        /// The command completed at the target; the status field holds.
        COMPLETED = 0x00, "command completed at target";
        /// The target failed.
        TARGET_FAILURE = 0x01, "target failure";
    }
}

open_enum! {
    /// Task management function.
    pub enum TmfFunction {
        /// Abort the task of the referenced tag.
        ABORT_TASK = 1, "ABORT TASK";
        /// Abort all tasks of this initiator on the LUN.
        ABORT_TASK_SET = 2, "ABORT TASK SET";
        /// Clear the ACA condition.
        CLEAR_ACA = 3, "CLEAR ACA";
        /// Abort all tasks of all initiators in the task set.
        CLEAR_TASK_SET = 4, "CLEAR TASK SET";
        /// Reset the logical unit.
        LOGICAL_UNIT_RESET = 5, "LOGICAL UNIT RESET";
        /// Reset the target, keep the connections.
        TARGET_WARM_RESET = 6, "TARGET WARM RESET";
        /// Reset the target and drop the connections.
        TARGET_COLD_RESET = 7, "TARGET COLD RESET";
        /// Reassign connection allegiance.
        TASK_REASSIGN = 8, "TASK REASSIGN";
    }
}

open_enum! {
    /// Answer to a task management function.
    pub enum TmfResponseCode {
        /// Done.
        COMPLETE = 0, "function complete";
        /// No such task.
        NO_TASK = 1, "task does not exist";
        /// No such LUN.
        NO_LUN = 2, "LUN does not exist";
        /// The task is still allegiant to another connection.
        STILL_ALLEGIANT = 3, "task still allegiant";
        /// Reassignment is not supported.
        NO_REASSIGN = 4, "task allegiance reassignment not supported";
        /// Not supported.
        NOT_SUPPORTED = 5, "function not supported";
        /// Not authorised.
        NOT_AUTHORIZED = 6, "function authorization failed";
        /// Rejected.
        REJECTED = 255, "function rejected";
    }
}

open_enum! {
    /// What an asynchronous message reports.
    pub enum AsyncEvent {
        /// A SCSI event; the data segment holds sense.
        SCSI = 0, "SCSI event";
        /// The target asks for a logout within Parameter3 seconds.
        REQUEST_LOGOUT = 1, "target requests logout";
        /// The target drops connection Parameter1.
        DROP_CONNECTION = 2, "target drops the connection";
        /// The target drops all connections.
        DROP_SESSION = 3, "target drops all connections of the session";
        /// The target asks for parameter negotiation within Parameter3 seconds.
        RENEGOTIATE = 4, "target requests parameter negotiation";
        /// All active tasks of a LUN are terminated.
        TASKS_TERMINATED = 5, "all active tasks are terminated";
        /// Vendor-specific.
        VENDOR = 255, "vendor-specific event";
    }
}

open_enum! {
    /// Why a logout is asked for.
    pub enum LogoutReason {
        /// Close the session.
        CLOSE_SESSION = 0, "close the session";
        /// Close the connection.
        CLOSE_CONNECTION = 1, "close the connection";
        /// Remove the connection for recovery.
        RECOVERY = 2, "remove the connection for recovery";
    }
}

open_enum! {
    /// Answer to a logout.
    pub enum LogoutResponseCode {
        /// Closed.
        SUCCESS = 0, "closed successfully";
        /// No such connection.
        CID_NOT_FOUND = 1, "CID not found";
        /// Recovery is not supported.
        RECOVERY_UNSUPPORTED = 2, "connection recovery not supported";
        /// Cleanup failed.
        CLEANUP_FAILED = 3, "cleanup failed";
    }
}

open_enum! {
    /// Why a PDU was rejected.
    pub enum RejectReason {
        /// Data digest error.
        DATA_DIGEST_ERROR = 0x02, "data digest error";
        /// SNACK rejected.
        SNACK_REJECT = 0x03, "SNACK reject";
        /// Protocol error.
        PROTOCOL_ERROR = 0x04, "protocol error";
        /// Command not supported.
        NOT_SUPPORTED = 0x05, "command not supported";
        /// Too many immediate commands.
        TOO_MANY_IMMEDIATE = 0x06, "too many immediate commands";
        /// The task is in progress.
        TASK_IN_PROGRESS = 0x07, "task in progress";
        /// Invalid data acknowledgement.
        INVALID_DATA_ACK = 0x08, "invalid data ack";
        /// Invalid PDU field.
        INVALID_FIELD = 0x09, "invalid PDU field";
        /// Long operation reject.
        LONG_OPERATION = 0x0a, "long operation reject";
        /// Negotiation reset.
        NEGOTIATION_RESET = 0x0b, "negotiation reset";
        /// Waiting for logout.
        WAITING_FOR_LOGOUT = 0x0c, "waiting for logout";
    }
}

open_enum! {
    /// What a SNACK asks for.
    pub enum SnackKind {
        /// Data or R2T.
        DATA_OR_R2T = 0, "Data/R2T SNACK";
        /// Status.
        STATUS = 1, "Status SNACK";
        /// Data acknowledgement.
        DATA_ACK = 2, "DataACK";
        /// Resend data from the beginning.
        R_DATA = 3, "R-Data SNACK";
    }
}

open_enum! {
    /// Login stage, two bits.
    pub enum Stage {
        /// Security negotiation.
        SECURITY = 0, "security negotiation";
        /// Operational negotiation.
        OPERATIONAL = 1, "operational negotiation";
        /// Full feature phase.
        FULL_FEATURE = 3, "full feature phase";
    }
}

/// Status class and detail of a login response.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Default,
    zerocopy::FromBytes,
    zerocopy::IntoBytes,
    zerocopy::Immutable,
    zerocopy::KnownLayout,
    zerocopy::Unaligned,
)]
#[repr(C)]
pub struct LoginStatus {
    /// 0 success, 1 redirection, 2 initiator error, 3 target error.
    pub class: u8,
    /// Meaning depends on the class.
    pub detail: u8,
}

/// Every status that the RFC names, in one table.
const LOGIN_STATUS: &[(LoginStatus, &str)] = &[
    (LoginStatus::SUCCESS, "success"),
    (LoginStatus::MOVED_TEMPORARILY, "target moved temporarily"),
    (LoginStatus::MOVED_PERMANENTLY, "target moved permanently"),
    (LoginStatus::INITIATOR_ERROR, "initiator error"),
    (LoginStatus::AUTHENTICATION_FAILURE, "authentication failure"),
    (LoginStatus::AUTHORIZATION_FAILURE, "authorization failure"),
    (LoginStatus::NOT_FOUND, "target not found"),
    (LoginStatus::REMOVED, "target removed"),
    (LoginStatus::UNSUPPORTED_VERSION, "unsupported version"),
    (LoginStatus::TOO_MANY_CONNECTIONS, "too many connections"),
    (LoginStatus::MISSING_PARAMETER, "missing parameter"),
    (
        LoginStatus::CANNOT_INCLUDE,
        "cannot include the connection in the session",
    ),
    (LoginStatus::SESSION_TYPE, "session type not supported"),
    (LoginStatus::NO_SESSION, "session does not exist"),
    (
        LoginStatus::INVALID_DURING_LOGIN,
        "invalid request type during login",
    ),
    (LoginStatus::TARGET_ERROR, "target error"),
    (LoginStatus::SERVICE_UNAVAILABLE, "service unavailable"),
    (LoginStatus::OUT_OF_RESOURCES, "out of resources"),
];

impl LoginStatus {
    /// Go on.
    pub const SUCCESS: Self = Self::new(0x00, 0x00);
    /// The target moved temporarily; TargetAddress tells where.
    pub const MOVED_TEMPORARILY: Self = Self::new(0x01, 0x01);
    /// The target moved permanently; TargetAddress tells where.
    pub const MOVED_PERMANENTLY: Self = Self::new(0x01, 0x02);
    /// Some initiator error.
    pub const INITIATOR_ERROR: Self = Self::new(0x02, 0x00);
    /// Authentication failed.
    pub const AUTHENTICATION_FAILURE: Self = Self::new(0x02, 0x01);
    /// The initiator may not use this target.
    pub const AUTHORIZATION_FAILURE: Self = Self::new(0x02, 0x02);
    /// No such target.
    pub const NOT_FOUND: Self = Self::new(0x02, 0x03);
    /// The target was removed for good.
    pub const REMOVED: Self = Self::new(0x02, 0x04);
    /// No common version.
    pub const UNSUPPORTED_VERSION: Self = Self::new(0x02, 0x05);
    /// Too many connections.
    pub const TOO_MANY_CONNECTIONS: Self = Self::new(0x02, 0x06);
    /// A key such as InitiatorName is missing.
    pub const MISSING_PARAMETER: Self = Self::new(0x02, 0x07);
    /// The connection cannot join this session.
    pub const CANNOT_INCLUDE: Self = Self::new(0x02, 0x08);
    /// Session type not supported.
    pub const SESSION_TYPE: Self = Self::new(0x02, 0x09);
    /// No such session.
    pub const NO_SESSION: Self = Self::new(0x02, 0x0a);
    /// A PDU that does not belong into the login phase.
    pub const INVALID_DURING_LOGIN: Self = Self::new(0x02, 0x0b);
    /// Target hardware or software error.
    pub const TARGET_ERROR: Self = Self::new(0x03, 0x00);
    /// Service unavailable.
    pub const SERVICE_UNAVAILABLE: Self = Self::new(0x03, 0x01);
    /// Out of resources.
    pub const OUT_OF_RESOURCES: Self = Self::new(0x03, 0x02);

    /// A status of that class and detail.
    #[must_use]
    pub const fn new(class: u8, detail: u8) -> Self {
        Self { class, detail }
    }

    /// Class 0.
    #[must_use]
    pub const fn is_success(self) -> bool {
        self.class == 0
    }

    /// What the RFC calls this status, if it names it.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        LOGIN_STATUS
            .iter()
            .find(|(status, _)| *status == self)
            .map(|(_, name)| *name)
    }
}

impl fmt::Debug for LoginStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LoginStatus({self})")
    }
}

impl fmt::Display for LoginStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { class, detail } = self;
        match self.name() {
            Some(name) => write!(f, "{name} ({class:02x}/{detail:02x})"),
            None => write!(f, "status {class:02x}/{detail:02x}"),
        }
    }
}
