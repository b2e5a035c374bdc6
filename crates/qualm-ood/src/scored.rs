use qualm_data::{Chunk, Source};
use rayon::prelude::*;

use crate::extent::Extent;
use crate::fit::check_label;
use crate::reference::ReferenceRows;
use crate::score::{Scorer, TILE_ROWS, TileRows};
use crate::{Bundle, OodError, RulerRows, Split};

/// Rows whose scores one task takes.
const TASK: usize = 256;

/// A tile of rows with their scores.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{FitInput, FitOptions, fit, score};
/// let rows = MemorySet::new("rows").with_logits(vec![2.0, 0.0, 0.5, 1.0], 2)?;
/// let input = FitInput { train: &rows, head: None };
/// let bundle = fit(input, &["maxlogit".parse()?], &FitOptions::default(), &mut |_| {})?.bundle;
/// score(&bundle, &rows, &mut |scored| {
///     assert_eq!((scored.chunk.rows, scored.scores(0)), (2, &[-2.0, -1.0][..]));
///     assert_eq!(scored.predicted(1), Some(1));
///     Ok(())
/// })?;
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug)]
pub struct Scored<'a> {
    /// The rows, with ids and labels where they have them.
    pub chunk: &'a Chunk,
    scorer: &'a Scorer<'a>,
    scores: &'a [Vec<f64>],
}

impl Scored<'_> {
    /// The outlier scores of one detector, one a row.
    pub fn scores(&self, detector: usize) -> &[f64] {
        &self.scores[detector]
    }

    /// The class that the classifier predicts for a row, where any detector looks at its own logits.
    pub fn predicted(&self, row: usize) -> Option<u32> {
        self.scorer.predicted(row)
    }

    /// What the tile's scores were made of.
    pub fn scorer(&self) -> &Scorer<'_> {
        self.scorer
    }
}

/// Scores all rows of `source` in one pass and hands them on tile by tile; a tile is scored while
/// another thread reads the next.
///
/// # Errors
/// When rows lack what the detectors need or are not finite, and those of `sink`.
pub fn score(
    bundle: &Bundle,
    source: &dyn Source,
    sink: &mut dyn FnMut(&Scored<'_>) -> Result<(), OodError>,
) -> Result<(), OodError> {
    let mut scorer = bundle.scorer(source.name(), source.schema())?;
    let mut scores = vec![Vec::with_capacity(TILE_ROWS); bundle.detectors().len()];
    Extent::whole(source).for_each_block(TILE_ROWS as u64, |chunk| {
        scorer.measure(TileRows {
            features: &chunk.features,
            logits: &chunk.logits,
            rows: chunk.rows,
        });
        for (detector, scores) in scores.iter_mut().enumerate() {
            scores.clear();
            let rows = (0..chunk.rows).into_par_iter().with_min_len(TASK);
            scores.par_extend(rows.map(|row| scorer.score(row, detector)));
        }
        sink(&Scored {
            chunk,
            scorer: &scorer,
            scores: &scores,
        })
    })
}

/// Replaces the reference of `bundle` by the scores of all in-distribution rows of `source`, those
/// with a negative label left out. Nothing is fitted.
///
/// A detector that combines others keeps the rows that it measures them against; `source` must
/// not hold these. Where it still lacks them ([`RulerRows::Reference`]), they are a third of
/// `source`, drawn by row number or group, and the reference of all detectors is the rest.
///
/// # Errors
/// As for [`score`], when no row is left, and when a label is none of the classes.
pub fn calibrate(bundle: &mut Bundle, source: &dyn Source) -> Result<(), OodError> {
    let lacking = bundle.lacks_ruler();
    let ruler = lacking.then(|| RulerRows::of_reference(bundle.split()));
    if let Some(ruler) = &ruler {
        complete_rulers(bundle, source, ruler)?;
    }
    let mut reference = ReferenceRows::new(bundle.detectors().len());
    let classes = bundle.shape().classes;
    score(bundle, source, &mut |scored| {
        for row in 0..scored.chunk.rows {
            if let Some(&label) = scored.chunk.labels.get(row) {
                let global = scored.chunk.first_row + row as u64;
                check_label(label, classes, global, source.name())?;
            }
            let ruler = ruler.is_some_and(|ruler| is_held_back(&ruler, scored.chunk, row));
            if ruler || is_outlier(scored.chunk, row) {
                continue;
            }
            reference.push_scores((0..scored.scores.len()).map(|d| scored.scores(d)[row]));
            reference.extend_predicted(scored.predicted(row).as_slice());
        }
        Ok(())
    })?;
    let reference = reference.checked()?.ok_or_else(|| {
        let what = match ruler {
            None => "no in-distribution row",
            Some(_) => "too few in-distribution rows for reference and ruler",
        };
        OodError::rows(
            source.name(),
            format!("holds {what}; a reference needs some"),
        )
    })?;
    bundle.set_reference(reference);
    Ok(())
}

fn is_outlier(chunk: &Chunk, row: usize) -> bool {
    chunk.labels.get(row).is_some_and(|&label| label < 0)
}

fn is_held_back(split: &Split, chunk: &Chunk, row: usize) -> bool {
    split.holds_back(chunk.first_row + row as u64, chunk.groups.get(row))
}

/// Gives detectors the rows of `source` that `ruler` draws to measure their components against.
fn complete_rulers(
    bundle: &mut Bundle,
    source: &dyn Source,
    ruler: &Split,
) -> Result<(), OodError> {
    let mut rows = vec![Vec::new(); bundle.detectors().len()];
    let mut scorer = bundle.measurer(source.name(), source.schema())?;
    Extent::whole(source).for_each_block(TILE_ROWS as u64, |chunk| {
        scorer.measure(TileRows {
            features: &chunk.features,
            logits: &chunk.logits,
            rows: chunk.rows,
        });
        for row in (0..chunk.rows).filter(|&row| !is_outlier(chunk, row)) {
            if is_held_back(ruler, chunk, row) {
                for (detector, rows) in rows.iter_mut().enumerate() {
                    rows.extend_from_slice(scorer.parts(row, detector));
                }
            }
        }
        Ok(())
    })?;
    bundle.set_rulers(&rows)
}
