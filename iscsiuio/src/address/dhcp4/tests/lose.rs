//! Links that come and go.

use super::*;

#[test]
fn nothing_is_said_on_a_link_that_is_down() {
    let mut world = World::new();
    let mut server = Server::silent();
    world.client.start(world.now);
    world.client.link(world.now, false);
    world.run(&mut server, secs(600));
    assert_eq!(world.said.len(), 1);
    world.client.link(world.now, true);
    world.run(&mut Server::default(), secs(2));
    assert_eq!(world.client.state(), State::Bound);
}

#[test]
fn a_lease_is_kept_over_a_flap_and_asked_about() {
    let mut server = Server::default();
    let mut world = World::bound(&mut server);
    world.client.link(world.now, false);
    world.run(&mut server, secs(100));
    world.client.link(world.now, true);
    assert_eq!(world.client.state(), State::Rebooting);
    assert!(world.client.lease().is_some());
    world.settle(&mut server);
    assert_eq!(world.client.state(), State::Bound);
    assert_eq!(world.lost(), []);
}

#[test]
fn a_lease_ends_on_a_link_that_is_down_too() {
    let mut server = Server::default();
    let mut world = World::bound(&mut server);
    world.client.link(world.now, false);
    world.run(&mut server, secs(4000));
    assert_eq!(world.lost(), [Loss::Expired]);
}

#[test]
fn a_link_that_comes_up_twice_is_up_once() {
    let mut server = Server::default();
    let mut world = World::bound(&mut server);
    let said = world.said.len();
    world.client.link(world.now, true);
    world.settle(&mut server);
    assert_eq!(world.said.len(), said);
}

#[test]
fn a_flap_does_not_shorten_the_pause_after_a_duplicate() {
    let mut world = World::new();
    let mut server = Server::default();
    world.link = Some(Probed::Taken);
    world.client.start(world.now);
    world.settle(&mut server);
    let said = world.said.len();
    world.client.link(world.now, false);
    world.client.link(world.now, true);
    world.run(&mut server, secs(9));
    assert_eq!(world.said.len(), said);
    world.run(&mut server, secs(2));
    assert!(world.said.len() > said);
}
