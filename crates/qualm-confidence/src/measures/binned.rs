//! Calibration errors over bins of confidence.

use super::Levels;

/// One bin that holds records.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// How many.
    pub records: f64,
    /// How many of them are right.
    pub hits: f64,
    /// Their mean confidence.
    pub confidence: f64,
}

impl Bin {
    /// The share that is right.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        self.hits / self.records
    }

    /// Accuracy minus confidence.
    #[must_use]
    pub fn gap(&self) -> f64 {
        self.accuracy() - self.confidence
    }
}

/// How confidences are put into bins. No rule but the paper's cuts through equal confidences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binning {
    /// Bins of equal width, open below and closed above but for the first, which holds 0 too.
    EqualWidth(usize),
    /// Bins of about as many records: equal confidences go together to where their middle falls.
    EqualMass(usize),
    /// The bins of the code of Lin, Hilton, Evans (2022): from one of the distinct values among the
    /// quantiles of the confidences up to below the next. The highest confidence is a bin of its
    /// own where several records state it, and belongs to the bin below where one does.
    Quantiles(usize),
}

/// The bins that hold records, by confidence.
#[must_use]
pub fn bins(levels: &Levels, binning: Binning) -> Vec<Bin> {
    match binning {
        Binning::EqualWidth(count) => {
            // By comparison with the borders: multiplying would round 0.3 * 10 up.
            let borders: Vec<f64> = (1..count).map(|b| b as f64 / count as f64).collect();
            let mut bin = 0;
            gather(levels, |value, _| {
                while bin < borders.len() && value > borders[bin] {
                    bin += 1;
                }
                bin
            })
        }
        Binning::EqualMass(count) => {
            let scale = count as f64 / levels.total().records;
            let mut before = 0.0;
            gather(levels, |_, records| {
                let middle = before + records / 2.0;
                before += records;
                (middle * scale) as usize
            })
        }
        Binning::Quantiles(count) => {
            let borders = quantiles(levels, count);
            let shared = levels
                .iter()
                .next_back()
                .is_some_and(|(_, top)| top.records > 1.0);
            let inner = match borders.as_slice() {
                [_, inner @ ..] if shared => inner,
                [_, inner @ .., _] => inner,
                _ => &[],
            };
            let mut bin = 0;
            gather(levels, |value, _| {
                while bin < inner.len() && value >= inner[bin] {
                    bin += 1;
                }
                bin
            })
        }
    }
}

/// Sums over runs of levels that `place` gives one number; it is called in ascending order.
fn gather(levels: &Levels, mut place: impl FnMut(f64, f64) -> usize) -> Vec<Bin> {
    let mut bins: Vec<Bin> = Vec::new();
    let mut current = None;
    for (value, tally) in levels.iter() {
        let number = place(value, tally.records);
        if current != Some(number) {
            current = Some(number);
            bins.push(Bin {
                records: 0.0,
                hits: 0.0,
                confidence: 0.0,
            });
        }
        if let Some(bin) = bins.last_mut() {
            bin.records += tally.records;
            bin.hits += tally.hits;
            // The sum for now.
            bin.confidence += value * tally.records;
        }
    }
    for bin in &mut bins {
        bin.confidence /= bin.records;
    }
    bins
}

/// The distinct values among the `count + 1` quantiles, linear between neighbours as NumPy's.
fn quantiles(levels: &Levels, count: usize) -> Vec<f64> {
    let records = levels.total().records;
    let mut borders: Vec<f64> = Vec::with_capacity(count + 1);
    let mut filled = levels.iter().peekable();
    // Records up to and with the level that `filled` has passed last.
    let (mut through, mut below) = (0.0, 0.0);
    for step in 0..=count {
        let place = step as f64 / count as f64 * (records - 1.0);
        while let Some((value, tally)) = filled.peek()
            && through <= place.floor()
        {
            through += tally.records;
            below = *value;
            filled.next();
        }
        let above = match filled.peek() {
            Some((value, _)) if place.floor() + 1.0 >= through => *value,
            _ => below,
        };
        let border = below + (above - below) * place.fract();
        if borders.last() != Some(&border) {
            borders.push(border);
        }
    }
    borders
}

/// Expected calibration error, `sum n_b/n |accuracy_b - confidence_b|` (Naeini et al. 2015).
#[must_use]
pub fn expected_error(levels: &Levels, binning: Binning) -> f64 {
    let sum: f64 = bins(levels, binning)
        .iter()
        .map(|bin| bin.records * bin.gap().abs())
        .sum();
    sum / levels.total().records
}

/// Root mean squared calibration error, `sqrt(sum n_b/n (accuracy_b - confidence_b)^2)`.
#[must_use]
pub fn root_mean_squared_error(levels: &Levels, binning: Binning) -> f64 {
    let sum: f64 = bins(levels, binning)
        .iter()
        .map(|bin| bin.records * bin.gap().powi(2))
        .sum();
    (sum / levels.total().records).sqrt()
}

/// Maximum calibration error, the largest gap of a bin.
#[must_use]
pub fn maximum_error(levels: &Levels, binning: Binning) -> f64 {
    bins(levels, binning)
        .iter()
        .map(|bin| bin.gap().abs())
        .fold(0.0, f64::max)
}

/// The squared calibration error of Kumar, Liang, Ma (2019) with the bias of small bins taken
/// off, `sum n_b/n [(confidence_b - accuracy_b)^2 - accuracy_b (1 - accuracy_b) / (n_b - 1)]`,
/// over bins of two records and more. It may be negative, which says: no error that can be told
/// from chance.
#[must_use]
pub fn debiased_squared_error(levels: &Levels, binning: Binning) -> f64 {
    let sum: f64 = bins(levels, binning)
        .iter()
        .filter(|bin| bin.records >= 2.0)
        .map(|bin| {
            let accuracy = bin.accuracy();
            let noise = accuracy * (1.0 - accuracy) / (bin.records - 1.0);
            bin.records * (bin.gap().powi(2) - noise)
        })
        .sum();
    sum / levels.total().records
}

/// MAD of Lin, Hilton, Evans (2022): the mean over bins of `|accuracy_b - confidence_b|`, each bin
/// counting the same however few records it holds, over 20 quantile bins as in their code.
///
/// With few distinct confidences this is a trap: each of five stated words becomes a bin of its
/// own, and a word that one answer in a hundred uses weighs as much as one that half of them use.
/// [`expected_error`] weighs bins by their records.
#[must_use]
pub fn mean_absolute_deviation(levels: &Levels) -> f64 {
    let bins = bins(levels, Binning::Quantiles(20));
    bins.iter().map(|bin| bin.gap().abs()).sum::<f64>() / bins.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Levels of words at 50, 20, 15, 10 and 5 %, each half as often right as it says.
    fn words() -> Levels {
        let mut confidences = Vec::new();
        let mut correct = Vec::new();
        for (value, records) in [
            (0.1, 5000),
            (0.3, 2000),
            (0.5, 1500),
            (0.7, 1000),
            (0.9, 500),
        ] {
            let hits = (value / 2.0 * f64::from(records)).round() as i32;
            for record in 0..records {
                confidences.push(value);
                correct.push(record < hits);
            }
        }
        Levels::new(&confidences, &correct).unwrap()
    }

    #[test]
    fn the_trap_of_ties() {
        let levels = words();
        let mad = mean_absolute_deviation(&levels);
        assert!((mad - 0.25).abs() < 1e-9, "{mad}");
        let ece = expected_error(&levels, Binning::EqualMass(20));
        assert!((ece - 0.15).abs() < 1e-9, "{ece}");
    }

    #[test]
    fn the_highest_confidence_is_a_bin_of_its_own_where_it_is_shared() {
        let count = |confidences: &[f64]| {
            let correct = vec![true; confidences.len()];
            let levels = Levels::new(confidences, &correct).unwrap();
            bins(&levels, Binning::Quantiles(2)).len()
        };
        assert_eq!(count(&[0.1, 0.2, 0.3, 0.4, 0.5]), 2);
        assert_eq!(count(&[0.1, 0.1, 0.3, 0.4, 0.4]), 3);
        assert_eq!(count(&[0.4, 0.4]), 1);
    }

    #[test]
    fn borders_belong_to_the_bin_below() {
        let levels = Levels::new(&[0.0, 0.1, 0.3, 0.31, 1.0], &[true; 5]).unwrap();
        let sizes: Vec<f64> = bins(&levels, Binning::EqualWidth(10))
            .iter()
            .map(|bin| bin.records)
            .collect();
        assert_eq!(sizes, [2.0, 1.0, 1.0, 1.0]);
    }

    #[test]
    fn errors_worked_by_hand() {
        // Bins of width .5: (.2 and .4, one right) and (.9, right).
        let levels = Levels::new(&[0.2, 0.4, 0.9], &[false, true, true]).unwrap();
        let two = Binning::EqualWidth(2);
        let ece = (2.0 * 0.2 + 0.1) / 3.0;
        assert!((expected_error(&levels, two) - ece).abs() < 1e-12);
        assert!((maximum_error(&levels, two) - 0.2).abs() < 1e-12);
        let squared = (2.0 * 0.04 + 0.01) / 3.0;
        let root = root_mean_squared_error(&levels, two);
        assert!((root.powi(2) - squared).abs() < 1e-12);
        let debiased = 2.0 * (0.04 - 0.25) / 3.0;
        assert!((debiased_squared_error(&levels, two) - debiased).abs() < 1e-12);
    }

    #[test]
    fn quantiles_are_numpys() {
        // numpy.quantile([0, 0, .1, .4, 1], [0, .25, .5, .75, 1]) = 0, 0, .1, .4, 1
        let levels = Levels::new(&[0.0, 0.0, 0.1, 0.4, 1.0], &[true; 5]).unwrap();
        assert_eq!(quantiles(&levels, 4), [0.0, 0.1, 0.4, 1.0]);
        // numpy.quantile([.2, .4], [0, 1/3, 2/3, 1])
        let levels = Levels::new(&[0.2, 0.4], &[true; 2]).unwrap();
        let expected = [0.2, 0.2 + 0.2 / 3.0, 0.2 + 0.4 / 3.0, 0.4];
        for (border, expected) in quantiles(&levels, 3).iter().zip(expected) {
            assert!((border - expected).abs() < 1e-12);
        }
    }
}
