//! Reliability diagrams: accuracy against confidence, and how far chance alone would take it.

use serde::Serialize;
use statrs::distribution::{Binomial, DiscreteCDF};

use crate::measures::{self, Binning, Levels};

/// One bin of a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// Mean confidence of the bin.
    pub confidence: f64,
    /// The share that is right.
    pub accuracy: f64,
    /// The records of the bin.
    pub records: u64,
    /// Where accuracy lies with a probability of at least 95 % if confidence is honest: quantiles
    /// of a binomial law at the mean confidence (Bröcker and Smith 2007's consistency bars).
    pub band: [f64; 2],
}

/// The diagram over bins of equal width.
#[must_use]
pub fn reliability(levels: &Levels, bins: usize) -> Vec<Point> {
    measures::bins(levels, Binning::EqualWidth(bins))
        .iter()
        .map(|bin| {
            let records = bin.records as u64;
            Point {
                confidence: bin.confidence,
                accuracy: bin.accuracy(),
                records,
                band: band(records, bin.confidence),
            }
        })
        .collect()
}

fn band(records: u64, confidence: f64) -> [f64; 2] {
    // The mean of many equal numbers may round beyond them.
    match Binomial::new(confidence.clamp(0.0, 1.0), records) {
        Ok(law) => [0.025, 0.975].map(|share| law.inverse_cdf(share) as f64 / records as f64),
        Err(_) => [0.0, 1.0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_binomial_quantiles() {
        // R: qbinom(c(.025, .975), 100, .3) = 21, 39
        assert_eq!(band(100, 0.3), [0.21, 0.39]);
        assert_eq!(band(7, 1.0), [1.0, 1.0]);
        assert_eq!(band(7, 0.0), [0.0, 0.0]);
        let levels = Levels::new(&[0.05, 0.95, 0.95], &[false, true, false]).unwrap();
        let points = reliability(&levels, 10);
        assert_eq!(points.len(), 2);
        assert_eq!((points[1].records, points[1].accuracy), (2, 0.5));
    }
}
