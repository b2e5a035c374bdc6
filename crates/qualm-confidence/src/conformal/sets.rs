//! Sets of classes and how often they hold the label.

use qualm_stats::{Interval, clopper_pearson};
use serde::Serialize;

use crate::ConfidenceError;

/// A set of classes for each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sets {
    classes: Vec<usize>,
    /// Where each set ends in `classes`.
    ends: Vec<usize>,
}

impl Sets {
    /// The sets of `rows`, each with its classes in ascending order.
    pub(super) fn of(rows: impl Iterator<Item = Vec<usize>>) -> Sets {
        let mut sets = Sets {
            classes: Vec::new(),
            ends: Vec::new(),
        };
        for set in rows {
            sets.classes.extend(set);
            sets.ends.push(sets.classes.len());
        }
        sets
    }

    /// Number of sets.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.ends.len()
    }

    /// The set of a row, classes ascending. Nothing beyond the last row.
    #[must_use]
    pub fn row(&self, row: usize) -> Option<&[usize]> {
        let end = *self.ends.get(row)?;
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.classes[start..end])
    }

    /// How often the sets of these rows hold their label, `(row, label)` each.
    ///
    /// # Errors
    /// When there are no rows or one lies beyond the last set.
    pub fn coverage(
        &self,
        rows: impl IntoIterator<Item = (usize, usize)>,
    ) -> Result<Coverage, ConfidenceError> {
        let (mut count, mut covered, mut size, mut empty, mut single) = (0_u64, 0_u64, 0, 0, 0);
        for (row, label) in rows {
            let Some(set) = self.row(row) else {
                return Err(ConfidenceError::Values(format!(
                    "row {row} has no set: there are {}",
                    self.rows()
                )));
            };
            count += 1;
            covered += u64::from(set.contains(&label));
            size += set.len();
            empty += u64::from(set.is_empty());
            single += u64::from(set.len() == 1);
        }
        Ok(Coverage {
            rows: count,
            coverage: clopper_pearson(covered, count, 0.95)?,
            mean_size: size as f64 / count as f64,
            empty,
            single,
        })
    }
}

/// How often sets hold the label, and how large they are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Coverage {
    /// The rows.
    pub rows: u64,
    /// The share whose set holds the label, with its 95 % interval of Clopper and Pearson.
    #[serde(serialize_with = "interval")]
    pub coverage: Interval,
    /// Mean number of classes in a set.
    pub mean_size: f64,
    /// Rows whose set is empty.
    pub empty: u64,
    /// Rows whose set is one class.
    pub single: u64,
}

fn interval<S: serde::Serializer>(interval: &Interval, serializer: S) -> Result<S::Ok, S::Error> {
    [interval.value, interval.lo, interval.hi].serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coverage_by_hand() {
        let sets = Sets::of([vec![0, 2], vec![], vec![1], vec![1, 2]].into_iter());
        assert_eq!(sets.row(0), Some(&[0, 2][..]));
        assert_eq!(sets.row(1), Some(&[][..]));
        assert_eq!(sets.row(4), None);
        let all = sets.coverage([(0, 2), (1, 1), (2, 1), (3, 0)]).unwrap();
        assert_eq!((all.rows, all.coverage.value), (4, 0.5));
        assert_eq!((all.mean_size, all.empty, all.single), (1.25, 1, 1));
        assert!(sets.coverage([(4, 0)]).is_err());
        assert!(sets.coverage([]).is_err());
    }
}
