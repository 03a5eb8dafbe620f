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
    /// Prints the heading of figures against a peer.
    pub(super) fn heading(title: &str) {
        Self::heading_of(title, &["peer", "ours"]);
    }

    /// Prints the heading of rows with these cells.
    pub(super) fn heading_of(title: &str, cells: &[&str]) {
        println!("\n{title}");
        let cells = aligned(cells.iter().copied());
        println!(
            "{}{:>9}  {:<9} verdict",
            cells_after("", &cells),
            "ratio",
            "wanted"
        );
    }

    /// Prints a figure, the measured values beside it, and whether it is as wanted.
    pub(super) fn figure(&mut self, what: &str, peer: &str, ours: &str, ratio: f64, wanted: Wanted) {
        self.row(what, &[peer.to_owned(), ours.to_owned()], ratio, wanted);
    }

    /// Prints a figure after the measured values that it comes from.
    pub(super) fn row(&mut self, what: &str, cells: &[String], ratio: f64, wanted: Wanted) {
        let (limit, verdict) = match (wanted, wanted.met(ratio)) {
            (Wanted::AtLeast(limit), Some(met)) => (format!(">= {limit}"), verdict(met)),
            (Wanted::AtMost(limit), Some(met)) => (format!("<= {limit}"), verdict(met)),
            _ => (String::new(), ""),
        };
        let cells = aligned(cells.iter().map(String::as_str));
        println!("{}{ratio:>9.2}  {limit:<9} {verdict}", cells_after(what, &cells));
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

fn aligned<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    cells.map(|cell| format!(" {cell:>11}")).collect()
}

/// Text and cells in a fixed width, as long as they fit.
fn cells_after(what: &str, cells: &str) -> String {
    let room = WIDTH.saturating_sub(cells.len());
    format!("{what:<room$}{cells}")
}

/// Columns before the ratio.
const WIDTH: usize = 82;

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
