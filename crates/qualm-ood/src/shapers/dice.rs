//! DICE: a head of its strongest contributions.

use super::percentile;
use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::detector::AffineMap;
use crate::fit::FitContext;
use crate::method::Needs;
use crate::shaping::{Change, Shaper};
use crate::statistics::{SumBy, SumOf, SumSet};
use crate::tensors::{TensorReader, all_finite};
use crate::view::View;

pub(crate) const ENTRY: Entry = Entry {
    word: "dice",
    formula: "score of (M * W) x + b, M = [W_cj m_j above its p-th percentile]",
    paper: "Sun & Li, ECCV 2022",
    inputs: "features and a head",
    parameters: "p=90",
    parse: Parse::Shaper(|arguments| {
        let p = percentile(arguments, "p", 90.0)?;
        Ok(Box::new(Dice { p }))
    }),
};

/// Shaper that keeps of the head's weights those whose mean contribution `W_cj m_j`, with `m` the
/// mean of the fitting rows, lies above the `p`-th percentile of all contributions (Sun & Li 2022,
/// equations 3 and 4). The percentile is NumPy's, linear between neighbours. The peers multiply
/// weights and features before they sum them, B x C x D numbers; a masked head is a head.
#[derive(Debug, Clone, Copy)]
struct Dice {
    p: f64,
}

/// The numbers of `weight` whose product with the mean of their column lies above the percentile.
fn masked(weight: &[f32], mean: &[f64], share: f64) -> Vec<f32> {
    let contribution = |(at, &w): (usize, &f32)| f64::from(w) * mean[at % mean.len()];
    let mut sorted: Vec<f64> = weight.iter().enumerate().map(contribution).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let place = share * (sorted.len() - 1) as f64;
    let (low, high) = (
        sorted[place.floor() as usize],
        sorted[place.ceil() as usize],
    );
    let bound = low + (high - low) * place.fract();
    let kept = |(at, w): (usize, &f32)| match contribution((at, w)) > bound {
        true => *w,
        false => 0.0,
    };
    weight.iter().enumerate().map(kept).collect()
}

impl Shaper for Dice {
    fn needs(&self) -> Needs {
        Needs {
            sums: SumSet::only(SumOf::Raw, SumBy::All),
            ..Needs::default()
        }
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Change, OodError> {
        let head = context.required_head()?;
        let mean = context.mean()?;
        Ok(Change::Head(AffineMap {
            view: View::Raw,
            matrix: masked(head.weight(), &mean, self.p / 100.0),
            offset: head.bias().to_vec(),
        }))
    }

    fn load(&self, tensors: &TensorReader<'_>) -> Result<Change, OodError> {
        let matrix = tensors.matrix::<f32>("shaped_weight", tensors.dim())?;
        let offset = tensors.vector::<f32>("shaped_bias", matrix.len() / tensors.dim())?;
        if !all_finite(&matrix) || !all_finite(&offset) {
            return Err(tensors.wrong("shaped_weight", "is not finite"));
        }
        Ok(Change::Head(AffineMap {
            view: View::Raw,
            matrix,
            offset,
        }))
    }
}

#[cfg(test)]
mod tests {
    use qualm_data::Head;

    use super::masked;
    use crate::testing::fit_scores;

    #[test]
    fn by_hand() {
        // Mean (1, 2): contributions 3, 2, -1, 8. The median is 2.5: 3 and 8 stay.
        let weight = [3.0, 1.0, -1.0, 4.0];
        assert_eq!(masked(&weight, &[1.0, 2.0], 0.5), [3.0, 0.0, 0.0, 4.0]);
        let head = Head::new(weight.to_vec(), vec![0.5, 0.0], 2).unwrap();
        let train = [0.0, 1.0, 2.0, 3.0];
        let scores = fit_scores("dice(p=50)+maxlogit", &train, 2, Some(head), &[5.0, 1.0]);
        assert_eq!(scores, [-15.5]);
    }
}
