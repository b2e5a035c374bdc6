use std::ops::Range;
use std::sync::mpsc::{channel, sync_channel};

use qualm_data::{Chunk, Source};

use super::Split;
use crate::OodError;

/// Rows of a block. Blocks begin at multiples of this number, counted over the whole feature set:
/// sums are taken block by block, so that neither chunks nor threads nor shards that end between
/// blocks change a byte of the result.
pub const BLOCK_ROWS: u64 = 4096;

/// What a pass reads: a range of a source's rows, and the global number of the source's first row
/// where the source is itself a part of a larger feature set.
#[derive(Clone)]
pub(crate) struct Extent<'a> {
    pub(crate) source: &'a dyn Source,
    /// Global number of the source's row 0.
    pub(crate) offset: u64,
    /// Rows of the source.
    pub(crate) rows: Range<u64>,
}

impl<'a> Extent<'a> {
    /// All rows of `source`.
    pub(crate) fn whole(source: &'a dyn Source) -> Self {
        Self {
            source,
            offset: 0,
            rows: 0..source.schema().rows,
        }
    }

    /// Calls `work` for each block in turn, while the next one is being read.
    ///
    /// # Errors
    /// Those of reading and of `work`, NaN and infinity with their row.
    pub(crate) fn for_each_block(
        &self,
        mut work: impl FnMut(&Chunk) -> Result<(), OodError>,
    ) -> Result<(), OodError> {
        let schema = self.source.schema();
        std::thread::scope(|scope| {
            let (full, filled) = sync_channel::<Result<Chunk, OodError>>(1);
            let (empty, emptied) = channel::<Chunk>();
            scope.spawn(move || {
                let read_all = || -> Result<(), OodError> {
                    let mut reader = self.source.reader()?;
                    reader.skip(self.rows.start)?;
                    let mut next = self.rows.start;
                    while next < self.rows.end {
                        let mut chunk = emptied.try_recv().unwrap_or_default();
                        let global = next + self.offset;
                        let boundary = (global / BLOCK_ROWS + 1) * BLOCK_ROWS - self.offset;
                        let end = boundary.min(self.rows.end);
                        reader.read(&mut chunk, (end - next) as usize)?;
                        if (chunk.rows as u64) < end - next {
                            return Err(OodError::rows(
                                self.source.name(),
                                format!(
                                    "ended at row {} of {}",
                                    next + chunk.rows as u64,
                                    schema.rows
                                ),
                            ));
                        }
                        chunk.first_row = global;
                        next = end;
                        if full.send(Ok(chunk)).is_err() {
                            break;
                        }
                    }
                    Ok(())
                };
                if let Err(error) = read_all() {
                    // The other side has gone only when it has an error of its own.
                    let _ = full.send(Err(error));
                }
            });
            for chunk in filled {
                let chunk = chunk?;
                chunk.check_finite(self.source.name(), schema)?;
                work(&chunk)?;
                let _ = empty.send(chunk);
            }
            Ok(())
        })
    }
}

/// What becomes of each row of a block.
#[derive(Debug, Default)]
pub(crate) struct Sorted {
    /// Positions in the block of the rows to fit on.
    pub(crate) fit: Vec<usize>,
    /// Positions of the rows held back.
    pub(crate) held: Vec<usize>,
    /// Rows labelled as out of distribution, never fitted on.
    pub(crate) outliers: u64,
}

impl Sorted {
    /// Sorts the rows of a block. `classes` bounds the labels where it is known.
    pub(crate) fn new(
        chunk: &Chunk,
        split: &Split,
        classes: Option<usize>,
        origin: &str,
    ) -> Result<Self, OodError> {
        let mut sorted = Self::default();
        for row in 0..chunk.rows {
            let global = chunk.first_row + row as u64;
            match chunk.labels.get(row) {
                Some(&label) if label < 0 => {
                    sorted.outliers += 1;
                    continue;
                }
                Some(&label) => check_label(label, classes).map_err(|problem| {
                    OodError::rows(origin, format!("row {global}: {problem}"))
                })?,
                None => {}
            }
            if split.holds_back(global, chunk.groups.get(row)) {
                sorted.held.push(row);
            } else {
                sorted.fit.push(row);
            }
        }
        Ok(sorted)
    }
}

/// Beyond this, a label is taken for a mistake where nothing else bounds it.
const LARGEST_LABEL: i64 = 1_000_000;

fn check_label(label: i64, classes: Option<usize>) -> Result<(), String> {
    match classes {
        Some(classes) if label >= classes as i64 => Err(format!(
            "label {label} is out of range: there are {classes} classes, numbered from 0"
        )),
        None if label > LARGEST_LABEL => Err(format!(
            "label {label} is too large to be a class number; number classes from 0"
        )),
        _ => Ok(()),
    }
}

/// Copies the rows `keep` of a row-major matrix to `to`; borrows it whole where all are kept.
pub(crate) fn select_rows<'a>(
    matrix: &'a [f32],
    rows: usize,
    keep: &[usize],
    to: &'a mut Vec<f32>,
) -> &'a [f32] {
    if keep.len() == rows || matrix.is_empty() {
        return matrix;
    }
    let width = matrix.len() / rows;
    to.clear();
    for &row in keep {
        to.extend_from_slice(&matrix[row * width..(row + 1) * width]);
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;
    use qualm_data::MemorySet;

    #[test]
    fn blocks_end_at_global_multiples() {
        let set = MemorySet::new("rows")
            .with_features(vec![0.0; 10_000], 1)
            .unwrap();
        let extent = Extent {
            source: &set,
            offset: 4000,
            rows: 10..9000,
        };
        let mut seen = Vec::new();
        extent
            .for_each_block(|chunk| {
                seen.push((chunk.first_row, chunk.rows));
                Ok(())
            })
            .unwrap();
        assert_eq!(seen, [(4010, 86), (4096, 4096), (8192, 4096), (12288, 712)]);
    }

    #[test]
    fn labels_sort_rows() {
        let chunk = Chunk {
            rows: 3,
            labels: vec![1, -1, 2],
            ..Chunk::default()
        };
        let sorted = Sorted::new(&chunk, &Split::none(), Some(3), "set").unwrap();
        assert_eq!((sorted.fit, sorted.outliers), (vec![0, 2], 1));
        let error = Sorted::new(&chunk, &Split::none(), Some(2), "set")
            .unwrap_err()
            .to_string();
        assert!(error.contains("row 2: label 2 is out of range"), "{error}");
    }
}
