//! Our initiator against a real target with every combination of what can be negotiated about data: what was agreed, how many R2Ts
//! it took, and that what was written is read back.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use iscsi::Isid;
use iscsi::digest::Digest;
use iscsi::initiator::{Config, Direction, Outcome, Residual};
use lab_tests::initiator::{Host, cdb10};
use lab_tests::need::left_out;
use lab_tests::target::Target;
use lab_tests::tgt::{NEEDS, Tgtd};

const IQN: &str = "iqn.2026-11.org.example:matrix";
/// Shorter than every first burst, as long as the small burst, and longer than every first burst.
const TRANSFERS: [usize; 3] = [2 << 10, 16 << 10, 272 << 10];
const SMALL_BURST: u32 = 16 << 10;

/// One way to agree.
#[derive(Clone, Copy, Debug)]
struct Agreed {
    header: Digest,
    data: Digest,
    immediate: bool,
    initial_r2t: bool,
    first_burst: u32,
    max_burst: u32,
    outstanding: u32,
}

fn every_way() -> Vec<Agreed> {
    let digests = [Digest::None, Digest::Crc32c];
    let mut ways = Vec::new();
    for number in 0..128u32 {
        let bit = |at: u32| number >> at & 1 != 0;
        let max_burst = if bit(5) { 256 << 10 } else { SMALL_BURST };
        ways.push(Agreed {
            header: digests[usize::from(bit(0))],
            data: digests[usize::from(bit(1))],
            immediate: bit(2),
            initial_r2t: bit(3),
            first_burst: if bit(4) { max_burst } else { 4 << 10 },
            max_burst,
            outstanding: if bit(6) { 8 } else { 1 },
        });
    }
    ways
}

impl Agreed {
    fn config(self, iqn: &str, number: u8) -> Result<Config> {
        let name = format!("iqn.2026-11.org.example:host{number}");
        let isid = Isid([0, 2, 0x3d, 0, 1, number]);
        let mut config = Config::new(name.parse()?, Some(iqn.parse()?), isid, [number; 32]);
        // The numbers of the first commands wrap.
        config.first_cmd_sn = Some(0xffff_fffc);
        config.offer.header_digests = vec![self.header];
        config.offer.data_digests = vec![self.data];
        let params = &mut config.offer.params;
        params.immediate_data = self.immediate;
        params.initial_r2t = self.initial_r2t;
        params.first_burst = self.first_burst;
        params.max_burst = self.max_burst;
        params.max_outstanding_r2t = self.outstanding;
        params.max_recv_data_segment = 32 << 10;
        Ok(config)
    }

    /// R2Ts that a write takes from a target that takes segments of `segment` bytes.
    fn r2ts(self, len: usize, segment: u32) -> Result<u64> {
        let len = u32::try_from(len)?;
        let first = len.min(self.first_burst);
        let unsolicited = match (self.initial_r2t, self.immediate) {
            (false, _) => first,
            (true, true) => first.min(segment),
            (true, false) => 0,
        };
        Ok(u64::from((len - unsolicited).div_ceil(self.max_burst)))
    }
}

fn pattern(len: usize, seed: usize) -> Vec<u8> {
    (0..len)
        .map(|at| (at.wrapping_mul(31) ^ (at >> 9).wrapping_mul(7) ^ seed) as u8)
        .collect()
}

fn good(outcome: &Outcome, len: usize) -> bool {
    matches!(outcome, Outcome::Completed { status: 0, residual: Residual::None, transferred, .. } if *transferred as usize == len)
}

/// Logs in, checks what was agreed, writes and reads back, logs out.
fn prove(portal: SocketAddr, iqn: &str, lun: u16, way: Agreed, number: u8) -> Result<()> {
    let (mut host, logged_in) = Host::login(portal, &way.config(iqn, number)?)?;
    let got = &logged_in.params;
    ensure!(
        (got.header_digest, got.data_digest) == (way.header, way.data),
        "digests: {got:?}"
    );
    ensure!(
        got.immediate_data == way.immediate && got.initial_r2t == way.initial_r2t,
        "booleans: {got:?}"
    );
    ensure!(
        got.first_burst == way.first_burst && got.max_burst == way.max_burst,
        "bursts: {got:?}"
    );
    ensure!(got.max_outstanding_r2t == way.outstanding, "R2Ts: {got:?}");
    // A new session may find a unit attention first.
    for _ in 0..4 {
        let ready = host.submit(lun, &[0; 6], Direction::None, Vec::new());
        if good(&host.done(ready)?.0, 0) {
            break;
        }
    }
    let before = host.engine.counters().rx.r2t;
    let (mut lba, mut r2ts, mut tasks) = (0, 0, Vec::new());
    for (at, len) in TRANSFERS.into_iter().enumerate() {
        let data = pattern(len, at + usize::from(number) * 3);
        tasks.push((
            host.submit(lun, &cdb10(0x2a, lba, len), Direction::Write, data),
            lba,
            len,
        ));
        lba += u32::try_from(len / 512)?;
        r2ts += way.r2ts(len, got.max_xmit_data_segment)?;
    }
    let mut reads = Vec::new();
    for (write, lba, len) in tasks {
        let (outcome, _) = host.done(write)?;
        ensure!(good(&outcome, len), "write of {len}: {outcome:?}");
        reads.push((
            host.submit(lun, &cdb10(0x28, lba, len), Direction::Read, vec![0; len]),
            len,
        ));
    }
    for (at, (read, len)) in reads.into_iter().enumerate() {
        let (outcome, data) = host.done(read)?;
        ensure!(good(&outcome, len), "read of {len}: {outcome:?}");
        ensure!(
            data == pattern(len, at + usize::from(number) * 3),
            "what was read is not what was written ({len} bytes)"
        );
    }
    let counters = host.engine.counters();
    ensure!(
        counters.rx.r2t - before == r2ts,
        "{} R2Ts instead of {r2ts}",
        counters.rx.r2t - before
    );
    ensure!(
        counters.format_errors == 0 && counters.digest_errors == 0,
        "{counters:?}"
    );
    host.logout()
}

fn prove_all(portal: SocketAddr, lun: u16, iqn: impl Fn(Agreed) -> String) -> Result<()> {
    for (number, way) in (0u8..).zip(every_way()) {
        prove(portal, &iqn(way), lun, way, number).with_context(|| format!("{way:?}"))?;
    }
    Ok(())
}

#[test]
fn every_agreement_moves_the_same_bytes_to_tgt() -> Result<()> {
    if left_out("every_agreement_moves_the_same_bytes_to_tgt", NEEDS) {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let tgt = Tgtd::start()?;
    // tgt takes just the digest that a target is set to, and of the rest at most what it is set to.
    let name =
        |header: Digest, data: Digest| format!("{IQN}-{}-{}", header.name(), data.name()).to_lowercase();
    let both = [Digest::None, Digest::Crc32c];
    let pairs = both
        .into_iter()
        .flat_map(|header| both.map(|data| (header, data)));
    for (tid, (header, data)) in (1..).zip(pairs) {
        let lun = dir.path().join(format!("lun{tid}"));
        std::fs::File::create(&lun)?.set_len(1 << 20)?;
        tgt.add_target(tid, &name(header, data), &[&lun], &[])?;
        let tid = tid.to_string();
        for (key, value) in [
            ("HeaderDigest", header.name()),
            ("DataDigest", data.name()),
            ("InitialR2T", "No"),
            ("MaxOutstandingR2T", "8"),
            ("FirstBurstLength", "262144"),
        ] {
            tgt.admin(&[
                "--op", "update", "--mode", "target", "--tid", &tid, "-n", key, "-v", value,
            ])?;
        }
    }
    prove_all(tgt.portal(), 1, |way| name(way.header, way.data))
}

#[test]
fn every_agreement_moves_the_same_bytes_to_our_target() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let target = Target::start(dir.path(), IQN, &["--lun", "1M"])?;
    prove_all(target.portal(), 0, |_| IQN.to_owned())
}
