//! A shell in a directory of its own, with this workspace's programs in its path.
//!
//! Owns what the commands of a document meet: numbers of ports that nobody else has, `/tmp` and the home directory in a temporary
//! directory, programs that stay in the background until the end. Must not know what a command means.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::compare::same;
use super::{Block, Step};
use crate::lab::READY;
use crate::process::{own_binary, until};

/// What a document calls the home directory.
const HOME: &str = "/home/me";
/// How long a command that only looks may take to show what it should: units are found and sessions come back behind the answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Verbs that may be run again until they show it.
const LOOKS: &[&str] = &["list", "show", "capacity", "report", "inquiry"];

/// A shell, and what was started in it.
#[derive(Debug)]
pub struct Console {
    shell: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    dir: tempfile::TempDir,
    /// The document's number of a port, and ours.
    ports: BTreeMap<u16, u16>,
    background: Vec<i32>,
}

impl Console {
    /// Starts a shell in a new directory.
    ///
    /// # Errors
    /// The programs are not built, or there is no shell.
    pub fn start() -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("hbdoc").tempdir()?;
        fs::create_dir(dir.path().join("tmp"))?;
        let programs = own_binary("hbactl")?;
        own_binary("hbaemu")?;
        let programs = programs.parent().context("a program has a directory")?.to_owned();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::iter::once(programs).chain(std::env::split_paths(&path)))?;
        let mut shell = Command::new("sh");
        for name in ["HBACTL_ENDPOINT", "RUST_BACKTRACE", "RUST_LOG"] {
            shell.env_remove(name);
        }
        let mut shell = shell
            .env("PATH", path)
            .env("HOME", dir.path())
            .env("NO_COLOR", "1")
            .env("COLUMNS", "200")
            .current_dir(dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start sh")?;
        let stdin = shell.stdin.take().context("no stdin")?;
        let stdout = BufReader::new(shell.stdout.take().context("no stdout")?);
        let mut this = Self {
            shell,
            stdin,
            stdout,
            dir,
            ports: BTreeMap::new(),
            background: Vec::new(),
        };
        // A command's own input is not the script's.
        this.stdin.write_all(b"exec 2>&1\n")?;
        Ok(this)
    }

    /// Runs a marked block: its hidden commands, then each command, compared with what the document shows. What a command prints goes
    /// to `differs` where that is something else.
    ///
    /// # Errors
    /// The command that ends otherwise than the document shows, with what it printed, or what `differs` says.
    pub fn run(
        &mut self,
        block: &Block,
        differs: &mut dyn FnMut(&Step, Vec<String>) -> Result<()>,
    ) -> Result<()> {
        let mark = block.mark.as_ref().context("the block is not marked")?;
        for command in &mark.before {
            let (code, printed) = self.command(command)?;
            ensure!(
                code == 0,
                "line {}, before it: {command:?} ended with {code}:\n{}",
                block.line,
                printed.join("\n")
            );
        }
        for step in &block.steps {
            let told = || format!("line {}: $ {}", step.line - 1, step.command);
            if let Some(printed) = self.step(step, mark.quiet).with_context(told)? {
                differs(step, printed).with_context(told)?;
            }
        }
        Ok(())
    }

    /// What it printed, when that is not what is shown.
    fn step(&mut self, step: &Step, quiet: bool) -> Result<Option<Vec<String>>> {
        let fails = step.shown.iter().any(|line| line.starts_with("error:"));
        let until = Instant::now() + PATIENCE;
        loop {
            let (code, printed) = self.command(&step.command)?;
            let (ended, shown) = ((code != 0) == fails, quiet || same(&step.shown, &printed));
            if ended && shown {
                return Ok(None);
            }
            if !looks(&step.command) || Instant::now() >= until {
                ensure!(ended, "it ended with {code} and printed\n{}", printed.join("\n"));
                return Ok(Some(printed));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Runs a command, and gives its exit code and what it printed, in the document's words.
    ///
    /// # Errors
    /// The shell is gone, or what was started in the background does not get ready.
    pub fn command(&mut self, command: &str) -> Result<(i32, Vec<String>)> {
        let ours = self.ours(command)?;
        let (code, text) = match ours.strip_suffix(" &") {
            Some(background) => (0, self.start_in_background(background)?),
            None => self.shell(&ours)?,
        };
        Ok((code, text.lines().map(|line| self.theirs(line)).collect()))
    }

    fn shell(&mut self, command: &str) -> Result<(i32, String)> {
        const END: &str = "---hbdoc-end---";
        writeln!(
            self.stdin,
            "{{ {command}\n}} </dev/null\nhbdoc=$?; echo; echo {END} $hbdoc"
        )?;
        let mut said = String::new();
        loop {
            let mut line = String::new();
            ensure!(self.stdout.read_line(&mut line)? > 0, "the shell ended:\n{said}");
            if let Some(code) = line.strip_prefix(END) {
                // The line end before the mark is ours.
                let said = said.strip_suffix('\n').unwrap_or(&said).to_owned();
                return Ok((code.trim().parse()?, said));
            }
            said.push_str(&line);
        }
    }

    /// Starts a program that says when it is ready, and gives what it said until then.
    fn start_in_background(&mut self, command: &str) -> Result<String> {
        let log = self
            .dir
            .path()
            .join(format!("tmp/background-{}", self.background.len()));
        let (_, said) = self.shell(&format!("{command} >{} 2>&1 & echo $!", log.display()))?;
        let pid = said
            .trim()
            .parse()
            .with_context(|| format!("no process: {said}"))?;
        self.background.push(pid);
        until(READY, &format!("{command} to be ready"), || {
            let said = fs::read_to_string(&log).unwrap_or_default();
            let ready = said.lines().any(|line| line.starts_with("ready")) && said.ends_with('\n');
            ensure!(ready || runs(pid), "{command} ended:\n{said}");
            Ok(ready.then_some(said))
        })
    }

    /// A command with ports of ours and paths in our directory.
    fn ours(&mut self, command: &str) -> Result<String> {
        for port in listened(command) {
            if let Entry::Vacant(entry) = self.ports.entry(port) {
                entry.insert(crate::port::own()?.port());
            }
        }
        let dir = self.dir.path().display();
        let mut ours = command.replace("/tmp/", &format!("{dir}/tmp/"));
        for (theirs, own) in &self.ports {
            ours = whole_number(&ours, *theirs, *own);
        }
        Ok(ours)
    }

    /// What was printed, in the document's words.
    fn theirs(&self, line: &str) -> String {
        let dir = self.dir.path().to_string_lossy().into_owned();
        let mut theirs = line.replace(&format!("{dir}/tmp/"), "/tmp/").replace(&dir, HOME);
        for (port, own) in &self.ports {
            theirs = whole_number(&theirs, *own, *port);
        }
        theirs
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        for pid in &self.background {
            let _ = kill(Pid::from_raw(*pid), Signal::SIGTERM);
        }
        // The shell reaps what it started.
        let _ = self.stdin.write_all(b"wait\nexit\n");
        let ended = || Ok(self.shell.try_wait()?);
        if until(Duration::from_secs(20), "the shell to end", ended).is_err() {
            for pid in &self.background {
                let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
            }
            let _ = self.shell.kill();
            let _ = self.shell.wait();
        }
    }
}

/// Whether a process that the shell started still runs; what has ended stays the shell's until it is reaped.
fn runs(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ")
        .next()
        .is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

/// Whether a command only looks.
fn looks(command: &str) -> bool {
    command.starts_with("hbactl") && command.split_whitespace().any(|word| LOOKS.contains(&word))
}

/// The ports that a command listens at.
fn listened(command: &str) -> Vec<u16> {
    let mut words = command.split_whitespace();
    let mut ports = Vec::new();
    while let Some(word) = words.next() {
        let address = if word == "--listen" {
            words.next()
        } else {
            word.strip_prefix("--listen=")
        };
        // A tag and limits may follow the port.
        let portal = address.and_then(|address| address.split(',').next()?.rsplit_once(':'));
        ports.extend(portal.and_then(|(_, port)| port.parse::<u16>().ok()));
    }
    ports.retain(|port| *port != 0);
    ports
}

/// Puts one number in the place of another where it stands alone.
fn whole_number(text: &str, from: u16, to: u16) -> String {
    let from = from.to_string();
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(&from) {
        let (before, after) = (&rest[..at], &rest[at + from.len()..]);
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let alone = !digit(before.chars().last().or(out.chars().last())) && !digit(after.chars().next());
        out.push_str(before);
        out.push_str(&if alone { to.to_string() } else { from.clone() });
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_found_where_something_listens() {
        assert_eq!(
            listened(
                "hbaemu target --listen 127.0.0.1:3260 --listen=[::1]:3261,2,connections=4 --portal 127.0.0.1:9 --listen 127.0.0.1:0"
            ),
            [3260, 3261]
        );
        assert_eq!(
            whole_number("a:3260,1 13260 32601 3260", 3260, 7),
            "a:7,1 13260 32601 7"
        );
    }

    #[test]
    fn only_commands_that_look_are_run_again() {
        assert!(looks("hbactl -o json session list") && looks("hbactl lun capacity 1:0:0:0"));
        assert!(!looks("hbactl flash login 2") && !looks("ls list"));
    }
}
