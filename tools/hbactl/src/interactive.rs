//! `hbactl` without arguments on a terminal: one command after the other, each as if it had been typed in a shell.
//!
//! Owns the prompt and how a line is split into words. It must not know any command: each is run by this program, in a process of its
//! own, so that its signals, its time limit and its exit code are those of any other. Lines are not kept: secrets are never typed in
//! them, and what is asked for is read by the command itself.

use std::ffi::OsString;
use std::io::{self, BufRead, IsTerminal, Write};
use std::process::{Command, ExitCode};

use nix::sys::signal::{SigSet, Signal};

/// Whether the program was started to be asked: no arguments, and somebody at a terminal.
pub(crate) fn wanted(argv: &[OsString]) -> bool {
    argv.len() <= 1 && io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks until the end of the input, `exit` or `quit`; ends as the last command did.
pub(crate) fn run() -> ExitCode {
    // ^C ends the command that runs, not the question. Whoever is started gets no mask of ours.
    let mut held = SigSet::empty();
    held.add(Signal::SIGINT);
    let _ = held.thread_block();
    terminal::note(
        "hbactl: one command a line, as `adapter list`; `help` shows them all; `exit` or ^D ends.",
    );
    let mut input = io::stdin().lock();
    let mut last: u8 = 0;
    loop {
        prompt(last);
        let mut line = String::new();
        match input.read_line(&mut line) {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
        match words(&line) {
            Ok(words) => match words.first().map(String::as_str) {
                None => {}
                Some("exit" | "quit") => break,
                Some(_) => last = command(&words),
            },
            Err(why) => {
                terminal::plain_error(why);
                last = 2;
            }
        }
    }
    last.into()
}

/// The code of the last command stands in the prompt when it did not end well.
fn prompt(last: u8) {
    let mut err = io::stderr().lock();
    let _ = match last {
        0 => write!(err, "hbactl> "),
        code => write!(err, "hbactl [{code}]> "),
    };
    let _ = err.flush();
}

fn command(words: &[String]) -> u8 {
    let run = std::env::current_exe().and_then(|program| Command::new(program).args(words).status());
    match run {
        Ok(status) => status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .unwrap_or(1),
        Err(error) => {
            terminal::plain_error(&format!("cannot run the command: {error}"));
            1
        }
    }
}

/// The words of a line, as a shell splits them without its expansions. A line from a guide may begin with `$ hbactl`.
fn words(line: &str) -> Result<Vec<String>, &'static str> {
    let mut all = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = line.trim().chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('\\', Some('"') | None) => {
                let next = chars
                    .next()
                    .ok_or("a backslash at the end has nothing to stand before")?;
                word.get_or_insert_default().push(next);
            }
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, None) if c.is_whitespace() => all.extend(word.take()),
            ('#', None) if word.is_none() => break,
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err("a quote is not closed");
    }
    all.extend(word);
    for shell in ["$", "hbactl"] {
        if all.first().is_some_and(|first| first == shell) {
            all.remove(0);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_as_a_shell_does_it() {
        let split = |line| words(line).expect(line);
        assert_eq!(split("  adapter   list "), ["adapter", "list"]);
        assert_eq!(
            split("chap add --user 'two words' -a \"host1\""),
            ["chap", "add", "--user", "two words", "-a", "host1"]
        );
        assert_eq!(split("a\\ b '' # nothing more"), ["a b", ""]);
        assert_eq!(split("$ hbactl flash list"), ["flash", "list"]);
        assert_eq!(split("hbactl"), Vec::<String>::new());
        assert!(split("").is_empty() && split("# a remark").is_empty());
        assert!(words("chap 'add").is_err() && words("x\\").is_err());
    }
}
