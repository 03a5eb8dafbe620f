//! What the script orders from outside of the kernel: faults of the card, faults and units of the target, a network helper.
//!
//! Owns the orders' text and the line that carries them out of a guest. Must not know what an order does.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};

use crate::target::Target;

/// Something that happens outside of the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// `hbaemu fault WORDS…` of the card.
    Card(Vec<String>),
    /// `hbaemu fault --target … WORDS…`.
    Target(Vec<String>),
    /// `hbaemu lun VERB … WORDS…` of the target.
    Unit(Vec<String>),
    /// `start` or `stop` of the network helper.
    Helper(Vec<String>),
}

impl Order {
    /// Reads what [`fmt::Display`] writes.
    ///
    /// # Errors
    /// It is no order.
    pub fn parse(text: &str) -> Result<Self> {
        let mut words = text.split_whitespace().map(str::to_owned);
        let kind = words.next().unwrap_or_default();
        let words: Vec<String> = words.collect();
        ensure!(!words.is_empty(), "{kind} is ordered to do nothing");
        Ok(match kind.as_str() {
            "card" => Self::Card(words),
            "target" => Self::Target(words),
            "unit" => Self::Unit(words),
            "helper" => Self::Helper(words),
            other => bail!("{other} takes no orders"),
        })
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, words) = match self {
            Self::Card(words) => ("card", words),
            Self::Target(words) => ("target", words),
            Self::Unit(words) => ("unit", words),
            Self::Helper(words) => ("helper", words),
        };
        write!(f, "{kind} {}", words.join(" "))
    }
}

/// Whoever carries orders out.
pub trait Outside {
    /// Carries one out.
    ///
    /// # Errors
    /// It was refused.
    fn carry_out(&mut self, order: &Order) -> Result<()>;
}

/// Card, target and helper of this machine.
pub struct Here<'h> {
    /// Breaks something in the card.
    pub card: &'h (dyn Fn(&[&str]) -> Result<()> + Sync),
    /// The target.
    pub target: &'h Target,
    /// Starts and stops the helper, of an adapter that has one.
    pub helper: &'h mut (dyn FnMut(&[&str]) -> Result<()> + Send),
}

/// There is no helper to be started: the adapter needs none.
///
/// # Errors
/// Always.
pub fn no_helper(words: &[&str]) -> Result<()> {
    bail!("there is no helper to {}", words.join(" "))
}

impl fmt::Debug for Here<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Here")
            .field("target", self.target)
            .finish_non_exhaustive()
    }
}

impl Outside for Here<'_> {
    fn carry_out(&mut self, order: &Order) -> Result<()> {
        fn of(words: &[String]) -> Vec<&str> {
            words.iter().map(String::as_str).collect()
        }
        match order {
            Order::Card(words) => (self.card)(&of(words)),
            Order::Target(words) => self.target.fault(&of(words)),
            Order::Unit(words) => {
                let (verb, rest) = words.split_first().context("an order has a verb")?;
                self.target.lun(verb, &of(rest)).map(drop)
            }
            Order::Helper(words) => (self.helper)(&of(words)),
        }
    }
}

/// The line to somebody who carries orders out: a socket, or a serial line of a guest.
#[derive(Debug)]
pub struct Line<L> {
    line: BufReader<L>,
}

/// Both directions of a line.
pub trait Ends: Read + Write {}
impl<T: Read + Write> Ends for T {}

impl Line<Box<dyn Ends>> {
    /// Opens the line at this path.
    ///
    /// # Errors
    /// There is none.
    pub fn open(path: &Path) -> Result<Self> {
        let what = || format!("the line {}", path.display());
        let kind = std::fs::metadata(path).with_context(what)?.file_type();
        if kind.is_socket() {
            let stream = UnixStream::connect(path).with_context(what)?;
            return Ok(Self::new(Box::new(stream)));
        }
        let tty = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .with_context(what)?;
        let mut modes = tcgetattr(&tty).with_context(what)?;
        cfmakeraw(&mut modes);
        tcsetattr(&tty, SetArg::TCSANOW, &modes).with_context(what)?;
        Ok(Self::new(Box::new(tty)))
    }
}

impl<L: Read + Write> Line<L> {
    /// Over these two directions.
    pub fn new(line: L) -> Self {
        Self {
            line: BufReader::new(line),
        }
    }

    /// Carries out what comes over the line until it ends.
    ///
    /// # Errors
    /// The line breaks. That an order fails is told to whoever gave it.
    pub fn serve(&mut self, outside: &mut dyn Outside) -> Result<()> {
        loop {
            let mut text = String::new();
            if self.line.read_line(&mut text)? == 0 {
                return Ok(());
            }
            let done = Order::parse(&text).and_then(|order| outside.carry_out(&order));
            let answer = match done {
                Ok(()) => "done\n".to_owned(),
                Err(error) => format!("error {}\n", format!("{error:#}").replace('\n', " ")),
            };
            self.line.get_mut().write_all(answer.as_bytes())?;
            self.line.get_mut().flush()?;
        }
    }
}

impl<L: Read + Write> Outside for Line<L> {
    fn carry_out(&mut self, order: &Order) -> Result<()> {
        let end = self.line.get_mut();
        end.write_all(format!("{order}\n").as_bytes())?;
        end.flush()?;
        let mut answer = String::new();
        self.line.read_line(&mut answer)?;
        ensure!(answer.trim_end() == "done", "{order}: {}", answer.trim_end());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_survive_their_text_and_the_rest_is_refused() {
        for text in [
            "card link-down 0",
            "target refuse-logins 0201",
            "unit add 4M",
            "helper start",
        ] {
            assert_eq!(Order::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "card", "cable out", "target "] {
            assert!(Order::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_line_carries_orders_and_their_refusals() {
        struct Only(Vec<String>);
        impl Outside for Only {
            fn carry_out(&mut self, order: &Order) -> Result<()> {
                self.0.push(order.to_string());
                ensure!(order.to_string().starts_with("card"), "no\nsuch thing");
                Ok(())
            }
        }
        let (near, far) = UnixStream::pair().unwrap();
        let served = std::thread::spawn(move || {
            let mut only = Only(Vec::new());
            Line::new(far).serve(&mut only).unwrap();
            only.0
        });
        let mut line = Line::new(near);
        line.carry_out(&Order::parse("card crash 0").unwrap()).unwrap();
        let refused = line.carry_out(&Order::parse("unit add 1M").unwrap()).unwrap_err();
        assert_eq!(refused.to_string(), "unit add 1M: error no such thing");
        drop(line);
        assert_eq!(served.join().unwrap(), ["card crash 0", "unit add 1M"]);
    }
}
