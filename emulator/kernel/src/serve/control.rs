//! The control socket: `DIR/control`, one command a packet, one answer a packet.
//!
//! A command is a line of words; the answer is `ok`, `ok TEXT` or `error TEXT`.
//!
//! | command | effect |
//! |---|---|
//! | `link up PORT`, `link down PORT` | plugs or pulls the cable of a port; ports count from 0 over all hosts |
//! | `netdev up PORT`, `netdev down PORT` | what an administrator does to the network device of a port |
//! | `l2 silent PORT on`, `l2 silent PORT off` | nobody answers on the network of a port |
//! | `l2 lose PORT N` | the next N frames that a port sends are lost |
//! | `drop session SID` | tears the TCP connection of a session; it recovers by the usual rules |
//! | `refuse logins on`, `refuse logins off` | new connections are refused; those that user space brings are closed |
//! | `slow replies MS` | the answers of targets are held back so long; 0 ends it |
//! | `crash PORT` | kills the firmware of a port; the driver resets it |
//! | `power-cycle` | takes the card's power away and gives it back; flash targets log in again |
//! | `power-loss` | ends the process at once, without any goodbye |
//! | `ready` | `ok yes` when every host has finished its probe, else `ok no` |
//! | `quit` | ends the server in an orderly way |

use std::time::{Duration, Instant};

use super::Server;

impl Server {
    /// Executes a control command.
    pub(super) fn control(&mut self, now: Instant, line: &str) -> String {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |w: &str| w.parse::<u32>().map_err(|_| format!("{w:?} is not a number"));
        let done = |r: Result<(), crate::kernel::FaultError>| r.map_err(|e| e.to_string());
        let result: Result<String, String> = match words[..] {
            ["link", state @ ("up" | "down"), port] => number(port)
                .and_then(|port| done(self.kernel.set_link(now, port as usize, state == "up")))
                .map(|()| String::new()),
            ["drop", "session", sid] => number(sid)
                .and_then(|sid| done(self.kernel.drop_session(now, sid)))
                .map(|()| String::new()),
            ["netdev", state @ ("up" | "down"), port] => number(port)
                .and_then(|port| done(self.kernel.set_netdev(now, port as usize, state == "up")))
                .map(|()| String::new()),
            ["l2", "silent", port, state @ ("on" | "off")] => number(port)
                .and_then(|port| self.silence(port, state == "on"))
                .map(|()| String::new()),
            ["l2", "lose", port, frames] => number(port)
                .and_then(|port| self.lose_frames(port, number(frames)?))
                .map(|()| String::new()),
            ["crash", port] => number(port)
                .and_then(|port| done(self.kernel.crash(now, port as usize)))
                .map(|()| String::new()),
            ["refuse", "logins", state @ ("on" | "off")] => {
                let on = state == "on";
                self.links.iter_mut().for_each(|links| links.refuse_connects(on));
                Ok(String::new())
            }
            ["slow", "replies", ms] => number(ms).map(|ms| {
                let delay = Duration::from_millis(u64::from(ms.min(600_000)));
                self.links.iter_mut().for_each(|links| links.hold_back(delay));
                String::new()
            }),
            ["power-cycle"] => done(self.kernel.power_cycle(now)).map(|()| String::new()),
            ["power-loss"] => std::process::abort(),
            ["ready"] => Ok(if self.kernel.ready() { "yes" } else { "no" }.into()),
            ["quit"] => {
                self.quit = true;
                Ok(String::new())
            }
            _ => Err(format!("no such command: {}", line.trim())),
        };
        match result {
            Ok(text) if text.is_empty() => "ok".into(),
            Ok(text) => format!("ok {text}"),
            Err(text) => format!("error {text}"),
        }
    }
}
