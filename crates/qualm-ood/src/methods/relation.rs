//! Relation to the fitting rows in features and probabilities.

use std::sync::Arc;

use rayon::prelude::*;

use super::bank_size::BankSize;
use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::detector::{Detector, Inputs, LogitInput, RelationInput};
use crate::fit::FitContext;
use crate::lower::{Folding, Function, Graph, Lowering, Pairing};
use crate::method::{Method, Needs};
use crate::score::Row;
use crate::softmax::softmax;
use crate::statistics::Bank;
use crate::tensors::{TensorReader, TensorWriter};

pub(crate) const ENTRY: Entry = Entry {
    word: "relation",
    formula: "-sum of k_i^pow over k_i > cut, k_i = cos(x, x_i) <p, p_i>",
    paper: "Kim et al., NeurIPS 2023",
    inputs: "features and logits",
    parameters: "pow=1, cut=0.03, bank=all | bank=N (rows) | share=S (of the fitting rows)",
    parse: Parse::Method(|arguments| {
        let positive = |power: &f64| power.is_finite() && *power > 0.0;
        let power = arguments.take_or("pow", 1.0, "a number above 0", positive)?;
        let share = |cut: &f32| (0.0..1.0).contains(cut);
        let cut = arguments.take_or("cut", 0.03, "a number from 0, below 1", share)?;
        let size = BankSize::take(arguments, 1.0)?;
        Ok(Box::new(Relation { power, cut, size }))
    }),
};

/// Outlier score `-sum_i k_i^pow` over the fitting rows with `k_i > cut`, where
/// `k_i = max(0, <u, u_i>) <p, p_i>` for unit features `u` and softmax probabilities `p` (Kim et
/// al., "Neural relation graph: a unified framework for identifying label noise and outlier data",
/// NeurIPS 2023, section 3; the cut is that of their code). Rows near in features vouch for a row as
/// far as the classifier says the same of both.
///
/// Exact over the bank, block by block: two matrix products give all `k_i` of a tile. `bank=N`
/// or `share=S` draws some of the fitting rows, as row numbers tell. OpenOOD chooses `pow` from 1 to 8 by rows that are
/// known to be outliers, and holds all training rows on the GPU.
#[derive(Debug, Clone, Copy)]
struct Relation {
    power: f64,
    cut: f32,
    size: BankSize,
}

impl Relation {
    /// The detector for a bank with `classes` logits a row.
    fn detector(self, bank: Arc<Bank>, classes: usize) -> Box<dyn Detector> {
        let mut probabilities = bank.logits.clone();
        probabilities
            .par_chunks_exact_mut(classes)
            .for_each(softmax);
        Box::new(RelationDetector {
            input: RelationInput {
                bank,
                probabilities: probabilities.into(),
                power: self.power,
                cut: self.cut,
            },
        })
    }
}

impl Method for Relation {
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
        let classes = bank.logits.len() / bank.len();
        Ok(self.detector(bank, classes))
    }

    fn load(&self, tensors: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        let bank = BankSize::load(tensors, true)?;
        let classes = tensors.classes();
        if bank.logits.len() != bank.len() * classes {
            return Err(tensors.wrong("bank", "holds no logits of its rows"));
        }
        Ok(self.detector(bank, classes))
    }
}

#[derive(Debug)]
struct RelationDetector {
    input: RelationInput,
}

impl Detector for RelationDetector {
    fn inputs(&self) -> Inputs {
        Inputs {
            logits: Some(LogitInput::Plain),
            relation: Some(self.input.clone()),
            ..Inputs::default()
        }
    }

    fn parts(&self) -> Vec<&'static str> {
        vec!["relation to the fitting rows"]
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        parts[0] = row.relation();
    }

    fn score(&self, parts: &[f64]) -> f64 {
        -parts[0]
    }

    fn save(&self, tensors: &mut TensorWriter) {
        BankSize::save(&self.input.bank, tensors);
    }

    fn lower(&self, graph: &mut Graph) -> Lowering {
        let (unit, probabilities) = (graph.unit(), graph.probabilities());
        let similarities = graph.products(unit, self.input.bank.rows.clone());
        let agreements = graph.products(probabilities, self.input.probabilities.to_vec());
        let relations = graph.pair(similarities, Pairing::Mul, agreements);
        let cut = graph.number(self.input.cut.into());
        let above = graph.pair(relations, Pairing::Above, cut);
        let mut counted = graph.pair(relations, Pairing::Mul, above);
        if self.input.power != 1.0 {
            let power = graph.number(self.input.power);
            // A negative relation, which is none here, has no power.
            let positive = graph.each(Function::Abs, counted);
            counted = graph.pair(positive, Pairing::Pow, power);
        }
        let sum = graph.fold(Folding::Sum, counted);
        Ok(graph.neg(sum))
    }
}

#[cfg(test)]
mod tests {
    use qualm_data::Head;

    use crate::Recipe;
    use crate::testing::{fit_scores, numbers};

    /// Logits are the features.
    fn identity() -> Option<Head> {
        Some(Head::new(vec![1.0, 0.0, 0.0, 1.0], vec![0.0; 2], 2).unwrap())
    }

    #[test]
    fn by_hand() {
        // (1, 1) has cosine sqrt(1/2) and agreement 1/2 with both rows; (-1, 0) is behind one and
        // across the other.
        let train = [2.0, 0.0, 0.0, 3.0];
        let rows = [1.0, 1.0, -1.0, 0.0];
        let scores = |recipe: &str| fit_scores(recipe, &train, 2, identity(), &rows);
        let half = 0.5f64.sqrt() / 2.0;
        let close = |recipe: &str, want: f64| {
            let got = scores(recipe);
            assert!((got[0] + want).abs() < 1e-6, "{recipe}: {got:?}");
            assert_eq!(got[1], 0.0);
        };
        close("relation", 2.0 * half);
        close("relation(pow=2)", 2.0 * half * half);
        close("relation(cut=0.4)", 0.0);
        close("relation(bank=1)", half);
        assert!("relation(cut=1)".parse::<Recipe>().is_err());
    }

    #[test]
    fn blocks_of_the_bank_add_up() {
        // Every row twice over: twice the sum, over a bank of more than one block.
        let train = numbers(2 * 3000, 5);
        let twice = [&train[..], &train].concat();
        let rows = numbers(10, 6);
        let once = fit_scores("relation", &train, 2, identity(), &rows);
        let both = fit_scores("relation", &twice, 2, identity(), &rows);
        for (one, two) in once.iter().zip(&both) {
            assert!((two / one - 2.0).abs() < 1e-9, "{one} and {two}");
        }
    }
}
