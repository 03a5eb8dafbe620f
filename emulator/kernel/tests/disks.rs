//! Disks as the kernel takes them, by what a stranger's target says of its units.

#[macro_use]
mod common;

use common::{HOST, IQN, Lab, Tgtd, session};

#[test]
fn a_disk_of_blocks_that_no_kernel_takes_is_there_and_empty_and_may_be_formatted_later() {
    needs_tgtd!("a_disk_of_blocks_that_no_kernel_takes_is_there_and_empty_and_may_be_formatted_later");
    let dir = tempfile::tempdir().expect("temporary directory");
    let disk = |name: &str| {
        let path = dir.path().join(name);
        let file = std::fs::File::create(&path).expect("a file");
        file.set_len(1 << 20).expect("its length");
        path
    };
    let (usual, odd) = (disk("usual"), disk("odd"));
    let target = Tgtd::start();
    target.target(1, IQN, &[&usual]);
    target.lun_of_blocks("1", 2, &odd, 8192);
    let lab = Lab::within(dir, target, |_| {});
    let mut client = lab.client();
    client.set_address("127.0.0.1");
    let node = client.target_node(lab.portal, Some(IQN));
    client.login(node).expect("login");
    lab.wait_for(&format!("{}/state", session(1)), "LOGGED_IN");
    let unit = |lun: u32, attr: &str| {
        let id = lab.read(&format!("{}/target_id", session(1)));
        format!("class/scsi_device/{HOST}:0:{id}:{lun}/device/{attr}")
    };
    lab.wait("both units", || {
        // The directory comes before the disk in it.
        let block =
            |lun| std::fs::read_dir(lab.sys(&unit(lun, "block"))).is_ok_and(|mut d| d.next().is_some());
        (block(1) && block(2)).then_some(())
    });
    let block = |lun: u32, attr: &str| {
        let dir = std::fs::read_dir(lab.sys(&unit(lun, "block"))).expect("block");
        let name = dir.map(|e| e.expect("entry").file_name()).next().expect("a disk");
        lab.read(&unit(lun, &format!("block/{}/{attr}", name.to_string_lossy())))
    };
    assert_eq!(block(1, "size"), "2048");
    assert_eq!(block(2, "size"), "0");
    assert_eq!(block(2, "queue/logical_block_size"), "512");
    assert_eq!(block(2, "queue/physical_block_size"), "8192");
    assert_eq!(lab.read(&unit(2, "state")), "running");
}
