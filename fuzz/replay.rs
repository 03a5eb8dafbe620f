//! The committed corpus, replayed by the ordinary tests of the crates that have the bodies. Each file was worth keeping to a fuzzer:
//! it goes where no other goes.

use std::fs;
use std::path::Path;

/// Gives `body` every file of the corpus `name`.
pub(crate) fn replay(name: &str, body: fn(&[u8])) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = here.ancestors().map(|dir| dir.join("fuzz/corpus").join(name));
    let dir = found.into_iter().find(|dir| dir.is_dir());
    let dir = dir.unwrap_or_else(|| panic!("no corpus {name} above {}", here.display()));
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
