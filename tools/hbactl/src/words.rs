//! The control plane's messages in words of the command line.
//!
//! Owns how a step is typed. It must not know when it is named.

use hba::{Message, Step};

/// The message as people read it.
pub(crate) fn message(message: &Message) -> String {
    message.render(step)
}

/// What is typed for a step.
fn step(step: Step) -> String {
    match step {
        Step::IfaceSwitchOn => "hbactl iface set IFACE enabled=on, then iface apply,".to_owned(),
        Step::OpenIscsiLogin => "iscsiadm -m node -T TARGET -p PORTAL -I IFACE --login".to_owned(),
        Step::OpenIscsiLogout(sid) => format!("iscsiadm -m session -r {sid} -u"),
        Step::OpenIscsiAddress => {
            "iscsiadm -m iface -I IFACE -o update -n iface.ipaddress -v ADDRESS".to_owned()
        }
        Step::OpenIscsiSecret => {
            "iscsiadm -m node -T TARGET -o update -n node.session.auth.authmethod -v CHAP, \
                                  and the same for username and password"
                .to_owned()
        }
        Step::OpenIscsiPing => "iscsiadm -m iface -I IFACE -C ping -a ADDRESS".to_owned(),
        Step::OpenIscsiFirmware => "iscsiadm -m fw".to_owned(),
        Step::StartHelper => {
            "systemctl start iscsiuio.socket (beside an emulated adapter: iscsiuio -f --endpoint DIR)"
                .to_owned()
        }
        Step::Serve => "hbaemu serve".to_owned(),
        Step::WithBlocks => "--blocks".to_owned(),
        Step::WithChap => "--chap".to_owned(),
        Step::WithAccount => "--chap-user and --secret-file".to_owned(),
        Step::WithEndpoint => "--endpoint".to_owned(),
        Step::WithDryRun => "--dry-run".to_owned(),
        Step::WithForce => "--force".to_owned(),
        Step::WithSecrets => "--with-secrets --out FILE".to_owned(),
        Step::WithYesDisturb => "--yes-disturb".to_owned(),
        Step::WithYesWriteFlash => "--yes-write-flash".to_owned(),
        Step::WithYesWriteNvram => "--yes-write-nvram".to_owned(),
        Step::WithHost(host) => format!("-a {host}"),
        Step::WithMoreTime => "--timeout".to_owned(),
        Step::WithMultipath => "--multipath".to_owned(),
        Step::WithPortal => "--portal".to_owned(),
        operation => format!("hbactl {operation}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args;

    #[test]
    fn what_a_hint_tells_to_type_is_there() {
        for operation in [
            Step::AdapterList,
            Step::AdapterShow,
            Step::AdapterDiag,
            Step::AdapterDump,
            Step::AdapterSetName,
            Step::ModuleShow,
            Step::ModuleSet,
            Step::ModuleTranslate,
            Step::BootClear,
            Step::BootSet,
            Step::BootShow,
            Step::ChapAdd,
            Step::ChapList,
            Step::ChapSet(Some(3)),
            Step::Event,
            Step::EventFollow,
            Step::FlashAdd,
            Step::FlashDiscover,
            Step::FlashList,
            Step::FlashLogout(Some(3)),
            Step::FlashLogin(Some(3)),
            Step::FlashNewIsid(3),
            Step::FlashParams,
            Step::FlashRemove(Some(3)),
            Step::FlashSet(Some(3)),
            Step::FlashShow,
            Step::IfaceList,
            Step::IfaceParams,
            Step::IfacePing,
            Step::IfaceSwitchOn,
            Step::NodeList,
            Step::NodeSet,
            Step::NodeKeys,
            Step::IfaceRecordList,
            Step::IfaceRecordSet,
            Step::LunList,
            Step::LunRead,
            Step::LunUses,
            Step::Ping,
            Step::SessionList,
            Step::SessionLogout(3),
            Step::TargetDiscover,
            Step::TargetList,
            Step::TargetExcludeList,
            Step::TargetExcludeRemove,
            Step::SessionRelease(3),
            Step::TargetPortalAdd,
            Step::TargetPortalList,
            Step::IfaceShow,
            Step::IfaceSet,
            Step::IfaceApply,
            Step::SessionWatch,
            Step::StatsHost,
            Step::StatsSession,
        ] {
            let typed = step(operation);
            let mut command = args::command();
            let mut words = typed.split(' ').take(3);
            assert_eq!(words.next(), Some("hbactl"), "{typed}");
            for word in words {
                let found = command.find_subcommand(word).cloned();
                command = found.unwrap_or_else(|| panic!("{typed}: no {word}"));
            }
        }
    }
}
