//! Isotonic regression: the non-decreasing function of the confidence nearest to what was right.

use super::curve::Curve;
use super::data::{Answers, Fitted};
use crate::ConfidenceError;
use crate::measures::{self, Block};

/// Isotonic calibration (Zadrozny and Elkan, "Transforming classifier scores into accurate
/// multiclass probability estimates" (2002)): the accuracy of each block of
/// [`isotonic`](measures::isotonic()) regression over all its confidences, straight lines in the
/// gaps between blocks, constant outside, as scikit-learn has it.
///
/// No other non-decreasing function, the unchanged confidence among them, has a lower Brier score
/// on the fitted answers.
///
/// # Errors
/// None that [`Answers`] lets through.
pub fn isotonic(answers: &Answers) -> Result<Fitted<Curve>, ConfidenceError> {
    let blocks = measures::isotonic(answers.levels());
    curve(blocks.iter().flat_map(ends).collect())
}

/// Centred isotonic regression (Oron and Flournoy, "Centered isotonic regression" (2017)): each
/// block is one knot at the mean of its confidences, so that the curve rises between blocks
/// instead of standing on steps. Blocks of accuracy 0 or 1 keep their whole width: the curve
/// cannot go on beyond them.
///
/// # Errors
/// None that [`Answers`] lets through.
pub fn centred(answers: &Answers) -> Result<Fitted<Curve>, ConfidenceError> {
    let mut knots = Vec::new();
    let mut levels = answers.levels().iter().peekable();
    for block in measures::isotonic(answers.levels()) {
        let mut sum = 0.0;
        while let Some((value, tally)) = levels.next_if(|(value, _)| *value <= block.hi) {
            sum += value * tally.records;
        }
        let accuracy = block.tally.accuracy();
        if accuracy <= 0.0 || accuracy >= 1.0 {
            knots.extend(ends(&block));
        } else {
            let mean = sum / block.tally.records;
            knots.push((mean.clamp(block.lo, block.hi), accuracy));
        }
    }
    curve(knots)
}

/// The ends of a block, once if they are one.
fn ends(block: &Block) -> impl Iterator<Item = (f64, f64)> + use<> {
    let accuracy = block.tally.accuracy();
    let hi = (block.lo < block.hi).then_some(block.hi);
    [block.lo].into_iter().chain(hi).map(move |c| (c, accuracy))
}

fn curve(knots: Vec<(f64, f64)>) -> Result<Fitted<Curve>, ConfidenceError> {
    let steps = knots.chunk_by(|a, b| a.1 == b.1).count();
    let curve = Curve::through(knots).map_err(ConfidenceError::Values)?;
    let mut fitted = Fitted::quiet(curve);
    if steps == 1 {
        fitted.notes.push(
            "surer answers were not right more often: every repaired confidence is the accuracy"
                .to_owned(),
        );
    }
    Ok(fitted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::{Levels, brier};
    use proptest::prelude::*;

    fn knots(fitted: Result<Fitted<Curve>, ConfidenceError>) -> Vec<(f64, f64)> {
        fitted.unwrap().recalibrator.knots().collect()
    }

    #[test]
    fn isotonic_and_centred_curves_by_hand() {
        // Accuracy 0 at .125, pooled 1/2 at .375 (right) and .625 (wrong), 1 at .75 and .875.
        let confidence = [0.125, 0.375, 0.625, 0.75, 0.875];
        let answers = Answers::new(&confidence, &[false, true, false, true, true]).unwrap();
        assert_eq!(
            knots(isotonic(&answers)),
            [
                (0.125, 0.0),
                (0.375, 0.5),
                (0.625, 0.5),
                (0.75, 1.0),
                (0.875, 1.0)
            ]
        );
        assert_eq!(
            knots(centred(&answers)),
            [(0.125, 0.0), (0.5, 0.5), (0.75, 1.0), (0.875, 1.0)]
        );
    }

    #[test]
    fn reversed_confidence_is_told() {
        let answers = Answers::new(&[0.1, 0.9], &[true, false]).unwrap();
        let fitted = isotonic(&answers).unwrap();
        assert_eq!(fitted.recalibrator.apply(0.5), 0.5);
        assert!(fitted.notes[0].starts_with("surer answers were not"));
    }

    proptest! {
        #[test]
        fn isotonic_never_falls_and_never_raises_the_brier_score(
            rows in prop::collection::vec((0u32..=20, any::<bool>()), 2..80),
        ) {
            let confidence: Vec<f64> = rows.iter().map(|row| f64::from(row.0) / 20.0).collect();
            let correct: Vec<bool> = rows.iter().map(|row| row.1).collect();
            let Ok(answers) = Answers::new(&confidence, &correct) else {
                return Ok(());
            };
            let curve = isotonic(&answers).unwrap().recalibrator;
            let repaired: Vec<f64> = confidence.iter().map(|&c| curve.apply(c)).collect();
            let repaired = Levels::new(&repaired, &correct).unwrap();
            prop_assert!(brier(&repaired) <= brier(answers.levels()) + 1e-12);
            for curve in [curve, centred(&answers).unwrap().recalibrator] {
                let values: Vec<f64> = (0..=100).map(|i| curve.apply(f64::from(i) / 100.0)).collect();
                prop_assert!(values.windows(2).all(|pair| pair[0] <= pair[1]));
            }
        }
    }
}
