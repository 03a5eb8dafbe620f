//! The parameters that the qla4xxx driver is loaded with: what each takes, what it means and when it counts; and the names that other
//! generations of the driver had for them.
//!
//! Source: kernel 6.1 `qla4xxx/ql4_os.c` (`module_param`, and who reads the variables), the vendor's drivers 4.00 and 5.00 (`README`,
//! `ql4_os.c`) for the old names.

use std::fmt;

/// When a parameter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// As soon as it is written in sysfs.
    AtOnce,
    /// Written in sysfs, for units that are found from then on.
    ForNewUnits,
    /// When the driver is loaded: sysfs only shows it.
    AtLoad,
    /// When an adapter is found, which mostly is when the driver is loaded; sysfs takes it before that.
    AtProbe,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// One of these numbers, with what each means.
    OneOf(&'static [(u32, &'static str)]),
    /// A number within a range, both ends included.
    Range(u32, u32),
    /// One of these masks.
    Masks(&'static [u32]),
}

/// A parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModuleParam {
    /// Its name.
    pub name: &'static str,
    /// What the driver has it at when nobody sets it.
    pub default: u32,
    /// What it takes.
    pub takes: Takes,
    /// When it counts.
    pub counts: Counts,
    /// What it means.
    pub help: &'static str,
}

impl ModuleParam {
    /// The value written, decimal or hexadecimal with `0x`; `None` when it is not one that the driver honours.
    #[must_use]
    pub fn read(&self, text: &str) -> Option<u32> {
        let value = number(text)?;
        let fits = match self.takes {
            Takes::OneOf(choices) => choices.iter().any(|(number, _)| *number == value),
            Takes::Range(min, max) => (min..=max).contains(&value),
            Takes::Masks(masks) => masks.contains(&value),
        };
        fits.then_some(value)
    }

    /// A value as it is written.
    #[must_use]
    pub fn write(&self, value: u32) -> String {
        match self.takes {
            Takes::Masks(_) => format!("{value:#x}"),
            _ => value.to_string(),
        }
    }
}

/// A number as operators write it.
pub(crate) fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) if !hex.starts_with('+') => u32::from_str_radix(hex, 16).ok(),
        Some(_) => None,
        None if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
        None => None,
    }
}

impl fmt::Display for Takes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list: Vec<String> = match self {
            Self::OneOf(choices) => choices.iter().map(|(n, what)| format!("{n} ({what})")).collect(),
            Self::Range(min, max) => return write!(f, "a number from {min} to {max}"),
            Self::Masks(masks) => masks.iter().map(|mask| format!("{mask:#x}")).collect(),
        };
        f.write_str(&list.join(", "))
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AtOnce => "at once",
            Self::ForNewUnits => "for new units",
            Self::AtLoad => "when loaded",
            Self::AtProbe => "when an adapter is found",
        })
    }
}

const OFF_ON: Takes = Takes::OneOf(&[(0, "off"), (1, "on")]);

/// All of them.
pub const PARAMS: &[ModuleParam] = &[
    ModuleParam {
        name: "ql4xdisablesysfsboot",
        default: 1,
        takes: Takes::OneOf(&[(0, "exported to user space"), (1, "the driver logs in")]),
        counts: Counts::AtProbe,
        help: "who logs in to boot targets",
    },
    ModuleParam {
        name: "ql4xdontresethba",
        default: 0,
        takes: Takes::OneOf(&[(0, "reset"), (1, "no reset")]),
        counts: Counts::AtOnce,
        help: "whether recovery may reset the adapter",
    },
    ModuleParam {
        name: "ql4xenablemd",
        default: 1,
        takes: OFF_ON,
        counts: Counts::AtOnce,
        help: "minidumps after a fault (80xx)",
    },
    ModuleParam {
        name: "ql4xenablemsix",
        default: 1,
        takes: Takes::OneOf(&[(0, "INTx"), (1, "MSI-X"), (2, "MSI")]),
        counts: Counts::AtProbe,
        help: "kind of interrupts",
    },
    ModuleParam {
        name: "ql4xextended_error_logging",
        default: 0,
        takes: Takes::OneOf(&[(0, "off"), (2, "debug")]),
        counts: Counts::AtOnce,
        help: "more messages in the kernel's log",
    },
    ModuleParam {
        name: "ql4xmaxqdepth",
        default: 32,
        takes: Takes::Range(1, 0xFFFF),
        counts: Counts::ForNewUnits,
        help: "commands that a unit has at once",
    },
    ModuleParam {
        name: "ql4xmdcapmask",
        default: 0,
        takes: Takes::Masks(&[0, 0x3, 0x7, 0xF, 0x1F, 0x3F, 0x7F, 0xFF]),
        counts: Counts::AtLoad,
        help: "what a minidump has; 0: as the firmware says (80xx)",
    },
    ModuleParam {
        name: "ql4xqfulltracking",
        default: 1,
        takes: OFF_ON,
        counts: Counts::ForNewUnits,
        help: "a full queue lowers a unit's depth",
    },
    ModuleParam {
        name: "ql4xsess_recovery_tmo",
        default: 120,
        takes: Takes::Range(0, i32::MAX as u32),
        counts: Counts::AtLoad,
        help: "seconds that a lost session is waited for; each session has its own recovery_tmo afterwards",
    },
];

/// The parameter of a name.
#[must_use]
pub fn param(name: &str) -> Option<&'static ModuleParam> {
    PARAMS.iter().find(|p| p.name == name)
}

/// What became of a parameter of the vendor's drivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    /// It has another name.
    Is(&'static str),
    /// There is nothing like it: why, and what does its work.
    Dropped(&'static str),
}

/// An old name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Legacy {
    /// The name in the vendor's drivers.
    pub name: &'static str,
    /// Its values that meant "as it is", and those of the parameter that it became.
    pub values: &'static [(u32, Option<u32>)],
    /// What became of it.
    pub became: Became,
    /// What to know about the change.
    pub note: &'static str,
}

/// The old names. Names that the driver still has stand here only when their values changed.
pub const LEGACY: &[Legacy] = &[
    Legacy {
        name: "ql4xkeepalive",
        values: &[(0xDEAD, None)],
        became: Became::Is("ql4xsess_recovery_tmo"),
        note: "how long a lost session is waited for; 0xDEAD meant what the adapter's flash says, which no driver asks any more",
    },
    Legacy {
        name: "ql4xdontresethba",
        values: &[(2, Some(1))],
        became: Became::Is("ql4xdontresethba"),
        note: "2 allowed the reset for the kernel's error recovery alone; the driver knows only 0 and 1 now",
    },
    Legacy {
        name: "extended_error_logging",
        values: &[(1, Some(2))],
        became: Became::Is("ql4xextended_error_logging"),
        note: "the levels are 0 and 2 now",
    },
    Legacy {
        name: "ql4xmaxcmds",
        values: &[],
        became: Became::Dropped("the driver queues as many commands as the adapter takes (can_queue)"),
        note: "",
    },
    Legacy {
        name: "ql4xdiscoverywait",
        values: &[],
        became: Became::Dropped("the driver waits for the adapter's own time of discovery"),
        note: "",
    },
    Legacy {
        name: "ql4xcmdretrycount",
        values: &[],
        became: Became::Dropped("the kernel counts the retries of a command"),
        note: "",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_drivers_and_every_default_is_taken() {
        assert_eq!(PARAMS.len(), 9);
        for param in PARAMS {
            assert_eq!(
                param.read(&param.write(param.default)),
                Some(param.default),
                "{}",
                param.name
            );
        }
    }

    #[test]
    fn an_old_name_leads_to_one_that_is_there_and_its_values_too() {
        for legacy in LEGACY {
            let Became::Is(name) = legacy.became else {
                assert!(legacy.values.is_empty());
                continue;
            };
            let param = param(name).expect(name);
            for (_, new) in legacy.values {
                assert!(
                    new.is_none_or(|new| param.read(&new.to_string()).is_some()),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn numbers_are_decimal_unless_they_begin_with_0x() {
        for (text, value) in [
            ("0x1F", Some(31)),
            ("31", Some(31)),
            ("0X7", Some(7)),
            ("1f", None),
            ("-1", None),
            ("+1", None),
            ("0x+1", None),
            ("", None),
        ] {
            assert_eq!(number(text), value, "{text}");
        }
    }
}
