//! A child with all it starts: in a process group of its own, with a limit, ended when this task is interrupted.
//!
//! Owns ending it. What it starts and lets go of (a daemon, a process whose parent died) is found, ended and told. It must not know
//! what the child proves.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// How long what was asked to end may take.
const GRACE: Duration = Duration::from_secs(5);
/// One child at a time: what is not its own would be taken for left behind.
pub(crate) static ALONE: Mutex<()> = Mutex::new(());
/// Between two looks at the child.
const LOOK: Duration = Duration::from_millis(20);

/// How it went.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None`: it was over its limit and was ended.
    pub(crate) status: Option<ExitStatus>,
    /// How long it ran.
    pub(crate) took: Duration,
    /// What it left behind, by name and number; ended too.
    pub(crate) left: Vec<String>,
}

impl Ended {
    /// What was wrong, or `None` when it did what it should and cleaned up.
    pub(crate) fn why(&self) -> Option<String> {
        match self.status {
            None => Some(format!("ended after {} s, its limit", self.took.as_secs())),
            Some(status) if !status.success() => Some(status.to_string()),
            Some(_) if !self.left.is_empty() => Some(format!("left behind: {}", self.left.join(", "))),
            Some(_) => None,
        }
    }
}

/// The group of a running child; ended when dropped, whatever the reason.
struct Group(Child);

impl Group {
    fn end(&mut self) {
        let group = Pid::from_raw(self.0.id() as i32);
        // Whoever is gone needs no signal.
        let _ = killpg(group, Signal::SIGTERM);
        let deadline = Instant::now() + GRACE;
        while killpg(group, None) != Err(Errno::ESRCH) && Instant::now() < deadline {
            let _ = self.0.try_wait();
            reap(Some(group));
            std::thread::sleep(LOOK);
        }
        let _ = killpg(group, Signal::SIGKILL);
        let _ = self.0.wait();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}

/// Runs `command` with its output in `log`, at most `limit`; `tell` hears every few seconds how long it has been.
///
/// # Errors
/// It cannot be started, or this task was interrupted; whatever was started has ended then.
pub(crate) fn run(
    command: &mut Command,
    log: &Path,
    limit: Duration,
    mut tell: impl FnMut(Duration),
) -> Result<Ended> {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let interrupted = interrupted()?;
    set_child_subreaper(true).context("cannot adopt what the child leaves behind")?;
    let out = File::create(log).with_context(|| format!("cannot create {}", log.display()))?;
    command
        .stdin(Stdio::null())
        .stderr(out.try_clone()?)
        .stdout(out)
        .process_group(0);
    let program = command.get_program().to_string_lossy().into_owned();
    let begun = Instant::now();
    let mut group = Group(
        command
            .spawn()
            .with_context(|| format!("cannot start {program}"))?,
    );
    let mut next = Duration::from_secs(10);
    let status = loop {
        if let Some(status) = group.0.try_wait()? {
            break Some(status);
        }
        let so_far = begun.elapsed();
        if interrupted.load(Ordering::Relaxed) {
            drop(group);
            adopted();
            bail!("interrupted; what was running has been ended");
        }
        if so_far >= limit {
            break None;
        }
        if so_far >= next {
            next += Duration::from_secs(10);
            tell(so_far);
        }
        std::thread::sleep(LOOK);
    };
    let took = begun.elapsed();
    if status.is_none() {
        group.end();
    }
    // What is on its way out may take a moment; what stays was left behind.
    let deadline = Instant::now() + Duration::from_secs(2);
    while !children()?.is_empty() && Instant::now() < deadline {
        reap(None);
        std::thread::sleep(LOOK);
    }
    Ok(Ended {
        status,
        took,
        left: adopted(),
    })
}

/// Set by the first signal that asks this task to end.
fn interrupted() -> Result<&'static Arc<AtomicBool>> {
    static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    if let Some(flag) = FLAG.get() {
        return Ok(flag);
    }
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&flag))?;
    }
    Ok(FLAG.get_or_init(|| flag))
}

/// Ends what was adopted; who it was.
fn adopted() -> Vec<String> {
    let mut names = Vec::new();
    // What one of them had started comes to us when it ends.
    for _ in 0..100 {
        reap(None);
        let Ok(all) = children() else { break };
        if all.is_empty() {
            break;
        }
        for (pid, name) in all {
            let who = format!("{name} ({pid})");
            if !names.contains(&who) {
                names.push(who);
            }
            let _ = kill(pid, Signal::SIGKILL);
        }
        std::thread::sleep(LOOK);
    }
    names
}

/// Takes leave of ended children, but of one whose status somebody else waits for.
fn reap(but: Option<Pid>) {
    for (pid, _) in children().unwrap_or_default() {
        if Some(pid) != but {
            let _ = waitpid(pid, Some(WaitPidFlag::WNOHANG));
        }
    }
}

/// The children of this process, with their names.
fn children() -> Result<Vec<(Pid, String)>> {
    let me = std::process::id().to_string();
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // It may end while it is looked at. The name stands in parentheses and may hold anything.
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else {
            continue;
        };
        let Some((head, tail)) = stat.rsplit_once(')') else {
            continue;
        };
        if tail.split_whitespace().nth(1) == Some(me.as_str()) {
            let name = head.split_once('(').map_or("", |(_, name)| name);
            all.push((Pid::from_raw(pid), name.to_owned()));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, limit: Duration) -> (Ended, String) {
        let log = tempfile::NamedTempFile::new().unwrap();
        let ended = run(Command::new("sh").args(["-c", script]), log.path(), limit, |_| {}).unwrap();
        (ended, fs::read_to_string(log.path()).unwrap())
    }

    #[test]
    fn what_is_over_its_limit_or_left_behind_is_ended_and_told() {
        let (ended, said) = sh("echo out; echo err >&2; exit 3", Duration::from_secs(60));
        assert_eq!(said, "out\nerr\n");
        assert_eq!(ended.why().unwrap(), "exit status: 3");
        assert_eq!(sh("true", Duration::from_secs(60)).0.why(), None);

        // A group with a grandchild that will not end by itself.
        let (ended, said) = sh("sleep 600 & echo $!; wait", Duration::from_millis(500));
        assert!(ended.why().unwrap().contains("its limit"), "{ended:?}");
        assert_gone(&said);

        // A daemon in a session of its own.
        let (ended, said) = sh(
            "setsid sh -c 'echo $$; exec sleep 600' & sleep 0.3",
            Duration::from_secs(60),
        );
        assert!(
            ended.why().unwrap().starts_with("left behind: sleep ("),
            "{ended:?}"
        );
        assert_gone(&said);
    }

    fn assert_gone(pid: &str) {
        let pid = Pid::from_raw(pid.trim().parse().unwrap());
        assert_eq!(kill(pid, None), Err(Errno::ESRCH), "{pid} still runs");
    }
}
