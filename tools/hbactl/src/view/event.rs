//! Events, one a line.

use hba::model::EventRecord;
use serde_json::Value;
use terminal::printable;

/// `seconds host event name=value…`; the words are those of the JSON form, so that a filter can be read off the screen.
pub(crate) fn line(record: &EventRecord, plain: bool) -> String {
    let seconds = format!("{}.{:03}", record.time_ms / 1000, record.time_ms % 1000);
    let host = record
        .host
        .map_or_else(|| "-".to_owned(), |host| format!("host{host}"));
    let mut words = Vec::new();
    if let Ok(Value::Object(fields)) = serde_json::to_value(&record.event) {
        if let Some(Value::String(name)) = fields.get("event") {
            words.push(name.clone());
        }
        for (name, value) in fields.iter().filter(|(name, _)| *name != "event") {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            words.push(format!("{name}={}", printable::text(&text)));
        }
    }
    let gap = if plain { "\t" } else { "  " };
    [seconds, host]
        .into_iter()
        .chain(words)
        .collect::<Vec<_>>()
        .join(gap)
}

#[cfg(test)]
mod tests {
    use hba::model::Event;

    use super::*;

    #[test]
    fn an_event_shows_its_json_name_and_fields() {
        let event = Event::SessionCreated { sid: 4 };
        let line = line(
            &EventRecord {
                time_ms: 1_500,
                host: Some(2),
                event,
            },
            true,
        );
        assert_eq!(line, "1.500\thost2\tsession_created\tsid=4");
    }
}
