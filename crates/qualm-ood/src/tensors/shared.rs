//! Arrays that several detectors of a bundle share: stored once, held once.

use std::sync::{Arc, PoisonError};

use qualm_linalg::NeighbourGraph;

use super::{TensorReader, TensorWriter, all_finite};
use crate::OodError;
use crate::detector::AffineMap;
use crate::statistics::{Bank, BankNeed};

/// What stands before the names of the bank's arrays.
const BANK: &str = "bank/";

impl TensorWriter {
    /// Adds the bank of fitting rows. All detectors of a bundle share one: the largest, of which
    /// smaller ones are a part.
    pub(crate) fn bank(&mut self, bank: &Bank) {
        let there = self.arrays.get(&format!("{BANK}row_numbers"));
        if there.is_some_and(|there| there.shape[0] >= bank.len()) {
            return;
        }
        self.under(BANK.to_owned(), |tensors| {
            tensors.matrix("rows", &bank.rows, bank.dim);
            tensors.vector("row_numbers", &bank.row_numbers);
            tensors.vector("labels", &bank.labels);
            if !bank.logits.is_empty() {
                let classes = bank.logits.len() / bank.len();
                tensors.matrix("logits", &bank.logits, classes);
            }
        });
    }

    /// Writes arrays whose names begin with `prefix` alone, for several detectors to share.
    pub(crate) fn under(&mut self, prefix: String, write: impl FnOnce(&mut Self)) {
        let own = std::mem::replace(&mut self.prefix, prefix);
        write(self);
        self.prefix = own;
    }
}

impl TensorReader<'_> {
    /// The map that an earlier detector of the file gave, where it is equal, else this one.
    pub(crate) fn shared(&self, map: AffineMap) -> Arc<AffineMap> {
        let mut maps = self
            .file
            .maps
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(equal) = maps.iter().find(|other| ***other == map) {
            return Arc::clone(equal);
        }
        let map = Arc::new(map);
        maps.push(Arc::clone(&map));
        map
    }

    /// The bank of fitting rows, or those of them that `need` draws.
    ///
    /// # Errors
    /// When it is missing or damaged.
    pub(crate) fn bank(&self, need: BankNeed) -> Result<Arc<Bank>, OodError> {
        let mut held = self
            .file
            .banks
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bank)) = held.iter().find(|(rows, _)| *rows == need.rows) {
            return Ok(Arc::clone(bank));
        }
        let whole = match held.iter().find(|(rows, _)| rows.is_none()) {
            Some((_, bank)) => Arc::clone(bank),
            None => Arc::new(self.whole_bank()?),
        };
        held.push((None, Arc::clone(&whole)));
        let Some(limit) = need.rows.filter(|&limit| limit < whole.len()) else {
            return Ok(whole);
        };
        let drawn = Arc::new(whole.drawn(limit));
        held.push((need.rows, Arc::clone(&drawn)));
        Ok(drawn)
    }

    fn whole_bank(&self) -> Result<Bank, OodError> {
        let reader = self.file.reader(BANK);
        let rows = reader.matrix::<f32>("rows", self.dim())?;
        let row_numbers: Vec<u64> = reader.vector("row_numbers", rows.len() / self.dim())?;
        let labels = reader.any_vector("labels")?;
        if !all_finite(&rows) || (!labels.is_empty() && labels.len() != row_numbers.len()) {
            return Err(reader.wrong("rows", "is not finite or has labels for other rows"));
        }
        let logits = match reader.width("logits") {
            None => Vec::new(),
            Some(classes) => reader.matrix::<f32>("logits", classes)?,
        };
        let classes = logits.len().checked_div(row_numbers.len()).unwrap_or(0);
        if !all_finite(&logits) || logits.len() != classes * row_numbers.len() {
            return Err(reader.wrong("logits", "is not finite or belongs to other rows"));
        }
        Ok(Bank {
            rows,
            row_numbers,
            labels,
            logits,
            dim: self.dim(),
        })
    }

    /// The graph over `rows` rows, read once for all detectors.
    ///
    /// # Errors
    /// Those of `load`.
    pub(crate) fn graph(
        &self,
        rows: usize,
        load: impl FnOnce(&Self, usize) -> Result<NeighbourGraph, OodError>,
    ) -> Result<Arc<NeighbourGraph>, OodError> {
        let held = &self.file.graphs;
        let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(graph) = held.iter().find(|graph| graph.len() == rows) {
            return Ok(Arc::clone(graph));
        }
        let graph = Arc::new(load(self, rows)?);
        held.push(Arc::clone(&graph));
        Ok(graph)
    }

    /// The arrays of the file whose names begin with `prefix` alone.
    pub(crate) fn under(&self, prefix: String) -> TensorReader<'_> {
        self.file.reader(prefix)
    }
}
