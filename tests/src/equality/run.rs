//! Runs the script on an endpoint. Must not know what the answers should be.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use driver_sys::endpoint::Endpoint;
use serde_json::Value;

use super::daemon::Daemon;
use super::listen::Listener;
use super::normal::Normal;
use super::outside::Outside;
use super::script::QUIETLY;
use super::{Class, Step, ask, tree};

/// How long `await` and `until` wait.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a run needs to know.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What kind of adapter it is.
    pub class: Class,
    /// Where the adapter is.
    pub endpoint: Endpoint,
    /// The program that is compared.
    pub hbactl: PathBuf,
    /// A target with two logical units of 16 MiB and 8 MiB, as the adapter sees it.
    pub portal: SocketAddr,
    /// Its name.
    pub target: String,
    /// An empty directory.
    pub scratch: PathBuf,
}

struct Runner<'s> {
    setup: &'s Setup,
    outside: &'s mut dyn Outside,
    names: BTreeMap<String, String>,
    normal: Normal,
    listener: Listener,
    daemon: Daemon,
    last: Value,
    out: String,
}

/// Runs every step and gives back the transcript.
///
/// With `EQUALITY_LOG=FILE` the transcript goes there too, step by step.
///
/// # Errors
/// The step that could not be run, or whose answer a later step needs and did not come. That a command fails is no error.
pub fn run(setup: &Setup, outside: &mut dyn Outside, steps: &[Step]) -> Result<String> {
    let (normal, names) = begin(setup)?;
    let host = names.get("A").context("no port")?.parse()?;
    let mut runner = Runner {
        setup,
        outside,
        names,
        normal,
        listener: Listener::start(&setup.endpoint, setup.class)?,
        daemon: Daemon::start(&setup.endpoint, setup.class, host)?,
        last: Value::Null,
        out: String::new(),
    };
    let mut log = std::env::var_os("EQUALITY_LOG")
        .map(fs::File::create)
        .transpose()?;
    for step in steps {
        let before = runner.out.len();
        runner.step(step).with_context(|| format!("{step:?}"))?;
        if let Some(log) = &mut log {
            log.write_all(&runner.out.as_bytes()[before..])?;
        }
    }
    runner.events();
    Ok(runner.out)
}

/// Learns the adapter's own numbers and names, and makes the files that the script names.
fn begin(setup: &Setup) -> Result<(Normal, BTreeMap<String, String>)> {
    let sys = setup.endpoint.sysfs_path();
    let class = sys.join("class/iscsi_host");
    let mut hosts = Vec::new();
    for entry in fs::read_dir(&class).with_context(|| format!("cannot read {}", class.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let proc_name = fs::read_to_string(sys.join("class/scsi_host").join(&name).join("proc_name"));
        if proc_name.is_ok_and(|name| name.trim() == setup.class.name())
            && let Some(number) = name.strip_prefix("host")
        {
            hosts.push(number.parse::<u32>()?);
        }
    }
    hosts.sort_unstable();
    ensure!(
        hosts.len() == setup.class.ports(),
        "the script needs {} ports of {}, not {hosts:?}",
        setup.class.ports(),
        setup.class.name()
    );
    let mut normal = Normal::default();
    let mut names = BTreeMap::new();
    for (host, name) in hosts.iter().zip(["A", "B"]) {
        normal.host(*host, name);
        names.insert(name.to_owned(), host.to_string());
        learn(&sys, *host, name, &mut normal);
    }
    let scratch = setup.scratch.to_str().context("the scratch path is not UTF-8")?;
    normal.word(scratch, "SCRATCH");
    let state = hbactl::home(&setup.endpoint.to_string()).state;
    normal.word(&state.to_string_lossy(), "STATE");
    if let Endpoint::Dir(dir) = &setup.endpoint {
        normal.word(&dir.to_string_lossy(), "ENDPOINT");
    }
    // The kernel's address of the transport's structure.
    let transport = sys.join("class/iscsi_transport").join(setup.class.name());
    let handle = fs::read_to_string(transport.join("handle"));
    normal.word(handle.unwrap_or_default().trim(), "HANDLE");
    normal.port(setup.portal.port());
    let (secret, short) = (setup.scratch.join("secret"), setup.scratch.join("short"));
    fs::write(&secret, "initiator-secret-1")?;
    fs::write(&short, "elevenbytes")?;
    let path = |path: &Path| path.to_string_lossy().into_owned();
    names.extend([
        ("PORTAL".to_owned(), setup.portal.to_string()),
        ("TARGET".to_owned(), setup.target.clone()),
        ("SECRET".to_owned(), path(&secret)),
        ("SHORT".to_owned(), path(&short)),
        ("DIR".to_owned(), path(&setup.scratch)),
    ]);
    Ok((normal, names))
}

/// A card's own addresses and names are written as `NAME-A`.
fn learn(sys: &Path, host: u32, name: &str, normal: &mut Normal) {
    let object = format!("host{host}");
    let read = |class: &str, attr: &str| {
        let text = fs::read_to_string(sys.join("class").join(class).join(&object).join(attr));
        text.unwrap_or_default().trim().to_owned()
    };
    let mac = read("iscsi_host", "hwaddress");
    normal.word(&mac, &format!("MAC-{name}"));
    normal.word(&mac.replace(':', ""), &format!("MACHEX-{name}"));
    // The session's ISID holds the address, last byte first.
    let reversed: String = mac.split(':').rev().collect();
    normal.word(&reversed, &format!("ISID-{name}"));
    // Other paths have other numbers behind its beginning.
    normal.word(reversed.get(..8).unwrap_or_default(), &format!("PATH-{name}-"));
    normal.word(&read("iscsi_host", "netdev"), &format!("NETDEV-{name}"));
    normal.word(&read("iscsi_host", "initiatorname"), &format!("INITIATOR-{name}"));
    normal.word(&read("scsi_host", "serial_num"), &format!("SERIAL-{name}"));
    // The host's parent is the PCI function.
    let device = fs::canonicalize(sys.join("class/scsi_host").join(&object).join("device"));
    if let Some(pci) = device
        .ok()
        .as_deref()
        .and_then(Path::parent)
        .and_then(Path::file_name)
    {
        normal.word(&pci.to_string_lossy(), &format!("PCI-{name}"));
    }
}

impl Runner<'_> {
    fn step(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Section(name) => {
                self.events();
                self.out.push_str(&format!("\n=== {name}\n"));
            }
            Step::Hbactl { format, words, until } => {
                let length = |data: &Value| data.as_array().map(Vec::len);
                self.hbactl(format, words, &|data| until.is_none() || length(data) == *until)?;
            }
            Step::Until {
                pointer,
                value,
                words,
            } => self.hbactl("json", words, &|data| {
                data.pointer(pointer).is_some_and(|found| plain(found) == *value)
            })?,
            Step::Outside(order) => {
                self.outside.carry_out(order)?;
                self.out.push_str(&format!("\n$ {order}\n"));
            }
            Step::Daemon(words, act) => {
                let (answer, number) = self.daemon.act(self.setup, act)?;
                self.names
                    .extend(number.map(|number| (act.name().to_owned(), number)));
                self.out.push_str(&format!("\n$ daemon {words}\n{answer}\n"));
            }
            Step::Keep { name, pointer } => {
                let found = self.last.pointer(pointer).cloned();
                let found =
                    found.with_context(|| format!("the last answer has no {pointer}: {}", self.last))?;
                self.names.insert(name.clone(), plain(&found));
            }
            Step::File { name, bytes } => {
                let pattern: Vec<u8> = (0..*bytes)
                    .map(|n| (n.wrapping_mul(2_654_435_761) >> 7) as u8)
                    .collect();
                fs::write(self.setup.scratch.join(name), pattern)?;
            }
            Step::Same(one, other) => {
                let read = |name: &str| fs::read(self.setup.scratch.join(name));
                let equal = read(one)? == read(other)?;
                self.out.push_str(&format!("\n$ same {one} {other}\n{equal}\n"));
            }
            Step::Netlink { name, numbers } => {
                let given: Vec<u32> = self
                    .words(numbers)?
                    .iter()
                    .map(|n| n.parse().context("not a number"))
                    .collect::<Result<_>>()?;
                let answer = ask::ask(&self.setup.endpoint, self.setup.class, name, &given)?;
                let answer = self.normal.text(&answer);
                self.out.push_str(&format!(
                    "\n$ {}\n{answer}\n",
                    ["netlink", name, &numbers.join(" ")].join(" ").trim_end()
                ));
            }
            Step::Tree => {
                // Objects come and go behind the answer to a command.
                self.events();
                let dump = tree::dump(&self.setup.endpoint.sysfs_path(), self.setup.class, &self.normal)?;
                self.out.push_str(&format!("\n$ tree\n{}", dump));
            }
        }
        Ok(())
    }

    fn events(&mut self) {
        let lines = self.listener.take();
        if !lines.is_empty() {
            self.out.push_str("\n$ events\n");
        }
        for line in lines {
            self.out.push_str(&self.normal.text(&line));
            self.out.push('\n');
        }
    }

    /// Puts what is known in the place of `$NAMES`.
    fn words(&self, words: &[String]) -> Result<Vec<String>> {
        words
            .iter()
            .map(|word| {
                let Some((before, rest)) = word.split_once('$') else {
                    return Ok(word.clone());
                };
                let end = rest.find(|c: char| !c.is_ascii_uppercase()).unwrap_or(rest.len());
                let (name, after) = rest.split_at(end);
                let value = self
                    .names
                    .get(name)
                    .with_context(|| format!("nothing is called ${name}"))?;
                Ok(format!("{before}{value}{after}"))
            })
            .collect()
    }

    /// Runs a command, again and again until its data are as awaited.
    fn hbactl(&mut self, format: &str, words: &[String], awaited: &dyn Fn(&Value) -> bool) -> Result<()> {
        let args = self.words(words)?;
        let deadline = Instant::now() + PATIENCE;
        let (output, mut answer) = loop {
            let output = self.call(format, &args)?;
            let answer: Option<Value> = serde_json::from_slice(&output.stdout).ok();
            let data = answer.as_ref().and_then(|answer| answer.get("data"));
            if awaited(data.unwrap_or(&Value::Null)) || Instant::now() >= deadline {
                break (output, answer);
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        if let Some(data) = answer.as_ref().and_then(|a| a.get("data")) {
            self.last = data.clone();
        }
        let code = output.status.code().context("hbactl was killed")?;
        self.out
            .push_str(&format!("\n$ {format} {}\nexit {code}\n", words.join(" ")));
        if format == QUIETLY {
            return Ok(());
        }
        let stdout = match &mut answer {
            Some(value) => {
                self.normal.json(value);
                serde_json::to_string_pretty(value)?
            }
            None => self.normal.text(&String::from_utf8_lossy(&output.stdout)),
        };
        let stderr = self.normal.text(&String::from_utf8_lossy(&output.stderr));
        for line in stdout.lines().chain(stderr.lines().map(str::trim_end)) {
            self.out.push_str(line);
            self.out.push('\n');
        }
        Ok(())
    }

    fn call(&self, format: &str, args: &[String]) -> Result<Output> {
        Command::new(&self.setup.hbactl)
            .env("HBACTL_ENDPOINT", self.setup.endpoint.to_string())
            .env("NO_COLOR", "1")
            .env_remove("RUST_BACKTRACE")
            .args(["-o", if format == QUIETLY { "json" } else { format }])
            .args(args)
            .stdin(std::process::Stdio::null())
            .output()
            .with_context(|| format!("cannot run {}", self.setup.hbactl.display()))
    }
}

/// A value as a word of a command.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
