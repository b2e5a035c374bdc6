//! Cosine similarity to the nearest class mean.

use std::sync::Arc;

use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::detector::{AffineMap, Detector, Inputs};
use crate::fit::FitContext;
use crate::lower::{Folding, Graph, Lowering};
use crate::method::{Method, Needs};
use crate::score::Row;
use crate::statistics::{SumBy, SumOf, SumSet};
use crate::tensors::{TensorReader, TensorWriter};
use crate::view::View;

pub(crate) const ENTRY: Entry = Entry {
    word: "cosine",
    formula: "-max_k <x, mu_k> / (||x|| ||mu_k||)",
    paper: "Bitterwolf et al., ICML 2023 (NINCO)",
    inputs: "features; fitting needs labels",
    parameters: "",
    parse: Parse::Method(|_| Ok(Box::new(Cosine))),
};

/// Outlier score: minus the largest cosine between the feature and a class mean (Bitterwolf et al.
/// 2023, "In or out? Fixing ImageNet out-of-distribution detection evaluation"). Means
/// are those of the features as they are. A zero row has cosine zero with everything; a class
/// whose mean is zero is left out.
#[derive(Debug, Clone, Copy)]
struct Cosine;

/// The numbers divided by their Euclidean norm; zeros stay zeros.
pub(super) fn unit_row(row: &[f64]) -> impl Iterator<Item = f32> {
    let norm = row.iter().map(|x| x * x).sum::<f64>().sqrt();
    let scale = if norm > 0.0 { 1.0 / norm } else { 0.0 };
    row.iter().map(move |x| (x * scale) as f32)
}

impl Method for Cosine {
    fn needs(&self) -> Needs {
        Needs {
            features: true,
            sums: SumSet::only(SumOf::Raw, SumBy::Label),
            ..Needs::default()
        }
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError> {
        let sums = context.sums(SumOf::Raw, SumBy::Label)?;
        // Sums have the directions of means.
        let directions = sums
            .sums
            .chunks_exact(sums.width())
            .filter(|sum| sum.iter().any(|&x| x != 0.0));
        let matrix: Vec<f32> = directions.flat_map(unit_row).collect();
        if matrix.is_empty() {
            return Err(context.error("every class mean is zero, which has no direction"));
        }
        let offset = vec![0.0; matrix.len() / sums.width()];
        let means = Arc::new(AffineMap {
            view: View::Unit,
            matrix,
            offset,
        });
        Ok(Box::new(CosineDetector { means }))
    }

    fn load(&self, tensors: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        let means = AffineMap::load("means", View::Unit, tensors)?;
        Ok(Box::new(CosineDetector { means }))
    }
}

#[derive(Debug)]
struct CosineDetector {
    /// Class means of unit length.
    means: Arc<AffineMap>,
}

impl Detector for CosineDetector {
    fn inputs(&self) -> Inputs {
        Inputs {
            maps: vec![Arc::clone(&self.means)],
            ..Inputs::default()
        }
    }

    fn parts(&self) -> Vec<&'static str> {
        vec!["largest cosine"]
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        let largest = row.map(0).iter().copied().fold(f32::NEG_INFINITY, f32::max);
        parts[0] = f64::from(largest);
    }

    fn score(&self, parts: &[f64]) -> f64 {
        -parts[0]
    }

    fn save(&self, tensors: &mut TensorWriter) {
        self.means.save("means", tensors);
    }

    fn lower(&self, graph: &mut Graph) -> Lowering {
        let cosines = graph.map(&self.means);
        let largest = graph.fold(Folding::Max, cosines);
        Ok(graph.neg(largest))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{fit_labelled_error, fit_labelled_scores};

    #[test]
    fn by_hand() {
        // Class means (2, 0) and (0, 5); class 1 has no row. (3, 4): cosines 3/5 and 4/5.
        let train = [1.0, 0.0, 3.0, 0.0, 0.0, 5.0];
        let rows = [3.0, 4.0, 0.0, 0.0];
        let scores = fit_labelled_scores("cosine", &train, 2, &[0, 0, 2], &rows);
        assert!((scores[0] + 0.8).abs() < 1e-6, "{scores:?}");
        assert_eq!(scores[1], 0.0);
        let opposite = [1.0, 0.0, -1.0, 0.0];
        assert!(fit_labelled_error("cosine", &opposite, 2, &[0, 0]).contains("no direction"));
    }
}
