//! Quests in virtual time: scripted answers, no socket and no clock.

use std::collections::HashMap;
use std::net::IpAddr;

use iscsi::pdu::LoginStatus;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// A network as a table: what is said at each address, and how long that takes.
struct World {
    now: Instant,
    names: HashMap<&'static str, Vec<IpAddr>>,
    portals: HashMap<SocketAddr, (Duration, Answered)>,
    asked: Vec<String>,
}

impl World {
    fn new(portals: &[(&str, u64, Said)]) -> Self {
        let portals = portals.iter().map(|(at, seconds, said)| {
            (
                addr(at),
                (SECOND * u32::try_from(*seconds).unwrap(), said.clone().into()),
            )
        });
        Self {
            now: Instant::now(),
            names: HashMap::new(),
            portals: portals.collect(),
            asked: Vec::new(),
        }
    }

    fn name(mut self, name: &'static str, addresses: &[&str]) -> Self {
        self.names
            .insert(name, addresses.iter().map(|a| a.parse().unwrap()).collect());
        self
    }

    fn go(&mut self, start: &str, redirect_max: u32, limit: Duration) -> (Verdict, Quest) {
        let end = self.now + limit;
        let mut quest = Quest::new(&start.parse().unwrap(), None, redirect_max, 15 * SECOND, end);
        loop {
            match quest.next(self.now) {
                Next::Resolve { name, until } => {
                    assert!(until <= end);
                    let known = self.names.get(name.as_str()).cloned();
                    quest.resolved(known.ok_or_else(|| "nobody knows it".to_owned()));
                }
                Next::Ask { at, until, zone } => {
                    assert!(until <= end && until > self.now);
                    let zone = zone.map_or_else(String::new, |zone| format!(" over {zone}"));
                    self.asked.push(format!("{at}{zone}"));
                    match self.portals.get(&at) {
                        Some((time, answered)) if self.now + *time <= until => {
                            self.now += *time;
                            quest.answered(answered.clone());
                        }
                        _ => {
                            self.now = until;
                            quest.answered(Said::Unreachable("timed out".to_owned()).into());
                        }
                    }
                }
                Next::Done(verdict) => {
                    assert!(self.now <= end, "it is over in time");
                    return (verdict, quest);
                }
            }
        }
    }
}

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn list() -> Said {
    Said::Targets(Listing::default())
}

fn to(address: &str, permanent: bool) -> Said {
    Said::Redirected {
        permanent,
        to: address.parse().unwrap(),
    }
}

fn refused(status: LoginStatus) -> Said {
    Said::LoginFailed(LoginFailure::Refused(status))
}

fn by(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Listed { by, .. } => by.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn all_addresses_of_a_name_are_tried_and_a_dead_one_leaves_time_for_the_others() {
    let mut world =
        World::new(&[("10.0.0.3:3260", 1, list())]).name("storage", &["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
    let (verdict, quest) = world.go("storage", 8, 30 * SECOND);
    assert_eq!(by(&verdict), "10.0.0.3:3260");
    assert_eq!(world.asked.len(), 3);
    let dead: Vec<&str> = quest.tried().iter().map(|(at, _)| at.as_str()).collect();
    assert_eq!(dead, ["10.0.0.1:3260", "10.0.0.2:3260"]);
    // With little time each has a share of it.
    let mut world =
        World::new(&[("10.0.0.3:3260", 1, list())]).name("storage", &["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
    assert_eq!(by(&world.go("storage", 8, 4 * SECOND).0), "10.0.0.3:3260");
}

#[test]
fn nobody_answers_is_told_with_every_address() {
    let mut world = World::new(&[]).name("storage", &["10.0.0.1", "10.0.0.1", "10.0.0.2"]);
    let (verdict, quest) = world.go("storage:3261", 8, 10 * SECOND);
    assert_eq!((verdict, quest.tried().len()), (Verdict::Nobody, 2));
    let (verdict, quest) = World::new(&[]).go("nowhere.example", 8, SECOND);
    assert_eq!(verdict, Verdict::Nobody);
    assert!(
        quest.tried()[0].1.contains("nobody knows it"),
        "{:?}",
        quest.tried()
    );
    let mut world = World::new(&[]).name("empty", &[]);
    assert!(world.go("empty", 8, SECOND).1.tried()[0].1.contains("no address"));
    let (verdict, quest) = World::new(&[]).go("10.0.0.1", 8, Duration::ZERO);
    assert_eq!(verdict, Verdict::Nobody);
    assert!(quest.tried()[0].1.contains("no time"));
}

#[test]
fn addresses_of_one_name_have_a_limit_that_is_told() {
    let many: Vec<String> = (1..=20).map(|n| format!("10.0.0.{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let mut world = World::new(&[]).name("storage", &many);
    let (_, quest) = world.go("storage", 8, 600 * SECOND);
    assert_eq!(world.asked.len(), ADDRESSES_MAX);
    assert!(
        quest.tried()[0].0.contains("4 addresses of storage"),
        "{:?}",
        quest.tried()
    );
}

#[test]
fn being_sent_on_is_followed_and_told() {
    let mut world = World::new(&[
        ("10.0.0.1:3260", 0, to("10.0.0.2:3261", false)),
        ("10.0.0.2:3261", 0, to("storage", true)),
        ("10.0.0.3:3260", 0, list()),
    ])
    .name("storage", &["10.0.0.3"]);
    let (verdict, quest) = world.go("10.0.0.1", 8, 10 * SECOND);
    assert_eq!(by(&verdict), "10.0.0.3:3260");
    let hops: Vec<(&str, &str, bool)> = quest
        .hops()
        .iter()
        .map(|h| (h.from.as_str(), h.to.as_str(), h.permanent))
        .collect();
    assert_eq!(
        hops,
        [
            ("10.0.0.1:3260", "10.0.0.2:3261", false),
            ("10.0.0.2:3261", "storage:3260", true)
        ]
    );
}

#[test]
fn being_sent_on_has_a_limit() {
    for (limit, times) in [(8, 9), (0, 1)] {
        let mut world = World::new(&[
            ("10.0.0.1:3260", 0, to("10.0.0.2:3260", false)),
            ("10.0.0.2:3260", 0, to("10.0.0.1:3260", false)),
        ]);
        let (verdict, quest) = world.go("10.0.0.1", limit, 10 * SECOND);
        assert!(
            matches!(&verdict, Verdict::Astray(why) if why.contains(&format!("{limit} are followed"))),
            "{verdict:?}"
        );
        assert_eq!((quest.hops().len(), world.asked.len()), (times, times));
    }
}

#[test]
fn where_nobody_can_go_is_not_gone_and_the_other_addresses_are_still_tried() {
    for bad in ["0.0.0.0", "[fe80::1%theirs]:3260", "[ff02::1]:3260", "10.0.0.300"] {
        let mut world = World::new(&[("10.0.0.1:3260", 0, to(bad, false)), ("10.0.0.2:3260", 0, list())])
            .name("storage", &["10.0.0.1", "10.0.0.2"]);
        let (verdict, quest) = world.go("storage", 8, 10 * SECOND);
        assert_eq!(by(&verdict), "10.0.0.2:3260");
        assert!(quest.tried()[0].1.contains("this host cannot go"), "{bad}");
    }
}

#[test]
fn a_dead_end_behind_a_redirection_falls_back_to_the_other_addresses() {
    let mut world = World::new(&[
        ("10.0.0.1:3260", 0, to("10.0.0.9", false)),
        ("10.0.0.2:3260", 0, list()),
    ])
    .name("storage", &["10.0.0.1", "10.0.0.2"]);
    let (verdict, quest) = world.go("storage", 8, 60 * SECOND);
    assert_eq!(by(&verdict), "10.0.0.2:3260");
    assert_eq!(quest.tried()[0].0, "10.0.0.9:3260");
}

#[test]
fn a_refusal_is_the_answer_unless_only_this_address_has_no_room() {
    let mut world = World::new(&[
        ("10.0.0.1:3260", 0, refused(LoginStatus::AUTHENTICATION_FAILURE)),
        ("10.0.0.2:3260", 0, list()),
    ])
    .name("storage", &["10.0.0.1", "10.0.0.2"]);
    assert!(matches!(
        world.go("storage", 8, 10 * SECOND).0,
        Verdict::Refused { .. }
    ));
    let mut world = World::new(&[
        ("10.0.0.1:3260", 0, refused(LoginStatus::SERVICE_UNAVAILABLE)),
        ("10.0.0.2:3260", 0, list()),
    ])
    .name("storage", &["10.0.0.1", "10.0.0.2"]);
    assert_eq!(by(&world.go("storage", 8, 10 * SECOND).0), "10.0.0.2:3260");
    // The last one's word counts.
    let mut world = World::new(&[("10.0.0.1:3260", 0, refused(LoginStatus::SERVICE_UNAVAILABLE))]);
    assert!(matches!(
        world.go("10.0.0.1", 8, 10 * SECOND).0,
        Verdict::Refused { .. }
    ));
}

#[test]
fn a_link_is_kept_on_the_way() {
    let mut world = World::new(&[
        ("[fe80::1]:3260", 0, to("[fe80::2%theirs]:3260", false)),
        ("[fe80::2]:3260", 0, list()),
    ]);
    let (verdict, _) = world.go("[fe80::1%eth7]:3260", 8, 10 * SECOND);
    assert!(
        matches!(&verdict, Verdict::Listed { zone: Some(zone), .. } if zone == "eth7"),
        "{verdict:?}"
    );
    assert_eq!(
        world.asked,
        ["[fe80::1]:3260 over eth7", "[fe80::2]:3260 over eth7"]
    );
}

#[test]
fn the_time_is_kept_whatever_is_said() {
    let mut world = World::new(&[("10.0.0.1:3260", 100, list())]);
    assert_eq!(
        world.go("10.0.0.1", 8, 300 * SECOND).0,
        Verdict::Nobody,
        "one address has its patience"
    );
}
