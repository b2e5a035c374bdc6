//! How unlike a class is a row's label: what conformal sets are cut by.

use std::fmt;

/// A conformal score of a class under a row's probabilities: higher means the class fits less.
///
/// ```
/// use qualm_confidence::conformal::Score;
///
/// let p = [0.2, 0.5, 0.3];
/// assert_eq!(Score::Lac.of_classes(&p, 0.0), [0.8, 0.5, 0.7]);
/// let aps = Score::Aps.of_classes(&p, 0.0);
/// assert_eq!(aps, [1.0, 0.5, 0.8]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Score {
    /// `1 - p_y`: the smallest sets on average, more often right where the model is sure (Sadinle,
    /// Lei and Wasserman, "Least ambiguous set-valued classifiers with bounded error levels"
    /// (2019)). Sets may be empty.
    Lac,
    /// The sum of all probabilities down to the class's own, less u times that: sets that grow
    /// with the model's doubt (Romano, Sesia and Candès, "Classification with valid and adaptive
    /// coverage" (2020), eq. 5).
    Aps,
    /// As [`Score::Aps`], and `lambda` for each rank beyond `k`: smaller sets where there are many
    /// classes (Angelopoulos et al., "Uncertainty sets for image classifiers using conformal
    /// prediction" (2021), eq. 4).
    Raps {
        /// The price of each rank beyond `k`.
        lambda: f64,
        /// The ranks that cost nothing, counted from 1.
        k: usize,
    },
}

impl Score {
    /// The scores of all classes. `u`, drawn uniformly from 0..1 for each row, makes the coverage
    /// of APS and RAPS exact; 0 gives larger sets that do not depend on chance.
    #[must_use]
    pub fn of_classes(self, probabilities: &[f64], u: f64) -> Vec<f64> {
        let (lambda, k) = match self {
            Score::Lac => return probabilities.iter().map(|p| 1.0 - p).collect(),
            Score::Aps => (0.0, 0),
            Score::Raps { lambda, k } => (lambda, k),
        };
        let mut scores = vec![0.0; probabilities.len()];
        let mut sum = 0.0;
        for (place, class) in descending(probabilities).into_iter().enumerate() {
            sum += probabilities[class];
            let beyond = (place + 1).saturating_sub(k) as f64;
            scores[class] = sum - u * probabilities[class] + lambda * beyond;
        }
        scores
    }
}

impl fmt::Display for Score {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Score::Lac => formatter.write_str("lac"),
            Score::Aps => formatter.write_str("aps"),
            Score::Raps { lambda, k } => write!(formatter, "raps(lambda={lambda}, k={k})"),
        }
    }
}

/// The classes from the most probable to the least, the first of equals first.
pub(super) fn descending(probabilities: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_close(ours: Vec<f64>, want: [f64; 3]) {
        let close = ours.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(close, "{ours:?} {want:?}");
    }

    #[test]
    fn scores_by_hand() {
        let p = [0.1, 0.6, 0.3];
        assert_close(Score::Lac.of_classes(&p, 0.7), [0.9, 0.4, 0.7]);
        // Ranks 3, 1, 2; sums 1, .6, .9; half of each own probability taken off.
        assert_close(Score::Aps.of_classes(&p, 0.5), [0.95, 0.3, 0.75]);
        let raps = Score::Raps { lambda: 0.2, k: 1 };
        assert_close(raps.of_classes(&p, 0.0), [1.4, 0.6, 1.1]);
    }

    #[test]
    fn equals_go_in_the_order_of_classes() {
        assert_eq!(descending(&[0.2, 0.4, 0.4]), [1, 2, 0]);
    }
}
