//! Fuzz body: whatever a client may send, and whatever a helper may answer. Compiled for tests and under `cfg(fuzzing)` only.

use super::{Header, Reply, Request};

/// Bytes as a message with its header, and as a reply. What decodes is what it encodes to again.
///
/// # Panics
/// On a finding.
pub fn control(data: &[u8]) {
    if let Ok(reply) = Reply::decode(data) {
        assert_eq!(&reply.encode()[..], data);
    }
    let Some((head, payload)) = data.split_at_checked(Header::SIZE) else {
        return;
    };
    let Ok(header) = Header::decode(head) else { return };
    assert_eq!(&header.encode()[..], head);
    let _ = header.check();
    // The payload is long: a fuzzer's few bytes are laid out over it, so that fields are reached.
    let Ok(size) = header.command.payload() else {
        return;
    };
    let mut whole = payload.to_vec();
    whole.resize(size, 0);
    if let Some(stride) = size
        .checked_div(payload.len().max(1))
        .filter(|stride| *stride > 1)
    {
        for (n, byte) in payload.iter().enumerate() {
            if let Some(place) = whole.get_mut(n * stride) {
                *place = *byte;
            }
        }
    }
    for payload in [payload, &whole] {
        if let Ok(request) = Request::decode(header.command, payload) {
            let again = request.encode().map(|message| {
                let payload = message.get(Header::SIZE..).unwrap_or_default().to_vec();
                Request::decode(request.command(), &payload)
            });
            assert_eq!(again, Ok(Ok(request)));
        }
    }
}

#[cfg(test)]
#[path = "../../../fuzz/replay.rs"]
mod corpus;

#[test]
fn messages_keep_their_promises_on_the_corpus() {
    corpus::replay("control", control);
}
