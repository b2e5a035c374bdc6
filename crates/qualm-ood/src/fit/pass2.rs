use std::collections::BTreeMap;
use std::ops::Range;

use qualm_data::Chunk;

use super::Split;
use super::blocks::{BLOCK_ROWS, Sorted, select_rows};
use crate::OodError;
use crate::extent::Extent;
use crate::method::TailNeed;
use crate::score::{Scorer, TILE_ROWS, TileRows};
use crate::statistics::{Forest, Merge, Tails};

/// What the second pass gathers: sums of the detectors' parts over the fitting rows, and the parts
/// of the rows held back.
#[derive(Debug, Default)]
pub(crate) struct Pass2 {
    pub(crate) sums: Forest<PartSums>,
    /// The largest numbers by class, of the detectors that asked for them.
    pub(crate) tails: BTreeMap<usize, Tails>,
    /// Runs of rows held back, keyed by the number of the first.
    pub(crate) held: BTreeMap<u64, HeldRows>,
}

/// Which detectors want the largest of which of their parts, by their place among the leaves of
/// the bundle's detectors.
pub(crate) type TailNeeds = BTreeMap<usize, TailNeed>;

/// Sums of parts, all detectors in a row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct PartSums {
    pub(crate) count: f64,
    pub(crate) sums: Vec<f64>,
}

/// Parts of rows held back.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct HeldRows {
    /// Rows times parts of all detectors.
    pub(crate) parts: Vec<f64>,
    /// Predicted classes; empty where no detector looks at the
    /// classifier's own logits.
    pub(crate) predicted: Vec<u32>,
    /// One for each row of the ruler, zero for others; empty where no detector needs a ruler.
    pub(crate) ruler: Vec<u32>,
}

impl Merge for PartSums {
    fn merge(&mut self, later: Self) {
        self.sums.resize(self.sums.len().max(later.sums.len()), 0.0);
        self.sums
            .iter_mut()
            .zip(&later.sums)
            .for_each(|(a, b)| *a += b);
        self.count += later.count;
    }
}

impl PartSums {
    fn add(&mut self, parts: &[f64]) {
        self.count += 1.0;
        self.sums.resize(parts.len(), 0.0);
        self.sums
            .iter_mut()
            .zip(parts)
            .for_each(|(sum, part)| *sum += part);
    }

    /// Mean of each part.
    pub(crate) fn means(&self) -> Vec<f64> {
        self.sums.iter().map(|sum| sum / self.count).collect()
    }
}

impl HeldRows {
    /// Whether row `row` of these is one of the ruler's.
    pub(crate) fn is_ruler(&self, row: usize) -> bool {
        self.ruler.get(row) == Some(&1)
    }
}

impl Pass2 {
    /// The parts `own` of each row of the ruler, where rows have `width` parts.
    pub(crate) fn ruler_rows(&self, own: Range<usize>, width: usize) -> Vec<f64> {
        let mut rows = Vec::new();
        for held in self.held.values() {
            let parts = held.parts.chunks_exact(width.max(1)).enumerate();
            for (_, parts) in parts.filter(|(row, _)| held.is_ruler(*row)) {
                rows.extend_from_slice(&parts[own.clone()]);
            }
        }
        rows
    }

    /// Takes in what other rows gave.
    pub(crate) fn merge(&mut self, other: Self, needs: &TailNeeds) {
        for node in other.sums.into_nodes() {
            self.sums.insert(node);
        }
        for (detector, tails) in other.tails {
            let keep = needs.get(&detector).map_or(0, |need| need.keep);
            self.tails.entry(detector).or_default().merge(tails, keep);
        }
        self.held.extend(other.held);
    }
}

/// What becomes of the rows of a second pass.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Splits<'a> {
    /// Which are held back.
    pub(crate) held: &'a Split,
    /// Which of them detectors measure their components against, where any does.
    pub(crate) ruler: Option<&'a Split>,
}

/// Runs the second pass with the detectors of `scorer`. The fitting rows are measured where `fit`
/// says which of their largest numbers are wanted; those held back always are.
pub(crate) fn run(
    extent: &Extent<'_>,
    scorer: &mut Scorer<'_>,
    splits: Splits<'_>,
    fit: Option<&TailNeeds>,
    progress: &mut dyn FnMut(u64),
) -> Result<Pass2, OodError> {
    let mut pass = Pass2::default();
    let mut kept = Kept::default();
    for &detector in fit.into_iter().flatten().map(|(detector, _)| detector) {
        pass.tails.insert(detector, Tails::default());
    }
    extent.for_each_block(BLOCK_ROWS, |chunk| {
        let sorted = Sorted::new(chunk, splits.held, None, extent.source.name())?;
        if let Some(needs) = fit {
            let mut block = PartSums::default();
            kept.measure(chunk, &sorted.fit, scorer, |scorer, row, place| {
                block.add(scorer.all_parts(row));
                // Outliers, whose labels are negative, are not fitted on.
                let label = chunk.labels.get(place).map(|&label| label as u32);
                if label.is_some() && label == scorer.predicted(row) {
                    for (detector, tails) in &mut pass.tails {
                        let need = needs[detector];
                        let number = scorer.leaf_parts(row, *detector)[need.part];
                        tails.add(chunk.labels[place] as usize, number, need.keep);
                    }
                }
            });
            pass.sums.insert_block(chunk.first_row / BLOCK_ROWS, block);
        }
        if let Some(&first) = sorted.held.first() {
            let mut held = HeldRows::default();
            kept.measure(chunk, &sorted.held, scorer, |scorer, row, place| {
                held.parts.extend_from_slice(scorer.all_parts(row));
                held.predicted.extend(scorer.predicted(row));
                held.ruler.extend(splits.ruler.map(|ruler| {
                    let number = chunk.first_row + place as u64;
                    u32::from(ruler.holds_back(number, chunk.groups.get(place)))
                }));
            });
            pass.held.insert(chunk.first_row + first as u64, held);
        }
        progress(chunk.rows as u64);
        Ok(())
    })?;
    Ok(pass)
}

/// Buffers for the rows of a block that are measured.
#[derive(Debug, Default)]
struct Kept {
    features: Vec<f32>,
    logits: Vec<f32>,
}

impl Kept {
    /// Measures the rows at the places `keep` of a block; `take` gets each row's number in the
    /// scorer's tile and its place.
    fn measure(
        &mut self,
        chunk: &Chunk,
        keep: &[usize],
        scorer: &mut Scorer<'_>,
        mut take: impl FnMut(&Scorer<'_>, usize, usize),
    ) {
        if chunk.rows == 0 {
            return;
        }
        let (dim, classes) = (
            chunk.features.len() / chunk.rows,
            chunk.logits.len() / chunk.rows,
        );
        let features = select_rows(&chunk.features, chunk.rows, keep, &mut self.features);
        let logits = select_rows(&chunk.logits, chunk.rows, keep, &mut self.logits);
        for start in (0..keep.len()).step_by(TILE_ROWS) {
            let end = (start + TILE_ROWS).min(keep.len());
            scorer.measure(TileRows {
                features: &features[start * dim..end * dim],
                logits: &logits[start * classes..end * classes],
                rows: end - start,
            });
            for (row, &place) in keep[start..end].iter().enumerate() {
                take(scorer, row, place);
            }
        }
    }
}
