//! When a session is brought back: the rules, and the one that applies to a session.
//!
//! Must not know the rules ([`crate::policy::retry`]). What a session is wanted for is told from where it came.

use std::time::Duration;

use super::show;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::model::{AppliedPolicy, Owner, RetryPolicy, Session, SessionKind, SessionPolicy};
use crate::params::{IscsiParam, ParamValue};
use crate::policy::retry::{Facts, rule};
use crate::policy::retry::{Intent, POLICIES};

/// The rules. They need no adapter.
#[must_use]
pub fn policies() -> SessionPolicy {
    SessionPolicy {
        policies: POLICIES.iter().map(RetryPolicy::from).collect(),
        session: None,
    }
}

/// The rules, and the one that applies to a session.
///
/// # Errors
/// [`crate::Kind::NotFound`].
pub fn policy(ctx: &mut Ctx<'_>, sid: u32) -> Result<SessionPolicy> {
    let session = show(ctx, sid).map_err(|e| e.during(format!("show the policy of session {sid}")))?;
    Ok(SessionPolicy {
        session: Some(applied(&session)),
        ..policies()
    })
}

fn applied(session: &Session) -> AppliedPolicy {
    let time2wait = session
        .params
        .value(IscsiParam::DefTime2wait)
        .and_then(ParamValue::as_number);
    let rule = rule(&Facts {
        owner: session.owner,
        kind: session.kind,
        // What the driver logs in to without an entry a discovery found, and it is gone with the next start.
        discovered: session.owner == Owner::Flash
            && session.kind == SessionKind::Normal
            && session.flash_index.is_none(),
        time2wait: time2wait.map(Duration::from_secs),
    });
    let intent_why = match (rule.intent, session.flash_index, session.discovery_parent()) {
        (Intent::Boot, ..) => "it holds a boot target".to_owned(),
        (Intent::Discovered, _, Some(parent)) => format!("SendTargets entry {parent} found its target"),
        (Intent::Discovered, ..) => "a discovery found its target: it is not in flash".to_owned(),
        (Intent::Configured, Some(index), _) => format!("its target is in flash, at index {index}"),
        (Intent::Configured, None, _) => "whoever made it asked for it".to_owned(),
    };
    AppliedPolicy {
        sid: session.sid,
        target_name: session.target_name.clone(),
        owner: session.owner,
        keeper: rule.keeper,
        intent: rule.intent,
        intent_why,
        time2wait,
        first_wait: rule.first.as_secs(),
        factor: rule.factor,
        longest_wait: rule.longest.as_secs(),
        given_up_after: rule.give_up.map(|limit| limit.as_secs()),
        recovery_timeout: session.recovery_timeout,
        why: rule.why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::scripted::{Call, Scripted};
    use crate::model::FlashTarget;
    use crate::ops::testing::{H0, TARGET, ctx, flash, session};
    use crate::policy::retry::Keeper;

    fn told(session: Session, targets: Vec<FlashTarget>) -> AppliedPolicy {
        let (mut s, sid) = (Scripted::new(), session.sid);
        let owner = session.owner;
        s.expect(Call::Session(sid), Ok(Some(session)));
        if owner == Owner::Flash {
            s.expect(Call::FlashTargets(H0), Ok(targets));
        }
        let told = policy(&mut ctx(&mut s), sid).expect("a session");
        s.finish();
        told.session.expect("its rule")
    }

    fn up(parent: u64) -> Session {
        let mut session = session(1, TARGET, "LOGGED_IN");
        session
            .params
            .insert(IscsiParam::DefTime2wait, Some(ParamValue::Number(2)));
        session
            .params
            .insert(IscsiParam::DiscoveryParentIdx, Some(ParamValue::Number(parent)));
        session
    }

    #[test]
    fn the_rules_need_no_adapter() {
        let all = policies();
        let waits: Vec<(u64, u64, Option<u64>)> = all
            .policies
            .iter()
            .map(|p| (p.first_wait, p.longest_wait, p.given_up_after))
            .collect();
        assert_eq!(waits, [(5, 5, None), (5, 300, Some(259_200)), (1, 1, None)]);
        assert_eq!(all.session, None);
    }

    #[test]
    fn a_session_from_flash_is_brought_back_by_the_driver_whatever_it_is_wanted_for() {
        let boot = flash(3, &[("is_boot_target", "1")]);
        for (parent, target, intent, why) in [
            (
                0xFFFF,
                Some(flash(3, &[])),
                Intent::Configured,
                "in flash, at index 3",
            ),
            (2, Some(flash(3, &[])), Intent::Configured, "in flash, at index 3"),
            (2, None, Intent::Discovered, "SendTargets entry 2"),
            (0xFFFD, None, Intent::Discovered, "not in flash"),
            (0xFFFF, Some(boot), Intent::Boot, "boot target"),
        ] {
            let told = told(up(parent), target.into_iter().collect());
            assert_eq!((told.intent, told.keeper), (intent, Keeper::Driver));
            assert!(told.intent_why.contains(why), "{told:?}");
            assert_eq!(
                (told.first_wait, told.longest_wait, told.time2wait),
                (6, 6, Some(2))
            );
        }
    }

    #[test]
    fn a_session_of_a_daemon_is_the_daemons() {
        let mut session = session(1, TARGET, "LOGGED_IN");
        session.owner = Owner::User;
        let told = told(session, Vec::new());
        assert_eq!((told.keeper, told.intent), (Keeper::Iscsid, Intent::Configured));
        assert_eq!((told.first_wait, told.time2wait), (3, None));
        assert!(told.why.contains("reopen_max"), "{told:?}");
    }

    #[test]
    fn a_session_that_is_not_there_is_told() {
        let mut s = Scripted::new();
        s.expect::<Option<Session>>(Call::Session(9), Ok(None));
        let e = policy(&mut ctx(&mut s), 9).expect_err("no session");
        assert_eq!(e.kind(), crate::Kind::NotFound);
        assert!(e.to_string().contains("show the policy of session 9"), "{e}");
    }
}
