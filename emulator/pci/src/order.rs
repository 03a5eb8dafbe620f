//! What a control command does to the card.
//!
//! | command | effect |
//! |---|---|
//! | `link up PORT`, `link down PORT` | plugs or pulls the cable of a port (0 or 1) |
//! | `drop ddb PORT INDEX` | tears the TCP connection of a DDB's session |
//! | `refuse logins on`, `refuse logins off` | new connections of the card are refused |
//! | `slow replies MS` | what targets send is held back so long; 0 ends it |
//! | `lose response PORT` | the next response of a port never reaches the guest |
//! | `crash PORT` | kills the firmware of a port; the driver resets it |
//! | `quit` | ends the server in an orderly way |

use std::time::{Duration, Instant};

use emu_net::adapter::AdapterLinks;
use isp4xxx::regs::Adapter;

use crate::memory::DmaMap;

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// It is done.
    Done,
    /// The server is to end.
    Quit,
}

/// Executes a command line.
pub(crate) fn execute(
    adapter: &mut Adapter<DmaMap>,
    links: &mut AdapterLinks,
    now: Instant,
    line: &str,
) -> Result<Order, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let ports = adapter.card().ports();
    let port = |word: &str| {
        let number: Option<usize> = word.parse().ok();
        number
            .filter(|port| *port < ports)
            .ok_or_else(|| format!("there is no port {word:?}"))
    };
    match words[..] {
        ["link", state @ ("up" | "down"), number] => {
            adapter.card_mut().set_link(now, port(number)?, state == "up");
        }
        ["drop", "ddb", number, index] => {
            let dropped = index.parse().is_ok_and(|index| {
                port(number).is_ok_and(|at| adapter.card_mut().drop_session(now, at, index))
            });
            if !dropped {
                return Err(format!("DDB {index} of port {number} has no session"));
            }
        }
        ["refuse", "logins", state @ ("on" | "off")] => links.refuse_connects(state == "on"),
        ["slow", "replies", ms] => {
            let ms: u64 = ms.parse().map_err(|_| format!("{ms:?} is not a number"))?;
            links.hold_back(Duration::from_millis(ms.min(600_000)));
        }
        ["lose", "response", number] => adapter.lose_response(port(number)?),
        ["crash", number] => adapter.card_mut().crash(now, port(number)?),
        ["quit"] => return Ok(Order::Quit),
        _ => return Err(format!("no such command: {}", line.trim())),
    }
    Ok(Order::Done)
}
