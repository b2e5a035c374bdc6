use qualm_data::Chunk;
use rayon::prelude::*;

use super::Split;
use crate::OodError;

/// Rows of a block. Blocks begin at multiples of this number, counted over the whole feature set:
/// sums are taken block by block, so that neither chunks nor threads nor shards that end between
/// blocks change a byte of the result.
pub const BLOCK_ROWS: u64 = 4096;

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
                Some(&label) => check_label(label, classes, global, origin)?,
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

/// Refuses a label beyond the classes, where their number is known; a negative one marks row `row`
/// as out of distribution.
pub(crate) fn check_label(
    label: i64,
    classes: Option<usize>,
    row: u64,
    origin: &str,
) -> Result<(), OodError> {
    let problem = match classes {
        Some(classes) if label >= classes as i64 => {
            format!("is out of range: there are {classes} classes, numbered from 0")
        }
        None if label > LARGEST_LABEL => {
            "is too large to be a class number; number classes from 0".to_owned()
        }
        _ => return Ok(()),
    };
    Err(OodError::rows(
        origin,
        format!("row {row}: label {label} {problem}"),
    ))
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
    to.resize(keep.len() * width, 0.0);
    to.par_chunks_exact_mut(width)
        .zip(keep)
        .with_min_len(64)
        .for_each(|(to, &row)| to.copy_from_slice(&matrix[row * width..(row + 1) * width]));
    to
}

#[cfg(test)]
mod tests {
    use super::*;

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
