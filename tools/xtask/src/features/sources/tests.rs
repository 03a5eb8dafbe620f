//! Files in a temporary directory, and the names that are found in them.

use super::*;

/// Files below a directory, the first of them the crate's.
fn names(files: &[(&str, &str)]) -> Result<Vec<String>> {
    let dir = tempfile::tempdir()?;
    for (name, source) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap())?;
        fs::write(path, source)?;
    }
    let found = tests(&dir.path().join(files[0].0))?;
    Ok(found
        .into_iter()
        .map(|found| {
            if found.ignored {
                format!("{} (ignored)", found.name)
            } else {
                found.name
            }
        })
        .collect())
}

#[test]
fn functions_with_the_attribute_are_tests_and_no_others() {
    let source = r##"
        //! # Words with 'quotes' and "more"
        #![allow(dead_code)]
        #[test]
        fn one() { let text = r#"#[test] fn no() {}"#; assert!(!text.is_empty()); }
        /// #[test]
        fn helper() -> char { '{' }
        #[test] #[should_panic(expected = "x")]
        pub(crate) async fn two<'a>(x: &'a str) -> Result<(), [u8; 2]> {}
        #[tokio::test(flavor = "x")] fn no_arguments_are_read() {}
        #[std::prelude::v1::test] fn three() {}
        #[cfg(test)] fn not_this() {}
        #[test] const NOT_A_FUNCTION: u8 = 1;
        fn nor_this() {}
        #[test] #[ignore = "slow"] fn four() {}
        // #[test] fn commented() {}
        struct S { x: u8 }
        impl S { #[test] fn in_an_impl() {} }
    "##;
    assert_eq!(
        names(&[("lib.rs", source)]).unwrap(),
        ["one", "two", "three", "four (ignored)"]
    );
}

#[test]
fn modules_are_followed_wherever_their_files_lie() {
    let files = [
        (
            "src/lib.rs",
            "mod a; mod b { mod c; #[test] fn inline() {} } #[cfg(test)] #[path = \"../other/d.rs\"] mod d;",
        ),
        ("src/a.rs", "#[cfg(test)] mod tests; mod deep;"),
        ("src/a/tests.rs", "#[test] fn beside() {}"),
        ("src/a/deep/mod.rs", "mod e;"),
        ("src/a/deep/e.rs", "#[test] fn below() {}"),
        ("src/b/c.rs", "#[test] fn nested() {}"),
        ("other/d.rs", "#[test] fn elsewhere() {} mod f;"),
        ("other/f.rs", "#[test] fn near_it() {}"),
    ];
    assert_eq!(
        names(&files).unwrap(),
        [
            "a::tests::beside",
            "a::deep::e::below",
            "b::c::nested",
            "b::inline",
            "d::elsewhere",
            "d::f::near_it"
        ]
    );
}

#[test]
fn properties_are_tests_of_the_module_they_stand_in() {
    let source = "mod p { proptest! { #![proptest_config(C { x: 1 })] #[test] fn holds(a in 0..1u8) { } #[test] fn too(b in any::<u8>()) {} } }
                  proptest::proptest! { #[test] fn outside(x in 0..1) {} }
                  other! { #[test] fn unknown() {} }";
    assert_eq!(
        names(&[("main.rs", source)]).unwrap(),
        ["p::holds", "p::too", "outside"]
    );
}

#[test]
fn a_file_that_is_missing_or_no_rust_is_an_error() {
    let missing = names(&[("lib.rs", "mod gone;")]).unwrap_err();
    assert!(
        format!("{missing:#}").contains("mod gone has no file"),
        "{missing:#}"
    );
    assert!(names(&[("lib.rs", "fn x() { ")]).is_err());
}

#[test]
fn checks_are_the_first_texts_of_their_calls() {
    let source = r#"fn x() {
        checks.check("one \"quoted\"", || other.also(&format!("two {n} of them"), || Ok(())))?;
        check(what, "not the first");
        fault("three", lab, &mut |x| x.fault(&["link-down", "0"]))?;
        print("no check");
    }"#;
    assert_eq!(
        checks(source).unwrap(),
        ["one \"quoted\"", "two {n} of them", "three", "link-down"]
    );
}
