//! A thread of this process in its own mount and network namespace.
//!
//! Owns [`Namespace`]: what is mounted there ends with it. It must not know what is run in it. Needs root.

use std::path::Path;
use std::sync::mpsc;
use std::thread;

use anyhow::{Context, Result, anyhow};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

type Job = Box<dyn FnOnce() + Send>;

/// A thread with private mounts and a private (empty) network, and its clones. Processes that it starts share both.
#[derive(Clone, Debug)]
pub struct Namespace {
    jobs: mpsc::Sender<Job>,
}

impl Namespace {
    /// Makes the namespace and mounts each `(source, target)` there.
    ///
    /// # Errors
    /// Without the privilege for namespaces, or when a mount fails.
    pub fn new(binds: &[(&Path, &Path)]) -> Result<Self> {
        let (this, work) = Self::idle();
        thread::Builder::new().name("namespace".into()).spawn(work)?;
        this.leave(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWNET, binds)?;
        Ok(this)
    }

    /// Another thread on the network of this one, with mounts of its own.
    ///
    /// # Errors
    /// As [`Namespace::new`].
    pub fn beside(&self, binds: &[(&Path, &Path)]) -> Result<Self> {
        let (this, work) = Self::idle();
        // A thread has the namespaces of the one that starts it.
        self.run(|| thread::Builder::new().name("beside".into()).spawn(work).map(drop))??;
        this.leave(CloneFlags::CLONE_NEWNS, binds)?;
        Ok(this)
    }

    fn idle() -> (Self, impl FnOnce() + Send + 'static) {
        let (jobs, todo) = mpsc::channel::<Job>();
        let work = move || {
            for job in todo {
                job();
            }
        };
        (Self { jobs }, work)
    }

    fn leave(&self, what: CloneFlags, binds: &[(&Path, &Path)]) -> Result<()> {
        let binds: Vec<_> = binds
            .iter()
            .map(|(from, to)| (from.to_path_buf(), to.to_path_buf()))
            .collect();
        self.run(move || -> Result<()> {
            unshare(what).context("cannot make namespaces")?;
            let none: Option<&Path> = None;
            mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)
                .context("cannot make the mounts private")?;
            for (from, to) in &binds {
                mount(Some(from), to, none, MsFlags::MS_BIND | MsFlags::MS_REC, none)
                    .with_context(|| format!("cannot mount {} on {}", from.display(), to.display()))?;
            }
            Ok(())
        })?
    }

    /// The number of its thread, by which other programs find its network (`ip link set DEVICE netns NUMBER`).
    ///
    /// # Errors
    /// As [`Namespace::run`].
    pub fn thread(&self) -> Result<i32> {
        self.run(|| nix::unistd::gettid().as_raw())
    }

    /// Runs a job in the namespace and waits for it.
    ///
    /// # Errors
    /// The namespace's thread has died of an earlier job.
    pub fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let (tell, told) = mpsc::channel();
        let job: Job = Box::new(move || {
            let _ = tell.send(job());
        });
        self.jobs
            .send(job)
            .map_err(|_| anyhow!("the namespace's thread is gone"))?;
        told.recv().context("a job in the namespace panicked")
    }
}
