//! Login text on both sides of a negotiation: whatever the peer writes, the result obeys the keys' rules and the limits.

use super::script::Script;
use crate::{
    chap,
    negotiate::{Negotiation, Offer, SessionType, Side},
    text::{TextReader, TextWriter, pairs},
};

/// Bytes of one text, over all PDUs.
const LIMIT: usize = 16 << 10;

/// The body.
pub fn login_text(input: &[u8]) {
    let mut script = Script::new(input);
    let side = if script.flag() {
        Side::Initiator
    } else {
        Side::Target
    };
    let session = if script.flag() {
        SessionType::Normal
    } else {
        SessionType::Discovery
    };
    let mut negotiation = Negotiation::new(side, session, Offer::default());
    let mut reader = TextReader::new(LIMIT);
    while !script.is_empty() {
        let mut out = TextWriter::new();
        if script.flag() {
            negotiation.offers(&mut out);
        }
        let more = script.flag();
        let len = usize::from(script.short());
        if reader.add(script.take(len)).is_err() {
            return;
        }
        if more {
            continue;
        }
        let Ok(text) = reader.finish() else { return };
        assert!(reader.is_empty() && text.len() <= LIMIT);
        for pair in pairs(&text) {
            let Ok((key, value)) = pair else { return };
            if let Ok(bytes) = chap::decode(value) {
                assert!(bytes.len() <= chap::MAX_BINARY);
                assert_eq!(chap::decode(&chap::encode_hex(&bytes)).as_deref(), Ok(&bytes[..]));
                assert_eq!(
                    chap::decode(&chap::encode_base64(&bytes)).as_deref(),
                    Ok(&bytes[..])
                );
            }
            if negotiation.take(key, value, &mut out).is_err() {
                return;
            }
        }
        // An answer for each pair at most, plus this side's offers once.
        assert!(out.as_bytes().len() <= 2 * LIMIT + (1 << 10));
        while !out.is_empty() {
            let (segment, _) = out.take(512);
            assert!(!segment.is_empty() && segment.len() <= 512);
        }
        let params = negotiation.params();
        assert!((512..=0x00ff_ffff).contains(&params.max_xmit_data_segment));
        assert!((512..=0x00ff_ffff).contains(&params.max_burst));
        assert!((512..=params.max_burst).contains(&params.first_burst));
        assert!((1..=65535).contains(&params.max_outstanding_r2t));
    }
}
