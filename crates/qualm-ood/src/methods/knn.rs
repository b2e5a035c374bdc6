//! Distance to the k-th nearest fitting row.

use std::sync::Arc;

use super::bank_size::BankSize;
use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::detector::{Detector, Inputs, NeighbourInput};
use crate::fit::FitContext;
use crate::index::{GraphIndex, REFUSAL};
use crate::lower::{Graph, Lowering, Pairing};
use crate::method::{Method, Needs};
use crate::score::Row;
use crate::statistics::Bank;
use crate::tensors::{TensorReader, TensorWriter};

pub(crate) const ENTRY: Entry = Entry {
    word: "knn",
    formula: "distance of x/||x|| to its k-th nearest x_i/||x_i||",
    paper: "Sun et al., ICML 2022",
    inputs: "features",
    parameters: "k=50, bank=all | bank=N (rows) | share=S (of the fitting rows), index=exact | \
                 index=hnsw (a graph; feature hnsw), ef=max(4k, 128) (rows kept on the way through it)",
    parse: Parse::Method(|arguments| {
        let k: usize = arguments.take_or("k", 50, "a whole number from 1", |k| *k > 0)?;
        let size = BankSize::take(arguments, 1.0)?;
        let breadth = match arguments.take("index") {
            None | Some("exact") => None,
            Some("hnsw") => Some(k.saturating_mul(4).max(128)),
            Some(other) => return Err(arguments.wrong("index", other, "`exact` or `hnsw`")),
        };
        let breadth = match (breadth, arguments.take("ef")) {
            (usual, None) => usual,
            (Some(_), Some(value)) => match value.parse() {
                Ok(ef) if ef >= k => Some(ef),
                _ => return Err(arguments.wrong("ef", value, "a whole number from k")),
            },
            (None, Some(value)) => {
                return Err(arguments.wrong("ef", value, "for index=hnsw alone"));
            }
        };
        Ok(Box::new(Knn { k, size, breadth }))
    }),
};

/// Outlier score: Euclidean distance of the unit feature to the `k`-th nearest unit feature of the
/// fitting rows (Sun et al. 2022, "Out-of-distribution detection with deep nearest neighbors",
/// section 3). Exact: the `k` rows with the largest inner product are found by blocked matrix
/// products, the distance itself is then computed from differences in `f64`, so that near
/// duplicates do not cancel. OpenOOD returns the squared distance, which ranks alike.
///
/// `index=hnsw` finds the `k` rows by steps through a graph (Malkov and Yashunin 2018, with 16
/// links a row, 32 in the lowest layer, and 128 rows looked at for each) and misses some of them:
/// fitting measures the share that is found. The distance to the last of those found is computed
/// as in the exact search. The score stays a fixed function of the row, since graph and search are
/// the same for every row and in any company, so p-values and thresholds keep their promise with
/// whatever is missed. `ef` is the number of rows that a search keeps on its way.
///
/// A zero row has no direction; it keeps distance one from everything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Knn {
    k: usize,
    size: BankSize,
    /// Of the search through a graph; none where all rows are looked at.
    breadth: Option<usize>,
}

impl Method for Knn {
    fn needs(&self) -> Needs {
        Needs {
            features: true,
            bank: Some(self.size.gathered(false)),
            graph: self.breadth.is_some(),
            ..Needs::default()
        }
    }

    fn refusal(&self) -> Option<&'static str> {
        self.breadth.and(REFUSAL)
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError> {
        let bank = self.size.bank(context, false)?;
        if self.k > bank.len() {
            return Err(context.error(format!(
                "k={} neighbours were asked for, but the bank holds {} fitting rows; choose a smaller k \
                 or a larger bank",
                self.k,
                bank.len()
            )));
        }
        let build = |breadth| GraphIndex::build(context, &bank, self.k, breadth);
        let index = self.breadth.map(build).transpose()?;
        Ok(Box::new(KnnDetector {
            bank,
            k: self.k,
            index,
        }))
    }

    fn load(&self, tensors: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        let bank = BankSize::load(tensors, false)?;
        if self.k > bank.len() {
            return Err(tensors.wrong("bank", format!("holds fewer than k={} rows", self.k)));
        }
        let load = |breadth| GraphIndex::load(tensors, &bank, breadth);
        let index = self.breadth.map(load).transpose()?;
        Ok(Box::new(KnnDetector {
            bank,
            k: self.k,
            index,
        }))
    }
}

#[derive(Debug)]
struct KnnDetector {
    bank: Arc<Bank>,
    k: usize,
    index: Option<GraphIndex>,
}

impl Detector for KnnDetector {
    fn inputs(&self) -> Inputs {
        let neighbours = NeighbourInput {
            bank: Arc::clone(&self.bank),
            k: self.k,
            weights: None,
            graph: self.index.as_ref().map(|index| index.input.clone()),
        };
        Inputs {
            neighbours: Some(neighbours),
            ..Inputs::default()
        }
    }

    fn parts(&self) -> Vec<&'static str> {
        vec!["distance"]
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        // `solve` and `load` saw to it that the bank holds k rows.
        let farthest = row.neighbours()[self.k - 1];
        let start = farthest.index as usize * self.bank.dim;
        let other = &self.bank.rows[start..start + self.bank.dim];
        parts[0] = qualm_linalg::distance(row.unit(), other);
    }

    fn score(&self, parts: &[f64]) -> f64 {
        parts[0]
    }

    fn note(&self) -> Option<String> {
        self.index.as_ref()?.note(self.k)
    }

    fn save(&self, tensors: &mut TensorWriter) {
        BankSize::save(&self.bank, tensors);
        if let Some(index) = &self.index {
            index.save(tensors);
        }
    }

    fn lower(&self, graph: &mut Graph) -> Lowering {
        if self.index.is_some() {
            return Err("it walks through a graph of neighbours; index=exact does not".to_owned());
        }
        let unit = graph.unit();
        let farthest = graph.row_in_rank(unit, self.bank.rows.clone(), self.k);
        let difference = graph.pair(unit, Pairing::Sub, farthest);
        Ok(graph.norm(difference))
    }
}

#[cfg(test)]
mod tests {
    use crate::Recipe;
    use crate::testing::{fit_error, fit_scores};

    #[test]
    fn by_hand() {
        // Directions 0 and 90 degrees; the query at 0 degrees has distances 0 and sqrt(2).
        let train = [2.0, 0.0, 0.0, 5.0];
        let query = [3.0, 0.0, 0.0, 0.0];
        let nearest = fit_scores("knn(k=1)", &train, 2, None, &query);
        assert_eq!(nearest[0], 0.0);
        // A zero row stands at distance one.
        assert_eq!(nearest[1], 1.0);
        let second = fit_scores("knn(k=2)", &train, 2, None, &query);
        assert!((second[0] - 2f64.sqrt()).abs() < 1e-7);
        assert!(fit_error("knn(k=3)", &train, 2, None).contains("smaller k"));
    }

    #[test]
    fn a_bank_of_one_row() {
        // Whichever of the two is drawn, the query halfway has distance sqrt(2 - 2 cos 45 degrees).
        let train = [2.0, 0.0, 0.0, 5.0];
        let nearest = fit_scores("knn(k=1,bank=1)", &train, 2, None, &[3.0, 3.0])[0];
        assert!((nearest - (2.0 - 2f64.sqrt()).sqrt()).abs() < 1e-7);
        let error = fit_error("knn(k=2,bank=1)", &train, 2, None);
        assert!(error.contains("the bank holds 1 fitting rows"), "{error}");
    }

    #[test]
    fn an_index_is_refused_before_anything_is_read() {
        let error = |text: &str| text.parse::<Recipe>().unwrap_err().to_string();
        assert!(error("knn(index=tree)").contains("`exact` or `hnsw`"));
        assert!(error("knn(ef=300)").contains("for index=hnsw alone"));
        assert!(error("knn(k=50,index=hnsw,ef=49)").contains("a whole number from k"));
        if cfg!(not(feature = "hnsw")) {
            let error = fit_error("knn(k=1,index=hnsw)", &[1.0, 2.0], 2, None);
            assert!(
                error.starts_with("knn: index=hnsw needs a program"),
                "{error}"
            );
            assert!(error.contains("feature `hnsw`") && error.contains("exact search"));
        }
    }
}
