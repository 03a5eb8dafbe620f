//! Fuzz body: whatever may stand in a record, in iscsid.conf, or in initiatorname.iscsi. Compiled for tests and under `cfg(fuzzing)` only.

use super::key::{Object, TABLE};
use super::record::{Record, What};
use super::{Conf, InitiatorName, LINE_MAX};

/// Bytes as each of the three. A record stays what it is until it is changed, and then is read as what was written; nothing is shown of a secret.
///
/// # Panics
/// On a finding.
pub fn records(data: &[u8]) {
    let _ = InitiatorName::parse("fuzz", data);
    let mut warnings = 0;
    let conf = Conf::parse("fuzz", data, &mut |_| warnings += 1);
    let Ok(record) = Record::salvage("fuzz", data) else {
        return;
    };
    assert_eq!(record.bytes(), data);
    assert_eq!(Record::parse("fuzz", data).is_ok(), record.is_whole());
    let _ = (record.version(), record.masked(), format!("{record:?}"));
    for object in Object::ALL {
        let _ = record.remarks(object);
    }
    for (key, value) in record.pairs() {
        assert!(key.len() + value.len() <= LINE_MAX);
        assert_eq!(record.get(key), Some(value));
    }
    for key in TABLE {
        let _ = record.checked(key.name);
        if let Ok(conf) = &conf
            && let Some(value) = conf.get(key.name).filter(|_| !key.kind.is_secret())
        {
            assert_eq!(key.kind.read(&value).as_deref(), Some(&*value), "{}", key.name);
        }
    }
    change(record, data);
}

/// Sets the key that the first byte names to the rest, and takes it away again.
fn change(mut record: Record, data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else {
        return;
    };
    let Some(key) = TABLE.get(usize::from(*choice) % TABLE.len()) else {
        return;
    };
    let object = key.objects.iter().next().unwrap_or(Object::Node);
    let value = String::from_utf8_lossy(rest.get(..rest.len().min(64)).unwrap_or_default());
    let value = value.trim();
    let whole = record.is_whole();
    if record.put(object, key.name, value).is_ok() && !value.is_empty() {
        assert!(record.get(key.name).is_some() || record.secret(key.name).is_some());
        assert!(!whole || record.is_whole());
        let again = Record::salvage("again", record.bytes());
        assert_eq!(again.as_ref(), Ok(&record));
    }
    assert!(record.put(object, key.name, "").is_ok());
    assert_eq!(record.get(key.name), None);
    assert!(
        super::record::lines(record.bytes())
            .iter()
            .all(|line| match &line.what {
                What::Pair { key, value } => key.end < value.start && value.end <= line.whole.end,
                _ => true,
            })
    );
}

#[cfg(test)]
#[path = "../../../fuzz/replay.rs"]
mod corpus;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STOCK: &[u8] = include_bytes!("record/tests/written/node-four.txt");

    #[test]
    fn records_keep_their_promises_on_the_corpus() {
        corpus::replay("records", records);
    }

    proptest! {
        #[test]
        fn records_keep_their_promises_whatever_is_done_to_a_stock_one(
            cuts in proptest::collection::vec((0..STOCK.len(), 0..60usize, "[ -~\n\t=#\\x00\\x0b\\xff]{0,30}"), 1..6),
        ) {
            let mut bytes = STOCK.to_vec();
            for (at, long, with) in cuts {
                let at = at.min(bytes.len());
                let end = (at + long).min(bytes.len());
                bytes.splice(at..end, with.into_bytes());
            }
            records(&bytes);
        }
    }
}
