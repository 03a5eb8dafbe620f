//! What another program does between a look and a write, or just after the write.

use super::*;

#[test]
fn an_index_that_another_program_took_meanwhile_is_left_alone() {
    // Just before the write,
    let mut s = Scripted::new();
    table(ready(&mut s), vec![]);
    s.expect(Call::Adapter(H0), Ok(Some(adapter())));
    table(&mut s, vec![record(4, "theirs", WORD)]);
    let e = add(&mut ctx(&mut s), None, &new(None)).expect_err("taken");
    assert_eq!(e.kind(), Kind::Busy);
    assert!(e.to_string().contains("nothing was written"), "{e}");
    s.finish();
    // and just after it: their entry is not removed as a half-made one of ours.
    let mut s = Scripted::new();
    table(ready(&mut s), vec![]);
    s.expect(Call::Adapter(H0), Ok(Some(adapter())));
    table(&mut s, vec![]);
    s.expect(Call::SetChap(H0, record(4, "user", WORD)), Ok(()));
    table(&mut s, vec![record(4, "theirs", WORD)]);
    let e = add(&mut ctx(&mut s), None, &new(None)).expect_err("overwritten");
    assert_eq!(e.kind(), Kind::VerifyFailed { rolled_back: false });
    assert!(e.to_string().contains("belongs to theirs"), "{e}");
    s.finish();
}

#[test]
fn a_name_that_another_program_changed_meanwhile_is_not_undone_with_the_secret() {
    let mut s = Scripted::new();
    let old = || record(4, "user", "old-secret-here");
    table(ready(&mut s), vec![old()]);
    users(&mut s, vec![], &[]);
    table(&mut s, vec![old()]);
    s.expect(Call::SetChap(H0, record(4, "user", WORD)), Ok(()));
    table(&mut s, vec![record(4, "renamed", "old-secret-here")]);
    let secret = Secret::new(WORD).expect("valid");
    let e = set(&mut ctx(&mut s), None, 4, None, Some(&secret)).expect_err("lost");
    assert_eq!(e.kind(), Kind::VerifyFailed { rolled_back: false });
    s.finish();
}

#[test]
fn an_entry_that_another_program_replaced_meanwhile_is_not_removed() {
    let mut s = Scripted::new();
    table(ready(&mut s), vec![record(4, "user", WORD)]);
    users(&mut s, vec![], &[]);
    table(&mut s, vec![record(4, "theirs", WORD)]);
    let e = remove(&mut ctx(&mut s), None, 4).expect_err("another entry");
    assert_eq!(e.kind(), Kind::Busy);
    s.finish();
}
