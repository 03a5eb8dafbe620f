//! What the ledger refuses.

use super::*;

const SECTION: &str = "[[section]]\ntitle = \"One\"\nrows = [\"A1-A2\", \"word-of-two\"]\n";

fn entry(id: &str, rest: &str) -> String {
    format!("[[feature]]\nid = \"{id}\"\ntitle = \"t\"\ndoes = \"d\"\n{rest}\n")
}

const WORKS: &str = "state = \"works\"\ntests = [\"a b\"]";

fn faults(text: &str) -> Vec<String> {
    Ledger::parse(text).unwrap().1
}

fn all(third: &str) -> Vec<String> {
    faults(&format!(
        "{SECTION}{}{}{third}",
        entry("A1", WORKS),
        entry("A2", WORKS)
    ))
}

#[test]
fn a_complete_ledger_has_no_faults_and_stands_in_its_order() {
    let text = format!(
        "{SECTION}{}{}{}",
        entry("word-of-two", "state = \"not yet\"\nreason = \"r\""),
        entry("A2", "state = \"refused\"\nreason = \"r\"\ntests = [\"a b\"]"),
        entry("A1", WORKS)
    );
    let (ledger, faults) = Ledger::parse(&text).unwrap();
    assert_eq!(faults, Vec::<String>::new());
    let order: Vec<_> = ledger
        .of(&ledger.sections[0])
        .iter()
        .map(|f| f.id.clone())
        .collect();
    assert_eq!(order, ["A1", "A2", "word-of-two"]);
    let counts = ledger.counts();
    assert_eq!((counts.works, counts.refused, counts.not_yet), (1, 1, 1));
}

#[test]
fn a_row_without_an_entry_and_an_entry_without_a_row_are_told() {
    assert_eq!(all(""), ["word-of-two: has no entry (One)"]);
    let more = entry("word-of-two", WORKS) + &entry("A3", WORKS);
    assert_eq!(all(&more), ["A3: belongs to no section"]);
}

#[test]
fn an_id_is_there_once() {
    let more = entry("word-of-two", WORKS) + &entry("A2", WORKS);
    assert_eq!(all(&more), ["A2: is there twice"]);
}

#[test]
fn what_works_has_a_proof_and_no_excuse() {
    assert_eq!(
        all(&entry("word-of-two", "state = \"works\"")),
        ["word-of-two: works, and no test proves it"]
    );
    assert_eq!(
        all(&entry("word-of-two", &format!("{WORKS}\nreason = \"r\""))),
        ["word-of-two: works, and gives a reason why not"]
    );
}

#[test]
fn what_is_refused_has_a_reason_and_a_test_that_sees_it() {
    assert_eq!(
        all(&entry("word-of-two", "state = \"refused\"\ntests = [\"a b\"]")),
        ["word-of-two: is refused without a reason"]
    );
    assert_eq!(
        all(&entry("word-of-two", "state = \"refused\"\nreason = \"r\"")),
        ["word-of-two: is refused, and no test sees the refusal"]
    );
}

#[test]
fn what_is_missing_says_what() {
    assert_eq!(
        all(&entry("word-of-two", "state = \"not yet\"\nreason = \" \"")),
        ["word-of-two: is not there yet, and does not say what is missing"]
    );
}

#[test]
fn other_words_are_no_ledger() {
    let strange = [
        entry("A1", "state = \"partial\""),
        entry("A1", &format!("{WORKS}\nnote = \"n\"")),
    ];
    for text in strange {
        assert!(Ledger::parse(&format!("{SECTION}{text}")).is_err(), "{text}");
    }
    assert_eq!(
        all(&entry(
            "word-of-two",
            "state = \"works\"\ntests = [\"a b\", \"a b\"]"
        )),
        ["word-of-two: names a test twice"]
    );
    assert_eq!(range("B0.1-B0.3").unwrap(), ["B0.1", "B0.2", "B0.3"]);
    assert_eq!(range("A3-A1"), None);
    assert_eq!(range("A1-B3"), None);
}
