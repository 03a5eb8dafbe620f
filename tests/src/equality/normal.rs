//! What may differ between two runs and is therefore written as a name: numbers of hosts, addresses of the card, time.
//!
//! Owns the whole list; everything that is not here is compared as it is.

use std::collections::BTreeMap;

use serde_json::Value;

/// JSON fields and sysfs attributes that hold a time, a duration, what the machine's TCP chose, or a sum over what is this run's own.
const CHOSEN: &[&str] = &[
    "generation",
    "elapsed_ms",
    "elapsed_us",
    "firmware_uptime",
    "local_port",
];
/// Numbers that the target gave away: of a session, which depends on the logins it saw before, and where its count of answers began.
/// Zero stays zero: no session.
const GIVEN: &[&str] = &["tsid", "tsih", "exp_statsn"];
/// The attribute that says who made a session: the kernel, or the process of this number.
const CREATOR: &str = "creator";
/// Beginnings of the names of counters that count packets: how TCP cuts its stream is not the adapter's doing.
const WIRE: &[&str] = &["mac", "ip", "tcp"];
/// What the number of a kept copy of the NVRAM follows, in the name of its file; copies of earlier runs count too.
const COPY: &str = "nvram-host";
/// JSON fields that hold the number of a host.
const HOSTS: &[&str] = &["host", "host_no"];
/// Words that a host number follows directly.
const BEFORE_HOST: &[&str] = &[
    "host",
    "iface-",
    "flashnode_sess-",
    "flashnode_conn-",
    "target",
    "host_no: ",
    "host=",
    "-a ",
];

/// The names that replace what is this run's own.
#[derive(Clone, Debug, Default)]
pub struct Normal {
    /// Longest first.
    words: Vec<(String, String)>,
    hosts: BTreeMap<u32, String>,
    port: Option<u16>,
}

impl Normal {
    /// A host number is written as this name from now on.
    pub fn host(&mut self, host: u32, name: &str) {
        self.hosts.insert(host, name.to_owned());
    }

    /// The target's TCP port is written `PORT` from now on, wherever the whole number stands.
    pub fn port(&mut self, port: u16) {
        self.port = Some(port);
    }

    /// A text is written as this name from now on; an empty one is not.
    pub fn word(&mut self, word: &str, name: &str) {
        if word.is_empty() {
            return;
        }
        self.words.push((word.to_owned(), name.to_owned()));
        self.words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    }

    /// A text as it is compared.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (word, name) in &self.words {
            text = text.replace(word, name);
        }
        self.numbers(&text)
    }

    /// An attribute's contents as they are compared.
    #[must_use]
    pub fn attribute(&self, name: &str, text: &str) -> String {
        if CHOSEN.contains(&name) {
            return "CHOSEN".to_owned();
        }
        if GIVEN.contains(&name) && text.trim() != "0" {
            return "GIVEN".to_owned();
        }
        if name == CREATOR && text.trim() == format!("{:?}", format!("{}\n", std::process::id())) {
            return "RUNNER".to_owned();
        }
        self.text(text)
    }

    /// A JSON value as it is compared.
    pub fn json(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Number(n) if self.port.is_some_and(|p| n.as_u64() == Some(p.into())) => {
                *value = "PORT".into();
            }
            Value::Array(all) => all.iter_mut().for_each(|value| self.json(value)),
            Value::Object(fields) => {
                let changed = ["field", "name", "param"]
                    .iter()
                    .find_map(|key| fields.get(*key)?.as_str());
                let chosen = changed.is_some_and(|name| CHOSEN.contains(&name));
                for (key, value) in fields {
                    let host = value
                        .as_u64()
                        .and_then(|n| self.hosts.get(&u32::try_from(n).ok()?));
                    let own = chosen && matches!(key.as_str(), "before" | "after");
                    if (own || CHOSEN.contains(&key.as_str())) && !value.is_null() {
                        *value = "CHOSEN".into();
                    } else if is_wire(key) && value.as_u64().is_some_and(|n| n > 0) {
                        *value = "PACKETS".into();
                    } else if GIVEN.contains(&key.as_str()) && value.as_u64().is_some_and(|n| n > 0) {
                        *value = "GIVEN".into();
                    } else if let (true, Some(name)) = (HOSTS.contains(&key.as_str()), host) {
                        *value = name.as_str().into();
                    } else {
                        self.json(value);
                    }
                }
            }
            _ => {}
        }
    }

    /// Host numbers and the target's port, as whole numbers in their places.
    fn numbers(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
            let (before, from) = rest.split_at(at);
            out.push_str(before);
            let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
            let (digits, after) = from.split_at(end);
            let number = if digits.len() > 1 && digits.starts_with('0') {
                None
            } else {
                digits.parse::<u32>().ok()
            };
            let host = number.and_then(|n| self.hosts.get(&n));
            let glued = out.ends_with(|c: char| c.is_ascii_alphanumeric() || ":._-".contains(c));
            match host {
                Some(name)
                    if BEFORE_HOST.iter().any(|word| out.ends_with(word)) && !after.starts_with('.') =>
                {
                    out.push_str(name);
                }
                Some(name) if !glued && is_address(after) => out.push_str(name),
                _ if is_copy(&out) => out.push_str("NUMBER"),
                _ if number.is_some() && number == self.port.map(u32::from) => out.push_str("PORT"),
                _ => out.push_str(digits),
            }
            rest = after;
        }
        out + rest
    }
}

/// Whether a host counter counts packets or their bytes.
pub(super) fn is_wire(name: &str) -> bool {
    let unit = ["_packets", "_bytes", "_frames", "_segments"];
    WIRE.iter().any(|begin| name.starts_with(begin)) && unit.iter().any(|end| name.ends_with(end))
}

/// Whether what was written so far ends in the name of a copy of the NVRAM, up to its number.
fn is_copy(out: &str) -> bool {
    let name = out.rsplit(['/', ' ', '\n']).next().unwrap_or_default();
    name.strip_prefix(COPY)
        .and_then(|rest| rest.strip_suffix('-'))
        .is_some_and(|host| !host.is_empty() && !host.contains(['-', '.']))
}

/// Whether `:C:T:L` follows, the rest of a SCSI address.
fn is_address(after: &str) -> bool {
    let mut parts = after.splitn(5, ':');
    if parts.next() != Some("") {
        return false;
    }
    let whole =
        |part: Option<&str>| part.is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    whole(parts.next())
        && whole(parts.next())
        && parts
            .next()
            .is_some_and(|p| p.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn normal() -> Normal {
        let mut normal = Normal::default();
        normal.host(6, "A");
        normal.host(7, "B");
        normal.port(43210);
        normal.word("00:c0:dd:12:34:56", "MAC-A");
        normal
    }

    #[test]
    fn a_host_number_is_named_only_where_it_is_one() {
        let normal = normal();
        assert_eq!(
            normal.text("host6 6:0:0:1 target7:0:3"),
            "hostA A:0:0:1 targetB:0:3"
        );
        assert_eq!(
            normal.text("ipv4-iface-6-0 flashnode_sess-7-2"),
            "ipv4-iface-A-0 flashnode_sess-B-2"
        );
        assert_eq!(
            normal.text("host66 16:0:0:1 6 minutes, 127.0.0.6:6"),
            "host66 16:0:0:1 6 minutes, 127.0.0.6:6"
        );
        assert_eq!(
            normal.text("127.0.0.1:43210 143210 00:c0:dd:12:34:56"),
            "127.0.0.1:PORT 143210 MAC-A"
        );
        for number in [
            "1",
            "16",
            "43210",
            "6",
            "1795253400532",
            "99999999999999999999999",
        ] {
            assert_eq!(
                normal.text(&format!(
                    "kept in STATE/backup/nvram-host6-{number}.bin (the last 16)"
                )),
                "kept in STATE/backup/nvram-hostA-NUMBER.bin (the last 16)",
                "whatever its length"
            );
        }
        assert_eq!(
            normal.text("nvram-host6-7-8.bin host6-7"),
            "nvram-hostA-NUMBER-8.bin hostA-7"
        );
    }

    #[test]
    fn what_a_target_counted_is_named_and_nothing_stays_nothing() {
        let normal = normal();
        let mut value = json!([{"tsid": 14}, {"tsih": 9}, {"tsid": 0}, {"tsid": null}, {"isid": 14}]);
        normal.json(&mut value);
        assert_eq!(
            value,
            json!([{"tsid": "GIVEN"}, {"tsih": "GIVEN"}, {"tsid": 0}, {"tsid": null}, {"isid": 14}])
        );
        assert_eq!(normal.attribute("tsid", "14"), "GIVEN");
        assert_eq!(normal.attribute("tsid", "0"), "0");
    }

    #[test]
    fn json_fields_of_time_and_host_are_named_and_no_others() {
        let mut value = json!({"host": 6, "sid": 6, "elapsed_us": 3, "port": 43210, "list": ["host7", 7]});
        normal().json(&mut value);
        assert_eq!(
            value,
            json!({"host": "A", "sid": 6, "elapsed_us": "CHOSEN", "port": "PORT", "list": ["hostB", 7]})
        );
    }
}
