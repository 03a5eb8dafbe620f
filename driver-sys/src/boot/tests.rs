use std::fs;
use std::path::Path;

use super::*;
use crate::sysfs::{Address, Root};

fn write(dir: &Path, files: &[(&str, &str)]) {
    for (name, contents) in files {
        let path = dir.join("firmware").join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, contents).expect("a file");
    }
}

#[test]
fn a_machine_without_boot_trees_has_none() {
    let dir = tempfile::tempdir().expect("a directory");
    let root = Root::open(dir.path()).expect("a tree");
    assert_eq!(boot_trees(&root).expect("no error").items, vec![]);
}

#[test]
fn ibft_comes_first_then_hosts_in_order() {
    let dir = tempfile::tempdir().expect("a directory");
    write(
        dir.path(),
        &[
            ("iscsi_boot10/initiator/initiator-name", "iqn.a\n"),
            ("iscsi_boot2/initiator/initiator-name", "iqn.b\n"),
            ("iscsi_bootx/initiator/initiator-name", "iqn.c\n"),
            ("ibft/initiator/initiator-name", "iqn.d\n"),
            ("acpi/x", ""),
        ],
    );
    let root = Root::open(dir.path()).expect("a tree");
    let sources: Vec<Source> = boot_trees(&root)
        .expect("trees")
        .items
        .iter()
        .map(|tree| tree.source)
        .collect();
    assert_eq!(sources, [Source::Ibft, Source::Host(2), Source::Host(10)]);
}

#[test]
fn names_and_secrets_lose_their_padding_and_secrets_stay_hidden() {
    let dir = tempfile::tempdir().expect("a directory");
    write(
        dir.path(),
        &[
            ("ibft/acpi_header/signature", "iBFT\n"),
            ("ibft/ethernet1/flags", "3\n"),
            ("ibft/ethernet1/ip-addr", "fe80::1\n"),
            ("ibft/ethernet1/vlan", "100\n"),
            ("ibft/target0/chap-type", "2\n"),
            ("ibft/target0/lun", "0000000000000000\n"),
            ("ibft/target0/chap-name", "user   \n"),
            ("ibft/target0/chap-secret", "twelve-bytes-or-more  \n\n"),
            ("ibft/target0/rev-chap-name-secret", "   \n"),
        ],
    );
    let root = Root::open(dir.path()).expect("a tree");
    let listing = boot_trees(&root).expect("trees");
    assert!(listing.skipped.is_empty() && listing.problems.is_empty());
    let tree = &listing.items[0];
    assert_eq!(
        tree.acpi.as_ref().and_then(|a| a.signature.clone()),
        Some(Trimmed("iBFT".into()))
    );
    let (number, nic) = &tree.ethernets[0];
    assert_eq!(
        (*number, nic.vlan, nic.flags),
        (1, Some(100), Some(BootFlags::VALID | BootFlags::BOOT_SELECTED))
    );
    assert!(
        nic.ip_addr
            .as_ref()
            .is_some_and(|a| a.same(&Address::new("FE80:0::1")))
    );
    let target = &tree.targets[0].1;
    assert_eq!(target.chap_type, Some(ChapType::Mutual));
    assert_eq!(target.chap_name, Some(Trimmed("user".into())));
    assert_eq!(
        target.chap_secret.as_ref().map(|s| s.0.expose()),
        Some(&b"twelve-bytes-or-more"[..])
    );
    assert_eq!(target.rev_chap_secret, None);
    assert!(!format!("{tree:?}").contains("twelve-bytes"));
}
