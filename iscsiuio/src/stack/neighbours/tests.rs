//! The table and its orders, whatever happens to them.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// What the orders must be.
fn orders(table: &Neighbours) -> [Vec<(Instant, IpAddr)>; 2] {
    let sorted = |of: fn(&Entry) -> Option<Instant>| {
        let entries = table.entries.iter();
        let mut all: Vec<_> = entries.filter_map(|(a, e)| Some((of(e)?, *a))).collect();
        all.sort();
        all
    };
    [sorted(Entry::asked), sorted(Entry::idle)]
}

fn in_order(table: &Neighbours) -> Result<(), TestCaseError> {
    let orders = orders(table);
    prop_assert_eq!(&table.asked.iter().collect::<Vec<_>>(), &orders[0]);
    prop_assert_eq!(&table.idle.iter().collect::<Vec<_>>(), &orders[1]);
    prop_assert_eq!(table.poll_timeout(), orders[0].first().map(|(at, _)| *at));
    Ok(())
}

fn address(n: u16) -> IpAddr {
    [10, 0, n.to_be_bytes()[0], n.to_be_bytes()[1]].into()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// More addresses than there is room for, in any order of events.
    #[test]
    fn everybody_stands_where_his_time_is(
        steps in vec((0_u8..7, 0_u16..1100, any::<bool>(), 0_u64..2500), 1..300),
        many in any::<bool>(),
    ) {
        let (mut table, mut now) = (Neighbours::default(), Instant::now());
        for n in 0..if many { 1050 } else { 0 } {
            table.resolve(now, address(n));
            let told = Told { mac: [2; 6], solicited: true, replaces: true };
            table.heard(now, address(n), told);
        }
        for (kind, n, yes, millis) in steps {
            let address = address(n);
            match kind {
                0 | 1 => drop(table.resolve(now, address)),
                2 => {
                    let mac = [2, 0, 0, 0, 0, n.to_be_bytes()[1] & 1];
                    table.heard(now, address, Told { mac, solicited: yes, replaces: !yes });
                }
                3 => {
                    let mac = yes.then_some([2; 6]);
                    table.restore(now, &Neighbour { address, mac, age: Duration::from_millis(millis) });
                }
                4 => while table.due(now).is_some() {},
                5 => drop(table.give_up(now)),
                _ => now += Duration::from_millis(millis),
            }
            prop_assert!(table.entries.len() <= CAPACITY);
            if !many {
                in_order(&table)?;
            }
        }
        in_order(&table)?;
    }
}

#[test]
fn a_full_table_lets_go_who_was_used_longest_ago() {
    let (mut table, begin) = (Neighbours::default(), Instant::now());
    let told = Told {
        mac: [2; 6],
        solicited: true,
        replaces: true,
    };
    for n in 0..1024_u16 {
        let now = begin + Duration::from_millis(n.into());
        table.resolve(now, address(n));
        table.heard(now, address(n), told);
    }
    let now = begin + Duration::from_secs(2);
    assert_eq!(table.resolve(now, address(0)), Answer::At([2; 6]), "used again");
    for n in 2000..2003_u16 {
        assert_eq!(table.resolve(now, address(n)), Answer::Asked);
    }
    let there = |n: u16| table.entries.contains_key(&address(n));
    assert!(there(0) && !there(1) && !there(2) && !there(3) && there(4));
    assert_eq!(table.evicted(), 3);
}
