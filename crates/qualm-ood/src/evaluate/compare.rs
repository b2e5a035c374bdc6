use qualm_stats::paired_delong;
use serde::Serialize;

use super::scores::Scores;
use crate::OodError;

/// The paired DeLong test of a detector against the baseline on one set
/// ([`qualm_stats::delong`]).
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{EvaluationInput, EvaluationOptions, FitInput, FitOptions, evaluate, fit};
/// // On the far rows both logits are large: maxlogit takes that for certainty, msp does not.
/// let pairs = |a: f32, b: f32| (0..40).flat_map(|row| [a + 0.01 * row as f32, b]).collect();
/// let rows = |a, b| MemorySet::new("rows").with_logits(pairs(a, b), 2);
/// let (train, test, far) = (rows(3.0, 0.0)?, rows(3.0, 0.0)?, rows(5.0, 5.0)?);
/// let input = FitInput { train: &train, head: None };
/// let recipes = ["maxlogit".parse()?, "msp".parse()?];
/// let bundle = fit(input, &recipes, &FitOptions::default(), &mut |_| {})?.bundle;
/// let ood: Vec<(String, &dyn qualm_data::Source)> = vec![("far".into(), &far)];
/// let input = EvaluationInput { bundle: &bundle, train: None, test: &test, ood };
/// let evaluation = evaluate(&input, &EvaluationOptions::default(), &mut |_| {})?;
/// let against_msp = evaluation.detectors[0].sets[0].against_baseline.expect("msp is another");
/// assert_eq!((against_msp.difference, against_msp.p), (-1.0, 0.0));
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Comparison {
    /// AUROC of the detector less that of the baseline.
    pub difference: f64,
    /// The standard error of the difference.
    pub standard_error: f64,
    /// The difference over its standard error; infinite where that is 0 and the difference is not.
    pub z: f64,
    /// The two-sided p-value of "both have the same AUROC on this set".
    pub p: f64,
    /// The p-value adjusted by Holm (1979) for the tests of this detector on all sets.
    pub p_holm: f64,
}

/// Tests detector `a` against detector `b` on every set; `None` where a class has fewer than two
/// rows.
pub(super) fn compare(
    test: &Scores,
    sets: &[Scores],
    a: usize,
    b: usize,
) -> Result<Vec<Option<Comparison>>, OodError> {
    let mut comparisons = sets
        .iter()
        .map(|set| compare_on(test, set, a, b))
        .collect::<Result<Vec<_>, _>>()?;
    let p: Vec<f64> = comparisons.iter().flatten().map(|c| c.p).collect();
    for (comparison, p_holm) in comparisons.iter_mut().flatten().zip(holm(&p)) {
        comparison.p_holm = p_holm;
    }
    Ok(comparisons)
}

fn compare_on(
    test: &Scores,
    set: &Scores,
    a: usize,
    b: usize,
) -> Result<Option<Comparison>, OodError> {
    let columns = [test.of(a), set.of(a), test.of(b), set.of(b)];
    let [Some(id_a), Some(ood_a), Some(id_b), Some(ood_b)] = columns else {
        return Ok(None);
    };
    if id_a.len() < 2 || ood_a.len() < 2 {
        return Ok(None);
    }
    let tested = paired_delong(id_a, ood_a, id_b, ood_b)?;
    Ok(Some(Comparison {
        difference: tested.difference,
        standard_error: tested.standard_error,
        z: tested.z,
        p: tested.p_value,
        p_holm: tested.p_value,
    }))
}

/// P-values adjusted so that, with probability 1 - a, none of those at most `a` is false (Holm,
/// "A simple sequentially rejective multiple test procedure", 1979).
fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&i, &j| p[i].total_cmp(&p[j]));
    let mut adjusted = vec![1.0; p.len()];
    let mut largest: f64 = 0.0;
    for (done, &index) in order.iter().enumerate() {
        largest = largest.max((p.len() - done) as f64 * p[index]).min(1.0);
        adjusted[index] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holm_worked_by_hand() {
        // 3 * 0.01; 2 * 0.04 = 0.08; 1 * 0.05 may not fall below 0.08.
        let adjusted = holm(&[0.05, 0.01, 0.04]);
        let expected = [0.08, 0.03, 0.08];
        for (left, right) in adjusted.iter().zip(expected) {
            assert!((left - right).abs() < 1e-15, "{adjusted:?}");
        }
        assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
        assert!(holm(&[]).is_empty());
    }
}
