use std::collections::BTreeMap;

/// Fitting rows of unit length, to be searched for neighbours.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bank {
    /// `N x D`, row-major, each row of Euclidean length one.
    pub(crate) rows: Vec<f32>,
    /// Global number of each row in the feature set that was fitted.
    pub(crate) row_numbers: Vec<u64>,
    /// Label of each row; empty where rows had none.
    pub(crate) labels: Vec<i64>,
    /// D.
    pub(crate) dim: usize,
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
}

/// Rows of a bank to be, gathered in runs; the order of gathering does not matter.
#[derive(Debug, Default)]
pub(crate) struct BankRows {
    /// Keyed by the number of the first row.
    runs: BTreeMap<u64, Run>,
}

#[derive(Debug, Default)]
struct Run {
    rows: Vec<f32>,
    row_numbers: Vec<u64>,
    labels: Vec<i64>,
}

impl BankRows {
    pub(crate) fn add(&mut self, rows: Vec<f32>, row_numbers: Vec<u64>, labels: Vec<i64>) {
        if let Some(&first) = row_numbers.first() {
            self.runs.insert(
                first,
                Run {
                    rows,
                    row_numbers,
                    labels,
                },
            );
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.runs.extend(other.runs);
    }

    /// All rows, by row number.
    pub(crate) fn finish(self, dim: usize) -> Bank {
        let numbers: usize = self.runs.values().map(|run| run.row_numbers.len()).sum();
        let mut bank = Bank {
            rows: Vec::with_capacity(numbers * dim),
            row_numbers: Vec::with_capacity(numbers),
            labels: Vec::new(),
            dim,
        };
        for run in self.runs.into_values() {
            bank.rows.extend(run.rows);
            bank.row_numbers.extend(run.row_numbers);
            bank.labels.extend(run.labels);
        }
        bank
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_by_number_whoever_came_first() {
        let mut later = BankRows::default();
        later.add(vec![1.0], vec![9], vec![1]);
        let mut bank = BankRows::default();
        bank.add(vec![0.5, 0.25], vec![2, 3], vec![0, 0]);
        later.merge(bank);
        let bank = later.finish(1);
        assert_eq!(
            (bank.rows, bank.row_numbers),
            (vec![0.5, 0.25, 1.0], vec![2, 3, 9])
        );
    }
}
