//! What was on a cable, under Wireshark's dissector.
//!
//! Owns a running capture and the questions asked of its file. Source: tcpdump(1), tshark(1), wireshark-filter(4).

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sys::signal::Signal;

use super::segment::start_in;
use super::{FAR, Segment};
use crate::lab::READY;
use crate::need::{Need, find_tool};
use crate::process::{Running, until};

/// What a capture takes.
pub const NEEDS: &[Need] = &[Need::Tool("tcpdump", "tcpdump"), Need::Tool("tshark", "tshark")];

/// Damaged frames, false checksums, and whatever else the dissector calls an error. (Its warnings are about losses and silence.)
const FLAWS: &str = "_ws.malformed || _ws.expert.severity == error || eth.fcs.status == 0 || ip.checksum.status == 0 || \
                     icmp.checksum.status == 0 || icmpv6.checksum.status == 0 || udp.checksum.status == 0";

/// Frames on the far end of a cable, in a file.
#[derive(Debug)]
pub struct Capture {
    running: Running,
    file: PathBuf,
}

impl Capture {
    /// Starts to capture on a segment.
    ///
    /// # Errors
    /// As [`start_in`].
    pub fn start(segment: &Segment) -> Result<Self> {
        let file = segment.file("capture.pcap");
        let args: [&OsStr; 8] = [
            "-i".as_ref(),
            FAR.as_ref(),
            "-U".as_ref(),
            "--immediate-mode".as_ref(),
            "-Z".as_ref(),
            "root".as_ref(),
            "-w".as_ref(),
            file.as_os_str(),
        ];
        let log = segment.file("tcpdump.log");
        let running = start_in(&segment.far, "tcpdump", &args, &[], "listening on", &log)?;
        Ok(Self { running, file })
    }

    /// The frames so far that a display filter finds, one line each: `fields` with tabs between.
    ///
    /// # Errors
    /// tshark refuses the filter.
    pub fn frames(&self, filter: &str, fields: &[&str]) -> Result<Vec<String>> {
        let mut command = Command::new(find_tool("tshark").context("tshark is not installed")?);
        command.arg("-r").arg(&self.file).args(["-Y", filter]);
        for check in ["ip.check_checksum", "udp.check_checksum"] {
            command.args(["-o", &format!("{check}:TRUE")]);
        }
        if !fields.is_empty() {
            command.args(["-T", "fields"]);
        }
        for field in fields {
            command.args(["-e", field]);
        }
        let output = command.output()?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        // A frame that is just being written is not there yet.
        ensure!(
            output.status.success() || complaint.contains("cut short"),
            "tshark: {complaint}"
        );
        let printed = String::from_utf8(output.stdout)?;
        Ok(printed.lines().map(str::to_owned).collect())
    }

    /// Waits for at least `count` frames that a display filter finds.
    ///
    /// # Errors
    /// They do not come in time.
    pub fn awaits(&self, filter: &str, count: usize, limit: Duration) -> Result<Vec<String>> {
        until(limit, &format!("{count} frames with {filter}"), || {
            Ok(Some(self.frames(filter, &[])?).filter(|frames| frames.len() >= count))
        })
    }

    /// Ends the capture. No frame sent by `mac` may have a flaw; at least one must be there.
    ///
    /// # Errors
    /// One has, or there is none.
    pub fn flawless(mut self, mac: &str) -> Result<()> {
        self.running.signal(Signal::SIGINT)?;
        self.running.ended(READY)?;
        let sent = self.frames(&format!("eth.src == {mac}"), &["frame.number"])?;
        ensure!(!sent.is_empty(), "{mac} sent nothing");
        let flaws = self.frames(&format!("eth.src == {mac} && ({FLAWS})"), &[])?;
        ensure!(flaws.is_empty(), "{} frames of {mac}: {flaws:?}", flaws.len());
        Ok(())
    }
}
