//! Whether two texts name the same address: text, address in any spelling, or a name and what it stands for.
//!
//! Owns the comparison and the memory of what was looked up: one look-up a name, however many records are compared. Must not know how a name is
//! looked up ([`Resolver`]), nor what the addresses are compared for.
//!
//! Source: open-iscsi `usr/iscsi_util.c` (`iscsi_addr_match`: text, then the first result of each side; here all of them are compared);
//! RFC 4343 (the case of a name does not count).

use std::collections::HashMap;
use std::net::IpAddr;

use iscsi::address::Host;

use crate::address;
use crate::message::Message;

/// Addresses of one name that are looked at.
pub const MAX_RESULTS: usize = 64;
/// Names that are looked up in one command.
pub const MAX_NAMES: usize = 256;

/// Looks names up. It is asked once a name; how long it may take is its own matter.
pub trait Resolver {
    /// All addresses of a name.
    ///
    /// # Errors
    /// Why there are none, in words.
    fn resolve(&mut self, name: &str) -> Result<Vec<IpAddr>, String>;
}

/// The resolver of whoever must not ask anybody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nobody;

impl Resolver for Nobody {
    fn resolve(&mut self, _: &str) -> Result<Vec<IpAddr>, String> {
        Err("names are not looked up here".to_owned())
    }
}

/// Names and what they stood for when they were first asked for.
pub struct Names<'r> {
    resolver: &'r mut dyn Resolver,
    known: HashMap<String, Vec<IpAddr>>,
    remarks: Vec<Message>,
    full: bool,
}

impl<'r> Names<'r> {
    /// Nothing is known yet.
    pub fn new(resolver: &'r mut dyn Resolver) -> Self {
        Self {
            resolver,
            known: HashMap::new(),
            remarks: Vec::new(),
            full: false,
        }
    }

    /// What could not be looked up and so was compared with nothing; each is told once.
    #[must_use]
    pub fn remarks(&self) -> &[Message] {
        &self.remarks
    }

    /// Whether both name the same address. What cannot be looked up is the same as nothing but its own text.
    pub fn same(&mut self, one: &str, other: &str) -> bool {
        if one == other {
            return true;
        }
        if let Some(same) = address::same(one, other) {
            return same;
        }
        let (one, other) = (Text::of(one), Text::of(other));
        if let (Text::Name(one), Text::Name(other)) = (&one, &other)
            && one == other
        {
            return true;
        }
        let (one, other) = (self.addresses(one), self.addresses(other));
        one.iter().any(|address| other.contains(address))
    }

    /// What a text stands for; nothing when that cannot be told.
    fn addresses(&mut self, text: Text<'_>) -> Vec<IpAddr> {
        match text {
            Text::Address(ip) => vec![ip],
            // Told once, as a name that has no addresses.
            Text::Neither(text) => self.once(text, |_| {
                (Vec::new(), Some("it is neither an address nor a name".to_owned()))
            }),
            Text::Name(key) => self.once(&key, |names| match names.resolver.resolve(&key) {
                Ok(all) if all.is_empty() => (all, Some("it has no address".to_owned())),
                Ok(mut all) => {
                    let more = all.len().saturating_sub(MAX_RESULTS);
                    all.truncate(MAX_RESULTS);
                    all.iter_mut().for_each(|ip| *ip = ip.to_canonical());
                    let why = (more > 0).then(|| format!("it has {more} addresses more than are looked at"));
                    (all, why)
                }
                Err(why) => (Vec::new(), Some(why)),
            }),
        }
    }

    fn once(
        &mut self,
        key: &str,
        ask: impl FnOnce(&mut Self) -> (Vec<IpAddr>, Option<String>),
    ) -> Vec<IpAddr> {
        if let Some(known) = self.known.get(key) {
            return known.clone();
        }
        if self.known.len() >= MAX_NAMES {
            if !std::mem::replace(&mut self.full, true) {
                self.remarks.push(Message::from(format!(
                    "more than {MAX_NAMES} names: the others are compared as text alone"
                )));
            }
            return Vec::new();
        }
        let (addresses, why) = ask(self);
        if let Some(why) = why {
            let shown = key.escape_debug();
            self.remarks
                .push(Message::from(format!("{shown} was looked up: {why}")));
        }
        self.known.insert(key.to_owned(), addresses.clone());
        addresses
    }
}

/// What a text is.
enum Text<'a> {
    /// An address, without its zone.
    Address(IpAddr),
    /// A name, in the one form that it is asked for in.
    Name(String),
    /// Neither.
    Neither(&'a str),
}

impl<'a> Text<'a> {
    fn of(text: &'a str) -> Self {
        match text.parse::<Host>() {
            Ok(Host::Name(name)) => Self::Name(name.trim_end_matches('.').to_ascii_lowercase()),
            Ok(Host::Ip(ip)) => Self::Address(ip.to_canonical()),
            Ok(Host::Scoped(ip, _)) => Self::Address(ip.into()),
            Err(_) => Self::Neither(text),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A name server with a few names; it counts who asks.
    #[derive(Default)]
    pub(in crate::policy) struct Server {
        names: Vec<(&'static str, Vec<&'static str>)>,
        pub(in crate::policy) asked: usize,
    }

    impl Server {
        pub(in crate::policy) fn of(names: &[(&'static str, &[&'static str])]) -> Self {
            Self {
                names: names.iter().map(|(name, all)| (*name, all.to_vec())).collect(),
                asked: 0,
            }
        }
    }

    impl Resolver for Server {
        fn resolve(&mut self, name: &str) -> Result<Vec<IpAddr>, String> {
            self.asked += 1;
            let found = self.names.iter().find(|(known, _)| *known == name);
            let (_, all) = found.ok_or("nobody knows it")?;
            Ok(all.iter().map(|text| text.parse().unwrap()).collect())
        }
    }

    fn server() -> Server {
        Server::of(&[
            ("storage.example", &["10.0.0.1", "10.0.0.2", "2001:db8::2"]),
            ("array.example", &["192.0.2.7", "10.0.0.2"]),
            ("mapped.example", &["::ffff:10.0.0.9"]),
            ("other.example", &["10.9.9.9"]),
            ("empty.example", &[]),
        ])
    }

    /// One side, the other side, the same or not, names that are asked for.
    const TABLE: &[(&str, &str, bool, usize)] = &[
        ("10.0.0.1", "10.0.0.1", true, 0),
        ("10.0.0.1", "10.0.0.2", false, 0),
        ("2001:DB8:0:0::1", "2001:db8::1", true, 0),
        ("[2001:db8::1]", "2001:db8::1", true, 0),
        ("2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1", true, 0),
        ("::ffff:10.0.0.1", "10.0.0.1", true, 0),
        ("::ffff:10.0.0.1", "10.0.0.2", false, 0),
        ("fe80::1%eth0", "fe80::1", true, 0),
        ("fe80::1%eth0", "fe80::1%eth1", false, 0),
        ("fe80::1%eth0", "fe80::1%ETH0", false, 0),
        ("storage.example", "Storage.example.", true, 0),
        ("storage.example", "STORAGE.example", true, 0),
        ("storage.example", "10.0.0.1", true, 1),
        ("storage.example", "10.0.0.2", true, 1),
        ("storage.example", "2001:db8:0::2", true, 1),
        ("storage.example", "::ffff:10.0.0.2", true, 1),
        ("storage.example", "10.0.0.3", false, 1),
        ("storage.example.", "10.0.0.1", true, 1),
        ("mapped.example", "10.0.0.9", true, 1),
        ("storage.example", "array.example", true, 2),
        ("storage.example", "other.example", false, 2),
        ("nowhere.example", "10.0.0.1", false, 1),
        ("nowhere.example", "nowhere.example", true, 0),
        ("nowhere.example", "lost.example", false, 2),
        ("empty.example", "10.0.0.1", false, 1),
        ("fe80::1%", "fe80::1", false, 0),
        ("a b", "10.0.0.1", false, 0),
    ];

    #[test]
    fn addresses_are_the_same_as_the_table_says_whichever_side_they_stand_on() {
        for (one, other, same, asked) in TABLE {
            for (a, b) in [(one, other), (other, one)] {
                let mut server = server();
                assert_eq!(Names::new(&mut server).same(a, b), *same, "{a} {b}");
                assert_eq!(server.asked, *asked, "{a} {b}");
            }
        }
    }

    #[test]
    fn a_name_is_asked_for_once_however_many_records_are_compared() {
        let mut server = server();
        let mut names = Names::new(&mut server);
        for n in 0..1000 {
            assert!(!names.same("storage.example", &format!("10.1.{}.{}", n / 250, n % 250)));
            assert!(!names.same("nowhere.example", "10.0.0.1"));
        }
        assert!(names.same("Storage.Example.", "10.0.0.2"));
        let said: Vec<String> = names.remarks().iter().map(ToString::to_string).collect();
        assert_eq!(said, ["nowhere.example was looked up: nobody knows it"]);
        assert_eq!(server.asked, 2);
    }

    #[test]
    fn names_and_results_have_a_limit_that_is_told() {
        struct Many(usize);
        impl Resolver for Many {
            fn resolve(&mut self, _: &str) -> Result<Vec<IpAddr>, String> {
                self.0 += 1;
                let count = u32::try_from(MAX_RESULTS).unwrap();
                Ok((0..=count)
                    .map(|n| std::net::Ipv4Addr::from_bits(0x0A00_0000 + n).into())
                    .collect())
            }
        }
        let mut many = Many(0);
        let mut names = Names::new(&mut many);
        assert!(names.same("n0.example", "10.0.0.63"));
        assert!(!names.same("n0.example", "10.0.0.64"), "one too many");
        assert_eq!(names.remarks().len(), 1);
        for n in 0..MAX_NAMES + 50 {
            names.same(&format!("n{n}.example"), "192.0.2.1");
        }
        assert!(!names.same("late.example", "10.0.0.1"));
        assert!(names.same("late.example", "LATE.example"), "text is text");
        let last = names.remarks().last().unwrap().to_string();
        assert!(last.starts_with("more than 256 names"), "{last}");
        assert_eq!(names.remarks().len(), MAX_NAMES + 1);
        assert_eq!(many.0, MAX_NAMES);
    }

    proptest! {
        #[test]
        fn comparing_is_symmetric_and_each_is_the_same_as_itself(a in ADDRESS, b in ADDRESS) {
            let mut one = server();
            let there = Names::new(&mut one).same(&a, &b);
            let mut other = server();
            let back = Names::new(&mut other).same(&b, &a);
            prop_assert_eq!(there, back);
            prop_assert!(Names::new(&mut Nobody).same(&a, &a));
        }
    }

    const ADDRESS: &str = "(storage|array|mapped|nowhere)\\.example|10\\.0\\.0\\.[1-9]|(::ffff:)?10\\.0\\.0\\.[1-3]|2001:(0)?db8::[1-3]|fe80::1(%eth[01])?|[ -~]{0,12}";
}
