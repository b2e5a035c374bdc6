//! What every measure of a binary confidence is a function of: how many records state each value,
//! and how many of these are right.

use std::ops::AddAssign;

use crate::ConfidenceError;

/// The distinct confidences of some records, ascending, each with its tally.
///
/// Measures neither sort nor allocate much beyond this, and a resample is the same values with
/// other tallies; a tally may be empty.
///
/// ```
/// use qualm_confidence::measures::Levels;
///
/// let levels = Levels::new(&[0.9, 0.5, 0.9], &[true, false, false])?;
/// assert_eq!(levels.values(), [0.5, 0.9]);
/// assert_eq!(levels.total().records, 3.0);
/// # Ok::<(), qualm_confidence::ConfidenceError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Levels {
    values: Vec<f64>,
    tallies: Vec<Tally>,
    total: Tally,
}

/// How many records, and how many of them are right. Whole numbers in `f64`, which is exact up to
/// 2^53 and spares every measure a conversion.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Tally {
    /// The records.
    pub records: f64,
    /// Those that are right.
    pub hits: f64,
}

impl Tally {
    /// The share that is right; NaN of an empty tally.
    #[must_use]
    pub fn accuracy(self) -> f64 {
        self.hits / self.records
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.records += other.records;
        self.hits += other.hits;
    }
}

impl Levels {
    /// Sorts confidences, from 0 to 1, with their correctness.
    ///
    /// # Errors
    /// [`ConfidenceError::Values`] if there are none, if the lists differ in length or if a
    /// confidence is not between 0 and 1.
    pub fn new(confidences: &[f64], correct: &[bool]) -> Result<Levels, ConfidenceError> {
        if confidences.len() != correct.len() {
            return Err(ConfidenceError::Values(format!(
                "there are {} confidences and {} answers",
                confidences.len(),
                correct.len()
            )));
        }
        if confidences.is_empty() {
            return Err(ConfidenceError::Values("there are no confidences".into()));
        }
        if let Some(wrong) = confidences.iter().find(|c| !(0.0..=1.0).contains(*c)) {
            return Err(ConfidenceError::Values(format!(
                "a confidence is {wrong}, which is not between 0 and 1"
            )));
        }
        // From 0 to 1 the bits of numbers are in the order of the numbers, -0 apart.
        let mut rows: Vec<(u64, bool)> = confidences
            .iter()
            .zip(correct)
            .map(|(c, &correct)| (c.abs().to_bits(), correct))
            .collect();
        rows.sort_unstable();
        let mut levels = Levels {
            values: Vec::new(),
            tallies: Vec::new(),
            total: Tally::default(),
        };
        for (bits, correct) in rows {
            let value = f64::from_bits(bits);
            if levels.values.last() != Some(&value) {
                levels.values.push(value);
                levels.tallies.push(Tally::default());
            }
            let one = Tally {
                records: 1.0,
                hits: f64::from(u8::from(correct)),
            };
            if let Some(last) = levels.tallies.last_mut() {
                *last += one;
            }
            levels.total += one;
        }
        Ok(levels)
    }

    /// The distinct confidences, ascending.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The tally of each value.
    #[must_use]
    pub fn tallies(&self) -> &[Tally] {
        &self.tallies
    }

    /// The tally of all records.
    #[must_use]
    pub fn total(&self) -> Tally {
        self.total
    }

    /// Each value with its tally, ascending, without empty tallies.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (f64, Tally)> {
        let filled = |(_, tally): &(f64, Tally)| tally.records > 0.0;
        let tallies = self.tallies.iter().copied();
        self.values.iter().copied().zip(tallies).filter(filled)
    }

    /// The place among the values of each confidence that the levels were made of.
    pub(crate) fn places(&self, confidences: &[f64]) -> Vec<u32> {
        let place = |c: &f64| self.values.partition_point(|value| *value < c.abs()) as u32;
        confidences.iter().map(place).collect()
    }

    /// Empties all tallies, to count other records of the same confidences.
    pub(crate) fn clear(&mut self) {
        self.tallies.fill(Tally::default());
        self.total = Tally::default();
    }

    /// Adds records at a place among the values.
    pub(crate) fn add(&mut self, place: u32, tally: Tally) {
        self.tallies[place as usize] += tally;
        self.total += tally;
    }

    /// The mean over records of a function of confidence and correctness, which is called twice a
    /// value: with the share of hits and with that of misses.
    pub(crate) fn mean(&self, of: impl Fn(f64, bool) -> f64) -> f64 {
        let sum: f64 = self
            .iter()
            .map(|(value, tally)| {
                // A measure may be infinite for what does not occur.
                let part = |weight: f64, right| match weight {
                    0.0 => 0.0,
                    _ => weight * of(value, right),
                };
                part(tally.hits, true) + part(tally.records - tally.hits, false)
            })
            .sum();
        sum / self.total.records
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_counted_by_value() {
        let levels = Levels::new(
            &[1.0, 0.0, -0.0, 0.5, 1.0],
            &[true, false, true, true, false],
        )
        .unwrap();
        assert_eq!(levels.values(), [0.0, 0.5, 1.0]);
        let hits: Vec<f64> = levels.tallies().iter().map(|tally| tally.hits).collect();
        assert_eq!(hits, [1.0, 1.0, 1.0]);
        assert_eq!(levels.total().accuracy(), 0.6);
        assert_eq!(levels.places(&[0.5, -0.0, 1.0]), [1, 0, 2]);
        assert_eq!(levels.mean(|c, right| if right { c } else { 10.0 }), 4.3);
    }

    #[test]
    fn what_is_no_confidence_is_refused() {
        assert!(Levels::new(&[], &[]).is_err());
        assert!(Levels::new(&[0.5], &[]).is_err());
        for wrong in [-0.1, 1.1, f64::NAN] {
            let error = Levels::new(&[wrong], &[true]).unwrap_err().to_string();
            assert!(error.contains("not between 0 and 1"), "{error}");
        }
    }
}
