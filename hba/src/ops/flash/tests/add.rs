//! Adding, where something is there already or goes wrong.

use super::*;

type Names = Vec<(u32, Option<String>)>;

#[test]
fn a_driver_that_gives_out_an_index_twice_is_not_trusted() {
    let mut s = Scripted::new();
    ready(&mut s)
        .expect::<Names>(Call::FlashNames(H0), Ok(vec![(2, Some("iqn.other".into()))]))
        .expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
        .expect(Call::NewFlashTarget(H0, V4), Ok(2u32));
    let e = add(&mut ctx(&mut s), None, &new()).expect_err("taken");
    assert!(e.to_string().contains("index 2, which is taken"), "{e}");
    s.finish();
    // Others being there is no reason not to.
    let mut s = Scripted::new();
    ready(&mut s)
        .expect::<Names>(Call::FlashNames(H0), Ok(vec![(1, Some("iqn.other".into()))]))
        .expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
        .expect(Call::NewFlashTarget(H0, V4), Ok(2u32))
        .expect::<Names>(Call::FlashNames(H0), Ok(vec![(2, None)]))
        .expect(Call::SetFlashTarget(H0, 2, new_params()), Ok(()))
        .expect(Call::FlashTarget(H0, 2), Ok(Some(flash(2, &[]))));
    add(&mut ctx(&mut s), None, &new()).expect("added");
    s.finish();
}

/// Adding that reads back wrong, and what the removal of the half-made entry answers.
fn half_made(removal: crate::Result<()>) -> Error {
    let stays = removal.as_ref().is_err_and(|e| e.kind() != Kind::NotFound);
    let mut s = Scripted::new();
    ready(&mut s)
        .expect::<Names>(Call::FlashNames(H0), Ok(vec![]))
        .expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
        .expect(Call::NewFlashTarget(H0, V4), Ok(2u32))
        .expect::<Names>(Call::FlashNames(H0), Ok(vec![(2, None)]))
        .expect(Call::SetFlashTarget(H0, 2, new_params()), Ok(()))
        .expect(Call::FlashTarget(H0, 2), Ok(Some(flash(2, &[("port", "860")]))))
        .expect(Call::DeleteFlashTarget(H0, 2), removal);
    if !stays {
        s.expect::<Option<FlashTarget>>(Call::FlashTarget(H0, 2), Ok(None));
    }
    let e = add(&mut ctx(&mut s), None, &new()).expect_err("wrong");
    s.finish();
    e
}

#[test]
fn an_entry_that_reads_back_wrong_is_removed_again() {
    let e = half_made(Ok(()));
    assert_eq!(e.kind(), Kind::VerifyFailed { rolled_back: true });
    assert!(e.to_string().contains("port is 860, wanted 3260"), "{e}");
}

#[test]
fn a_half_made_entry_that_is_gone_already_is_as_good_as_removed() {
    let gone = Error::new(Kind::NotFound, "x").answered("no such entry");
    let e = half_made(Err(gone));
    assert_eq!(e.kind(), Kind::VerifyFailed { rolled_back: true }, "{e}");
}

#[test]
fn a_half_made_entry_that_stays_is_told() {
    let stuck = Error::new(Kind::Failed, "x").answered("flash broken");
    let e = half_made(Err(stuck));
    assert_eq!(e.kind(), Kind::RollbackFailed, "{e}");
}

#[test]
fn what_is_reported_as_changed_is_what_was_asked_for() {
    let mut s = Scripted::new();
    ready(&mut s)
        .expect::<Names>(Call::FlashNames(H0), Ok(vec![]))
        .expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
        .expect(Call::NewFlashTarget(H0, V4), Ok(2u32))
        .expect::<Names>(Call::FlashNames(H0), Ok(vec![(2, None)]))
        .expect(Call::SetFlashTarget(H0, 2, new_params()), Ok(()))
        .expect(Call::FlashTarget(H0, 2), Ok(Some(flash(2, &[]))));
    let Change::Changed { diff, .. } = add(&mut ctx(&mut s), None, &new()).expect("added") else {
        panic!("unchanged");
    };
    let mut fields: Vec<&str> = diff.iter().map(|d| d.field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["discovery_session", "ipaddress", "port", "targetname"]);
    s.finish();
}

#[test]
fn only_a_nameless_discovery_entry_is_the_twin_of_one() {
    let mut wanted = new();
    wanted.target_name = None;
    // Nameless, but no discovery entry: half made by somebody else.
    let other = flash(3, &[("targetname", "")]);
    let entry = flash(4, &[("targetname", ""), ("discovery_session", "1")]);
    let mut s = Scripted::new();
    ready(&mut s)
        .expect::<Names>(Call::FlashNames(H0), Ok(vec![(3, None)]))
        .expect(Call::FlashTarget(H0, 3), Ok(Some(other)))
        .expect(Call::NewFlashTarget(H0, V4), Ok(4u32))
        .expect::<Names>(Call::FlashNames(H0), Ok(vec![(4, None)]))
        .expect(Call::SetFlashTarget(H0, 4, entry_params()), Ok(()))
        .expect(Call::FlashTarget(H0, 4), Ok(Some(entry.clone())));
    add(&mut ctx(&mut s), None, &wanted).expect("added");
    s.finish();
    let mut s = Scripted::new();
    ready(&mut s)
        .expect::<Names>(Call::FlashNames(H0), Ok(vec![(4, None)]))
        .expect(Call::FlashTarget(H0, 4), Ok(Some(entry)));
    let change = add(&mut ctx(&mut s), None, &wanted).expect("there");
    assert!(matches!(change, Change::Unchanged { .. }));
    s.finish();
}

#[test]
fn the_same_target_that_another_program_added_meanwhile_is_not_added_twice() {
    let mut s = Scripted::new();
    ready(&mut s)
        .expect::<Names>(Call::FlashNames(H0), Ok(vec![]))
        .expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
        .expect(Call::NewFlashTarget(H0, V4), Ok(3u32))
        .expect::<Names>(
            Call::FlashNames(H0),
            Ok(vec![(2, Some(TARGET.into())), (3, None)]),
        )
        .expect(Call::FlashTarget(H0, 2), Ok(Some(flash(2, &[]))))
        .expect(Call::DeleteFlashTarget(H0, 3), Ok(()));
    let change = add(&mut ctx(&mut s), None, &new()).expect("there");
    assert!(matches!(change, Change::Unchanged { current: Some(t), .. } if t.index == 2));
    s.finish();
}

#[test]
fn an_entry_that_another_program_is_making_is_named() {
    let refused = || Error::new(Kind::Failed, "x").answered("the table is full, or so");
    for (there, kind) in [
        (flash(2, &[("targetname", "")]), Kind::Busy),
        (
            flash(2, &[("targetname", ""), ("discovery_session", "1")]),
            Kind::Failed,
        ),
        (flash(2, &[]), Kind::Failed),
    ] {
        let mut s = Scripted::new();
        ready(&mut s)
            .expect::<Names>(Call::FlashNames(H0), Ok(vec![]))
            .expect(Call::AdapterKeys, Ok(vec![key()]))
            .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
            .expect::<u32>(Call::NewFlashTarget(H0, V4), Err(refused()))
            .expect(Call::FlashTargets(H0), Ok(vec![there]));
        if kind == Kind::Failed {
            s.expect(Call::Adapter(H0), Ok(Some(crate::ops::testing::adapter())));
        }
        let e = add(&mut ctx(&mut s), None, &new()).expect_err("refused");
        assert_eq!(e.kind(), kind, "{e}");
        assert_eq!(
            e.to_string().contains("flash target 2"),
            kind == Kind::Busy,
            "{e}"
        );
        s.finish();
    }
}

#[test]
fn a_full_table_is_counted() {
    let all: Vec<FlashTarget> = (2..64)
        .map(|index| flash(index, &[("targetname", "iqn.other")]))
        .collect();
    let mut s = Scripted::new();
    ready(&mut s)
        .expect::<Names>(Call::FlashNames(H0), Ok(vec![]))
        .expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
        .expect::<u32>(
            Call::NewFlashTarget(H0, V4),
            Err(Error::new(Kind::Failed, "x").answered("EIO")),
        )
        .expect(Call::FlashTargets(H0), Ok(all))
        .expect(Call::Adapter(H0), Ok(Some(crate::ops::testing::adapter())));
    let e = add(&mut ctx(&mut s), None, &new()).expect_err("full");
    assert!(e.to_string().contains("62 of 62"), "{e}");
    s.finish();
}
