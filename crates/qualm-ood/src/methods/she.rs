//! SHE: simplified Hopfield energy.

use super::cosine::unit_row;
use qualm_linalg::{distance, dot, norm};

use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::detector::{Detector, Inputs, LogitInput};
use crate::fit::FitContext;
use crate::lower::{Folding, Graph, Lowering, Pairing};
use crate::method::{Method, Needs};
use crate::score::Row;
use crate::statistics::{ClassSums, SumBy, SumOf, SumSet};
use crate::tensors::{TensorReader, TensorWriter, all_finite};

pub(crate) const ENTRY: Entry = Entry {
    word: "she",
    formula: "-<x, m_p>, p predicted, m_p mean of rows rightly classified as p",
    paper: "Zhang et al., ICLR 2023",
    inputs: "features and logits; fitting needs labels",
    parameters: "metric=inner|euclidean|cosine",
    parse: Parse::Method(|arguments| {
        let metric = match arguments.take("metric") {
            None | Some("inner") => Metric::Inner,
            Some("euclidean") => Metric::Euclidean,
            Some("cosine") => Metric::Cosine,
            Some(other) => {
                let what = "`inner`, `euclidean` or `cosine`";
                return Err(arguments.wrong("metric", other, what));
            }
        };
        Ok(Box::new(She { metric }))
    }),
};

/// Outlier score `-<x, m_p>` with `p` the predicted class of the row and `m_p` the mean of the
/// fitting rows of class `p` that the classifier gets right, the pattern stored for that class
/// (Zhang et al. 2023, "Out-of-distribution detection based on in-distribution data patterns
/// memorization with modern Hopfield energy", the simplified energy). `metric=euclidean` scores the
/// distance `||x - m_p||` instead, `metric=cosine` minus the cosine, as OpenOOD offers them.
///
/// A class of which no row is classified right has no pattern; rows that are predicted as one take
/// the mean over all rows that are classified right. OpenOOD scores them NaN, pytorch-ood 0.4.0
/// refuses to fit.
#[derive(Debug, Clone, Copy)]
struct She {
    metric: Metric,
}

/// How alike a row and a pattern are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Metric {
    Inner,
    Euclidean,
    Cosine,
}

impl Method for She {
    fn needs(&self) -> Needs {
        Needs {
            features: true,
            logits: true,
            sums: SumSet::only(SumOf::Raw, SumBy::Correct),
            ..Needs::default()
        }
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError> {
        let sums = context.sums(SumOf::Raw, SumBy::Correct)?;
        let without = sums.counts.iter().filter(|&&count| count == 0).count();
        if without > 0 {
            context.warn(format!(
                "she: the classifier gets no fitting row right of {without} of {} classes; a row that it \
                 takes for one of them is compared with the mean of all rows that it gets right",
                sums.classes()
            ));
        }
        let mut matrix = Vec::with_capacity(sums.sums.len());
        for pattern in patterns(sums) {
            match self.metric {
                Metric::Inner | Metric::Euclidean => {
                    matrix.extend(pattern.iter().map(|&x| x as f32));
                }
                Metric::Cosine => matrix.extend(unit_row(&pattern)),
            }
        }
        Ok(Box::new(SheDetector {
            metric: self.metric,
            patterns: matrix,
            dim: sums.width(),
        }))
    }

    fn load(&self, tensors: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        let patterns = tensors.matrix::<f32>("patterns", tensors.dim())?;
        if patterns.len() != tensors.classes() * tensors.dim() || !all_finite(&patterns) {
            return Err(tensors.wrong("patterns", "is not finite or has not a row for each class"));
        }
        Ok(Box::new(SheDetector {
            metric: self.metric,
            patterns,
            dim: tensors.dim(),
        }))
    }
}

/// The pattern of each class.
fn patterns(sums: &ClassSums) -> impl Iterator<Item = Vec<f64>> {
    let count = sums.counts.iter().sum::<u64>() as f64;
    let mut of_all = vec![0.0; sums.width()];
    for class in sums.sums.chunks_exact(sums.width()) {
        let to = of_all.iter_mut().zip(class);
        to.for_each(|(to, x)| *to += x / count);
    }
    (0..sums.classes()).map(move |class| sums.mean(class).unwrap_or_else(|| of_all.clone()))
}

#[derive(Debug)]
struct SheDetector {
    metric: Metric,
    /// `C x D`, a row for each class.
    patterns: Vec<f32>,
    dim: usize,
}

impl Detector for SheDetector {
    fn inputs(&self) -> Inputs {
        Inputs {
            logits: Some(LogitInput::Plain),
            features: true,
            ..Inputs::default()
        }
    }

    fn parts(&self) -> Vec<&'static str> {
        match self.metric {
            Metric::Inner => vec!["inner product with the pattern of the predicted class"],
            Metric::Euclidean => vec!["distance from the pattern of the predicted class"],
            Metric::Cosine => vec!["cosine with the pattern of the predicted class"],
        }
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        // `solve` and `load` saw to it that every class has a pattern.
        let (class, row) = (row.logits().predicted, row.features());
        let pattern = &self.patterns[class * row.len()..][..row.len()];
        parts[0] = match self.metric {
            Metric::Inner => dot(row, pattern),
            Metric::Euclidean => distance(row, pattern),
            // A zero row has cosine zero with everything.
            Metric::Cosine => dot(row, pattern) / norm(row).max(f64::MIN_POSITIVE),
        };
    }

    fn score(&self, parts: &[f64]) -> f64 {
        match self.metric {
            Metric::Inner | Metric::Cosine => -parts[0],
            Metric::Euclidean => parts[0],
        }
    }

    fn save(&self, tensors: &mut TensorWriter) {
        tensors.matrix("patterns", &self.patterns, self.dim);
    }

    fn lower(&self, graph: &mut Graph) -> Lowering {
        let (logits, features) = (graph.logits(), graph.features());
        let pattern = graph.row_at_largest(logits, self.patterns.clone());
        if self.metric == Metric::Euclidean {
            let difference = graph.pair(features, Pairing::Sub, pattern);
            return Ok(graph.norm(difference));
        }
        let row = match self.metric {
            Metric::Cosine => graph.unit(),
            _ => features,
        };
        let products = graph.pair(row, Pairing::Mul, pattern);
        let product = graph.fold(Folding::Sum, products);
        Ok(graph.neg(product))
    }
}

#[cfg(test)]
mod tests {
    use qualm_data::Head;

    use crate::testing::{fit_labelled_head_error, fit_labelled_head_scores};

    /// Logits (x, y, -9). Class 0 has (4, 0) and (2, 0), its (0, 1) is taken for class 1; class 1
    /// has (0, 6), class 2 nothing.
    const TRAIN: [f32; 8] = [4.0, 0.0, 2.0, 0.0, 0.0, 1.0, 0.0, 6.0];
    const LABELS: [i64; 4] = [0, 0, 0, 1];

    fn head(last: f32) -> Head {
        Head::new(vec![1.0, 0.0, 0.0, 1.0, 0.0, 0.0], vec![0.0, 0.0, last], 2).unwrap()
    }

    fn scores(recipe: &str, last: f32) -> Vec<f64> {
        let rows = [4.0, 3.0, -6.0, 8.0];
        fit_labelled_head_scores(recipe, &TRAIN, 2, &LABELS, head(last), &rows)
    }

    #[test]
    fn by_hand() {
        // Patterns (3, 0) and (0, 6); (4, 3) is predicted 0 and (-6, 8) 1.
        assert_eq!(scores("she", -9.0), [-12.0, -48.0]);
        let far = scores("she(metric=euclidean)", -9.0);
        let want = [10f64.sqrt(), 40f64.sqrt()];
        assert!(far.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-6));
        let cosine = scores("she(metric=cosine)", -9.0);
        assert!((cosine[0] + 0.8).abs() < 1e-6 && (cosine[1] + 0.8).abs() < 1e-6);
    }

    #[test]
    fn a_class_without_a_pattern_takes_that_of_all() {
        // With a last logit of 5 all is class 2 but (0, 6) and (-6, 8): the pattern of all is
        // (0, 6).
        assert_eq!(scores("she", 5.0), [-18.0, -48.0]);
        let error = fit_labelled_head_error("she", &TRAIN, 2, &LABELS, head(9.0));
        assert!(error.contains("no fitting row right"), "{error}");
    }
}
