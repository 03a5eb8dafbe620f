//! The JSON schema of every answer: one table for `hbactl schema`, the reference pages and the tests.
//!
//! Owns which type an answer carries. It must not know how the answer comes about. Source of the types: [`hba::model`].

use hba::Change;
use hba::discovery::Discovery;
use hba::model::{
    Adapter, AdapterStats, BootConfig, Capacity, ChapEntry, EventRecord, FlashTarget, Helper, HostStats,
    Iface, IfaceRecord, InitiatorPortal, Inquiry, Lun, Mapping, ModuleParameter, NodeBrief, NodeRecord,
    PingResult, ReportedLun, RequestTimes, Rescan, Session, SessionBrief, SessionClaim, SessionDetail,
    SessionPaths, SessionPolicy, SessionSettings, SessionStats, VpdPage, Watched,
};
use hba::ops::in_use::Use;
use hba::ops::memory::{Dump, InitiatorName, Restored, SelfTestReport};
use hba::ops::module::{ModuleOptions, Translation};
use hba::ops::target::exclude::{Checked, Exclusion};
use hba::ops::target::persistent::Persistent;
use hba::ops::target::{DiscoveryPortal, DiscoverySettings, Ended, Refresh, Target, TargetLogin};
use schemars::{JsonSchema, Schema, schema_for};

use crate::envelope::Envelope;
use crate::report::{ErrorReport, Warning};
use crate::view::node::Row as KeyRow;
use crate::view::params::Row;
use crate::view::transfer::Transfer;

/// One kind of answer.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// The `kind` of its envelope, mostly `noun.verb`.
    pub kind: &'static str,
    make: fn() -> Schema,
}

impl Answer {
    /// The schema of the envelope and what is in it.
    #[must_use]
    pub fn schema(&self) -> Schema {
        (self.make)()
    }

    const fn of<T: JsonSchema>(kind: &'static str) -> Self {
        Self {
            kind,
            make: envelope::<T>,
        }
    }
}

fn envelope<T: JsonSchema>() -> Schema {
    schema_for!(Envelope<T>)
}

/// Every answer there is.
pub const ANSWERS: &[Answer] = &[
    Answer::of::<Vec<NodeBrief>>("node.list"),
    Answer::of::<NodeRecord>("node.show"),
    Answer::of::<Change<NodeRecord>>("node.add"),
    Answer::of::<Change<Vec<NodeRecord>>>("node.set"),
    Answer::of::<Change<Vec<NodeRecord>>>("node.remove"),
    Answer::of::<Vec<KeyRow>>("node.keys"),
    Answer::of::<Vec<IfaceRecord>>("iface.record.list"),
    Answer::of::<IfaceRecord>("iface.record.show"),
    Answer::of::<Change<IfaceRecord>>("iface.record.add"),
    Answer::of::<Change<Vec<IfaceRecord>>>("iface.record.make"),
    Answer::of::<Change<IfaceRecord>>("iface.record.set"),
    Answer::of::<Change<IfaceRecord>>("iface.record.remove"),
    Answer::of::<Vec<Adapter>>("adapter.list"),
    Answer::of::<Adapter>("adapter.show"),
    Answer::of::<Change<Adapter>>("adapter.reset"),
    Answer::of::<Vec<InitiatorPortal>>("adapter.portals"),
    Answer::of::<Change<InitiatorName>>("adapter.set-name"),
    Answer::of::<Dump>("adapter.dump"),
    Answer::of::<SelfTestReport>("adapter.diag"),
    Answer::of::<Change<Restored>>("adapter.restore-defaults"),
    Answer::of::<Vec<Iface>>("iface.list"),
    Answer::of::<Iface>("iface.show"),
    Answer::of::<Change<Iface>>("iface.set"),
    Answer::of::<Change<Iface>>("iface.unset"),
    Answer::of::<Change<Vec<Iface>>>("iface.apply"),
    Answer::of::<PingResult>("iface.ping"),
    Answer::of::<Vec<Row>>("iface.params"),
    Answer::of::<Vec<FlashTarget>>("flash.list"),
    Answer::of::<FlashTarget>("flash.show"),
    Answer::of::<Change<FlashTarget>>("flash.add"),
    Answer::of::<Change<FlashTarget>>("flash.set"),
    Answer::of::<Change<FlashTarget>>("flash.remove"),
    Answer::of::<Change<Session>>("flash.login"),
    Answer::of::<Change<Session>>("flash.logout"),
    Answer::of::<Discovery>("flash.discover"),
    Answer::of::<Discovery>("flash.discover.list"),
    Answer::of::<Vec<Row>>("flash.params"),
    Answer::of::<Vec<Target>>("target.list"),
    Answer::of::<Vec<Persistent>>("target.persistent.list"),
    Answer::of::<Change<Vec<Persistent>>>("target.persistent.add"),
    Answer::of::<Change<Vec<Persistent>>>("target.persistent.remove"),
    Answer::of::<Discovery>("target.discover"),
    Answer::of::<Vec<DiscoveryPortal>>("target.portal.list"),
    Answer::of::<DiscoveryPortal>("target.portal.show"),
    Answer::of::<Change<DiscoveryPortal>>("target.portal.add"),
    Answer::of::<Change<DiscoveryPortal>>("target.portal.remove"),
    Answer::of::<Change<TargetLogin>>("target.login"),
    Answer::of::<Change<Vec<Ended>>>("target.logout"),
    Answer::of::<Change<Vec<FlashTarget>>>("target.remove"),
    Answer::of::<Vec<Exclusion>>("target.exclude.list"),
    Answer::of::<Change<Exclusion>>("target.exclude.add"),
    Answer::of::<Change<Vec<Exclusion>>>("target.exclude.remove"),
    Answer::of::<Checked>("target.exclude.check"),
    Answer::of::<Vec<Refresh>>("target.refresh"),
    Answer::of::<Vec<DiscoverySettings>>("target.discovery.show"),
    Answer::of::<Vec<ChapEntry>>("chap.list"),
    Answer::of::<ChapEntry>("chap.show"),
    Answer::of::<Change<Vec<ChapEntry>>>("chap.clear"),
    Answer::of::<Change<ChapEntry>>("chap.add"),
    Answer::of::<Change<ChapEntry>>("chap.set"),
    Answer::of::<Change<ChapEntry>>("chap.remove"),
    Answer::of::<Vec<BootConfig>>("boot.show"),
    Answer::of::<Change<BootConfig>>("boot.set"),
    Answer::of::<Change<BootConfig>>("boot.clear"),
    Answer::of::<Vec<SessionBrief>>("session.list"),
    Answer::of::<Vec<SessionDetail>>("session.list.detail"),
    Answer::of::<Session>("session.show"),
    Answer::of::<Change<SessionClaim>>("session.claim"),
    Answer::of::<Change<Vec<SessionClaim>>>("session.release"),
    Answer::of::<Change<Session>>("session.logout"),
    Answer::of::<Change<Vec<Ended>>>("session.logout.owned"),
    Answer::of::<Rescan>("session.rescan"),
    Answer::of::<Change<SessionSettings>>("session.set"),
    Answer::of::<Watched>("session.watch"),
    Answer::of::<SessionPaths>("session.paths"),
    Answer::of::<SessionPolicy>("session.policy"),
    Answer::of::<Vec<Mapping>>("session.mappings"),
    Answer::of::<Vec<Lun>>("lun.list"),
    Answer::of::<Vec<Use>>("lun.uses"),
    Answer::of::<Inquiry>("lun.inquiry"),
    Answer::of::<VpdPage>("lun.vpd"),
    Answer::of::<Vec<ReportedLun>>("lun.report"),
    Answer::of::<Capacity>("lun.capacity"),
    Answer::of::<Transfer>("lun.read"),
    Answer::of::<Transfer>("lun.write"),
    Answer::of::<Vec<HostStats>>("stats.host"),
    Answer::of::<Vec<AdapterStats>>("stats.adapter"),
    Answer::of::<Helper>("stats.helper"),
    Answer::of::<RequestTimes>("stats.requests"),
    Answer::of::<SessionStats>("stats.session"),
    Answer::of::<SessionStats>("stats.connection"),
    Answer::of::<EventRecord>("event.follow"),
    Answer::of::<Vec<ModuleParameter>>("module.show"),
    Answer::of::<Change<ModuleOptions>>("module.set"),
    Answer::of::<Vec<Translation>>("module.translate"),
    Answer::of::<ErrorReport>("error"),
    Answer::of::<Warning>("warning"),
];

/// The answer of that kind.
#[must_use]
pub fn answer(kind: &str) -> Option<&'static Answer> {
    ANSWERS.iter().find(|answer| answer.kind == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_has_a_schema_with_the_envelope_around_it() {
        for answer in ANSWERS {
            let schema = answer.schema().to_value();
            for field in ["schema", "version", "kind", "data"] {
                assert!(
                    schema["properties"].get(field).is_some(),
                    "{}: {field}",
                    answer.kind
                );
            }
        }
    }

    #[test]
    fn kinds_are_unique() {
        for (n, answer) in ANSWERS.iter().enumerate() {
            assert!(
                !ANSWERS[..n].iter().any(|other| other.kind == answer.kind),
                "{}",
                answer.kind
            );
        }
    }
}
