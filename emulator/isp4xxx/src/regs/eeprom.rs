//! The pins of the serial EEPROM (93C86, 1024 words) as the driver bangs them.
//!
//! Owns the chip's shift register; the words lie with the card. Commands: start bit, two bits of opcode, ten of address; READ
//! shifts a word out, WRITE shifts one in and programs it when chip select falls, writes need EWEN first. Source: `ql4_nvram.c`
//! (`AUBURN_EEPROM_*`, `fm93c56a_*`), `ql4_nvram.h`.

use std::time::{Duration, Instant};

const CLOCK: u32 = 0x1;
const SELECT: u32 = 0x2;
/// To the chip.
const TO_CHIP: u32 = 0x4;
/// From the chip.
const FROM_CHIP: u32 = 0x8;

const ADDRESS_BITS: u32 = 10;
const COMMAND_BITS: u32 = 2 + ADDRESS_BITS;
const WORD_BITS: u32 = 16;

/// What a command did to the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    /// One word.
    Word(u16, u16),
    /// All words.
    All(u16),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// Waits for the start bit.
    #[default]
    Idle,
    /// Takes the command in: bits so far and how many.
    Command(u32, u32),
    /// Gives a word out: what is left of it.
    Output(u16, u32),
    /// Takes a word in, for one address or all.
    Input(Option<u16>, u16, u32),
    /// Something to program when chip select falls.
    Ready(Program),
    /// Done until chip select falls.
    Done,
}

/// How often the pins were touched, and how long that took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Touched {
    pub(super) accesses: u64,
    pub(super) time: Duration,
    last: Instant,
}

/// A longer pause between two accesses is not spent on them.
const PAUSE: Duration = Duration::from_millis(100);

impl Touched {
    /// One more access; the first when there was none before.
    pub(super) fn again(touched: Option<Self>, now: Instant) -> Self {
        let before = touched.unwrap_or(Self {
            accesses: 0,
            time: Duration::ZERO,
            last: now,
        });
        let since = now.saturating_duration_since(before.last);
        let counts = if since < PAUSE { since } else { Duration::ZERO };
        Self {
            accesses: before.accesses + 1,
            time: before.time + counts,
            last: now,
        }
    }
}

/// The chip's pins and its shift register.
#[derive(Debug, Default)]
pub(super) struct Eeprom {
    pins: u32,
    state: State,
    may_write: bool,
}

impl Eeprom {
    /// The pins as the driver reads them.
    pub(super) fn read(&self) -> u32 {
        self.pins
    }

    /// The driver sets pins; `word` gives the word at an address.
    pub(super) fn write(&mut self, pins: u32, word: impl Fn(u16) -> u16) -> Option<Program> {
        let before = self.pins;
        self.pins = (pins & !FROM_CHIP) | (before & FROM_CHIP);
        if pins & SELECT == 0 {
            self.pins &= !FROM_CHIP;
            return match std::mem::take(&mut self.state) {
                State::Ready(program) if self.may_write => Some(program),
                _ => None,
            };
        }
        if before & CLOCK == 0 && pins & CLOCK != 0 && before & SELECT != 0 {
            self.clock(pins & TO_CHIP != 0, word);
        }
        None
    }

    fn clock(&mut self, bit: bool, word: impl Fn(u16) -> u16) {
        let out = |pins: u32, high: bool| if high { pins | FROM_CHIP } else { pins & !FROM_CHIP };
        self.state = match self.state {
            State::Idle if bit => State::Command(0, 0),
            State::Idle => State::Idle,
            State::Command(bits, n) => {
                let bits = bits << 1 | u32::from(bit);
                if n + 1 < COMMAND_BITS {
                    State::Command(bits, n + 1)
                } else {
                    self.pins = out(self.pins, false);
                    self.command(bits, word)
                }
            }
            State::Output(left, n) => {
                self.pins = out(self.pins, left & 0x8000 != 0);
                match n {
                    1 => State::Done,
                    _ => State::Output(left << 1, n - 1),
                }
            }
            State::Input(at, value, n) => {
                let value = value << 1 | u16::from(bit);
                match (n, at) {
                    (1, Some(at)) => State::Ready(Program::Word(at, value)),
                    (1, None) => State::Ready(Program::All(value)),
                    _ => State::Input(at, value, n - 1),
                }
            }
            state => state,
        };
    }

    fn command(&mut self, bits: u32, word: impl Fn(u16) -> u16) -> State {
        let at = (bits & ((1 << ADDRESS_BITS) - 1)) as u16;
        match (bits >> ADDRESS_BITS, at >> (ADDRESS_BITS - 2)) {
            (2, _) => State::Output(word(at), WORD_BITS),
            (1, _) => State::Input(Some(at), 0, WORD_BITS),
            (3, _) => State::Ready(Program::Word(at, 0xFFFF)),
            (_, 1) => State::Input(None, 0, WORD_BITS),
            (_, 2) => State::Ready(Program::All(0xFFFF)),
            (_, enable) => {
                self.may_write = enable == 3;
                State::Done
            }
        }
    }
}

/// The word at an index of the image; beyond its end the chip reads ones.
pub(super) fn word(nvram: &[u8], at: u16) -> u16 {
    let at = usize::from(at) * 2;
    match nvram.get(at..at + 2) {
        Some(&[low, high]) => u16::from_le_bytes([low, high]),
        _ => 0xFFFF,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bangs bits as the driver does.
    fn send(chip: &mut Eeprom, bits: u32, n: u32, word: &dyn Fn(u16) -> u16) {
        for i in (0..n).rev() {
            let data = if bits >> i & 1 == 1 { TO_CHIP } else { 0 };
            for clock in [0, CLOCK, 0] {
                assert_eq!(chip.write(SELECT | data | clock, word), None);
            }
        }
    }

    fn read(chip: &mut Eeprom, at: u16, word: &dyn Fn(u16) -> u16) -> u16 {
        chip.write(SELECT, word);
        send(chip, 0b110 << 10 | u32::from(at), 13, word);
        let mut value = 0;
        for _ in 0..16 {
            chip.write(SELECT | CLOCK, word);
            chip.write(SELECT, word);
            value = value << 1 | u16::from(chip.read() & FROM_CHIP != 0);
        }
        assert_eq!(chip.write(0, word), None);
        value
    }

    #[test]
    fn a_read_shifts_the_word_out_most_significant_bit_first() {
        let word = |at: u16| at.wrapping_mul(0x1357) ^ 0x8001;
        let mut chip = Eeprom::default();
        for at in [0, 1, 0x3FF, 0x155] {
            assert_eq!(read(&mut chip, at, &word), word(at));
        }
    }

    #[test]
    fn a_write_needs_to_be_enabled_and_happens_when_the_chip_is_deselected() {
        let word = |_: u16| 0;
        let mut chip = Eeprom::default();
        let write = |chip: &mut Eeprom| {
            chip.write(SELECT, word);
            send(chip, 0b101 << 10 | 0x2A, 13, &word);
            send(chip, 0xBEEF, 16, &word);
            chip.write(0, word)
        };
        assert_eq!(write(&mut chip), None);
        chip.write(SELECT, word);
        send(&mut chip, 0b100 << 10 | 3 << 8, 13, &word);
        chip.write(0, word);
        assert_eq!(write(&mut chip), Some(Program::Word(0x2A, 0xBEEF)));
        chip.write(SELECT, word);
        send(&mut chip, 0b100 << 10, 13, &word);
        chip.write(0, word);
        assert_eq!(write(&mut chip), None);
    }
}
