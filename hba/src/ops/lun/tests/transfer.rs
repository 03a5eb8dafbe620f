//! Reading and writing blocks.

use super::*;
use crate::ctx::Ctx;
use crate::error::Result;

/// Checks the range and reads it.
fn read(
    ctx: &mut Ctx<'_>,
    lun: Hctl,
    range: BlockRange,
    out: &mut dyn std::io::Write,
    progress: Progress<'_>,
) -> Result<u64> {
    let span = Span::of(ctx, lun, range, "read")?;
    super::super::read(ctx, &span, out, progress)
}

/// Checks the range and writes to it from a pipe.
fn write(
    ctx: &mut Ctx<'_>,
    lun: Hctl,
    range: BlockRange,
    input: &mut dyn std::io::Read,
    verify: bool,
    progress: Progress<'_>,
) -> Result<u64> {
    write_of(ctx, range, Length::Unknown, input, verify, progress).inspect(|_| assert_eq!(lun, LUN))
}

fn write_of(
    ctx: &mut Ctx<'_>,
    range: BlockRange,
    length: Length,
    input: &mut dyn std::io::Read,
    verify: bool,
    progress: Progress<'_>,
) -> Result<u64> {
    let span = Span::of(ctx, LUN, range, "write")?;
    super::super::write(ctx, &span, input, length, verify, progress)
}

fn taken(input: &[u8]) -> ScsiReply {
    ScsiReply {
        expect: input.to_vec(),
        ..ScsiReply::default()
    }
}

#[test]
fn an_image_that_does_not_fit_is_refused_before_the_first_byte() {
    let whole = BlockRange::default();
    let four = BlockRange {
        start: 2,
        blocks: Some(4),
    };
    for (range, bytes, why) in [
        (whole, 9 * BLOCK, "the logical unit from there on takes 4096"),
        (four, 5 * BLOCK, "the range takes 2048"),
        (whole, BLOCK + 1, "ends within a block"),
    ] {
        for verify in [false, true] {
            let mut s = Scripted::new();
            sized(&mut s, 8);
            let length = Length::Known(bytes as u64);
            let input = pattern(bytes);
            let e = write_of(
                &mut ctx(&mut s),
                range,
                length,
                &mut input.as_slice(),
                verify,
                &mut |_, _| (),
            )
            .expect_err("too long");
            assert_eq!(e.kind(), Kind::Invalid);
            let text = e.to_string();
            assert!(
                text.contains(why) && text.contains("nothing was written"),
                "{text}"
            );
            s.finish();
        }
    }
}

#[test]
fn a_pipe_that_is_longer_than_the_range_is_an_error_that_says_how_much_was_written() {
    let mut s = Scripted::new();
    let input = pattern(8 * BLOCK + 1);
    sized(&mut s, 8).expect(Call::Scsi(LUN, rw(true, 0, 8)), Ok(taken(&input[..8 * BLOCK])));
    s.expect(
        Call::Scsi(LUN, rw(false, 0, 8)),
        Ok(data(input[..8 * BLOCK].to_vec())),
    );
    let e = write(
        &mut ctx(&mut s),
        LUN,
        BlockRange::default(),
        &mut input.as_slice(),
        true,
        &mut |_, _| (),
    )
    .expect_err("longer");
    assert_eq!(e.kind(), Kind::Failed);
    assert!(e.to_string().contains("its first 4096 bytes were written"), "{e}");
    s.finish();
}

#[test]
fn what_never_ends_is_taken_only_for_a_range_that_was_asked_for() {
    let mut s = Scripted::new();
    let range = BlockRange {
        start: 0,
        blocks: Some(2),
    };
    sized(&mut s, 8).expect(Call::Scsi(LUN, rw(true, 0, 2)), Ok(taken(&[7; 2 * BLOCK])));
    let mut c = ctx(&mut s);
    let mut endless = std::io::repeat(7);
    assert_eq!(
        write_of(
            &mut c,
            range,
            Length::Endless,
            &mut endless,
            false,
            &mut |_, _| ()
        ),
        Ok(2 * BLOCK as u64)
    );
    sized(&mut s, 8);
    let e = write_of(
        &mut ctx(&mut s),
        BlockRange::default(),
        Length::Endless,
        &mut endless,
        false,
        &mut |_, _| (),
    );
    assert_eq!(e.expect_err("endless").kind(), Kind::Invalid);
    s.finish();
}

#[test]
fn an_input_that_ends_before_its_length_is_an_error() {
    let mut s = Scripted::new();
    let input = pattern(2 * BLOCK);
    sized(&mut s, 8).expect(Call::Scsi(LUN, rw(true, 0, 2)), Ok(taken(&input)));
    let e = write_of(
        &mut ctx(&mut s),
        BlockRange::default(),
        Length::Known(3 * BLOCK as u64),
        &mut input.as_slice(),
        false,
        &mut |_, _| (),
    )
    .expect_err("short");
    assert!(e.to_string().contains("1024 bytes were written"), "{e}");
    s.finish();
}

#[test]
fn a_device_that_takes_less_than_it_was_given_is_an_error() {
    let mut s = Scripted::new();
    let input = pattern(2 * BLOCK);
    let mut reply = taken(&input);
    reply.left = BLOCK;
    sized(&mut s, 8).expect(Call::Scsi(LUN, rw(true, 0, 2)), Ok(reply));
    let e = write(
        &mut ctx(&mut s),
        LUN,
        BlockRange::default(),
        &mut input.as_slice(),
        false,
        &mut |_, _| (),
    )
    .expect_err("short");
    assert!(e.to_string().contains("took 512 of 1024"), "{e}");
    s.finish();
}

#[test]
fn reading_goes_in_chunks_and_tells_its_progress() {
    let mut s = Scripted::new();
    let all = pattern((STEP as usize + 3) * BLOCK);
    let cut = STEP as usize * BLOCK;
    sized(&mut s, 10_000)
        .expect(
            Call::Scsi(LUN, rw(false, 100, 512)),
            Ok(data(all[..cut].to_vec())),
        )
        .expect(Call::Scsi(LUN, rw(false, 612, 3)), Ok(data(all[cut..].to_vec())));
    let range = BlockRange {
        start: 100,
        blocks: Some(STEP + 3),
    };
    let (mut out, mut told) = (Vec::new(), Vec::new());
    let bytes = read(&mut ctx(&mut s), LUN, range, &mut out, &mut |done, all| {
        told.push((done, all));
    })
    .expect("read");
    assert_eq!(bytes, all.len() as u64);
    assert_eq!(out, all);
    assert_eq!(told, [(cut as u64, Some(bytes)), (bytes, Some(bytes))]);
    s.finish();
}

#[test]
fn ranges_beyond_the_end_are_refused() {
    let mut s = Scripted::new();
    for range in [
        BlockRange {
            start: 8,
            blocks: None,
        },
        BlockRange {
            start: 4,
            blocks: Some(5),
        },
    ] {
        sized(&mut s, 8);
        let e = read(&mut ctx(&mut s), LUN, range, &mut Vec::new(), &mut |_, _| ()).expect_err("range");
        assert_eq!(e.kind(), Kind::Invalid);
    }
    s.finish();
}

#[test]
fn a_read_that_comes_short_is_an_error() {
    let mut s = Scripted::new();
    sized(&mut s, 8).expect(Call::Scsi(LUN, rw(false, 0, 8)), Ok(data(vec![0; 100])));
    let e = read(
        &mut ctx(&mut s),
        LUN,
        BlockRange::default(),
        &mut Vec::new(),
        &mut |_, _| (),
    )
    .expect_err("short");
    assert!(e.to_string().contains("100 of 4096"), "{e}");
    s.finish();
}

#[test]
fn blocks_beyond_32_bits_use_the_long_command() {
    let mut s = Scripted::new();
    let start = 1u64 << 33;
    let mut cdb = vec![0x88, 0];
    cdb.extend(start.to_be_bytes());
    cdb.extend(1u32.to_be_bytes());
    cdb.extend([0, 0]);
    sized(&mut s, start + 1).expect(Call::Scsi(LUN, cdb), Ok(data(vec![7; BLOCK])));
    let mut out = Vec::new();
    let range = BlockRange { start, blocks: None };
    assert_eq!(
        read(&mut ctx(&mut s), LUN, range, &mut out, &mut |_, _| ()),
        Ok(512)
    );
    s.finish();
}

#[test]
fn writing_ends_with_the_input_and_compares_what_is_read_back() {
    let mut s = Scripted::new();
    let input = pattern(3 * BLOCK);
    let written = || ScsiReply {
        expect: input.clone(),
        ..ScsiReply::default()
    };
    sized(&mut s, 100).expect(Call::Scsi(LUN, rw(true, 0, 3)), Ok(written()));
    s.expect(Call::Scsi(LUN, rw(false, 0, 3)), Ok(data(input.clone())));
    let mut c = ctx(&mut s);
    let bytes = write(
        &mut c,
        LUN,
        BlockRange::default(),
        &mut input.as_slice(),
        true,
        &mut |_, _| (),
    );
    assert_eq!(bytes, Ok(3 * BLOCK as u64));

    let mut other = input.clone();
    other[BLOCK + 5] ^= 1;
    sized(&mut s, 100).expect(Call::Scsi(LUN, rw(true, 0, 3)), Ok(written()));
    s.expect(Call::Scsi(LUN, rw(false, 0, 3)), Ok(data(other)));
    let mut c = ctx(&mut s);
    let e = write(
        &mut c,
        LUN,
        BlockRange::default(),
        &mut input.as_slice(),
        true,
        &mut |_, _| (),
    )
    .expect_err("differs");
    assert_eq!(e.kind(), Kind::VerifyFailed { rolled_back: false });
    assert!(e.to_string().contains("block 1"), "{e}");
    s.finish();
}

#[test]
fn a_partial_block_is_refused_before_it_is_written() {
    let mut s = Scripted::new();
    sized(&mut s, 100);
    let input = pattern(BLOCK + 1);
    let e = write(
        &mut ctx(&mut s),
        LUN,
        BlockRange::default(),
        &mut input.as_slice(),
        false,
        &mut |_, _| (),
    );
    assert_eq!(e.expect_err("partial").kind(), Kind::Invalid);
    s.finish();
}

#[test]
fn a_dry_run_writes_nothing() {
    let mut s = Scripted::new();
    sized(&mut s, 100);
    let input = pattern(BLOCK);
    let mut c = ctx(&mut s);
    c.dry_run = true.into();
    assert_eq!(
        write(
            &mut c,
            LUN,
            BlockRange::default(),
            &mut input.as_slice(),
            true,
            &mut |_, _| ()
        ),
        Ok(512)
    );
    s.finish();
}

#[test]
fn a_transfer_ends_at_the_deadline_and_says_how_far_it_came() {
    let mut s = Scripted::new();
    sized(&mut s, 8);
    let e = read(
        &mut late(&mut s),
        LUN,
        BlockRange::default(),
        &mut Vec::new(),
        &mut |_, _| (),
    )
    .expect_err("late");
    assert_eq!(e.kind(), Kind::Timeout);
    assert!(e.to_string().contains("0 bytes are done"), "{e}");
    s.finish();
}
