//! The life of every request as a sequence of state pairs, for whoever wants to watch task management at work.
//!
//! The pair is [iscsi state, target message state], with the names and numbers of the UNH target's description of task management:
//! the protocol side's view of a command, and the SCSI side's. Off unless [`super::Config::trace`] is set; then the owner takes steps with
//! [`super::Connection::poll_trace`]. Must not change what the engine does.

use std::collections::VecDeque;
use std::fmt;

use crate::pdu::TmfFunction;
use crate::serial;

/// Steps that wait to be taken; older ones are dropped beyond that.
const MAX_STEPS: usize = 4096;
/// Answers that wait for an acknowledgement; older ones count as acknowledged beyond that.
const MAX_UNACKED: usize = 1024;

macro_rules! iscsi_states {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal;)+) => {
        /// Where the protocol side has a request.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum IscsiState {
            /// Not there yet, or gone.
            Null = 0,
            $($(#[$doc])* $name = $number,)+
        }

        impl IscsiState {
            /// Every state but the absent one, in the order of the numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The name in the description.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    Self::Null => "null",
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

iscsi_states! {
    /// The header arrived.
    CmndReceived = 1, "CMND_RECEIVED";
    /// The request is in the task set.
    NewCmnd = 2, "NEW_CMND";
    /// All write data is there.
    BufferRdy = 3, "BUFFER_RDY";
    /// The SCSI side is done, the answer is queued.
    Done = 4, "DONE";
    /// The answer is on the wire.
    Sent = 5, "SENT";
    /// The initiator has the answer, or none is owed any more.
    Dequeue = 6, "DEQUEUE";
    /// All data has been solicited.
    AllR2tsSent = 7, "ALL_R2TS_SENT";
    /// Immediate data came.
    ImmediateDataIn = 8, "IMMEDIATE_DATA_IN";
    /// Unsolicited data is coming.
    UnsolicitedDataIn = 9, "UNSOLICITED_DATA_IN";
    /// Solicited data is coming.
    DataIn = 10, "DATA_IN";
    /// A management function has taken effect.
    MgtFnDone = 11, "MGT_FN_DONE";
    /// A text response is owed.
    SendTextResponse = 12, "SEND_TEXT_RESPONSE";
    /// A logout response is owed.
    Logout = 13, "LOGOUT";
    /// A ping is to be answered.
    Ping = 14, "PING";
    /// A SCSI command came before its turn.
    QueueCmnd = 15, "QUEUE_CMND";
    /// The turn of a queued command has come.
    QueueCmndRdy = 16, "QUEUE_CMND_RDY";
    /// Another request came before its turn.
    QueueOther = 17, "QUEUE_OTHER";
    /// The target's own ping is out.
    NopinSent = 18, "NOPIN_SENT";
    /// A status is sent once more (not at error recovery level 0).
    ResendStatus = 19, "RESEND_STATUS";
    /// The initiator is asked for the rest of a text.
    AskForMoreText = 20, "ASK_FOR_MORE_TEXT";
    /// The rest of a text is awaited.
    AwaitMoreText = 21, "AWAIT_MORE_TEXT";
    /// A text response waits for the connection.
    BlockedSendingText = 22, "BLOCKED_SENDING_TEXT";
}

/// Where the SCSI side has a request, or the message it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TargetState {
    /// Nothing.
    Null,
    /// A command that waits.
    New,
    /// A command that is carried out.
    Processing,
    /// A command that is carried out and not answered.
    Done,
    /// The answer is the protocol side's.
    Handed,
    /// Forgotten.
    Dequeue,
    /// A management function.
    Message(TmfFunction),
}

impl fmt::Display for TargetState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::New => "ST_NEW",
            Self::Processing => "ST_PROCESSING",
            Self::Done => "ST_DONE",
            Self::Handed => "ST_HANDED",
            Self::Dequeue => "ST_DEQUEUE",
            Self::Message(function) => match *function {
                TmfFunction::ABORT_TASK => "ABORT_TASK",
                TmfFunction::ABORT_TASK_SET => "ABORT_TASK_SET",
                TmfFunction::CLEAR_ACA => "CLEAR_ACA",
                TmfFunction::CLEAR_TASK_SET => "CLEAR_TASK_SET",
                TmfFunction::LOGICAL_UNIT_RESET => "LOGICAL_UNIT_RESET",
                TmfFunction::TARGET_WARM_RESET => "TARGET_WARM_RESET",
                TmfFunction::TARGET_COLD_RESET => "TARGET_COLD_RESET",
                TmfFunction::TASK_REASSIGN => "TASK_REASSIGN",
                _ => "UNKNOWN_FUNCTION",
            },
        })
    }
}

/// What is traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum TraceLevel {
    /// Nothing.
    #[default]
    Off,
    /// Management functions and the commands that they end.
    Functions,
    /// Every request.
    Requests,
}

/// One step of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceStep {
    /// Initiator task tag.
    pub itt: u32,
    /// The protocol side.
    pub iscsi: IscsiState,
    /// The SCSI side.
    pub target: TargetState,
}

impl fmt::Display for TraceStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:08x} [{}, {}]", self.itt, self.iscsi.name(), self.target)
    }
}

/// What happens once the bytes of an answer are out.
#[derive(Debug)]
enum Out {
    /// A command's status.
    Status { itt: u32, stat_sn: u32 },
    /// A management response; it takes these commands along.
    Function {
        itt: u32,
        function: TmfFunction,
        aborted: Vec<u32>,
    },
}

/// Records steps, if it is on.
#[derive(Debug, Default)]
pub(super) struct Tracer {
    level: TraceLevel,
    steps: VecDeque<TraceStep>,
    out: VecDeque<(u64, Out)>,
    unacked: VecDeque<(u32, u32)>,
    /// Commands that a function ended and whose response is not queued yet.
    aborted: Vec<u32>,
}

impl Tracer {
    pub(super) fn new(level: TraceLevel) -> Self {
        Self {
            level,
            ..Self::default()
        }
    }

    pub(super) const fn requests(&self) -> bool {
        matches!(self.level, TraceLevel::Requests)
    }

    const fn functions(&self) -> bool {
        !matches!(self.level, TraceLevel::Off)
    }

    pub(super) fn take(&mut self) -> Option<TraceStep> {
        self.steps.pop_front()
    }

    pub(super) fn step(&mut self, itt: u32, iscsi: IscsiState, target: TargetState) {
        let wanted = match target {
            TargetState::Message(_) => self.functions(),
            _ => self.requests(),
        };
        if wanted {
            self.record(itt, iscsi, target);
        }
    }

    fn record(&mut self, itt: u32, iscsi: IscsiState, target: TargetState) {
        if self.steps.len() >= MAX_STEPS {
            self.steps.pop_front();
        }
        self.steps.push_back(TraceStep { itt, iscsi, target });
    }

    /// A command ended without an answer.
    pub(super) fn aborted(&mut self, itt: u32) {
        if self.functions() && self.aborted.len() < MAX_UNACKED {
            self.aborted.push(itt);
        }
    }

    /// A status is queued up to octet `mark`.
    pub(super) fn status(&mut self, mark: u64, itt: u32, stat_sn: u32) {
        if self.requests() {
            self.out.push_back((mark, Out::Status { itt, stat_sn }));
        }
    }

    /// A management response is queued up to octet `mark`.
    pub(super) fn function(&mut self, mark: u64, itt: u32, function: TmfFunction) {
        if self.functions() {
            let aborted = std::mem::take(&mut self.aborted);
            self.out.push_back((
                mark,
                Out::Function {
                    itt,
                    function,
                    aborted,
                },
            ));
        }
    }

    /// Everything up to `octets` is on the wire.
    pub(super) fn sent(&mut self, octets: u64) {
        while self.out.front().is_some_and(|(mark, _)| *mark <= octets) {
            match self.out.pop_front() {
                Some((_, Out::Status { itt, stat_sn })) => {
                    self.step(itt, IscsiState::Sent, TargetState::Handed);
                    if self.unacked.len() >= MAX_UNACKED {
                        self.unacked.pop_front();
                    }
                    self.unacked.push_back((stat_sn, itt));
                }
                Some((
                    _,
                    Out::Function {
                        itt,
                        function,
                        aborted,
                    },
                )) => {
                    self.step(itt, IscsiState::Dequeue, TargetState::Message(function));
                    for itt in aborted {
                        self.record(itt, IscsiState::Dequeue, TargetState::Dequeue);
                    }
                    self.record(itt, IscsiState::Null, TargetState::Null);
                }
                None => {}
            }
        }
    }

    /// The initiator has every status before `exp_stat_sn`.
    pub(super) fn acknowledged(&mut self, exp_stat_sn: u32) {
        while let Some((stat_sn, itt)) = self.unacked.front().copied() {
            if !serial::before(stat_sn, exp_stat_sn) {
                break;
            }
            self.unacked.pop_front();
            self.step(itt, IscsiState::Dequeue, TargetState::Dequeue);
        }
    }
}
