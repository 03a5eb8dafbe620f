//! Names are opaque: what a target is called goes into flash, over the wire and into the listing byte for byte, and what a target
//! lists is used as it is.

use anyhow::{Result, ensure};
use lab_tests::lab::Lab;
use lab_tests::target::Target;

/// As targets in the field are called.
const NAMES: [&str; 5] = [
    "iqn.2026-11.org.Example:NAS.Target-1",
    "Target-Webserver",
    "iqn.2015-1.workgroup:RAID.vg0",
    "iqn.2026-11.org.example:vol/1",
    "iqn.2026-11.org.example:größe_2",
];

fn lab(address: &str) -> Result<(Lab, Target)> {
    let lab = Lab::start(&["--ports", "1"])?;
    lab.json(&[
        "iface",
        "set",
        "ipv4",
        &format!("ipaddress={address}"),
        "subnet=255.0.0.0",
    ])?;
    lab.json(&["iface", "apply"])?;
    let mut args = vec!["--lun", "8M"];
    for name in &NAMES[1..] {
        args.extend(["--also", name]);
    }
    let target = Target::start(lab.path(), NAMES[0], &args)?;
    Ok((lab, target))
}

fn logged_in(lab: &Lab) -> Result<Vec<String>> {
    let sessions = lab.json(&["session", "list"])?;
    let all = sessions.as_array().into_iter().flatten();
    let names = all
        .filter(|session| session["state"] == "LOGGED_IN")
        .filter_map(|session| session["target_name"].as_str().map(str::to_owned));
    Ok(names.collect())
}

#[test]
fn a_name_in_flash_is_logged_in_to_as_it_stands() -> Result<()> {
    let (lab, target) = lab("127.0.0.67")?;
    let portal = target.portal().to_string();
    for name in NAMES {
        let added = lab.json(&["flash", "add", "--target", name, "--portal", &portal])?;
        lab.json(&["flash", "login", &added["after"]["index"].to_string()])?;
    }
    let names = logged_in(&lab)?;
    for name in NAMES {
        ensure!(names.iter().any(|n| n == name), "{name} is not among {names:?}");
    }
    Ok(())
}

#[test]
fn what_a_target_lists_becomes_sessions_of_the_same_names() -> Result<()> {
    let (lab, target) = lab("127.0.0.68")?;
    lab.json(&["flash", "discover", &target.portal().to_string()])?;
    let names = logged_in(&lab)?;
    for name in NAMES {
        ensure!(names.iter().any(|n| n == name), "{name} is not among {names:?}");
    }
    Ok(())
}
