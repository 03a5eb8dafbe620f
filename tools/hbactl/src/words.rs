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
        Step::Serve => "hbaemu serve".to_owned(),
        Step::WithBlocks => "--blocks".to_owned(),
        Step::WithChap => "--chap".to_owned(),
        Step::WithEndpoint => "--endpoint".to_owned(),
        Step::WithForce => "--force".to_owned(),
        Step::WithHost(host) => format!("-a {host}"),
        Step::WithMoreTime => "--timeout".to_owned(),
        operation => format!("hbactl {operation}"),
    }
}
