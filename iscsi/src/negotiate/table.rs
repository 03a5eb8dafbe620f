//! Every key once: name, type, range, default, who may send it, when, and how the result comes about.
//!
//! Source: RFC 7143 sections 12.1 and 13.1 to 13.25.

use super::Key;
use crate::pdu::Stage;

/// Who may send a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The initiator only.
    Initiator,
    /// The target only.
    Target,
    /// Both.
    Both,
}

/// When a key may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Security stage of the login.
    Security,
    /// Login phase.
    Login,
    /// Login phase of the leading connection.
    LeadingLogin,
    /// First login request of a connection.
    FirstRequest,
    /// Full feature phase.
    FullFeature,
    /// Login and full feature phase.
    Any,
}

/// Result of a boolean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoolRule {
    /// Yes if both say Yes.
    And,
    /// Yes if one says Yes.
    Or,
}

impl BoolRule {
    /// The result.
    #[must_use]
    pub const fn result(self, a: bool, b: bool) -> bool {
        match self {
            Self::And => a && b,
            Self::Or => a || b,
        }
    }
}

/// Result of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberRule {
    /// The lower one.
    Min,
    /// The higher one.
    Max,
}

impl NumberRule {
    /// The result.
    #[must_use]
    pub fn result(self, a: u32, b: u32) -> u32 {
        match self {
            Self::Min => a.min(b),
            Self::Max => a.max(b),
        }
    }
}

/// Type of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Negotiated list: the first of the offer that the responder takes.
    List {
        /// What the RFC defines.
        values: &'static [&'static str],
        /// Without negotiation.
        default: &'static str,
    },
    /// Negotiated boolean.
    Bool {
        /// Without negotiation.
        default: bool,
        /// Result function.
        rule: BoolRule,
    },
    /// Negotiated number.
    Number {
        /// Lowest.
        min: u32,
        /// Highest.
        max: u32,
        /// Without negotiation.
        default: u32,
        /// Result function.
        rule: NumberRule,
    },
    /// Declared number: no answer.
    DeclaredNumber {
        /// Lowest.
        min: u32,
        /// Highest.
        max: u32,
        /// Without declaration.
        default: u32,
    },
    /// Declared text: no answer.
    DeclaredText,
    /// Handled by the login's security stage or by a text exchange.
    Exchange,
    /// Obsolete: a fixed answer.
    Obsolete {
        /// The answer.
        answer: &'static str,
    },
}

/// One key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySpec {
    /// Which.
    pub key: Key,
    /// Name on the wire.
    pub name: &'static str,
    /// Type, range, default, result.
    pub kind: Kind,
    /// Who may send it.
    pub sender: Sender,
    /// When.
    pub phase: Phase,
    /// True if it does not matter in a discovery session.
    pub normal_only: bool,
}

const fn row(key: Key, name: &'static str, kind: Kind, sender: Sender, phase: Phase) -> KeySpec {
    KeySpec {
        key,
        name,
        kind,
        sender,
        phase,
        normal_only: false,
    }
}

impl KeySpec {
    /// True if the key may come in that stage of the login: the security stage has its own keys and names, addresses and tags
    /// (RFC 7143 section 12), the operational stage everything else of the login.
    #[must_use]
    pub const fn may_come_in(&self, stage: Stage) -> bool {
        let declares_who = matches!(
            self.key,
            Key::TargetAlias
                | Key::InitiatorAlias
                | Key::TargetAddress
                | Key::TargetPortalGroupTag
                | Key::NodeArchitecture
        );
        let security = matches!(self.phase, Phase::Security | Phase::FirstRequest) || declares_who;
        if stage.0 == Stage::SECURITY.0 {
            security
        } else {
            !matches!(self.phase, Phase::Security)
        }
    }

    const fn normal_only(mut self) -> Self {
        self.normal_only = true;
        self
    }
}

const fn number(min: u32, max: u32, default: u32, rule: NumberRule) -> Kind {
    Kind::Number {
        min,
        max,
        default,
        rule,
    }
}

const fn boolean(default: bool, rule: BoolRule) -> Kind {
    Kind::Bool { default, rule }
}

const DIGESTS: Kind = Kind::List {
    values: &["CRC32C", "None"],
    default: "None",
};
const MAX_LENGTH: u32 = (1 << 24) - 1;

/// The table, in the order of [`Key`].
#[rustfmt::skip]
pub(super) static TABLE: [KeySpec; Key::ALL.len()] = {
    use BoolRule::{And, Or};
    use Kind::{DeclaredNumber, DeclaredText, Exchange, List, Obsolete};
    use NumberRule::{Max, Min};
    use Phase::{Any, FirstRequest, FullFeature, LeadingLogin, Login, Security};
    use Sender::{Both, Initiator, Target};
    [
        row(Key::AuthMethod, "AuthMethod", List { values: &["CHAP", "None", "KRB5", "SRP"], default: "None" }, Both, Security),
        row(Key::ChapA, "CHAP_A", Exchange, Both, Security),
        row(Key::ChapI, "CHAP_I", Exchange, Both, Security),
        row(Key::ChapC, "CHAP_C", Exchange, Both, Security),
        row(Key::ChapN, "CHAP_N", Exchange, Both, Security),
        row(Key::ChapR, "CHAP_R", Exchange, Both, Security),
        row(Key::HeaderDigest, "HeaderDigest", DIGESTS, Both, Login),
        row(Key::DataDigest, "DataDigest", DIGESTS, Both, Login),
        row(Key::MaxConnections, "MaxConnections", number(1, 65535, 1, Min), Both, LeadingLogin).normal_only(),
        row(Key::SendTargets, "SendTargets", Exchange, Initiator, FullFeature),
        row(Key::TargetName, "TargetName", DeclaredText, Both, FirstRequest),
        row(Key::InitiatorName, "InitiatorName", DeclaredText, Initiator, FirstRequest),
        row(Key::TargetAlias, "TargetAlias", DeclaredText, Target, Any),
        row(Key::InitiatorAlias, "InitiatorAlias", DeclaredText, Initiator, Any),
        row(Key::TargetAddress, "TargetAddress", DeclaredText, Target, Any),
        row(Key::TargetPortalGroupTag, "TargetPortalGroupTag", DeclaredText, Target, Login),
        row(Key::InitialR2T, "InitialR2T", boolean(true, Or), Both, LeadingLogin).normal_only(),
        row(Key::ImmediateData, "ImmediateData", boolean(true, And), Both, LeadingLogin).normal_only(),
        row(Key::MaxRecvDataSegmentLength, "MaxRecvDataSegmentLength",
            DeclaredNumber { min: 512, max: MAX_LENGTH, default: 8192 }, Both, Any),
        row(Key::MaxBurstLength, "MaxBurstLength", number(512, MAX_LENGTH, 262_144, Min), Both, LeadingLogin).normal_only(),
        row(Key::FirstBurstLength, "FirstBurstLength", number(512, MAX_LENGTH, 65_536, Min), Both, LeadingLogin).normal_only(),
        row(Key::DefaultTime2Wait, "DefaultTime2Wait", number(0, 3600, 2, Max), Both, LeadingLogin),
        row(Key::DefaultTime2Retain, "DefaultTime2Retain", number(0, 3600, 20, Min), Both, LeadingLogin),
        row(Key::MaxOutstandingR2T, "MaxOutstandingR2T", number(1, 65535, 1, Min), Both, LeadingLogin).normal_only(),
        row(Key::DataPDUInOrder, "DataPDUInOrder", boolean(true, Or), Both, LeadingLogin).normal_only(),
        row(Key::DataSequenceInOrder, "DataSequenceInOrder", boolean(true, Or), Both, LeadingLogin).normal_only(),
        row(Key::ErrorRecoveryLevel, "ErrorRecoveryLevel", number(0, 2, 0, Min), Both, LeadingLogin),
        row(Key::SessionType, "SessionType", DeclaredText, Initiator, FirstRequest),
        row(Key::ProtocolLevel, "iSCSIProtocolLevel", number(0, 31, 1, Min), Both, LeadingLogin).normal_only(),
        row(Key::TaskReporting, "TaskReporting",
            List { values: &["RFC3720", "ResponseFence", "FastAbort"], default: "RFC3720" }, Both, LeadingLogin).normal_only(),
        row(Key::NodeArchitecture, "X#NodeArchitecture", DeclaredText, Both, Any),
        row(Key::OFMarker, "OFMarker", Obsolete { answer: super::NO }, Both, Login),
        row(Key::IFMarker, "IFMarker", Obsolete { answer: super::NO }, Both, Login),
        row(Key::OFMarkInt, "OFMarkInt", Obsolete { answer: super::REJECT }, Both, Login),
        row(Key::IFMarkInt, "IFMarkInt", Obsolete { answer: super::REJECT }, Both, Login),
    ]
};
