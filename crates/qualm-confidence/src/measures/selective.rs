//! Answering only where confidence is high: risk against coverage.
//!
//! Records of equal confidence cannot be told apart, so that they are accepted in random order:
//! between two levels the number of errors grows with coverage along a straight line, which is its
//! expectation. No measure depends on the order of records in a file.

use super::Levels;

/// Area under the curve of selective risk (the share of errors among accepted records) against
/// coverage (Geifman and El-Yaniv 2017), exact under random order of ties.
#[must_use]
pub fn aurc(levels: &Levels) -> f64 {
    let records = levels.total().records;
    let (mut covered, mut errors, mut area) = (0.0, 0.0, 0.0);
    for (_, tally) in levels.iter().rev() {
        let share = tally.records / records;
        let wrong = (tally.records - tally.hits) / records;
        let rate = wrong / share;
        // The integral of (errors + rate (x - covered)) / x from `covered` on.
        area += wrong;
        if covered > 0.0 {
            area += (errors - rate * covered) * (share / covered).ln_1p();
        }
        covered += share;
        errors += wrong;
    }
    area
}

/// [`aurc`] beyond that of a perfect ranking, `e + (1 - e) ln(1 - e)` at error rate `e`
/// (Geifman, Uziel, El-Yaniv 2019).
#[must_use]
pub fn excess_aurc(levels: &Levels) -> f64 {
    let accuracy = levels.total().accuracy();
    let best = match accuracy {
        0.0 => 1.0,
        _ => 1.0 - accuracy + accuracy * accuracy.ln(),
    };
    // Rounding must not make the best ranking better than itself.
    (aurc(levels) - best).max(0.0)
}

/// Area under the curve of generalised risk (accepted errors among all records) against coverage
/// (Traub et al. 2024); `e^2 / 2` is the best at error rate `e`, `e / 2` is chance.
#[must_use]
pub fn augrc(levels: &Levels) -> f64 {
    let records = levels.total().records;
    let (mut errors, mut area) = (0.0, 0.0);
    for (_, tally) in levels.iter().rev() {
        let wrong = (tally.records - tally.hits) / records;
        area += (errors + wrong / 2.0) * tally.records / records;
        errors += wrong;
    }
    area
}

/// The accuracy on the share of records with the highest confidence, `0 < coverage <= 1`.
#[must_use]
pub fn accuracy_at_coverage(levels: &Levels, coverage: f64) -> f64 {
    let wanted = coverage * levels.total().records;
    let (mut taken, mut hits) = (0.0, 0.0);
    for (_, tally) in levels.iter().rev() {
        let part = (wanted - taken).min(tally.records);
        hits += tally.hits * part / tally.records;
        taken += part;
        if taken >= wanted {
            break;
        }
    }
    hits / taken
}

/// The largest coverage at which selective risk is at most `risk`, cutting only between distinct
/// confidences; 0 where there is none.
#[must_use]
pub fn coverage_at_risk(levels: &Levels, risk: f64) -> f64 {
    let records = levels.total().records;
    let (mut taken, mut wrong, mut best) = (0.0, 0.0, 0.0);
    for (_, tally) in levels.iter().rev() {
        taken += tally.records;
        wrong += tally.records - tally.hits;
        if wrong <= risk * taken {
            best = taken / records;
        }
    }
    best
}

/// Coverage and selective risk after each level, from the highest confidence down.
#[must_use]
pub fn risk_coverage_curve(levels: &Levels) -> Vec<(f64, f64)> {
    let records = levels.total().records;
    let (mut taken, mut wrong) = (0.0, 0.0);
    let step = |(_, tally): (f64, super::Tally)| {
        taken += tally.records;
        wrong += tally.records - tally.hits;
        (taken / records, wrong / taken)
    };
    levels.iter().rev().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_ranking_has_the_closed_forms() {
        let confidences: Vec<f64> = (0..1000).map(|i| f64::from(i) / 1000.0).collect();
        let correct: Vec<bool> = (0..1000).map(|i| i >= 300).collect();
        let levels = Levels::new(&confidences, &correct).unwrap();
        assert!((aurc(&levels) - (0.3 + 0.7 * 0.7_f64.ln())).abs() < 1e-9);
        assert!(excess_aurc(&levels) < 1e-9);
        assert!((augrc(&levels) - 0.045).abs() < 1e-9);
    }

    #[test]
    fn one_level_is_chance() {
        let levels = Levels::new(&[0.5; 4], &[true, false, false, true]).unwrap();
        assert_eq!(aurc(&levels), 0.5);
        assert_eq!(augrc(&levels), 0.25);
        assert_eq!(accuracy_at_coverage(&levels, 0.3), 0.5);
        assert_eq!(coverage_at_risk(&levels, 0.4), 0.0);
        assert_eq!(coverage_at_risk(&levels, 0.5), 1.0);
    }

    #[test]
    fn coverage_worked_by_hand() {
        let levels = Levels::new(&[0.9, 0.9, 0.6, 0.2], &[true, true, false, true]).unwrap();
        assert_eq!(accuracy_at_coverage(&levels, 0.5), 1.0);
        assert!((accuracy_at_coverage(&levels, 0.75) - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(coverage_at_risk(&levels, 0.1), 0.5);
        assert_eq!(coverage_at_risk(&levels, 0.25), 1.0);
        assert_eq!(risk_coverage_curve(&levels)[1], (0.75, 1.0 / 3.0));
    }

    #[test]
    fn nothing_right_is_no_division_by_zero() {
        let levels = Levels::new(&[0.9, 0.4], &[false, false]).unwrap();
        assert_eq!((aurc(&levels), excess_aurc(&levels)), (1.0, 0.0));
    }
}
