//! A graph over a bank, for searches that need not look at all of it.

#[cfg(feature = "hnsw")]
mod sampled;

use std::sync::Arc;

use qualm_linalg::{Layer, NeighbourGraph};

#[cfg(feature = "hnsw")]
pub(crate) use sampled::SampledGraph;

use crate::OodError;
use crate::detector::GraphInput;
use crate::fit::FitContext;
use crate::statistics::Bank;
use crate::tensors::{TensorReader, TensorWriter};

/// Up to here the exact search was measured to be faster (`bench/README.md`).
#[cfg(feature = "hnsw")]
const WORTHWHILE: usize = 100_000;

/// What stands before the names of a graph's arrays, followed by the number of its rows: banks of
/// one size are one.
const PREFIX: &str = "graph/";

/// How one detector searches a graph, and how much it finds.
#[derive(Debug, Clone)]
pub(crate) struct GraphIndex {
    pub(crate) input: GraphInput,
    recall: Recall,
}

/// Which share of the nearest rows a search finds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recall {
    pub(crate) share: f64,
    /// Rows that it was measured on.
    pub(crate) queries: usize,
}

/// Why this program cannot build a graph, where it cannot.
pub(crate) const REFUSAL: Option<&str> = if cfg!(feature = "hnsw") {
    None
} else {
    Some(
        "index=hnsw needs a program that was built with the feature `hnsw`; leave `index` away for \
         the exact search, over fewer rows with bank=N where it takes too long",
    )
};

impl GraphIndex {
    /// The index over `bank` for the `k` nearest, searched with `breadth`.
    ///
    /// # Errors
    /// Where this program cannot build one.
    #[cfg(feature = "hnsw")]
    pub(crate) fn build(
        context: &FitContext<'_>,
        bank: &Arc<Bank>,
        k: usize,
        breadth: usize,
    ) -> Result<Self, OodError> {
        let sampled = context.graph(bank)?;
        if bank.len() <= WORTHWHILE {
            context.warn(format!(
                "a graph over {} fitting rows is searched more slowly than the rows themselves: leave \
                 index=hnsw away up to {WORTHWHILE} rows",
                bank.len()
            ));
        }
        Ok(Self {
            recall: sampled.recall(bank, k, breadth),
            input: GraphInput {
                graph: Arc::clone(sampled.whole()),
                breadth,
            },
        })
    }

    /// Refuses, for want of a builder.
    #[cfg(not(feature = "hnsw"))]
    pub(crate) fn build(
        context: &FitContext<'_>,
        _: &Arc<Bank>,
        _: usize,
        _: usize,
    ) -> Result<Self, OodError> {
        Err(context.error(REFUSAL.unwrap_or_default()))
    }

    /// The measured recall, for people.
    pub(crate) fn note(&self, k: usize) -> Option<String> {
        let Recall { share, queries } = self.recall;
        (queries > 0).then(|| {
            format!(
                "its graph finds {:.2} % of the {k} nearest of {} fitting rows (over {queries} of them \
                 that were searched for before they were in it)",
                share * 100.0,
                self.input.graph.len()
            )
        })
    }

    pub(crate) fn save(&self, tensors: &mut TensorWriter) {
        tensors.vector("recall", &[self.recall.share, self.recall.queries as f64]);
        let graph = &self.input.graph;
        tensors.under(format!("{PREFIX}{}/", graph.len()), |tensors| {
            tensors.vector("entry", &[graph.entry()]);
            for (at, layer) in graph.layers().iter().enumerate() {
                tensors.vector(&format!("{at}/nodes"), &layer.nodes);
                tensors.vector(&format!("{at}/starts"), &layer.starts);
                tensors.vector(&format!("{at}/links"), &layer.links);
            }
        });
    }

    /// The index that was written for `bank`.
    ///
    /// # Errors
    /// When arrays are missing or are no graph over as many rows.
    pub(crate) fn load(
        tensors: &TensorReader<'_>,
        bank: &Bank,
        breadth: usize,
    ) -> Result<Self, OodError> {
        let recall = tensors.vector::<f64>("recall", 2)?;
        let whole = recall[1].fract() == 0.0 && (0.0..1e9).contains(&recall[1]);
        if !(0.0..=1.0).contains(&recall[0]) || !whole {
            return Err(tensors.wrong("recall", "is no share of a number of rows"));
        }
        Ok(Self {
            input: GraphInput {
                graph: tensors.graph(bank.len(), load_graph)?,
                breadth,
            },
            recall: Recall {
                share: recall[0],
                queries: recall[1] as usize,
            },
        })
    }
}

/// The graph over `rows` rows of a file.
fn load_graph(file: &TensorReader<'_>, rows: usize) -> Result<NeighbourGraph, OodError> {
    let tensors = file.under(format!("{PREFIX}{rows}/"));
    let entry = tensors.vector::<u32>("entry", 1)?[0];
    let layer = |at: u64| {
        Ok(Layer {
            nodes: tensors.any_vector(&format!("{at}/nodes"))?,
            starts: tensors.any_vector(&format!("{at}/starts"))?,
            links: tensors.any_vector(&format!("{at}/links"))?,
        })
    };
    let layers = tensors.numbers_after("").into_iter().map(layer);
    let layers = layers.collect::<Result<Vec<_>, OodError>>()?;
    NeighbourGraph::from_parts(entry, layers, rows)
        .ok_or_else(|| tensors.wrong("0/links", "is no graph over the rows of the bank"))
}
