//! Generalised entropy times the residual's norm.

use std::sync::Arc;

use super::dimension::Dimension;
use super::generalised_entropy::GeneralisedEntropy;
use super::residual::{check_residual, load_residual, residual_map, save_residual};
use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::detector::{AffineMap, Detector, Inputs, LogitInput};
use crate::fit::{FitContext, Origin};
use crate::lower::{Graph, Lowering, Pairing, residual_norm};
use crate::method::{Method, Needs};
use crate::score::Row;
use crate::tensors::{TensorReader, TensorWriter};
use crate::view::{PerView, View};

pub(crate) const ENTRY: Entry = Entry {
    word: "gen+residual",
    formula: "gen(x) ||R^T (x - u)||",
    paper: "Liu et al., CVPR 2023",
    inputs: "features and a head",
    parameters: "those of gen, and dim=auto|rule|N|0.99 (explained variance)",
    parse: Parse::Method(|arguments| {
        let entropy = GeneralisedEntropy::take(arguments)?;
        let dim = Dimension::take(arguments)?;
        Ok(Box::new(GenResidual { entropy, dim }))
    }),
};

/// Outlier score `G(x) ||R^T (x - u)||`: the generalised entropy of the largest probabilities times
/// the norm of what leaves the principal space of the fitting rows (Liu et al. 2023, "GEN: Pushing
/// the limits of softmax-based out-of-distribution detection", section 5.3). `G` is that of `gen`,
/// `R` and `u` are those of `residual`; the authors' dimension is `dim=rule` where features are at
/// least 768 wide. Their code takes the probabilities of in-distribution rows after ReAct, those of
/// other rows before; here all are before.
#[derive(Debug, Clone, Copy)]
struct GenResidual {
    entropy: GeneralisedEntropy,
    dim: Dimension,
}

impl Method for GenResidual {
    fn needs(&self) -> Needs {
        Needs {
            features: true,
            logits: true,
            head: true,
            moments: PerView::only(View::Raw),
            part_means: true,
            ..Needs::default()
        }
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError> {
        let (map, size) = residual_map(self.dim, Origin::Head, context)?;
        let entropy = self.entropy;
        Ok(Box::new(GenResidualDetector { entropy, map, size }))
    }

    fn load(&self, tensors: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        let (map, size) = load_residual(tensors)?;
        let entropy = self.entropy;
        Ok(Box::new(GenResidualDetector { entropy, map, size }))
    }
}

#[derive(Debug)]
struct GenResidualDetector {
    entropy: GeneralisedEntropy,
    map: Arc<AffineMap>,
    /// Root mean square distance of the fitting rows from the origin.
    size: f64,
}

impl Detector for GenResidualDetector {
    fn inputs(&self) -> Inputs {
        Inputs {
            logits: Some(LogitInput::Plain),
            maps: vec![Arc::clone(&self.map)],
            ..Inputs::default()
        }
    }

    fn parts(&self) -> Vec<&'static str> {
        vec!["residual norm", "generalised entropy"]
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        parts[0] = qualm_linalg::norm(row.map(0));
        parts[1] = self.entropy.of(row.logits());
    }

    fn score(&self, parts: &[f64]) -> f64 {
        parts[0] * parts[1]
    }

    fn set_part_means(&mut self, means: &[f64]) -> Result<(), String> {
        check_residual(means[0], self.size)
    }

    fn save(&self, tensors: &mut TensorWriter) {
        save_residual(&self.map, self.size, tensors);
    }

    fn lower(&self, graph: &mut Graph) -> Lowering {
        let norm = residual_norm(graph, &self.map);
        let entropy = self.entropy.lower(graph);
        Ok(graph.pair(norm, Pairing::Mul, entropy))
    }
}

#[cfg(test)]
mod tests {
    use qualm_data::Head;

    use crate::testing::fit_scores;

    #[test]
    fn is_the_product_of_its_factors() {
        // Equal logits without bias: p = (1/2, 1/2), G = 2 (1/4) with gamma = 1, and u = 0. Rows
        // along x with spread 3, across it 1: the residual of (a, b) is |b|.
        let train = [3.0, 1.0, 3.0, -1.0, -3.0, 1.0, -3.0, -1.0];
        let head = || Head::new(vec![1.0, 1.0, 1.0, 1.0], vec![0.0; 2], 2).unwrap();
        let rows = [7.0, 5.0, 0.0, -2.0];
        let recipe = "gen+residual(gamma=1,dim=1)";
        let scores = fit_scores(recipe, &train, 2, Some(head()), &rows);
        assert!((scores[0] - 2.5).abs() < 1e-5, "{scores:?}");
        assert!((scores[1] - 1.0).abs() < 1e-5, "{scores:?}");
        let gen_only = fit_scores("gen(gamma=1)", &train, 2, Some(head()), &rows);
        assert!((gen_only[0] - 0.5).abs() < 1e-6);
    }
}
