use std::collections::BTreeMap;

use qualm_stats::random::{DEFAULT_SEED, unit_hash};

/// Fitting rows of unit length, to be searched for neighbours.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Bank {
    /// `N x D`, row-major, each row of Euclidean length one.
    pub(crate) rows: Vec<f32>,
    /// Global number of each row in the feature set that was fitted.
    pub(crate) row_numbers: Vec<u64>,
    /// Label of each row; empty where rows had none.
    pub(crate) labels: Vec<i64>,
    /// `N x C` logits; empty where no method asked for them.
    pub(crate) logits: Vec<f32>,
    /// D.
    pub(crate) dim: usize,
}

/// Which bank a method wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BankNeed {
    /// At most that many rows, drawn by a hash of their numbers; all where nothing is said.
    pub(crate) rows: Option<usize>,
    /// The rows' logits beside them.
    pub(crate) logits: bool,
}

impl BankNeed {
    /// A bank that serves both.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            rows: self.rows.zip(other.rows).map(|(a, b)| a.max(b)),
            logits: self.logits || other.logits,
        }
    }
}

/// The place of a row in the draw: the rows with the smallest are kept, so that a smaller bank is
/// a part of a larger one, and shards draw as one run does.
fn lot(row_number: u64) -> f64 {
    unit_hash(DEFAULT_SEED, row_number)
}

/// The lot of the last of `limit` rows to be kept, where there are more.
fn last_lot(row_numbers: impl Iterator<Item = u64>, limit: usize) -> Option<f64> {
    let mut lots: Vec<f64> = row_numbers.map(lot).collect();
    (lots.len() > limit && limit > 0)
        .then(|| *lots.select_nth_unstable_by(limit - 1, f64::total_cmp).1)
}

impl Bank {
    /// N.
    pub(crate) fn len(&self) -> usize {
        self.row_numbers.len()
    }

    /// Whether it holds no row.
    pub(crate) fn is_empty(&self) -> bool {
        self.row_numbers.is_empty()
    }

    /// The bank of at most `limit` rows that fitting with that limit gives.
    pub(crate) fn drawn(&self, limit: usize) -> Self {
        match last_lot(self.row_numbers.iter().copied(), limit) {
            Some(last) => self.up_to(last),
            None => self.clone(),
        }
    }

    /// The rows whose lot is at most `last`.
    fn up_to(&self, last: f64) -> Self {
        let kept = |row: &usize| lot(self.row_numbers[*row]) <= last;
        let kept: Vec<usize> = (0..self.len()).filter(kept).collect();
        Self {
            rows: pick(&self.rows, self.len(), &kept),
            row_numbers: pick(&self.row_numbers, self.len(), &kept),
            labels: pick(&self.labels, self.len(), &kept),
            logits: pick(&self.logits, self.len(), &kept),
            dim: self.dim,
        }
    }

    /// The rows as those to be taken into another bank.
    pub(crate) fn all(&self) -> NewRows<'_> {
        NewRows {
            rows: &self.rows,
            row_numbers: &self.row_numbers,
            labels: &self.labels,
            logits: &self.logits,
        }
    }

    fn append(&mut self, new: NewRows<'_>) {
        self.rows.extend_from_slice(new.rows);
        self.row_numbers.extend_from_slice(new.row_numbers);
        self.labels.extend_from_slice(new.labels);
        self.logits.extend_from_slice(new.logits);
    }
}

/// Rows `kept` of an array of `rows` rows, which may be empty.
fn pick<T: Copy>(array: &[T], rows: usize, kept: &[usize]) -> Vec<T> {
    let width = array.len().checked_div(rows).unwrap_or(0);
    let row = |&row: &usize| &array[row * width..(row + 1) * width];
    kept.iter().flat_map(row).copied().collect()
}

/// Rows of a bank to be, gathered in runs; the order of gathering does not matter. Rows that come
/// in their order, as those of one pass do, make one run, which is the bank.
#[derive(Debug, Default)]
pub(crate) struct BankRows {
    /// Keyed by the number of the first row; runs do not overlap.
    runs: BTreeMap<u64, Bank>,
    rows: usize,
}

/// Rows for the bank, in the order of their numbers; see [`Bank`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewRows<'a> {
    pub(crate) rows: &'a [f32],
    pub(crate) row_numbers: &'a [u64],
    pub(crate) labels: &'a [i64],
    pub(crate) logits: &'a [f32],
}

impl BankRows {
    /// Takes in `rows`; of all, the `limit` that are drawn stay for certain.
    pub(crate) fn add(&mut self, rows: NewRows<'_>, limit: Option<usize>) {
        if let Some(&first) = rows.row_numbers.first() {
            self.rows += rows.row_numbers.len();
            match self.runs.last_entry() {
                Some(mut last) if *last.key() < first => last.get_mut().append(rows),
                _ => self.runs.entry(first).or_default().append(rows),
            }
        }
        if let Some(limit) = limit
            && self.rows > 2 * limit
        {
            self.draw(limit);
        }
    }

    /// Keeps the `limit` rows that are drawn.
    fn draw(&mut self, limit: usize) {
        let numbers = self.runs.values().flat_map(|run| &run.row_numbers).copied();
        let Some(last) = last_lot(numbers, limit) else {
            return;
        };
        let runs = std::mem::take(&mut self.runs);
        self.rows = 0;
        for run in runs.into_values() {
            self.add(run.up_to(last).all(), None);
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.runs.extend(other.runs);
    }

    /// All rows by row number, or the `limit` that are drawn.
    pub(crate) fn finish(mut self, dim: usize, limit: Option<usize>) -> Bank {
        if let Some(limit) = limit {
            self.draw(limit);
        }
        let mut bank = self.runs.pop_first().unwrap_or_default().1;
        for run in self.runs.into_values() {
            bank.append(run.all());
        }
        bank.rows.shrink_to_fit();
        bank.logits.shrink_to_fit();
        bank.dim = dim;
        bank
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(numbers: std::ops::Range<u64>) -> Bank {
        Bank {
            rows: numbers.clone().map(|n| n as f32).collect(),
            labels: numbers.clone().map(|n| n as i64 % 3).collect(),
            logits: numbers.clone().flat_map(|n| [n as f32, 0.5]).collect(),
            row_numbers: numbers.collect(),
            dim: 1,
        }
    }

    #[test]
    fn rows_stand_by_number_whoever_came_first() {
        let mut later = BankRows::default();
        later.add(rows(9..10).all(), None);
        let mut bank = BankRows::default();
        bank.add(rows(2..4).all(), None);
        later.merge(bank);
        let bank = later.finish(1, None);
        assert_eq!(bank.row_numbers, [2, 3, 9]);
        assert_eq!(
            (bank.rows, bank.labels),
            (vec![2.0, 3.0, 9.0], vec![2, 0, 0])
        );
        assert_eq!(bank.logits, [2.0, 0.5, 3.0, 0.5, 9.0, 0.5]);
    }

    #[test]
    fn the_draw_depends_on_neither_blocks_nor_shards() {
        let mut whole = BankRows::default();
        whole.add(rows(0..1000).all(), None);
        let whole = whole.finish(1, None).drawn(50);
        let (mut first, mut second) = (BankRows::default(), BankRows::default());
        for start in (0..400).step_by(40) {
            first.add(rows(start..start + 40).all(), Some(50));
        }
        for start in (400..1000).step_by(100) {
            second.add(rows(start..start + 100).all(), Some(50));
        }
        assert!(second.rows <= 200, "{}", second.rows);
        second.merge(first);
        let bank = second.finish(1, Some(50));
        assert_eq!(bank.len(), 50);
        assert_eq!(bank, whole);
        assert!(bank.row_numbers.iter().any(|n| *n < 400));
    }
}
