//! The order as rows, and the laws that hold for every list.

use proptest::prelude::*;

use super::*;

fn at(text: &str) -> TargetAddress {
    text.parse().expect(text)
}

/// A list in words: `+` leads, `!` was told by the target.
fn ordered(list: &str, reach: Reach, given: &str, hopping: bool, last: &str) -> (String, Vec<String>) {
    let parts: Vec<(TargetAddress, bool, bool)> = list
        .split_whitespace()
        .map(|word| {
            let bare = word.trim_start_matches(['+', '!']);
            (at(bare), word.contains('+'), word.contains('!'))
        })
        .collect();
    let known: Vec<Known<'_>> = parts
        .iter()
        .map(|(at, leading, told)| Known {
            at,
            leading: *leading,
            told: *told,
        })
        .collect();
    let (given, last) = (Some(given), Some(last));
    let read = |text: Option<&str>| text.filter(|t| !t.is_empty()).map(at);
    let (given, last) = (read(given), read(last));
    let wish = Wish {
        given: given.as_ref(),
        hopping,
        last_good: last.as_ref(),
    };
    let order = order(&known, reach, &wish);
    let tries: Vec<String> = order.tries.iter().map(|at| at.host.to_string()).collect();
    (
        tries.join(" "),
        order.skipped.iter().map(|(_, why)| why.to_string()).collect(),
    )
}

const V4: Reach = Reach {
    v4: true,
    v6: false,
    one_link: false,
};
const V6: Reach = Reach {
    v4: false,
    v6: true,
    one_link: false,
};
const HOST: Reach = Reach {
    v4: true,
    v6: true,
    one_link: false,
};
const ADAPTER: Reach = Reach {
    v4: true,
    v6: true,
    one_link: true,
};

#[test]
fn given_then_leading_then_last_good_then_the_others_as_they_are_listed() {
    let list = "10.0.0.1 10.0.0.2 +10.0.0.3 10.0.0.4";
    for (given, hopping, last, tries) in [
        ("", false, "", "10.0.0.3 10.0.0.1 10.0.0.2 10.0.0.4"),
        ("", false, "10.0.0.4", "10.0.0.3 10.0.0.4 10.0.0.1 10.0.0.2"),
        ("", false, "10.0.0.2", "10.0.0.3 10.0.0.2 10.0.0.1 10.0.0.4"),
        ("", false, "10.0.0.3", "10.0.0.3 10.0.0.1 10.0.0.2 10.0.0.4"),
        ("", false, "10.0.0.9", "10.0.0.3 10.0.0.1 10.0.0.2 10.0.0.4"),
        ("10.0.0.2", false, "10.0.0.4", "10.0.0.2"),
        (
            "10.0.0.2",
            true,
            "10.0.0.4",
            "10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.1",
        ),
        (
            "10.0.0.9",
            true,
            "",
            "10.0.0.9 10.0.0.3 10.0.0.1 10.0.0.2 10.0.0.4",
        ),
        ("10.0.0.9", false, "", "10.0.0.9"),
    ] {
        assert_eq!(
            ordered(list, HOST, given, hopping, last).0,
            tries,
            "{given} {hopping} {last}"
        );
    }
}

#[test]
fn a_portal_that_the_port_cannot_call_is_left_out_and_it_is_said_why() {
    let list = "10.0.0.1 [2001:db8::1] [fe80::1] ![fe80::2%enp9] [fe80::3%eth0] 224.0.0.1 [::ffff:10.0.0.7] storage.example";
    for (reach, tries, skipped) in [
        (V4, "10.0.0.1 ::ffff:10.0.0.7 storage.example", 5),
        (V6, "2001:db8::1 fe80::3%eth0 storage.example", 5),
        (
            HOST,
            "10.0.0.1 2001:db8::1 fe80::3%eth0 ::ffff:10.0.0.7 storage.example",
            3,
        ),
        (
            ADAPTER,
            "10.0.0.1 2001:db8::1 fe80::1 fe80::2%enp9 fe80::3%eth0 ::ffff:10.0.0.7 storage.example",
            1,
        ),
    ] {
        let (tried, left) = ordered(list, reach, "", false, "");
        assert_eq!((tried.as_str(), left.len()), (tries, skipped), "{left:?}");
    }
    let said = ordered(list, HOST, "", false, "").1.join("\n");
    for words in [
        "[fe80::1]:3260 is left out: a link-local address says nothing",
        "%enp9 names an interface of the target",
        "224.0.0.1:3260 is left out: it is a multicast address",
    ] {
        assert!(said.contains(words), "{said}");
    }
    assert!(ordered(list, V4, "", false, "").1[0].contains("no IPv6 address"));
}

#[test]
fn a_given_portal_is_not_asked_for_its_family_but_must_be_a_place() {
    assert_eq!(ordered("", V4, "[2001:db8::1]", false, "").0, "2001:db8::1");
    let (tries, skipped) = ordered("10.0.0.1", HOST, "[fe80::1]", true, "");
    assert_eq!((tries.as_str(), skipped.len()), ("10.0.0.1", 1));
}

#[test]
fn one_place_is_tried_once_whatever_its_spelling_and_tag() {
    let list =
        "10.0.0.1:3260,1 10.0.0.1:3260,2 [::ffff:10.0.0.1] 10.0.0.1:3261 Storage.example storage.EXAMPLE";
    assert_eq!(
        ordered(list, HOST, "", false, "").0,
        "10.0.0.1 10.0.0.1 Storage.example"
    );
}

#[test]
fn a_login_goes_through_so_many_portals_and_no_more() {
    let list: Vec<String> = (0..40).map(|n| format!("10.0.0.{n}")).collect();
    let (tries, skipped) = ordered(&list.join(" "), HOST, "", false, "");
    assert_eq!((tries.split(' ').count(), skipped.len()), (LIMIT, 8));
    assert!(skipped[0].contains("32 portals"), "{skipped:?}");
}

#[test]
fn another_portal_is_tried_unless_the_account_is_wrong_or_it_may_be_done() {
    use Ended::{Auth, Refused, Stopped, Unknown, Unreachable};
    assert!([Unreachable, Refused].into_iter().all(goes_on));
    assert!(![Auth, Unknown, Stopped].into_iter().any(goes_on));
}

#[test]
fn a_port_is_a_port_of_an_initiator() {
    for (initiator, port, expected) in [
        (None, None, Some(Origin::Any)),
        (None, Some(ANY_PORT), Some(Origin::Any)),
        (Some("a"), None, Some(Origin::Initiator("a"))),
        (Some("a"), Some(ANY_PORT), Some(Origin::Initiator("a"))),
        (Some("a"), Some(0), Some(Origin::Port("a", 0))),
        (None, Some(0), None),
    ] {
        assert_eq!(
            origin(initiator, port, "log in").ok(),
            expected,
            "{initiator:?} {port:?}"
        );
    }
}

proptest! {
    /// Nothing is lost and nothing is tried twice; what is tried can be called.
    #[test]
    fn every_portal_is_tried_once_or_left_out_with_a_reason(
        list in prop::collection::vec((any::<(IpAddr, u16)>(), any::<bool>()), 0..50),
        v4 in any::<bool>(), v6 in any::<bool>(), one_link in any::<bool>(),
    ) {
        let places: Vec<(TargetAddress, bool)> = list
            .into_iter()
            .map(|((ip, port), leading)| (std::net::SocketAddr::new(ip, port).into(), leading))
            .collect();
        let known: Vec<Known<'_>> = places.iter().map(|(at, leading)| Known { at, leading: *leading, told: true }).collect();
        let reach = Reach { v4, v6, one_link };
        let order = order(&known, reach, &Wish::default());
        prop_assert!(order.tries.len() <= LIMIT);
        let all: Vec<&TargetAddress> = order.tries.iter().chain(order.skipped.iter().map(|(at, _)| at)).collect();
        for (at, _) in &places {
            prop_assert_eq!(all.iter().filter(|other| same(other, at)).count(), 1);
        }
        for at in &order.tries {
            prop_assert!(no_family(at, reach).is_none());
        }
    }
}
