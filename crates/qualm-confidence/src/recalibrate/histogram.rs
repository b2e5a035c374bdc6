//! Histogram binning: the accuracy of each bin of confidences.

use serde::{Deserialize, Serialize};

use super::data::{Answers, Fitted};
use crate::ConfidenceError;
use crate::measures::Tally;

/// Bins that anyone can want; bounds what a file can ask for.
const MOST_BINS: usize = 1_000_000;

/// Bins of equal width over 0..1, each with the accuracy of its answers (Zadrozny and Elkan,
/// "Obtaining calibrated probability estimates" (2001)).
///
/// A bin without fitted answers has no accuracy, and none is made up for it: confidences in it
/// stay what they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Histogram {
    accuracy: Vec<Option<f64>>,
}

impl Histogram {
    /// The accuracy of each of `bins` bins.
    ///
    /// # Errors
    /// When there is to be no bin, or more than a million.
    pub fn fit(answers: &Answers, bins: usize) -> Result<Fitted<Histogram>, ConfidenceError> {
        if bins == 0 || bins > MOST_BINS {
            return Err(ConfidenceError::Values(format!(
                "{bins} bins are too few or too many; ask for 1 to {MOST_BINS}, as in \
                 histogram(bins=10)"
            )));
        }
        let mut tallies = vec![Tally::default(); bins];
        for (value, tally) in answers.levels().iter() {
            tallies[bin(value, bins)] += tally;
        }
        let accuracy = |tally: &Tally| (tally.records > 0.0).then(|| tally.accuracy());
        let histogram = Histogram {
            accuracy: tallies.iter().map(accuracy).collect(),
        };
        let empty = histogram
            .accuracy
            .iter()
            .filter(|bin| bin.is_none())
            .count();
        let mut fitted = Fitted::quiet(histogram);
        if empty > 0 {
            fitted.notes.push(format!(
                "{empty} of {bins} bins hold no answer: confidences in them stay as they are"
            ));
        }
        Ok(fitted)
    }

    /// The confidence that `confidence` becomes.
    #[must_use]
    pub fn apply(&self, confidence: f64) -> f64 {
        self.accuracy[bin(confidence, self.accuracy.len())].unwrap_or(confidence)
    }
}

/// The bin of `c` among `bins`: `(i / bins, (i + 1) / bins]`, the first one closed, as the bins of
/// [`expected_error`](crate::measures::expected_error).
fn bin(c: f64, bins: usize) -> usize {
    let border = |place: usize| place as f64 / bins as f64;
    // A product can round either way; the borders decide.
    let mut place = ((c * bins as f64) as usize).min(bins - 1);
    while place > 0 && c <= border(place) {
        place -= 1;
    }
    while place + 1 < bins && c > border(place + 1) {
        place += 1;
    }
    place
}

/// What stands in a file.
#[derive(Serialize, Deserialize)]
struct Written {
    accuracy: Vec<Option<f64>>,
}

impl TryFrom<Written> for Histogram {
    type Error = String;

    fn try_from(Written { accuracy }: Written) -> Result<Histogram, String> {
        if accuracy.is_empty() || accuracy.len() > MOST_BINS {
            return Err(format!("{} bins are not 1 to {MOST_BINS}", accuracy.len()));
        }
        if !accuracy.iter().flatten().all(|a| (0.0..=1.0).contains(a)) {
            return Err("an accuracy is not between 0 and 1".to_owned());
        }
        Ok(Histogram { accuracy })
    }
}

impl From<Histogram> for Written {
    fn from(Histogram { accuracy }: Histogram) -> Written {
        Written { accuracy }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_by_hand() {
        let confidence = [0.0, 0.49, 0.5, 0.6, 1.0];
        let answers = Answers::new(&confidence, &[true, false, true, true, false]).unwrap();
        let fitted = Histogram::fit(&answers, 2).unwrap();
        // The border of 0.5 belongs to the bin below.
        assert_eq!(fitted.recalibrator.apply(0.3), 2.0 / 3.0);
        assert_eq!(fitted.recalibrator.apply(0.5), 2.0 / 3.0);
        assert_eq!(fitted.recalibrator.apply(1.0), 0.5);
        assert!(fitted.notes.is_empty());
    }

    #[test]
    fn borders_belong_to_the_bin_below_where_products_round_up() {
        for i in 0..=100 {
            let c = f64::from(i) / 100.0;
            assert_eq!(bin(c, 100), (i.max(1) - 1) as usize, "{c}");
        }
        assert_eq!((bin(0.0, 1), bin(1.0, 1), bin(1e-300, 7)), (0, 0, 0));
    }

    #[test]
    fn an_empty_bin_makes_nothing_up() {
        let answers = Answers::new(&[0.1, 0.9], &[true, false]).unwrap();
        let fitted = Histogram::fit(&answers, 3).unwrap();
        assert_eq!(fitted.recalibrator.apply(0.5), 0.5);
        assert!(fitted.notes[0].starts_with("1 of 3 bins hold no answer"));
        assert!(Histogram::fit(&answers, 0).is_err());
    }

    #[test]
    fn a_file_is_checked() {
        let read = |text: &str| serde_json::from_str::<Histogram>(text).is_ok();
        assert!(read(r#"{"accuracy":[0.5,null]}"#));
        assert!(!read(r#"{"accuracy":[]}"#));
        assert!(!read(r#"{"accuracy":[1.5]}"#));
    }
}
