//! Medians, and the table of figures with what was wanted of them.

/// The middle value (the mean of the middle two for an even count); `None` of nothing.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = values.get(values.len() / 2).copied()?;
    let lower = values.get((values.len() - 1) / 2).copied()?;
    Some(f64::midpoint(lower, upper))
}

/// What a figure has to be.
#[derive(Clone, Copy)]
pub(super) enum Wanted {
    /// At least this many times.
    AtLeast(f64),
    /// At most this many times.
    AtMost(f64),
    /// Only shown.
    Shown,
}

impl Wanted {
    fn met(self, figure: f64) -> Option<bool> {
        match self {
            Self::AtLeast(limit) => Some(figure >= limit),
            Self::AtMost(limit) => Some(figure <= limit),
            Self::Shown => None,
        }
    }
}

/// Figures with their verdicts, printed as they come.
#[derive(Default)]
pub(super) struct Verdicts(Vec<(String, bool)>);

impl Verdicts {
    /// Prints the heading.
    pub(super) fn heading(title: &str) {
        println!("\n{title}");
        println!(
            "{:<58} {:>11} {:>11} {:>8}  {:<9} verdict",
            "", "peer", "ours", "ratio", "wanted"
        );
    }

    /// Prints a figure, the measured values beside it, and whether it is as wanted.
    pub(super) fn figure(&mut self, what: &str, peer: &str, ours: &str, ratio: f64, wanted: Wanted) {
        let (limit, verdict) = match (wanted, wanted.met(ratio)) {
            (Wanted::AtLeast(limit), Some(met)) => (format!(">= {limit}"), verdict(met)),
            (Wanted::AtMost(limit), Some(met)) => (format!("<= {limit}"), verdict(met)),
            _ => (String::new(), ""),
        };
        println!("{what:<58} {peer:>11} {ours:>11} {ratio:>8.2}  {limit:<9} {verdict}");
        if let Some(met) = wanted.met(ratio) {
            self.0.push((what.to_owned(), met));
        }
    }

    /// The figures that are not as wanted.
    pub(super) fn missed(self) -> Vec<String> {
        self.0
            .into_iter()
            .filter(|(_, met)| !met)
            .map(|(what, _)| what)
            .collect()
    }
}

fn verdict(met: bool) -> &'static str {
    if met { "ok" } else { "MISSED" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_of_odd_even_and_none() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(Vec::new()), None);
    }

    #[test]
    fn only_missed_figures_are_named() {
        let mut verdicts = Verdicts::default();
        verdicts.figure("faster", "8 ms", "1 ms", 8.0, Wanted::AtLeast(8.0));
        verdicts.figure("smaller", "8 MiB", "1 MiB", 0.125, Wanted::AtMost(0.1));
        verdicts.figure("shown", "", "", 99.0, Wanted::Shown);
        assert_eq!(verdicts.missed(), ["smaller"]);
    }
}
