//! Who makes way when more connect than there is room for.
//!
//! Owns the order: of the address that takes the most room, who has said nothing goes before who has begun a login, that one before a
//! discovery session, and among equals the oldest first. A normal session makes way for nobody. Must not know sockets or engines, so
//! that a flood is a test without one.

use std::collections::HashMap;
use std::net::IpAddr;

/// How much of a place somebody has earned; the lower goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// No complete request came.
    Mute,
    /// The login is under way.
    LoggingIn,
    /// A discovery session: nothing is lost with it.
    Discovery,
}

/// A connection that may have to make way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Goes up with time.
    pub(super) id: u64,
    pub(super) peer: IpAddr,
    pub(super) rank: Rank,
}

/// Beside the places that one address may take, so many are for others.
const fn in_all(limit: usize) -> usize {
    limit + limit.div_ceil(3)
}

/// Who goes before somebody from `peer` may come, if `places` are all that are counted and `limit` of them are for one address.
/// `None`: there is room.
pub(super) fn first_to_go(limit: usize, peer: IpAddr, places: &[Place]) -> Option<u64> {
    let own = places.iter().filter(|place| place.peer == peer).count();
    let from = if own >= limit && own > 0 {
        peer
    } else if places.len() >= in_all(limit) {
        most_crowded(places)?
    } else {
        return None;
    };
    oldest_of(from, places)
}

/// Who goes first of all, wherever it is crowded most.
pub(super) fn first_of_all(places: &[Place]) -> Option<u64> {
    oldest_of(most_crowded(places)?, places)
}

fn most_crowded(places: &[Place]) -> Option<IpAddr> {
    let mut counts: HashMap<IpAddr, usize> = HashMap::new();
    for place in places {
        *counts.entry(place.peer).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(peer, count)| (*count, *peer));
    most.map(|(peer, _)| peer)
}

fn oldest_of(peer: IpAddr, places: &[Place]) -> Option<u64> {
    let here = places.iter().filter(|place| place.peer == peer);
    here.min_by_key(|place| (place.rank, place.id))
        .map(|place| place.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVIL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 66));
    const GOOD: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));
    const LIMIT: usize = 8;

    fn place(id: u64, peer: IpAddr, rank: Rank) -> Place {
        Place { id, peer, rank }
    }

    fn mute(ids: std::ops::Range<u64>, peer: IpAddr) -> Vec<Place> {
        ids.map(|id| place(id, peer, Rank::Mute)).collect()
    }

    #[test]
    fn nobody_goes_while_there_is_room() {
        assert_eq!(first_to_go(LIMIT, GOOD, &[]), None);
        assert_eq!(first_to_go(LIMIT, EVIL, &mute(0..5, EVIL)), None);
        assert_eq!(first_to_go(LIMIT, GOOD, &mute(0..7, EVIL)), None);
    }

    #[test]
    fn the_oldest_mute_one_of_the_most_crowded_address_goes() {
        let mut places = vec![place(0, GOOD, Rank::Mute), place(1, EVIL, Rank::LoggingIn)];
        places.extend(mute(2..11, EVIL));
        assert_eq!(first_to_go(LIMIT, GOOD, &places), Some(2));
        assert_eq!(first_of_all(&places), Some(2));
        places.retain(|place| place.rank != Rank::Mute);
        places.extend((20..30).map(|id| place(id, EVIL, Rank::LoggingIn)));
        assert_eq!(first_to_go(LIMIT, GOOD, &places), Some(1));
    }

    #[test]
    fn one_address_leaves_room_to_others() {
        let places = mute(0..8, EVIL);
        assert_eq!(first_to_go(LIMIT, EVIL, &places), Some(0));
        assert_eq!(first_to_go(LIMIT, GOOD, &places), None);
        assert_eq!(first_to_go(1, EVIL, &[]), None);
        assert_eq!(first_to_go(1, EVIL, &mute(4..5, EVIL)), Some(4));
        assert_eq!(first_to_go(1, GOOD, &mute(4..5, EVIL)), None);
    }

    /// A login takes this many turns; in each, the flood brings so many.
    #[test]
    fn an_honest_login_gets_through_a_flood_from_its_own_address() {
        let (mut places, mut next) = (Vec::new(), 0);
        let mut come = |places: &mut Vec<Place>, rank| {
            if let Some(id) = first_to_go(LIMIT, EVIL, places) {
                places.retain(|place| place.id != id);
            }
            places.push(place(next, EVIL, rank));
            next += 1;
            next - 1
        };
        for _ in 0..100 {
            come(&mut places, Rank::Mute);
        }
        let honest = come(&mut places, Rank::Mute);
        // Its first request is there when the next ones come.
        places
            .iter_mut()
            .filter(|place| place.id == honest)
            .for_each(|place| place.rank = Rank::LoggingIn);
        for _ in 0..2000 {
            come(&mut places, Rank::Mute);
        }
        assert!(places.iter().any(|place| place.id == honest));
        assert_eq!(places.len(), LIMIT);
    }
}
