//! Whether a transport's module is loaded on demand.
//!
//! Owns what keeps a module from being loaded: the operator's word, a black list, a place where nothing can be loaded. Must not load anything nor
//! read files: it gets their text.
//!
//! Source: modprobe.d(5) (`blacklist`, `install`), modprobe(8) (`modprobe.blacklist=`), kernel parameters (`module_blacklist=`); open-iscsi
//! `usr/transport.c` (libkmod with the black list applied).

use std::collections::BTreeMap;

use crate::message::Message;

/// Longest text that is read of one source.
const MAX_TEXT: usize = 1 << 20;

/// What is known before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is loaded, or part of the kernel.
    There,
    /// It is not.
    Absent,
    /// It is not, and nothing is to be loaded: in a container, in a test, or because the operator said so.
    NotToBeLoaded,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Load {
    /// Nothing: it is there.
    There,
    /// It is loaded, by this name.
    Load(String),
    /// It is left alone, and why.
    Not(Message),
}

/// Modules that are not to be loaded, and who says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blacklist {
    by_name: BTreeMap<String, String>,
}

impl Blacklist {
    /// Reads a file of modprobe's. Lines that it does not know are others' matters.
    pub fn conf(&mut self, file: &str, text: &str) {
        let text = bounded(text);
        // A backslash at the end of a line joins it with the next one.
        let joined = text.replace("\\\n", " ");
        for line in joined.lines() {
            let mut words = line.split_ascii_whitespace();
            match (words.next(), words.next(), words.next()) {
                (Some("blacklist"), Some(name), _) => {
                    self.add(name, format!("{file} has it on the black list"));
                }
                (Some("install"), Some(name), Some(command))
                    if [
                        "/bin/true",
                        "/bin/false",
                        "/usr/bin/true",
                        "/usr/bin/false",
                        "true",
                        "false",
                        ":",
                    ]
                    .contains(&command) =>
                {
                    self.add(name, format!("{file} has {command} run in its place"));
                }
                _ => {}
            }
        }
    }

    /// Reads the kernel's command line.
    pub fn command_line(&mut self, text: &str) {
        for word in bounded(text).split_ascii_whitespace() {
            let Some((key, names)) = word.split_once('=') else {
                continue;
            };
            // A dash and an underscore are the same to the kernel here, too.
            let key = key.replace('-', "_");
            if ["modprobe.blacklist", "module_blacklist", "rd.driver.blacklist"].contains(&key.as_str()) {
                for name in names.split(',').filter(|name| !name.is_empty()) {
                    self.add(name, format!("the kernel was started with {key}={name}"));
                }
            }
        }
    }

    /// Who does not want a module.
    #[must_use]
    pub fn why(&self, module: &str) -> Option<&str> {
        self.by_name.get(&plain(module)).map(String::as_str)
    }

    fn add(&mut self, name: &str, why: String) {
        self.by_name.entry(plain(name)).or_insert(why);
    }
}

/// Whether a module is loaded for a login.
#[must_use]
pub fn load(module: &str, standing: Standing, blacklist: &Blacklist) -> Load {
    let not = |why: String| {
        Load::Not(
            Message::from(format!("module {module} is not loaded: {why}"))
                .then(format!("; load it by hand if it is wanted: modprobe {module}")),
        )
    };
    match (standing, blacklist.why(module)) {
        (Standing::There, _) => Load::There,
        (Standing::NotToBeLoaded, _) => not("nothing is loaded from here".to_owned()),
        (Standing::Absent, Some(why)) => not(why.to_owned()),
        (Standing::Absent, None) => Load::Load(module.to_owned()),
    }
}

/// The kernel takes a dash for an underscore.
fn plain(name: &str) -> String {
    name.replace('-', "_")
}

fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT.min(text.len()))]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> Blacklist {
        let mut list = Blacklist::default();
        list.conf(
            "/etc/modprobe.d/local.conf",
            "# blacklist qedi\nblacklist bnx2i\n  blacklist \\\n ib-iser\ninstall cxgb3i /bin/false\ninstall be2iscsi /sbin/modprobe --ignore-install be2iscsi\noptions qla4xxx x=1\nblacklist\n",
        );
        list.command_line(
            "quiet modprobe.blacklist=cxgb4i,iscsi_tcp root=/dev/sda module-blacklist=qla4xxx rd.break",
        );
        list
    }

    #[test]
    fn whoever_is_on_a_black_list_stays_out_and_it_is_said_who_put_him_there() {
        let list = list();
        for (module, said) in [
            ("bnx2i", Some("local.conf")),
            ("ib_iser", Some("local.conf")),
            ("cxgb3i", Some("/bin/false")),
            ("cxgb4i", Some("modprobe.blacklist")),
            ("iscsi_tcp", Some("modprobe.blacklist")),
            ("qla4xxx", Some("module_blacklist")),
            ("qedi", None),
            ("be2iscsi", None),
        ] {
            match (load(module, Standing::Absent, &list), said) {
                (Load::Not(why), Some(said)) => assert!(why.to_string().contains(said), "{why}"),
                (Load::Load(name), None) => assert_eq!(name, module),
                (other, _) => panic!("{module}: {other:?}"),
            }
            assert_eq!(load(module, Standing::There, &list), Load::There, "{module}");
            assert!(
                matches!(load(module, Standing::NotToBeLoaded, &list), Load::Not(_)),
                "{module}"
            );
        }
    }

    #[test]
    fn no_text_makes_it_fall_over() {
        let mut list = Blacklist::default();
        list.conf("x", &"ä".repeat(MAX_TEXT));
        list.command_line(&"modprobe.blacklist=,,,a, ".repeat(100_000));
        assert!(
            list.why("a").is_some() && list.by_name.len() < 3,
            "a, and where the text was cut"
        );
    }
}
