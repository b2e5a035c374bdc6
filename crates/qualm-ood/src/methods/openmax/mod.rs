//! OpenMax: the probability of an unknown class.

mod weibull;

use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::detector::{Detector, Inputs, LogitInput};
use crate::fit::FitContext;
use crate::lower::{Graph, Lowering};
use crate::method::{Method, Needs, TailNeed};
use crate::score::Row;
use crate::statistics::{SumBy, SumOf, SumSet, Tails};
use crate::tensors::{TensorReader, TensorWriter, all_finite};
use weibull::Weibull;

pub(crate) const ENTRY: Entry = Entry {
    word: "openmax",
    formula: "softmax(l')_0, l' = logits less what an unknown class takes of them",
    paper: "Bendale & Boult, CVPR 2016",
    inputs: "logits, or features and a head; fitting needs labels",
    parameters: "alpha=10, tail=20, preset=paper|openood|pytorch-ood",
    parse: Parse::Method(|arguments| {
        let (alpha, tail) = match arguments.take("preset") {
            None | Some("paper") => (10, 20),
            Some("openood") => (3, 20),
            Some("pytorch-ood") => (10, 25),
            Some(other) => {
                let what = "`paper`, `openood` or `pytorch-ood`";
                return Err(arguments.wrong("preset", other, what));
            }
        };
        let some = |alpha: &usize| (1..=MOST_RANKS).contains(alpha);
        let alpha = arguments.take_or("alpha", alpha, "a whole number from 1 to 10", some)?;
        let tail = arguments.take_or("tail", tail, "a whole number from 1", |tail| *tail > 0)?;
        Ok(Box::new(OpenMax { alpha, tail }))
    }),
};

/// Outlier score: the probability that OpenMax gives an unknown class (Bendale & Boult, "Towards
/// open set deep networks", CVPR 2016, algorithms 1 and 2, with the weights of their code).
///
/// 1. `mu_c`: the mean logits of the fitting rows of class `c` that the classifier gets right, and
///    `F_c` a Weibull distribution fitted to the `tail` largest Euclidean distances of these rows
///    from it.
/// 2. The class `c` of the `i`-th largest logit, `i` from 1 to `alpha`, loses the share
///    `w_c = (alpha + 1 - i) / alpha * F_c(||l - mu_c||)` of its logit: `l'_c = l_c (1 - w_c)`. The
///    unknown class gets the sum, `l'_0 = sum_c l_c w_c`.
/// 3. Score: `softmax(l')_0`.
///
/// A class of which the classifier gets no row right has no mean; `F_c` is then one. OpenOOD
/// revises 3 classes (`preset=openood`). pytorch-ood takes a tail of 25 (`preset=pytorch-ood`) of
/// all rows of a class, right or wrong, and stops the search for the Weibull distribution early.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenMax {
    alpha: usize,
    tail: usize,
}

/// Classes that can be revised at most; each has three parts.
const MOST_RANKS: usize = 10;

/// What is measured of a row: `sum exp(l_c - max l)` over the classes that are not revised, then
/// class, logit and distance from the class's mean by rank.
const PARTS: [&str; 1 + 3 * MOST_RANKS] = [
    "weight of the other classes",
    "first class",
    "first logit",
    "first distance",
    "second class",
    "second logit",
    "second distance",
    "third class",
    "third logit",
    "third distance",
    "fourth class",
    "fourth logit",
    "fourth distance",
    "fifth class",
    "fifth logit",
    "fifth distance",
    "sixth class",
    "sixth logit",
    "sixth distance",
    "seventh class",
    "seventh logit",
    "seventh distance",
    "eighth class",
    "eighth logit",
    "eighth distance",
    "ninth class",
    "ninth logit",
    "ninth distance",
    "tenth class",
    "tenth logit",
    "tenth distance",
];

/// The part that holds a row's distance from the mean of its predicted class.
const FIRST_DISTANCE: usize = 3;

impl Method for OpenMax {
    fn needs(&self) -> Needs {
        Needs {
            logits: true,
            sums: SumSet::only(SumOf::Logits, SumBy::Correct),
            tail: Some(TailNeed {
                part: FIRST_DISTANCE,
                keep: self.tail,
            }),
            ..Needs::default()
        }
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError> {
        let sums = context.sums(SumOf::Logits, SumBy::Correct)?;
        let (classes, width) = (sums.classes(), sums.width());
        let mean = |class| sums.mean(class).unwrap_or_else(|| vec![0.0; width]);
        let missing = sums.counts.iter().filter(|&&count| count == 0).count();
        if missing > 0 {
            context.warn(format!(
                "openmax: the classifier gets no fitting row of {missing} of {classes} classes right; \
                 what it predicts as one of them counts as unknown"
            ));
        }
        Ok(Box::new(OpenMaxDetector {
            means: (0..classes).flat_map(mean).map(|m| m as f32).collect(),
            distances: vec![Weibull::NONE; classes],
            ranks: self.alpha.min(classes),
        }))
    }

    fn load(&self, tensors: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        let classes = tensors.classes();
        let means = tensors.matrix::<f32>("means", classes)?;
        let vector = |name: &str| {
            let numbers = tensors.vector::<f64>(name, classes)?;
            match numbers.iter().all(|x| x.is_finite()) {
                true => Ok(numbers),
                false => Err(tensors.wrong(name, "is not finite")),
            }
        };
        let smallest = vector("smallest")?;
        let (shape, log_scale) = (vector("shape")?, vector("log_scale")?);
        if means.len() != classes * classes || !all_finite(&means) {
            return Err(tensors.wrong("means", "does not hold a finite row a class"));
        }
        let weibull = |((&smallest, &shape), &log_scale)| Weibull {
            smallest,
            shape,
            log_scale,
        };
        Ok(Box::new(OpenMaxDetector {
            means,
            distances: smallest
                .iter()
                .zip(&shape)
                .zip(&log_scale)
                .map(weibull)
                .collect(),
            ranks: self.alpha.min(classes),
        }))
    }
}

#[derive(Debug)]
struct OpenMaxDetector {
    /// `C x C`, row-major: the mean logits of each class.
    means: Vec<f32>,
    /// Of each class; none has rows before the second pass.
    distances: Vec<Weibull>,
    /// How many classes are revised.
    ranks: usize,
}

impl OpenMaxDetector {
    /// The share of its logit that the class of rank `rank`, from 0, loses at this distance.
    fn lost(&self, rank: usize, &[class, _, distance]: &[f64; 3]) -> f64 {
        let share = (self.ranks - rank) as f64 / self.ranks as f64;
        share * self.distances[class as usize].below(distance)
    }
}

impl Detector for OpenMaxDetector {
    fn inputs(&self) -> Inputs {
        Inputs {
            logits: Some(LogitInput::Plain),
            ..Inputs::default()
        }
    }

    fn parts(&self) -> Vec<&'static str> {
        PARTS[..1 + 3 * self.ranks].to_vec()
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        let logits = row.logits();
        let Some((others, ranks)) = parts.split_first_mut() else {
            return;
        };
        let ranks = ranks.as_chunks_mut::<3>().0;
        ranks.fill([0.0, f64::NEG_INFINITY, 0.0]);
        for (class, &logit) in logits.values.iter().enumerate() {
            let logit = f64::from(logit);
            if ranks.last().is_some_and(|last| last[1] < logit) {
                // Equals stay in the order of classes, as for the prediction.
                let at = ranks.partition_point(|other| other[1] >= logit);
                ranks[at..].rotate_right(1);
                ranks[at] = [class as f64, logit, 0.0];
            }
        }
        let classes = logits.values.len();
        for rank in &mut *ranks {
            let start = rank[0] as usize * classes;
            let mean = &self.means[start..start + classes];
            let square = |(&l, &m): (&f32, &f32)| (f64::from(l) - f64::from(m)).powi(2);
            rank[2] = logits
                .values
                .iter()
                .zip(mean)
                .map(square)
                .sum::<f64>()
                .sqrt();
        }
        let (last, max) = (ranks[ranks.len() - 1][1], f64::from(logits.max));
        let other = |&(class, &logit): &(usize, &f32)| {
            let class = class as f64;
            f64::from(logit) <= last && ranks.iter().all(|rank| rank[0] != class)
        };
        let rest = logits.values.iter().enumerate().filter(other);
        *others = rest.map(|(_, &logit)| (f64::from(logit) - max).exp()).sum();
    }

    fn score(&self, parts: &[f64]) -> f64 {
        let (others, ranks) = (parts[0], parts[1..].as_chunks::<3>().0);
        let lost = || {
            ranks
                .iter()
                .enumerate()
                .map(|(at, rank)| (rank[1], self.lost(at, rank)))
        };
        let unknown: f64 = lost().map(|(logit, share)| logit * share).sum();
        let kept = || lost().map(|(logit, share)| logit * (1.0 - share));
        let max = kept().fold(ranks[0][1], f64::max);
        let sum: f64 = kept().map(|logit| (logit - max).exp()).sum();
        let known = max + (sum + others * (ranks[0][1] - max).exp()).ln();
        1.0 / (1.0 + (known - unknown).exp())
    }

    fn set_tails(&mut self, tails: &Tails) -> Result<(), String> {
        for (&class, tail) in &tails.classes {
            if let Some(distances) = self.distances.get_mut(class) {
                *distances = Weibull::fit(tail);
            }
        }
        Ok(())
    }

    fn save(&self, tensors: &mut TensorWriter) {
        let vector = |number: fn(&Weibull) -> f64| -> Vec<f64> {
            self.distances.iter().map(number).collect()
        };
        tensors.matrix("means", &self.means, self.distances.len());
        tensors.vector("smallest", &vector(|w| w.smallest));
        tensors.vector("shape", &vector(|w| w.shape));
        tensors.vector("log_scale", &vector(|w| w.log_scale));
    }

    fn lower(&self, _: &mut Graph) -> Lowering {
        Err("its distributions are of distances that ten thousand was added to, which f32 does not tell apart".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::weibull::Weibull;
    use crate::Recipe;
    use crate::testing::fit_labelled_logit_scores;

    #[test]
    fn by_hand() {
        // Class 0 around (4, 0), distances 1, 1, 2, 2; class 1 around (0, 4), all at 0. The last
        // row is classified wrong and does not count.
        let train = [
            5.0, 0.0, 3.0, 0.0, 4.0, 2.0, 4.0, -2.0, 0.0, 4.0, 0.0, 4.0, 9.0, 0.0,
        ];
        let labels = [0, 0, 0, 0, 1, 1, 1];
        let rows = [4.0, 1.5, 4.0, 0.0];
        let scores = fit_labelled_logit_scores("openmax(tail=3)", &train, 2, &labels, &rows);
        let first = Weibull::fit(&[2.0, 2.0, 1.0]);
        for (row, score) in rows.chunks(2).zip(&scores) {
            let (a, b) = (f64::from(row[0]), f64::from(row[1]));
            // Both classes are revised; the second, far away, loses half of its logit.
            let first = first.below(((a - 4.0).powi(2) + b * b).sqrt());
            let unknown = a * first + b * 0.5;
            let known = (a * (1.0 - first)).exp() + (b * 0.5).exp();
            let want = unknown.exp() / (unknown.exp() + known);
            assert!((score - want).abs() < 1e-6, "{score} and {want}");
        }
        assert!(scores[0] > 2.0 * scores[1]);
    }

    #[test]
    fn classes_beyond_alpha_keep_their_logits() {
        // At its mean the only revised class loses nothing; an unknown class has logit 0.
        let train = [3.0, 1.0, 0.5, 3.1, 1.0, 0.5, 2.9, 1.0, 0.5];
        let row = [3.0, 1.0, 0.5];
        let scores = fit_labelled_logit_scores("openmax(alpha=1)", &train, 3, &[0; 3], &row);
        let lost = 3.0 * Weibull::fit(&[0.1, 0.1, 0.0]).below(0.0);
        let known = (3.0 - lost).exp() + 1f64.exp() + 0.5f64.exp();
        assert!((scores[0] - lost.exp() / (lost.exp() + known)).abs() < 1e-6);
        // Far beyond, it loses all.
        let far =
            fit_labelled_logit_scores("openmax(alpha=1)", &train, 3, &[0; 3], &[9.0, 1.0, 0.5]);
        let known = 1.0 + 1f64.exp() + 0.5f64.exp();
        assert!(
            (far[0] - 9f64.exp() / (9f64.exp() + known)).abs() < 1e-9,
            "{far:?}"
        );
        assert!("openmax(alpha=11)".parse::<Recipe>().is_err());
    }
}
