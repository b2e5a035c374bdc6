use crate::layer::predicted;

/// How far numbers that a head gives are from the numbers that were stored.
///
/// ```
/// use qualm_data::{Head, MemorySet};
/// let head = Head::new(vec![1.0, 0.0, 0.0, 1.0], vec![0.0, 0.0], 2)?;
/// let set = MemorySet::new("batch")
///     .with_features(vec![1.0, 2.0, 3.0, 5.0], 2)?
///     .with_logits(vec![1.0, 2.0, 3.0, 9.0], 2)?;
/// let off = qualm_head::check(&set, &head)?.as_given.expect("logits are stored");
/// assert_eq!((off.largest, off.largest_row, off.mean), (4.0, 1, 1.0));
/// assert_eq!((off.same_prediction, off.first_row_apart), (1.0, Some(1)));
/// # Ok::<(), qualm_head::HeadError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The largest absolute difference.
    pub largest: f64,
    /// The row that has it, counted from 0 over the whole feature set.
    pub largest_row: u64,
    /// The mean absolute difference.
    pub mean: f64,
    /// The root mean square difference in units of the standard deviation of the stored numbers.
    pub relative: f64,
    /// Share of the rows in which both have their largest number at the same class.
    pub same_prediction: f64,
    /// Rows that differ by more than rounding in half precision can explain.
    pub rows_apart: u64,
    /// The first of them.
    pub first_row_apart: Option<u64>,
}

/// How large a root mean square difference may be before it means something.
///
/// A network that runs in half precision gives logits off by about half a percent of their
/// deviation; nothing that is worth a diagnosis hides below two percent that another explanation
/// does not bring down further.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tolerance {
    pub(crate) half: f64,
    pub(crate) single: f64,
}

impl Tolerance {
    /// For stored numbers of this scale.
    pub(crate) fn of(stored: &Spread) -> Self {
        /// Roundings of `f32` and of bf16, the coarser half precision.
        const SINGLE_UNIT: f64 = 1.0 / 16_777_216.0;
        const HALF_UNIT: f64 = 1.0 / 256.0;
        Self {
            half: 0.02 * stored.deviation() + HALF_UNIT * stored.root_mean_square(),
            single: 1e-5 * stored.deviation() + 8.0 * SINGLE_UNIT * stored.root_mean_square(),
        }
    }
}

/// Mean and deviation of numbers that come one by one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spread {
    count: f64,
    /// The first number: sums run over differences from it, so that a common offset does no harm.
    origin: f64,
    sum: f64,
    squares: f64,
}

impl Spread {
    pub(crate) fn of(numbers: &[f32]) -> Self {
        let mut spread = Self::default();
        spread.add(numbers);
        spread
    }

    pub(crate) fn add(&mut self, numbers: &[f32]) {
        for &x in numbers {
            let x = f64::from(x);
            if self.count == 0.0 {
                self.origin = x;
            }
            self.count += 1.0;
            self.sum += x - self.origin;
            self.squares += (x - self.origin) * (x - self.origin);
        }
    }

    pub(crate) fn deviation(&self) -> f64 {
        let count = self.count.max(1.0);
        let mean = self.sum / count;
        (self.squares / count - mean * mean).max(0.0).sqrt()
    }

    fn root_mean_square(&self) -> f64 {
        let mean = self.origin + self.sum / self.count.max(1.0);
        self.deviation().hypot(mean)
    }
}

/// Root mean square difference of two rows or matrices.
pub(crate) fn distance(computed: &[f64], stored: &[f32]) -> f64 {
    let squares: f64 = computed
        .iter()
        .zip(stored)
        .map(|(c, &s)| (c - f64::from(s)) * (c - f64::from(s)))
        .sum();
    (squares / stored.len().max(1) as f64).sqrt()
}

/// Adds up a [`Difference`] over rows.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    /// A row whose root mean square difference is larger is apart.
    limit: f64,
    rows: u64,
    numbers: f64,
    sum: f64,
    squares: f64,
    same: u64,
    difference: Difference,
}

impl Tally {
    pub(crate) fn new(tolerance: Tolerance) -> Self {
        /// Rows scatter about the whole.
        const ROW: f64 = 5.0;
        Self {
            limit: ROW * tolerance.half,
            rows: 0,
            numbers: 0.0,
            sum: 0.0,
            squares: 0.0,
            same: 0,
            difference: Difference {
                largest: 0.0,
                largest_row: 0,
                mean: 0.0,
                relative: 0.0,
                same_prediction: 0.0,
                rows_apart: 0,
                first_row_apart: None,
            },
        }
    }

    /// Adds rows of `classes` numbers, the first of which is row `first_row`.
    pub(crate) fn add(&mut self, first_row: u64, computed: &[f64], stored: &[f32], classes: usize) {
        let rows = computed
            .chunks_exact(classes)
            .zip(stored.chunks_exact(classes));
        for (row, (computed, stored)) in (first_row..).zip(rows) {
            for (c, &s) in computed.iter().zip(stored) {
                let apart = (c - f64::from(s)).abs();
                self.sum += apart;
                self.squares += apart * apart;
                if apart > self.difference.largest {
                    self.difference.largest = apart;
                    self.difference.largest_row = row;
                }
            }
            self.rows += 1;
            self.numbers += classes as f64;
            self.same += u64::from(predicted(computed) == predicted(stored));
            if distance(computed, stored) > self.limit {
                self.difference.rows_apart += 1;
                self.difference.first_row_apart.get_or_insert(row);
            }
        }
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    pub(crate) fn rows_apart(&self) -> u64 {
        self.difference.rows_apart
    }

    /// The first row that is apart and how many there are.
    pub(crate) fn apart(&self) -> Option<(u64, u64)> {
        let first = self.difference.first_row_apart?;
        Some((first, self.difference.rows_apart))
    }

    /// Root mean square difference over all rows.
    pub(crate) fn distance(&self) -> f64 {
        (self.squares / self.numbers.max(1.0)).sqrt()
    }

    /// The differences of all rows, where there is any.
    pub(crate) fn finish(&self, stored: &Spread) -> Option<Difference> {
        if self.rows == 0 {
            return None;
        }
        let distance = self.distance();
        Some(Difference {
            mean: self.sum / self.numbers,
            relative: match stored.deviation() {
                0.0 if distance == 0.0 => 0.0,
                deviation => distance / deviation,
            },
            same_prediction: self.same as f64 / self.rows as f64,
            ..self.difference
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_by_hand() {
        let stored = [1.0f32, 3.0, 1.0, 3.0];
        let spread = Spread::of(&stored);
        assert_eq!(spread.deviation(), 1.0);
        assert_eq!(spread.root_mean_square(), 5f64.sqrt());
        let mut tally = Tally::new(Tolerance::of(&spread));
        assert_eq!(tally.finish(&spread), None);
        tally.add(10, &[1.0, 3.0, 3.0, 3.0], &stored, 2);
        assert_eq!(tally.apart(), Some((11, 1)));
        let found = tally.finish(&spread).unwrap();
        assert_eq!((found.largest, found.largest_row), (2.0, 11));
        assert_eq!((found.mean, found.relative), (0.5, 1.0));
        assert_eq!(found.same_prediction, 0.5);
        assert_eq!((found.rows_apart, found.first_row_apart), (1, Some(11)));
    }

    #[test]
    fn a_common_offset_does_not_hide_the_deviation() {
        let far = Spread::of(&[16_777_215.0, 16_777_213.0]);
        assert_eq!(far.deviation(), 1.0);
    }

    #[test]
    fn constant_numbers_have_no_scale_but_can_agree() {
        let stored = [0f32; 4];
        let spread = Spread::of(&stored);
        let tolerance = Tolerance::of(&spread);
        let mut same = Tally::new(tolerance);
        same.add(0, &[0.0; 4], &stored, 2);
        assert_eq!(same.finish(&spread).unwrap().relative, 0.0);
        assert_eq!(same.finish(&spread).unwrap().rows_apart, 0);
        let mut other = Tally::new(tolerance);
        other.add(0, &[1.0; 4], &stored, 2);
        assert_eq!(other.finish(&spread).unwrap().relative, f64::INFINITY);
        assert_eq!(other.finish(&spread).unwrap().rows_apart, 2);
    }
}
