//! The corpus, replayed. Each file was worth keeping to a fuzzer: it goes where no other goes.

#[path = "../../../fuzz/replay.rs"]
mod corpus;

use corpus::replay;

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

#[test]
fn isns_keeps_its_promises_on_the_corpus() {
    replay("isns", super::isns);
}
