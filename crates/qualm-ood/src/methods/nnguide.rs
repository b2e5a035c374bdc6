//! NNGuide: energy guided by the nearest fitting rows.

use std::sync::Arc;

use qualm_linalg::{largest, log_sum_exp};
use rayon::prelude::*;

use super::bank_size::BankSize;
use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::detector::{Detector, Inputs, LogitInput, NeighbourInput};
use crate::fit::FitContext;
use crate::lower::{Folding, Graph, Lowering, Pairing};
use crate::method::{Method, Needs};
use crate::score::Row;
use crate::statistics::Bank;
use crate::tensors::{TensorReader, TensorWriter, all_finite};

pub(crate) const ENTRY: Entry = Entry {
    word: "nnguide",
    formula: "-E(x) mean of the k largest <u, u_i> E(x_i), u = x/||x||",
    paper: "Park et al., ICCV 2023",
    inputs: "features and logits",
    parameters: "k=10, bank=all | bank=N (rows) | share=S (of the fitting rows), preset=openood",
    parse: Parse::Method(|arguments| {
        let (k, share) = match arguments.take("preset") {
            None => (10, 1.0),
            Some("openood") => (100, 0.01),
            Some(other) => return Err(arguments.wrong("preset", other, "`openood`")),
        };
        let k = arguments.take_or("k", k, "a whole number from 1", |k| *k > 0)?;
        Ok(Box::new(NnGuide {
            k,
            size: BankSize::take(arguments, share)?,
        }))
    }),
};

/// Outlier score `-E(x) G(x)` with the energy `E(x) = log sum_c exp(l_c)` and the guidance `G(x)`,
/// the mean of the `k` largest `<u, u_i> E(x_i)` over fitting rows `i`, where `u` is a feature
/// divided by its norm (Park et al. 2023, "Nearest neighbor guidance for out-of-distribution
/// detection"): near rows of which the classifier is sure vouch for a row.
///
/// The paper takes all fitting rows of small data sets and 1 % of ImageNet's, `share=0.01`, drawn
/// at random. So are they here, by row number: shards and runs draw the same. `bank=N` draws N
/// rows and holds at most twice as many while fitting. OpenOOD has `k=100, share=0.01` and takes the first
/// rows, whichever classes these are.
#[derive(Debug, Clone, Copy)]
struct NnGuide {
    k: usize,
    size: BankSize,
}

impl Method for NnGuide {
    fn needs(&self) -> Needs {
        Needs {
            features: true,
            logits: true,
            bank: Some(self.size.gathered(true)),
            ..Needs::default()
        }
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError> {
        let bank = self.size.bank(context, true)?;
        if self.k > bank.len() {
            return Err(context.error(format!(
                "k={} neighbours were asked for, but the bank holds {} fitting rows; choose a smaller \
                 k or a larger bank",
                self.k,
                bank.len()
            )));
        }
        let energy = |logits: &[f32]| {
            let max = largest(logits).map_or(0.0, |(_, max)| max);
            log_sum_exp(logits, max) as f32
        };
        let classes = bank.logits.len() / bank.len();
        let energies = bank.logits.par_chunks_exact(classes).map(energy).collect();
        Ok(Box::new(NnGuideDetector {
            k: self.k,
            bank,
            energies,
        }))
    }

    fn load(&self, tensors: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        let energies: Vec<f32> = tensors.any_vector("energies")?;
        let bank = BankSize::load(tensors, false)?;
        if bank.len() != energies.len() || self.k > bank.len() || !all_finite(&energies) {
            return Err(tensors.wrong("energies", "is not finite or belongs to other rows"));
        }
        Ok(Box::new(NnGuideDetector {
            k: self.k,
            bank,
            energies: energies.into(),
        }))
    }
}

#[derive(Debug)]
struct NnGuideDetector {
    k: usize,
    bank: Arc<Bank>,
    /// Energy of each row of the bank.
    energies: Arc<[f32]>,
}

const ENERGY: usize = 0;
const GUIDANCE: usize = 1;

impl Detector for NnGuideDetector {
    fn inputs(&self) -> Inputs {
        let neighbours = NeighbourInput {
            bank: Arc::clone(&self.bank),
            k: self.k,
            weights: Some(Arc::clone(&self.energies)),
            graph: None,
        };
        Inputs {
            logits: Some(LogitInput::Plain),
            neighbours: Some(neighbours),
            ..Inputs::default()
        }
    }

    fn parts(&self) -> Vec<&'static str> {
        vec!["log-sum-exp", "guidance"]
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        let nearest = row.neighbours().iter();
        let sum: f64 = nearest.map(|near| f64::from(near.similarity)).sum();
        parts[ENERGY] = row.logits().log_sum_exp;
        parts[GUIDANCE] = sum / self.k as f64;
    }

    fn score(&self, parts: &[f64]) -> f64 {
        -parts[ENERGY] * parts[GUIDANCE]
    }

    fn save(&self, tensors: &mut TensorWriter) {
        BankSize::save(&self.bank, tensors);
        tensors.vector("energies", &self.energies);
    }

    fn lower(&self, graph: &mut Graph) -> Lowering {
        let unit = graph.unit();
        let products = graph.products(unit, self.bank.rows.clone());
        let energies = graph.row(self.energies.iter().map(|&energy| energy.into()));
        let products = graph.pair(products, Pairing::Mul, energies);
        let largest = graph.largest(products, self.k);
        let sum = graph.fold(Folding::Sum, largest);
        let guidance = graph.times(sum, (self.k as f64).recip());
        let energy = graph.log_sum_exp(1.0);
        let product = graph.pair(energy, Pairing::Mul, guidance);
        Ok(graph.neg(product))
    }
}

#[cfg(test)]
mod tests {
    use qualm_data::Head;

    use crate::testing::{fit_error, fit_scores};

    #[test]
    fn by_hand() {
        // One class: the energy is the logit, x + y. Bank: (1, 0) with 2, (0, 1) with 5, (-1, 0)
        // with -1. Row (3, 4) has energy 7 and products 0.6 * 2, 0.8 * 5 and -0.6 * -1.
        let head = || Head::new(vec![1.0, 1.0], vec![0.0], 2).unwrap();
        let train = [2.0, 0.0, 0.0, 5.0, -1.0, 0.0];
        let score = |recipe: &str| fit_scores(recipe, &train, 2, Some(head()), &[3.0, 4.0])[0];
        assert!((score("nnguide(k=1)") + 7.0 * 4.0).abs() < 1e-5);
        assert!((score("nnguide(k=3)") + 7.0 * 5.8 / 3.0).abs() < 1e-5);
        assert!(fit_error("nnguide", &train, 2, Some(head())).contains("a larger bank"));
    }
}
