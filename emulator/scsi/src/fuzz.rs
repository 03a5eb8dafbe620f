//! Fuzz body: a script of commands from two nexuses against small logical units.
//!
//! Compiled for tests and under `cfg(fuzzing)` only; the fuzzer stands outside the workspace (`fuzz/`), its corpus is replayed here.
//! Whatever comes: no panic, bounded answers, sense data with every CHECK CONDITION and only there.

use crate::{Device, LogicalUnit, Lun, LunConfig, MemoryMedium, NexusId, Request, Status};

/// The most data that a nexus takes.
const TAKES: usize = 64 << 10;

/// The body.
pub fn commands(input: &[u8]) {
    let mut device = Device::new();
    for number in 0..2u16 {
        let mut config = LunConfig::new(if number == 0 { "fuzz-0" } else { "fuzz-1" });
        config.read_only = number == 1;
        config.max_transfer = 64 << 10;
        let unit = LogicalUnit::new(config, Box::new(MemoryMedium::new(1 << 20)));
        assert!(device.add(number, unit).is_ok());
    }
    let nexuses = [NexusId(1), NexusId(2)];
    nexuses.iter().for_each(|nexus| device.attach(*nexus));
    let mut rest = input;
    let mut take = |max: usize| {
        let (piece, after) = rest.split_at(max.min(rest.len()));
        rest = after;
        piece
    };
    let mut data_in = Vec::new();
    loop {
        // Nexus and unit, length of the CDB, of the parameter data (in 4 bytes), then both.
        let Some(&[who, cdb_len, data_len]) = take(3).first_chunk() else {
            return;
        };
        let nexus = nexuses[usize::from(who & 1)];
        match who >> 5 {
            6 => device.detach(nexus),
            7 => device.attach(nexus),
            _ => {}
        }
        let cdb = take(usize::from(cdb_len % 33));
        let data_out = take(usize::from(data_len) * 4);
        data_in.clear();
        let response = device.execute(
            &Request {
                nexus,
                lun: Lun::from_number(u16::from(who >> 1 & 3)).unwrap_or_default(),
                cdb,
                data_out,
                data_in_max: TAKES,
            },
            &mut data_in,
        );
        assert!(data_in.len() <= TAKES, "{} bytes for {cdb:02x?}", data_in.len());
        assert_eq!(
            response.sense.is_some(),
            response.status == Status::CheckCondition,
            "{cdb:02x?}"
        );
    }
}

#[cfg(test)]
#[path = "../../../fuzz/replay.rs"]
mod corpus;

#[cfg(test)]
mod tests {
    #[test]
    fn commands_keep_their_promises_on_the_corpus() {
        super::corpus::replay("scsi", super::commands);
    }
}
