//! The corpus, replayed. Each file was worth keeping to a fuzzer: it goes where no other goes.

use std::{fs, path::Path};

fn replay(name: &str, body: fn(&[u8])) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(name);
    let mut files: Vec<_> = fs::read_dir(&dir)
        .unwrap_or_else(|why| panic!("{}: {why}", dir.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", dir.display());
    for file in files {
        let input = fs::read(&file).unwrap();
        let outcome = std::panic::catch_unwind(|| body(&input));
        assert!(outcome.is_ok(), "{}", file.display());
    }
}

#[test]
fn framing_keeps_its_promises_on_the_corpus() {
    replay("framing", super::framing);
}

#[test]
fn login_text_keeps_its_promises_on_the_corpus() {
    replay("login_text", super::login_text);
}

#[test]
fn initiator_keeps_its_promises_on_the_corpus() {
    replay("initiator", super::initiator);
}

#[test]
fn target_keeps_its_promises_on_the_corpus() {
    replay("target", super::target);
}
