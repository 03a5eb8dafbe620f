//! kobject uevents as events: objects that come and go, and what logical units say of themselves.
//!
//! Source: `lib/kobject_uevent.c`, `drivers/scsi/scsi_lib.c` (`scsi_evt_emit`: the uevent is of the device on the `scsi` bus, beside
//! which the `scsi_device` class has an object of the same name), `scsi_transport_iscsi.c` (`iscsi_flashnode_bus`).

use driver_sys::uevent::KernelEvent;

use crate::model::Event;

/// Subsystems whose objects are told of.
const SUBSYSTEMS: &[&str] = &[
    "iscsi_host",
    "iscsi_session",
    "iscsi_connection",
    "iscsi_iface",
    "iscsi_flashnode",
    "iscsi_transport",
    "scsi_host",
    "scsi_device",
    "block",
];
/// The bus of logical units: their attentions come from there.
const UNITS: &str = "scsi";
/// How an entry of flash begins its name; its connection's object has another.
const FLASH_ENTRY: &str = "flashnode_sess-";

type Told = (Option<u32>, Event);

/// What a uevent of an object below an iSCSI host tells: nothing, one thing, or the object and what it means.
pub(super) fn events(raw: &KernelEvent) -> impl Iterator<Item = Told> + use<> {
    let host = number(&raw.devpath, "host");
    let told: Vec<Event> = match raw.subsystem() {
        Some(UNITS) => unit(raw).into_iter().collect(),
        Some(subsystem) if SUBSYSTEMS.contains(&subsystem) => object(raw, subsystem),
        _ => Vec::new(),
    };
    told.into_iter().map(move |event| (host, event))
}

/// What a logical unit says (`SDEV_UA`), if it is one of an iSCSI session's.
fn unit(raw: &KernelEvent) -> Option<Event> {
    let sid = number(&raw.devpath, "session");
    let what = raw.get("SDEV_UA").filter(|_| raw.action == "change")?;
    sid?;
    let name = name(raw)?;
    Some(match what {
        "REPORTED_LUNS_DATA_HAS_CHANGED" => Event::LunsChanged { name, sid },
        other => Event::UnitChanged {
            name,
            sid,
            what: other.to_ascii_lowercase(),
        },
    })
}

fn object(raw: &KernelEvent, subsystem: &str) -> Vec<Event> {
    let Some(name) = name(raw) else { return Vec::new() };
    if subsystem == "block" && !raw.devpath.contains("/session") {
        return Vec::new();
    }
    let targets = subsystem == "iscsi_flashnode" && name.starts_with(FLASH_ENTRY);
    let subsystem = subsystem.to_owned();
    let (event, lists) = match raw.action.as_str() {
        "add" => (Event::ObjectAdded { subsystem, name }, targets),
        "remove" => (Event::ObjectRemoved { subsystem, name }, targets),
        "change" => (Event::ObjectChanged { subsystem, name }, false),
        _ => return Vec::new(),
    };
    [Some(event), lists.then_some(Event::TargetsChanged)]
        .into_iter()
        .flatten()
        .collect()
}

fn name(raw: &KernelEvent) -> Option<String> {
    Some(raw.devpath.rsplit('/').next()?.to_owned())
}

/// The number behind a word in a device's path: 4 of `/host4/`.
fn number(path: &str, word: &str) -> Option<u32> {
    path.split('/')
        .find_map(|part| part.strip_prefix(word)?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<Told> {
        events(&KernelEvent::parse(text.as_bytes()).expect("event")).collect()
    }

    /// As Linux 6.1 sends it.
    fn attention(what: &str) -> String {
        format!(
            "change@/devices/pci0000:00/0000:00:05.1/host4/session1/target4:0:0/4:0:0:0\0ACTION=change\0\
             DEVPATH=/devices/pci0000:00/0000:00:05.1/host4/session1/target4:0:0/4:0:0:0\0SUBSYSTEM=scsi\0\
             SDEV_UA={what}\0DEVTYPE=scsi_device\0DRIVER=sd\0MODALIAS=scsi:t-0x00\0SEQNUM=1234\0"
        )
    }

    #[test]
    fn a_changed_list_of_units_is_told_with_its_session() {
        let event = Event::LunsChanged {
            name: "4:0:0:0".into(),
            sid: Some(1),
        };
        assert_eq!(
            told(&attention("REPORTED_LUNS_DATA_HAS_CHANGED")),
            [(Some(4), event)]
        );
    }

    #[test]
    fn other_attentions_of_a_unit_are_told_by_their_name() {
        let event = Event::UnitChanged {
            name: "4:0:0:0".into(),
            sid: Some(1),
            what: "capacity_data_has_changed".into(),
        };
        assert_eq!(told(&attention("CAPACITY_DATA_HAS_CHANGED")), [(Some(4), event)]);
    }

    #[test]
    fn units_that_are_not_behind_a_session_and_objects_of_the_bus_are_left_out() {
        assert_eq!(
            told(
                "change@/devices/pci0000:00/ata1/host0/target0:0:0/0:0:0:0\0SUBSYSTEM=scsi\0SDEV_UA=MODE_PARAMETERS_CHANGED\0"
            ),
            []
        );
        assert_eq!(
            told("add@/devices/pci0000:00/host4/session1/target4:0:0/4:0:0:0\0SUBSYSTEM=scsi\0"),
            [],
            "the class's object of the same name is told"
        );
        assert_eq!(
            told(
                "add@/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda\0SUBSYSTEM=block\0"
            ),
            []
        );
    }

    #[test]
    fn an_entry_of_flash_that_comes_or_goes_changes_the_targets_too() {
        let names =
            |text: &str| -> Vec<&'static str> { told(text).iter().map(|(_, event)| event.name()).collect() };
        let entry = "devices/pci0000:00/host4/flashnode_sess-4-2\0SUBSYSTEM=iscsi_flashnode\0";
        assert_eq!(
            names(&format!("add@/{entry}")),
            ["object_added", "targets_changed"]
        );
        assert_eq!(
            names(&format!("remove@/{entry}")),
            ["object_removed", "targets_changed"]
        );
        assert_eq!(names(&format!("change@/{entry}")), ["object_changed"]);
        let connection =
            "add@/devices/host4/flashnode_sess-4-2/flashnode_conn-4-2-0\0SUBSYSTEM=iscsi_flashnode\0";
        assert_eq!(names(connection), ["object_added"]);
    }
}
