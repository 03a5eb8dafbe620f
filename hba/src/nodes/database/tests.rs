use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;
use crate::nodes::{NodeId, Portal, Record};

/// A database in a directory of its own.
struct Lab {
    dir: tempfile::TempDir,
    db: Database,
}

impl Lab {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let db = Database::at(Place::under(dir.path()));
        Self { dir, db }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    fn held(&self) -> Held {
        self.db
            .lock(Deadline::after(Duration::from_secs(60)), "a test")
            .expect("the lock")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
    }

    /// All below the database but the lock and what is ours, with what is in files and links.
    fn tree(&self) -> Vec<String> {
        let mut found = Vec::new();
        walk(self.dir.path(), Path::new(""), &mut found);
        found.sort();
        found
    }
}

fn walk(root: &Path, at: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(root.join(at)).expect("a directory") {
        let entry = entry.expect("an entry");
        let path = at.join(entry.file_name());
        if path == Path::new("lock") {
            continue;
        }
        let stat = entry.metadata().expect("metadata");
        if stat.is_dir() {
            assert_eq!(stat.permissions().mode() & 0o777, 0o700, "{}", path.display());
            found.push(format!("{}/", path.display()));
            walk(root, &path, found);
        } else if stat.is_symlink() {
            let to = fs::read_link(root.join(&path)).expect("a link");
            let to = to.strip_prefix(root).unwrap_or(&to).to_owned();
            found.push(format!("{} -> {}", path.display(), to.display()));
        } else {
            assert_eq!(stat.permissions().mode() & 0o777, 0o600, "{}", path.display());
            found.push(path.display().to_string());
        }
    }
}

fn id(target: &str, portal: &str, iface: &str) -> NodeId {
    NodeId {
        target: format!("iqn.2026-11.test:{target}").parse().expect("a name"),
        portal: portal.parse().expect("a portal"),
        iface: iface.to_owned(),
    }
}

fn text(id: &NodeId, more: &str) -> String {
    let tag = id
        .portal
        .tag
        .map_or_else(|| "-1".to_owned(), |tag| tag.to_string());
    format!(
        "# BEGIN RECORD 2.1.8\nnode.name = {}\nnode.tpgt = {tag}\niface.iscsi_ifacename = {}\nnode.conn[0].address = {}\nnode.conn[0].port = {}\n{more}# END RECORD\n",
        id.target, id.iface, id.portal.address, id.portal.port
    )
}

fn record(id: &NodeId, more: &str) -> Record {
    Record::parse("test", text(id, more).as_bytes()).expect("a record")
}

fn listed(db: &Database) -> Vec<String> {
    db.nodes()
        .expect("a listing")
        .map(|listed| match listed {
            Ok((id, _)) => id.link_name(),
            Err(error) => format!("{error}"),
        })
        .collect()
}

#[test]
fn records_are_written_found_listed_and_removed_in_the_peers_places() {
    let lab = Lab::new();
    let (a, b, c) = (
        id("a", "127.0.0.1:3260,1", "default"),
        id("a", "127.0.0.1:3260,1", "eth0"),
        id("b", "[fd00::1]:3261,2", "default"),
    );
    // Nothing is there, and nothing is made by looking.
    assert!(lab.db.node(&a).expect("a look").is_none() && listed(&lab.db).is_empty());
    assert!(lab.tree().is_empty());
    let held = lab.held();
    for id in [&a, &b, &c] {
        lab.db.put_node(&held, id, &record(id, "")).expect("written");
    }
    assert_eq!(
        lab.tree(),
        [
            ".hba/",
            "nodes/",
            "nodes/iqn.2026-11.test:a/",
            "nodes/iqn.2026-11.test:a/127.0.0.1,3260,1/",
            "nodes/iqn.2026-11.test:a/127.0.0.1,3260,1/default",
            "nodes/iqn.2026-11.test:a/127.0.0.1,3260,1/eth0",
            "nodes/iqn.2026-11.test:b/",
            "nodes/iqn.2026-11.test:b/fd00::1,3261,2/",
            "nodes/iqn.2026-11.test:b/fd00::1,3261,2/default",
            "static/",
            "static/iqn.2026-11.test:a,127.0.0.1,3260,1,default -> nodes/iqn.2026-11.test:a/127.0.0.1,3260,1",
            "static/iqn.2026-11.test:a,127.0.0.1,3260,1,eth0 -> nodes/iqn.2026-11.test:a/127.0.0.1,3260,1",
            "static/iqn.2026-11.test:b,fd00::1,3261,2,default -> nodes/iqn.2026-11.test:b/fd00::1,3261,2",
        ]
    );
    assert_eq!(listed(&lab.db), [&a, &b, &c].map(NodeId::link_name));
    assert_eq!(
        lab.db.static_nodes().expect("links"),
        [a.clone(), b.clone(), c.clone()]
    );
    let of_a: Vec<_> = lab
        .db
        .nodes_of(&a.target)
        .expect("a listing")
        .map(|l| l.expect("a record").0)
        .collect();
    assert_eq!(of_a, [a.clone(), b.clone()]);
    // A change is written where the record is, and what is in it is what was given.
    lab.db
        .put_node(&held, &a, &record(&a, "node.startup = automatic\n"))
        .expect("written");
    let found = lab.db.node(&a).expect("a look").expect("a record");
    assert_eq!(found.get("node.startup"), Some("automatic"));
    // What is removed goes with its links and the directories that are empty then.
    assert!(lab.db.remove_node(&held, &a).expect("removed"));
    assert!(!lab.db.remove_node(&held, &a).expect("nothing to remove"));
    assert_eq!(lab.db.static_nodes().expect("links"), [b.clone(), c.clone()]);
    // One that was read, removed and written again is a new one.
    lab.db.put_node(&held, &a, &found).expect("written");
    assert_eq!(lab.db.static_nodes().expect("links").len(), 3);
    assert!(lab.db.remove_node(&held, &a).expect("removed"));
    assert!(
        lab.db.remove_node(&held, &b).expect("removed") && lab.db.remove_node(&held, &c).expect("removed")
    );
    assert_eq!(lab.tree(), [".hba/", "nodes/", "static/"]);
    assert!(lab.db.remarks().is_empty());
}

#[test]
fn a_record_whose_tag_is_not_known_is_one_file_until_the_tag_is() {
    let lab = Lab::new();
    let (untagged, other, tagged) = (
        id("a", "127.0.0.1:3260", "default"),
        id("a", "127.0.0.1:3260", "eth0"),
        id("a", "127.0.0.1:3260,5", "default"),
    );
    let held = lab.held();
    lab.db
        .put_node(&held, &untagged, &record(&untagged, ""))
        .expect("written");
    let file = "nodes/iqn.2026-11.test:a/127.0.0.1,3260";
    assert_eq!(lab.tree(), [".hba/", "nodes/", "nodes/iqn.2026-11.test:a/", file]);
    assert_eq!(listed(&lab.db), [untagged.link_name()]);
    assert!(lab.db.node(&untagged).expect("a look").is_some());
    // It is for one interface and no tag, and for nothing else.
    assert!(lab.db.node(&other).expect("a look").is_none());
    assert!(lab.db.node(&tagged).expect("a look").is_none());
    assert!(!lab.db.remove_node(&held, &other).expect("nothing to remove"));
    let refused = lab
        .db
        .put_node(&held, &other, &record(&other, ""))
        .expect_err("one interface a portal");
    assert_eq!(refused.kind(), Kind::Invalid);
    assert!(refused.to_string().contains(file), "{refused}");
    // The peer would go on reading the old file: it goes when the tag is known.
    lab.db
        .put_node(&held, &tagged, &record(&tagged, ""))
        .expect("written");
    assert_eq!(listed(&lab.db), [tagged.link_name()]);
    assert!(!lab.at(file).exists());
    assert!(lab.db.remarks()[0].contains("took the place"));
    assert!(lab.db.remove_node(&held, &tagged).expect("removed"));
}

#[test]
fn layouts_that_only_the_peers_library_lists_are_read_changed_and_removed_where_they_are() {
    let lab = Lab::new();
    let (file, dir) = (
        id("a", "127.0.0.1:3260,5", "eth0"),
        id("b", "127.0.0.1:3260", "default"),
    );
    let (file_at, dir_at) = (
        "nodes/iqn.2026-11.test:a/127.0.0.1,3260,5",
        "nodes/iqn.2026-11.test:b/127.0.0.1,3260,-1/default",
    );
    lab.write(file_at, &text(&file, ""));
    lab.write(dir_at, &text(&dir, ""));
    fs::set_permissions(lab.at("nodes"), fs::Permissions::from_mode(0o700)).expect("a mode");
    assert_eq!(listed(&lab.db), [file.link_name(), dir.link_name()]);
    let held = lab.held();
    for (id, at) in [(&file, file_at), (&dir, dir_at)] {
        assert!(lab.db.node(id).expect("a look").is_some());
        let changed = record(id, "node.startup = onboot\n");
        lab.db.put_node(&held, id, &changed).expect("written");
        assert_eq!(fs::read_to_string(lab.at(at)).expect("there"), changed.text());
        assert!(lab.db.remove_node(&held, id).expect("removed"));
        assert!(!lab.at(at).exists());
    }
    assert!(listed(&lab.db).is_empty());
}

#[test]
fn discovery_portals_know_which_nodes_were_found_through_them() {
    let lab = Lab::new();
    let portal: Portal = "192.0.2.9".parse().expect("a portal");
    let found = id("a", "127.0.0.1:3260,1", "default");
    let st = Discovery::SendTargets;
    let config = Record::parse(
        "test",
        b"# BEGIN RECORD 2.1.8\ndiscovery.type = sendtargets\n# END RECORD\n",
    )
    .expect("a record");
    let held = lab.held();
    lab.db.put_portal(&held, st, &portal, &config).expect("written");
    let by = "node.discovery_address = 192.0.2.9\nnode.discovery_port = 3260\nnode.discovery_type = send_targets\n";
    lab.db
        .put_node(&held, &found, &record(&found, by))
        .expect("written");
    // The record says how it was found, and the link is made by that.
    assert_eq!(
        lab.db.found_by(st, &portal).expect("links"),
        std::slice::from_ref(&found)
    );
    assert!(lab.db.static_nodes().expect("links").is_empty());
    lab.db
        .link(&held, Discovery::Isns, &portal, &found)
        .expect("linked");
    lab.db
        .link(&held, Discovery::Isns, &portal, &found)
        .expect("linked once more");
    lab.db.link_firmware(&held, &found).expect("linked");
    assert_eq!(
        lab.db.found_by(Discovery::Isns, &portal).expect("links"),
        std::slice::from_ref(&found)
    );
    assert_eq!(
        lab.db.firmware_nodes().expect("links"),
        std::slice::from_ref(&found)
    );
    assert!(
        lab.db
            .unlink(&held, Discovery::Isns, &portal, &found)
            .expect("unlinked")
    );
    assert!(
        !lab.db
            .unlink(&held, Discovery::Isns, &portal, &found)
            .expect("nothing to unlink")
    );
    let all: Vec<_> = lab
        .db
        .portals(st)
        .expect("a listing")
        .map(|p| p.expect("a record"))
        .collect();
    assert_eq!((all.len(), &all[0].0, &all[0].1), (1, &portal, &config));
    assert_eq!(lab.db.portal(st, &portal).expect("a look"), Some(config));
    // A directory of links only is no portal.
    assert!(
        lab.db
            .portals(Discovery::Isns)
            .expect("a listing")
            .next()
            .is_none()
    );
    assert!(lab.db.remove_node(&held, &found).expect("removed"));
    assert!(lab.db.found_by(st, &portal).expect("links").is_empty());
    assert!(lab.db.firmware_nodes().expect("links").is_empty());
    assert!(lab.db.remove_portal(&held, st, &portal).expect("removed"));
    assert!(
        !lab.db
            .remove_portal(&held, st, &portal)
            .expect("nothing to remove")
    );
    assert!(!lab.at("send_targets/192.0.2.9,3260").exists());
}

#[test]
fn interface_records_are_found_by_name() {
    let lab = Lab::new();
    let name = "qla4xxx.00:0e:1e:11:22:33.ipv4.0";
    let iface = Record::parse(
        "test",
        b"# BEGIN RECORD 2.1.8\niface.transport_name = qla4xxx\n# END RECORD\n",
    )
    .expect("a record");
    let held = lab.held();
    assert_eq!(lab.db.iface(name).expect("a look"), None);
    lab.db.put_iface(&held, name, &iface).expect("written");
    assert_eq!(lab.db.iface(name).expect("a look").as_ref(), Some(&iface));
    let all: Vec<_> = lab
        .db
        .ifaces()
        .expect("a listing")
        .map(|i| i.expect("a record"))
        .collect();
    assert_eq!(all, [(name.to_owned(), iface)]);
    assert!(lab.db.remove_iface(&held, name).expect("removed"));
    assert!(!lab.db.remove_iface(&held, name).expect("nothing to remove"));
    for bad in ["../nodes", "..", "", "a/b"] {
        assert_eq!(lab.db.iface(bad).expect_err(bad).kind(), Kind::Invalid);
        assert!(lab.db.remove_iface(&held, bad).is_err());
    }
}

#[test]
fn what_cannot_be_used_is_an_error_with_its_path_and_the_listing_goes_on() {
    let lab = Lab::new();
    let good = id("good", "127.0.0.1:3260,1", "default");
    let held = lab.held();
    lab.db
        .put_node(&held, &good, &record(&good, ""))
        .expect("written");
    drop(held);
    let dir = "nodes/iqn.2026-11.test:bad/127.0.0.1,3260,1";
    let bad = |iface: &str| id("bad", "127.0.0.1:3260,1", iface);
    lab.write(&format!("{dir}/a-long"), &"x".repeat(100_000));
    lab.write(&format!("{dir}/b-binary"), "");
    fs::write(
        lab.at(&format!("{dir}/b-binary")),
        b"# BEGIN RECORD\n\xff\xfe\0\n# END RECORD\n",
    )
    .expect("a file");
    fs::create_dir(lab.at(&format!("{dir}/c-directory"))).expect("a directory");
    lab.write(&format!("{dir}/d-half"), "# BEGIN RECORD 2.1.8\nnode.name = iqn");
    lab.write(&format!("{dir}/e-empty"), "");
    lab.write(&format!("{dir}/f-other"), &text(&good, ""));
    lab.write(&format!("{dir}/g-good"), &text(&bad("g-good"), ""));
    lab.write("nodes/iqn.2026-11.test:odd/no portal", "x");
    lab.write("nodes/stray", "x");
    nix::unistd::mkfifo(&lab.at(&format!("{dir}/h-pipe")), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    let all = listed(&lab.db);
    for (place, why) in [
        ("a-long", "longer"),
        ("c-directory", "a directory"),
        ("d-half", "half written"),
        ("e-empty", "half written"),
        ("f-other", "node.name"),
        ("h-pipe", "a pipe"),
        ("no portal", "no portal"),
        ("nodes/stray", "a directory"),
    ] {
        let said = all.iter().find(|said| said.contains(place)).expect(place);
        assert!(said.contains(why), "{place}: {said}");
    }
    assert!(
        all.contains(&good.link_name()) && all.contains(&bad("g-good").link_name()),
        "{all:?}"
    );
    assert_eq!(all.len(), 11, "{all:?}");
    assert!(
        lab.db
            .node(&bad("d-half"))
            .expect_err("half")
            .to_string()
            .contains("half written")
    );
    // What cannot be read can be replaced and removed.
    let held = lab.held();
    for iface in ["a-long", "b-binary", "d-half", "e-empty"] {
        lab.db
            .put_node(&held, &bad(iface), &record(&bad(iface), ""))
            .expect("written");
    }
    assert!(
        lab.db
            .put_node(&held, &bad("c-directory"), &record(&bad("c-directory"), ""))
            .is_err()
    );
    assert!(lab.db.remove_node(&held, &bad("f-other")).expect("removed"));
    assert!(lab.db.node(&bad("e-empty")).expect("a look").is_some());
}

#[test]
fn names_that_climb_and_links_that_lead_out_are_refused_and_touch_nothing() {
    let lab = Lab::new();
    let outside = tempfile::tempdir().expect("a directory");
    let victim = outside.path().join("default");
    let inside = id("a", "127.0.0.1:3260,1", "default");
    fs::write(&victim, text(&inside, "")).expect("a file");
    let held = lab.held();
    let mut climbing = vec![inside.clone(); 4];
    climbing[0].target = "../../outside".parse().expect("a name that can be carried");
    climbing[1].target = "..".parse().expect("a name that can be carried");
    climbing[2].iface = "../../../outside".to_owned();
    climbing[3].portal.address = "../../outside".to_owned();
    for id in &climbing {
        let as_named = Record::parse("test", b"# BEGIN RECORD\n# END RECORD\n").expect("a record");
        for error in [
            lab.db.node(id).expect_err("a look"),
            lab.db.put_node(&held, id, &as_named).expect_err("a write"),
            lab.db.remove_node(&held, id).expect_err("a removal"),
            lab.db.link_static(&held, id).expect_err("a link"),
        ] {
            assert_eq!(error.kind(), Kind::Invalid, "{error}");
        }
    }
    // A portal's directory that is a link out of the tree, and a record that is one.
    fs::create_dir_all(lab.at("nodes/iqn.2026-11.test:a")).expect("a directory");
    let portal = lab.at("nodes/iqn.2026-11.test:a/127.0.0.1,3260,1");
    symlink(outside.path(), &portal).expect("a link");
    for error in [
        lab.db.node(&inside).expect_err("a look"),
        lab.db
            .put_node(&held, &inside, &record(&inside, ""))
            .expect_err("a write"),
        lab.db.remove_node(&held, &inside).expect_err("a removal"),
    ] {
        assert!(error.to_string().contains("127.0.0.1,3260,1"), "{error}");
    }
    assert!(listed(&lab.db)[0].contains("leads out of the tree"));
    fs::remove_file(&portal).expect("gone");
    fs::create_dir(&portal).expect("a directory");
    symlink(&victim, portal.join("default")).expect("a link");
    assert!(
        lab.db
            .node(&inside)
            .expect_err("a look")
            .to_string()
            .contains("leads out of the tree")
    );
    // A link in the tree is followed; what is written takes its place, and what it leads to stays.
    let other = id("a", "127.0.0.1:3260,1", "eth0");
    fs::write(portal.join("eth0"), text(&inside, "")).expect("a file");
    fs::remove_file(portal.join("default")).expect("gone");
    symlink("eth0", portal.join("default")).expect("a link");
    assert!(lab.db.node(&inside).expect("a look").is_some());
    lab.db
        .put_node(&held, &inside, &record(&inside, "node.startup = onboot\n"))
        .expect("written");
    assert!(
        !fs::read_to_string(portal.join("eth0"))
            .expect("there")
            .contains("onboot")
    );
    assert!(lab.db.node(&other).is_err());
    assert_eq!(fs::read_to_string(&victim).expect("untouched"), text(&inside, ""));
    // Links of discovery are named, and never followed.
    fs::create_dir_all(lab.at("static")).expect("a directory");
    symlink(
        outside.path(),
        lab.at("static/iqn.2026-11.test:a,127.0.0.1,3260,1,eth9"),
    )
    .expect("a link");
    lab.db.remarks();
    lab.db.static_nodes().expect("links");
    assert!(lab.db.remarks()[0].contains("eth9"));
}

#[test]
fn records_of_others_and_secrets_for_everybody_are_remarked() {
    let lab = Lab::new();
    let node = id("a", "127.0.0.1:3260,1", "default");
    let file = lab.at("nodes/iqn.2026-11.test:a/127.0.0.1,3260,1/default");
    let held = lab.held();
    lab.db
        .put_node(
            &held,
            &node,
            &record(&node, "node.session.auth.password = hidden\n"),
        )
        .expect("written");
    lab.db.node(&node).expect("a look");
    assert!(lab.db.remarks().is_empty());
    for (mode, said) in [
        (0o644, "can be read by others"),
        (0o660, "can be changed by others"),
    ] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("a mode");
        lab.db.node(&node).expect("a look");
        let remarks = lab.db.remarks().join("\n");
        assert!(remarks.contains(said) && remarks.contains("default"), "{remarks}");
        assert!(!remarks.contains("hidden"));
    }
    if nix::unistd::geteuid().is_root() {
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("a mode");
        std::os::unix::fs::chown(&file, Some(1234), None).expect("another owner");
        lab.db.node(&node).expect("a look");
        assert!(lab.db.remarks()[0].contains("belongs to user 1234"));
        // What is written is ours again.
        lab.db
            .put_node(&held, &node, &record(&node, ""))
            .expect("written");
        lab.db.node(&node).expect("a look");
        assert!(lab.db.remarks().is_empty());
        // A directory of somebody else is not written to.
        std::os::unix::fs::chown(lab.at("nodes"), Some(1234), None).expect("another owner");
        let refused = lab.db.put_node(&held, &node, &record(&node, "")).and_then(|()| {
            lab.db.put_node(
                &held,
                &id("b", "127.0.0.1:3260,1", "default"),
                &record(&id("b", "127.0.0.1:3260,1", "default"), ""),
            )
        });
        assert_eq!(refused.expect_err("a foreign directory").kind(), Kind::Permission);
    }
}

#[test]
fn many_records_are_written_together_and_what_is_not_finished_is_not_there() {
    let lab = Lab::new();
    let ids: Vec<_> = (0..300)
        .map(|n| id(&format!("{n:04}"), "127.0.0.1:3260,1", "default"))
        .collect();
    let mut held = lab.held();
    let mut batch = lab.db.batch(&mut held).expect("a batch");
    for id in &ids[..3] {
        batch.put(id, record(id, "")).expect("staged");
    }
    drop(batch);
    assert!(listed(&lab.db).is_empty());
    assert_eq!(lab.tree(), [".hba/"]);
    for more in ["", "node.startup = automatic\n"] {
        let mut batch = lab.db.batch(&mut held).expect("a batch");
        for id in &ids {
            batch.put(id, record(id, more)).expect("staged");
        }
        assert_eq!(batch.finish().expect("written"), ids.len());
        let read: Vec<_> = lab
            .db
            .nodes()
            .expect("a listing")
            .map(|l| l.expect("a record"))
            .collect();
        assert!(read.iter().map(|(id, _)| id).eq(&ids));
        assert!(read.iter().all(|(id, found)| found.text() == text(id, more)));
    }
    assert_eq!(lab.db.static_nodes().expect("links").len(), ids.len());
    assert!(fs::read_dir(lab.at(".hba")).expect("there").next().is_none());
}

#[test]
fn what_a_killed_writer_left_is_in_nobodys_way() {
    let lab = Lab::new();
    let node = id("a", "127.0.0.1:3260,1", "default");
    let mut held = lab.held();
    lab.write(".hba/staged", "half of a rec");
    lab.write(".hba/7", "half of a rec");
    fs::set_permissions(lab.at(".hba"), fs::Permissions::from_mode(0o700)).expect("a mode");
    lab.db
        .put_node(&held, &node, &record(&node, ""))
        .expect("written");
    let mut batch = lab.db.batch(&mut held).expect("a batch");
    batch
        .put(&node, record(&node, "node.startup = onboot\n"))
        .expect("staged");
    batch.finish().expect("written");
    assert_eq!(
        lab.db
            .node(&node)
            .expect("a look")
            .expect("a record")
            .get("node.startup"),
        Some("onboot")
    );
    assert_eq!(fs::read_dir(lab.at(".hba")).expect("there").count(), 0);
}

#[test]
fn a_record_that_is_being_written_is_read_when_it_is_whole() {
    let lab = Lab::new();
    let node = id("a", "127.0.0.1:3260,1", "default");
    let file = lab.at("nodes/iqn.2026-11.test:a/127.0.0.1,3260,1/default");
    let whole = text(&node, "");
    drop(lab.held());
    lab.write("nodes/iqn.2026-11.test:a/127.0.0.1,3260,1/default", "");
    // A peer is at it: it has the lock, and has emptied the file.
    lab.write("lock/lock", "");
    fs::hard_link(lab.at("lock/lock"), lab.at("lock/lock.write")).expect("the lock");
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| lab.db.node(&node).map(|r| r.map(|r| r.text())));
        // The reader waits for the lock: it has the turn among ours.
        while fs::read(lab.at("lock/hba.queue")).unwrap_or_default().is_empty() {
            std::thread::yield_now();
        }
        fs::write(&file, &whole).expect("the rest");
        fs::remove_file(lab.at("lock/lock.write")).expect("the lock is free");
        assert_eq!(
            reader.join().expect("a reader").expect("a look"),
            Some(whole.clone())
        );
    });
}

#[test]
fn writers_are_refused_while_two_places_hold_records_and_readers_are_told() {
    let lab = Lab::new();
    let mut place = Place::under(lab.dir.path());
    place.rival = Some("/var/lib/other".into());
    let db = Database::at(place);
    let refused = db
        .lock(Deadline::after(Duration::from_secs(1)), "a test")
        .expect_err("two places");
    assert_eq!(refused.kind(), Kind::Invalid);
    assert!(refused.to_string().contains("/var/lib/other"));
    assert!(refused.next_step().expect("a hint").to_string().contains("--db"));
    assert!(db.nodes().expect("a listing").next().is_none());
    assert!(db.remarks()[0].contains("/var/lib/other"));
}

#[test]
fn the_lock_of_another_database_writes_nothing_here() {
    let (lab, other) = (Lab::new(), Lab::new());
    let node = id("a", "127.0.0.1:3260,1", "default");
    let refused = lab
        .db
        .put_node(&other.held(), &node, &record(&node, ""))
        .expect_err("another lock");
    assert!(refused.to_string().contains("another database"));
    assert!(lab.tree().is_empty());
}
