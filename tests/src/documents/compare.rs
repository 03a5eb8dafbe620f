//! Whether what a command prints is what a document shows.
//!
//! Owns what may differ: blanks between words (the width of columns), MAC addresses and ISIDs (they are made of them), numbers of
//! processes, durations and moments; and `…` in a document, which stands for anything (for any lines, when it stands alone).

/// Whether these lines are what is shown.
#[must_use]
pub fn same(shown: &[String], printed: &[String]) -> bool {
    let of = |lines: &[String]| -> Vec<String> { lines.iter().map(|line| normal(line)).collect() };
    lines(&trimmed(of(shown)), &trimmed(of(printed)))
}

/// Without empty lines at the end.
fn trimmed(mut lines: Vec<String>) -> Vec<String> {
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

fn lines(shown: &[String], printed: &[String]) -> bool {
    let Some((first, rest)) = shown.split_first() else {
        return printed.is_empty();
    };
    if first == "…" {
        return (0..=printed.len()).any(|skip| lines(rest, &printed[skip..]));
    }
    printed
        .split_first()
        .is_some_and(|(line, more)| matches(first, line) && lines(rest, more))
}

/// Whether a line is as the pattern says.
fn matches(pattern: &str, line: &str) -> bool {
    let Some((before, after)) = pattern.split_once('…') else {
        return pattern == line;
    };
    let Some(rest) = line.strip_prefix(before) else {
        return false;
    };
    let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    ends.map(|at| &rest[at..]).any(|rest| matches(after, rest))
}

/// A line as it is compared.
fn normal(line: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in line.split_whitespace() {
        let before = words.last().map(String::as_str);
        words.push(self::word(before, word));
        let of_time = ["ms", "s", "seconds"].contains(&word.trim_matches(|c: char| !c.is_ascii_alphabetic()));
        let at = words.len() - 1;
        if of_time && at > 0 {
            words[at - 1] = number(&words[at - 1]);
        }
    }
    words.join(" ")
}

fn word(before: Option<&str>, word: &str) -> String {
    if before.is_some_and(|before| ["process", "hbactl", "hbaemu"].contains(&before.trim_start_matches('(')))
    {
        return number(word);
    }
    if is_moment(word) {
        return "MOMENT".to_owned();
    }
    if let Some((name, value)) = word.split_once("_ms=") {
        return format!("{name}_ms={}", number(value));
    }
    let isid = word.trim_end_matches(|c: char| c.is_ascii_punctuation());
    if isid.len() == ISID && isid.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return word.replace(isid, "ISID");
    }
    let mut out = String::new();
    let mut rest = word;
    while let Some(at) = mac(rest) {
        out.push_str(&rest[..at]);
        out.push_str("MAC");
        rest = &rest[at + MAC..];
    }
    out + rest
}

/// Seconds since 1970 with their thousandths.
fn is_moment(word: &str) -> bool {
    word.split_once('.').is_some_and(|(seconds, rest)| {
        let digits = |text: &str, n| text.len() == n && text.bytes().all(|byte| byte.is_ascii_digit());
        digits(seconds, 10) && digits(rest, 3)
    })
}

/// `(12` and `12.5,` are numbers with what stands around them.
fn number(word: &str) -> String {
    let inside = word.trim_matches(|c: char| !c.is_ascii_digit());
    if inside.is_empty() || !inside.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return word.to_owned();
    }
    word.replace(inside, "N")
}

/// The length of an ISID.
const ISID: usize = 12;
/// The length of a MAC address.
const MAC: usize = 17;

/// Where a MAC address begins.
fn mac(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (0..(bytes.len() + 1).saturating_sub(MAC)).find(|&from| {
        bytes[from..from + MAC].iter().enumerate().all(|(at, byte)| {
            if at % 3 == 2 {
                *byte == b':'
            } else {
                byte.is_ascii_hexdigit()
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(shown: &str, printed: &str) -> bool {
        let of = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        same(&of(shown), &of(printed))
    }

    #[test]
    fn what_is_the_run_s_own_may_differ_and_nothing_else() {
        for (shown, printed) in [
            ("HOST   MAC                ADDRESS", "HOST MAC ADDRESS"),
            ("x 00:c0:dd:a8:09:94 y", "x 00:c0:dd:00:00:01 y"),
            ("ping 1 answered in 33.0 ms", "ping 1 answered in 0.7 ms"),
            (
                "held by hbactl 4711 (iface apply, for 8 s)",
                "held by hbactl 12 (iface apply, for 10 s)",
            ),
            ("discover (process 3256) was", "discover (process 1) was"),
            ("ok (8.9 s)", "ok (12 s)"),
            (
                "1795981150.072 host1 away_ms=6062",
                "1895981150.172 host1 away_ms=1",
            ),
            ("isid - → c86bcfddc000", "isid - → 4414d0dd0000"),
            ("kept in …/nvram-1.bin (16)", "kept in /x/y/nvram-1.bin (16)"),
            ("a\n…\nz", "a\nb\nc\nz"),
            ("a\n…", "a"),
            ("…", ""),
            ("a", "a\n\n"),
        ] {
            assert!(alike(shown, printed), "{shown:?} {printed:?}");
        }
        for (shown, printed) in [
            ("host1", "host2"),
            ("179598.072", "179597.072"),
            ("isid c86bcfddc00", "isid 4414d0ddc00"),
            ("a b", "ab"),
            ("Sent 2", "Sent 3"),
            ("a", "a\nb"),
            ("a\nb", "a"),
            ("", "a"),
            ("kept in …/x", "kept in /y"),
            ("a\n…\nz", "a\nb"),
            ("ping 1 answered in 3 ms", "ping 2 answered in 3 ms"),
            ("answered in 3 ms", "answered in x ms"),
            ("00:c0:dd:a8:09", "00:c0:dd:a8:08"),
        ] {
            assert!(!alike(shown, printed), "{shown:?} {printed:?}");
        }
    }
}
