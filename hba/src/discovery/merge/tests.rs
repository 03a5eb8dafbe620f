//! The rules as a table, and laws over any records and lists.

use proptest::prelude::*;

use super::*;

const T: &str = "iqn.2026-11.org.example:disk";

fn portal(text: &str) -> Portal {
    let (place, tag) = text
        .split_once(',')
        .map_or((text, None), |(p, t)| (p, t.parse().ok()));
    let (address, port) = place.rsplit_once(':').expect("ADDRESS:PORT");
    Portal {
        address: address.trim_matches(['[', ']']).to_owned(),
        port: port.parse().expect("a port"),
        tag,
    }
}

fn id(text: &str) -> NodeId {
    let mut words = text.split(' ');
    let at = portal(words.next().expect("a portal"));
    NodeId {
        portal: at,
        iface: words.next().unwrap_or("default").to_owned(),
        target: words.next().unwrap_or(T).parse().expect("a name"),
    }
}

fn known(all: &[&str]) -> Vec<Known> {
    let one = |text: &&str| Known {
        id: id(text.trim_start_matches('!')),
        ours: !text.starts_with('!'),
    };
    all.iter().map(one).collect()
}

fn found(all: &[&str]) -> Vec<Found> {
    let one = |text: &&str| {
        let id = id(text);
        Found {
            target: id.target,
            at: id.portal,
            named: (*text).to_owned(),
            alias: None,
        }
    };
    all.iter().map(one).collect()
}

fn shown(id: &NodeId) -> String {
    let Portal { address, port, tag } = &id.portal;
    let tag = tag.map_or_else(String::new, |tag| format!(",{tag}"));
    format!("{address}:{port}{tag} {}", id.iface)
}

fn told(steps: &[Planned]) -> Vec<String> {
    let one = |planned: &Planned| match &planned.step {
        Step::Create(id) => format!("create {}", shown(id)),
        Step::Keep(id) => format!("keep {}", shown(id)),
        Step::Reset { from, to } => format!("reset {} as {}", shown(from), shown(to)),
        Step::Move { from, to } => format!("move {} to {}", shown(from), shown(to)),
        Step::Gone { id, remove } => format!("{} {}", if *remove { "remove" } else { "gone" }, shown(id)),
    };
    steps.iter().map(one).collect()
}

const WHOLE: Terms = Terms {
    reset: false,
    remove_gone: false,
    whole: true,
};
const REMOVE: Terms = Terms {
    remove_gone: true,
    ..WHOLE
};
const RESET: Terms = Terms { reset: true, ..WHOLE };
const PART: Terms = Terms {
    whole: false,
    remove_gone: true,
    reset: false,
};

#[test]
fn every_meeting_of_record_and_list_has_its_step() {
    type Row<'a> = (&'a [&'a str], &'a [&'a str], Terms, &'a [&'a str]);
    let rows: &[Row<'_>] = &[
        (&[], &[], WHOLE, &[]),
        (
            &[],
            &["10.0.0.1:3260,1"],
            WHOLE,
            &["create 10.0.0.1:3260,1 default"],
        ),
        (
            &["10.0.0.1:3260,1"],
            &["10.0.0.1:3260,1"],
            WHOLE,
            &["keep 10.0.0.1:3260,1 default"],
        ),
        // What somebody wrote down is kept as well.
        (
            &["!10.0.0.1:3260,1"],
            &["10.0.0.1:3260,1"],
            WHOLE,
            &["keep 10.0.0.1:3260,1 default"],
        ),
        // A list without tags says nothing of them.
        (
            &["10.0.0.1:3260,1"],
            &["10.0.0.1:3260"],
            WHOLE,
            &["keep 10.0.0.1:3260,1 default"],
        ),
        // A tag follows the list, an unknown one becomes known.
        (
            &["10.0.0.1:3260,1"],
            &["10.0.0.1:3260,2"],
            WHOLE,
            &["move 10.0.0.1:3260,1 default to 10.0.0.1:3260,2 default"],
        ),
        (
            &["!10.0.0.1:3260"],
            &["10.0.0.1:3260,2"],
            WHOLE,
            &["move 10.0.0.1:3260 default to 10.0.0.1:3260,2 default"],
        ),
        // Two records of one place: that of the tag is it.
        (
            &["10.0.0.1:3260,1", "10.0.0.1:3260,2"],
            &["10.0.0.1:3260,2"],
            WHOLE,
            &["keep 10.0.0.1:3260,2 default", "gone 10.0.0.1:3260,1 default"],
        ),
        // One portal of a tag went and one came: the same at another address.
        (
            &["10.0.0.1:3260,1", "10.0.0.2:3260,2"],
            &["10.0.0.9:3261,1", "10.0.0.2:3260,2"],
            WHOLE,
            &[
                "move 10.0.0.1:3260,1 default to 10.0.0.9:3261,1 default",
                "keep 10.0.0.2:3260,2 default",
            ],
        ),
        // Two went or two came: nobody can say which is which. Nor without tags, nor of what somebody wrote down.
        (
            &["10.0.0.1:3260,1", "10.0.0.2:3260,1"],
            &["10.0.0.9:3260,1"],
            WHOLE,
            &[
                "create 10.0.0.9:3260,1 default",
                "gone 10.0.0.1:3260,1 default",
                "gone 10.0.0.2:3260,1 default",
            ],
        ),
        (
            &["10.0.0.1:3260,1"],
            &["10.0.0.8:3260,1", "10.0.0.9:3260,1"],
            WHOLE,
            &[
                "create 10.0.0.8:3260,1 default",
                "create 10.0.0.9:3260,1 default",
                "gone 10.0.0.1:3260,1 default",
            ],
        ),
        (
            &["10.0.0.1:3260"],
            &["10.0.0.9:3260"],
            WHOLE,
            &["create 10.0.0.9:3260 default", "gone 10.0.0.1:3260 default"],
        ),
        (
            &["!10.0.0.1:3260,1"],
            &["10.0.0.9:3260,1"],
            WHOLE,
            &["create 10.0.0.9:3260,1 default"],
        ),
        // What is gone goes when that is asked; what somebody wrote down never does.
        (
            &["10.0.0.1:3260,1", "!10.0.0.2:3260,1"],
            &[],
            WHOLE,
            &["gone 10.0.0.1:3260,1 default"],
        ),
        (
            &["10.0.0.1:3260,1", "!10.0.0.2:3260,1"],
            &[],
            REMOVE,
            &["remove 10.0.0.1:3260,1 default"],
        ),
        // A list that was cut tells nothing of what is missing.
        (&["10.0.0.1:3260,1"], &[], PART, &[]),
        (
            &["10.0.0.1:3260,1"],
            &["10.0.0.9:3260,1"],
            PART,
            &["create 10.0.0.9:3260,1 default"],
        ),
        // Anew only when that is asked.
        (
            &["10.0.0.1:3260,1", "10.0.0.2:3260,3"],
            &["10.0.0.1:3260,1", "10.0.0.2:3260,4"],
            RESET,
            &[
                "reset 10.0.0.1:3260,1 default as 10.0.0.1:3260,1 default",
                "reset 10.0.0.2:3260,3 default as 10.0.0.2:3260,4 default",
            ],
        ),
        // Addresses are compared as addresses, names as names.
        (
            &["2001:0db8:0:0::1:3260,1", "Storage.Example:3260,2"],
            &["2001:db8::1:3260,1", "storage.example:3260,2"],
            WHOLE,
            &[
                "keep 2001:0db8:0:0::1:3260,1 default",
                "keep Storage.Example:3260,2 default",
            ],
        ),
        // Another port is another place, another interface another record, another target another one.
        (
            &[
                "!10.0.0.1:3261,1",
                "!10.0.0.1:3260,1 eth0",
                "!10.0.0.1:3260,1 default iqn.other",
            ],
            &["10.0.0.1:3260,1"],
            WHOLE,
            &["create 10.0.0.1:3260,1 default"],
        ),
        // The case of a name does not count, and the record's stays.
        (
            &["10.0.0.1:3260,1 default IQN.2026-11.ORG.EXAMPLE:disk"],
            &["10.0.0.1:3260,1"],
            WHOLE,
            &["keep 10.0.0.1:3260,1 default"],
        ),
    ];
    let default = ["default".to_owned()];
    for (known_texts, found_texts, terms, wanted) in rows {
        let steps = plan(&known(known_texts), &found(found_texts), |_| &default, *terms);
        assert_eq!(told(&steps), *wanted, "{known_texts:?} {found_texts:?} {terms:?}");
    }
}

#[test]
fn every_interface_has_a_record_of_its_own() {
    let ifaces = ["eth0".to_owned(), "eth1".to_owned()];
    let steps = plan(
        &known(&["10.0.0.1:3260,1 eth1"]),
        &found(&["10.0.0.1:3260,1"]),
        |_| &ifaces,
        WHOLE,
    );
    assert_eq!(
        told(&steps),
        ["create 10.0.0.1:3260,1 eth0", "keep 10.0.0.1:3260,1 eth1"]
    );
}

fn any_id() -> impl Strategy<Value = NodeId> {
    (0..3u8, 0..4u8, prop::option::of(0..3u16), 0..2u8).prop_map(|(target, host, tag, iface)| NodeId {
        target: format!("iqn.t{target}").parse().expect("a name"),
        portal: Portal {
            address: format!("10.0.0.{host}"),
            port: 3260,
            tag,
        },
        iface: format!("if{iface}"),
    })
}

fn any_known() -> impl Strategy<Value = Vec<Known>> {
    prop::collection::btree_map(any_id(), any::<bool>(), 0..12)
        .prop_map(|all| all.into_iter().map(|(id, ours)| Known { id, ours }).collect())
}

fn any_found() -> impl Strategy<Value = Vec<Found>> {
    prop::collection::btree_map((0..3u8, 0..4u8), prop::option::of(0..3u16), 0..10).prop_map(|all| {
        let one = |((target, host), tag): ((u8, u8), Option<u16>)| Found {
            target: format!("iqn.t{target}").parse().expect("a name"),
            at: Portal {
                address: format!("10.0.0.{host}"),
                port: 3260,
                tag,
            },
            named: String::new(),
            alias: None,
        };
        all.into_iter().map(one).collect()
    })
}

proptest! {
    #[test]
    fn every_path_has_one_step_and_no_record_two(
        known in any_known(),
        found in any_found(),
        reset in any::<bool>(),
        remove_gone in any::<bool>(),
        whole in any::<bool>(),
    ) {
        let ifaces = ["if0".to_owned(), "if1".to_owned()];
        let terms = Terms { reset, remove_gone, whole };
        let steps = plan(&known, &found, |_| &ifaces, terms);
        let for_paths: Vec<usize> = steps.iter().filter_map(|s| s.path).collect();
        let wanted: Vec<usize> = (0..found.len()).flat_map(|n| [n, n]).collect();
        prop_assert_eq!(for_paths, wanted);
        let mut touched = HashSet::new();
        for step in &steps {
            let from = match &step.step {
                Step::Create(_) => continue,
                Step::Keep(id) | Step::Gone { id, .. } => id,
                Step::Reset { from, .. } | Step::Move { from, .. } => from,
            };
            prop_assert!(touched.insert(from.clone()), "{:?}", from);
            prop_assert!(known.iter().any(|k| k.id == *from));
            // What somebody set is begun anew only when that is asked, and goes only then.
            let anew = matches!(step.step, Step::Reset { .. });
            prop_assert!(reset || !anew);
            let ours = known.iter().any(|k| k.id == *from && k.ours);
            if let Step::Gone { remove, .. } = step.step {
                prop_assert!(ours && (remove_gone || !remove));
            }
        }
    }

    #[test]
    fn a_second_look_changes_nothing(known in any_known(), found in any_found()) {
        let ifaces = ["if0".to_owned(), "if1".to_owned()];
        let mut there = known.clone();
        for planned in plan(&known, &found, |_| &ifaces, REMOVE) {
            match planned.step {
                Step::Create(id) => there.push(Known { id, ours: true }),
                Step::Move { from, to } => {
                    for one in there.iter_mut().filter(|k| k.id == from) {
                        one.id = to.clone();
                    }
                }
                Step::Gone { id, .. } => there.retain(|k| k.id != id),
                Step::Keep(_) | Step::Reset { .. } => {}
            }
        }
        for planned in plan(&there, &found, |_| &ifaces, REMOVE) {
            prop_assert!(matches!(planned.step, Step::Keep(_)), "{:?}", planned);
        }
    }
}
