//! `hbaemu fault`: breaks things in a running adapter or target, through its control socket.

use std::io::ErrorKind;
use std::os::fd::AsRawFd;
use std::path::Path;

use anyhow::{Context, Result, bail};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr, connect, recv, send, setsockopt, socket, sockopt,
};
use nix::sys::time::TimeVal;

use super::args::Fault;
use super::ready;

/// What an adapter can be told, as typed here. Dashes and blanks are the same.
pub(super) const ADAPTER_WORDS: &[&str] = &[
    "link-down PORT           pull a port's cable (ports count from 0)",
    "link-up PORT             plug it in",
    "netdev-down PORT         take the network device of a bnx2i port down, as its administrator would",
    "netdev-up PORT           take it up",
    "l2-silent PORT on|off    nobody answers on the network of a bnx2i port",
    "l2-lose PORT N           lose the next N frames that a bnx2i port sends",
    "drop-session SID         tear a session's TCP connection",
    "refuse-logins on|off     refuse the card's new connections",
    "slow-replies MS          hold the targets' answers back; 0 ends it",
    "crash PORT               kill a port's firmware; the driver resets it",
    "power-cycle              take the card's power away and give it back",
    "power-loss               end the emulator at once, as a loss of power would",
    "quit                     end the emulator in an orderly way",
];

/// What an adapter in a virtual machine can be told.
pub(super) const PCI_WORDS: &[&str] = &[
    "link-down PORT           pull a port's cable (ports count from 0)",
    "link-up PORT             plug it in",
    "drop-ddb PORT INDEX      tear the TCP connection of a DDB's session",
    "refuse-logins on|off     refuse the card's new connections",
    "slow-replies MS          hold the targets' answers back; 0 ends it",
    "lose-response PORT       the next response never reaches the guest",
    "crash PORT               kill a port's firmware; the driver resets it",
    "quit                     end the emulator in an orderly way",
];

/// Sends the fault.
pub(super) fn run(args: &Fault) -> Result<()> {
    let words = args.fault.join(" ");
    if let Some(socket) = &args.target {
        let fault: emu_array::Fault = words.parse()?;
        emu_array::control::send(socket, &fault)
            .with_context(|| format!("cannot tell {}", socket.display()))?;
        return ready(&format!("done: {fault}"));
    }
    let (socket, known) = match (&args.pci, &args.endpoint) {
        (Some(socket), _) => (socket.clone(), PCI_WORDS),
        (None, Some(dir)) => (dir.join("control"), ADAPTER_WORDS),
        (None, None) => bail!("name the adapter's directory with --endpoint"),
    };
    let line = line(&words, known)?;
    let answer = ask(&socket, &line)
        .with_context(|| format!("cannot tell the adapter at {} to {line:?}", socket.display()))?;
    match answer.as_deref() {
        Some(text) if text == "ok" || text.starts_with("ok ") => ready(&format!("done: {line}")),
        Some(text) => bail!("{}", text.strip_prefix("error ").unwrap_or(text)),
        // A card that lost power has nothing to say.
        None if line == "power-loss" || line == "quit" => ready(&format!("done: {line}")),
        None => bail!("the adapter ended without an answer"),
    }
}

/// The control line of the words typed.
fn line(words: &str, known: &[&str]) -> Result<String> {
    let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
    let listed = known.iter().any(|word| word.split(' ').next() == Some(verb));
    let verb = match verb {
        "power-cycle" | "power-loss" | "quit" | "crash" if listed => verb.to_owned(),
        _ if listed => verb.replace('-', " "),
        "ready" | "link" | "netdev" | "l2" | "drop" | "refuse" | "slow" | "lose" => verb.to_owned(),
        _ => bail!("there is no fault {verb:?}; known are:\n  {}", known.join("\n  ")),
    };
    Ok(format!("{verb} {rest}").trim_end().to_owned())
}

fn ask(path: &Path, line: &str) -> Result<Option<String>> {
    let fd = socket(
        AddressFamily::Unix,
        SockType::SeqPacket,
        SockFlag::SOCK_CLOEXEC,
        None,
    )?;
    setsockopt(&fd, sockopt::ReceiveTimeout, &TimeVal::new(LIMIT_SECONDS, 0))?;
    connect(fd.as_raw_fd(), &UnixAddr::new(path)?)
        .map_err(std::io::Error::from)
        .with_context(|| format!("nothing is served at {}", path.display()))?;
    send(fd.as_raw_fd(), line.as_bytes(), MsgFlags::MSG_NOSIGNAL)?;
    let mut answer = [0; 4096];
    match recv(fd.as_raw_fd(), &mut answer, MsgFlags::empty()).map_err(std::io::Error::from) {
        Ok(0) => Ok(None),
        Ok(n) => Ok(Some(
            String::from_utf8_lossy(answer.get(..n).unwrap_or_default()).into_owned(),
        )),
        Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(None),
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            bail!("no answer within {LIMIT_SECONDS} s")
        }
        Err(error) => Err(error.into()),
    }
}

/// A power cycle answers when every session is gone and every port is up again.
const LIMIT_SECONDS: i64 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_fault_becomes_a_control_line() {
        for words in [ADAPTER_WORDS, PCI_WORDS] {
            for word in words {
                let verb = word.split(' ').next().unwrap();
                line(verb, words).unwrap();
            }
        }
        assert_eq!(line("link-down 1", ADAPTER_WORDS).unwrap(), "link down 1");
        assert_eq!(line("power-cycle", ADAPTER_WORDS).unwrap(), "power-cycle");
        assert_eq!(line("lose-response 0", PCI_WORDS).unwrap(), "lose response 0");
        assert!(
            line("power-cycle", PCI_WORDS).is_err(),
            "the guest has its own power"
        );
        assert!(line("sulk", ADAPTER_WORDS).is_err());
    }
}
