use crate::{DataError, KeyColumn, Numbers};

/// Consecutive rows of a feature set, in buffers that are reused from read to read.
///
/// A column that the feature set does not have stays empty. Matrices are row-major `f32`.
///
/// ```
/// use qualm_data::{Chunk, MemorySet, Source};
/// let set = MemorySet::new("rows").with_features(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2)?;
/// let (mut reader, mut chunk) = (set.reader()?, Chunk::default());
/// reader.read(&mut chunk, 2)?;
/// assert_eq!((chunk.first_row, chunk.rows), (0, 2));
/// reader.read(&mut chunk, 2)?;
/// assert_eq!((chunk.first_row, chunk.rows), (2, 1));
/// assert_eq!(chunk.features, [5.0, 6.0]);
/// assert!(chunk.labels.is_empty());
/// # Ok::<(), qualm_data::DataError>(())
/// ```
#[derive(Debug, Default, Clone)]
pub struct Chunk {
    /// Global number of the first row, counted from 0 over all shards.
    pub first_row: u64,
    /// Rows held.
    pub rows: usize,
    /// `rows x D`, the activations that enter the last linear layer.
    pub features: Numbers,
    /// `rows x C`, the outputs of the last linear layer.
    pub logits: Numbers,
    /// One label a row; negative means out of distribution.
    pub labels: Vec<i64>,
    /// One group a row: rows of one group never stand on both sides of a split.
    pub groups: KeyColumn,
    /// One name a row, carried through to the scores.
    pub ids: KeyColumn,
}

impl Chunk {
    /// Forgets the rows and keeps the buffers.
    pub fn clear(&mut self, first_row: u64) {
        self.first_row = first_row;
        self.rows = 0;
        self.features.clear();
        self.logits.clear();
        self.labels.clear();
        self.groups.clear();
        self.ids.clear();
    }

    /// Refuses NaN and infinity in features and logits, naming the first such row.
    ///
    /// # Errors
    /// [`DataError::NotFinite`].
    pub fn check_finite(&self, origin: &str, schema: &Schema) -> Result<(), DataError> {
        let matrices = [
            ("features", &self.features, schema.dim),
            ("logits", &self.logits, schema.classes),
        ];
        for (array, values, width) in matrices {
            let Some(width) = width else { continue };
            if let Some(at) = first_not_finite(values) {
                return Err(DataError::NotFinite {
                    origin: origin.to_owned(),
                    row: self.first_row + (at / width) as u64,
                    array,
                    column: at % width,
                    value: values[at],
                });
            }
        }
        Ok(())
    }
}

/// Position of the first NaN or infinity.
///
/// Blocks are summed without a branch per number, so that the common case (all finite) runs at
/// the speed of memory.
pub(crate) fn first_not_finite(values: &[f32]) -> Option<usize> {
    const BLOCK: usize = 1024;
    for (index, block) in values.chunks(BLOCK).enumerate() {
        // x * 0 is 0 for finite x and NaN otherwise.
        let mut lanes = [0f32; 16];
        let (body, tail) = block.as_chunks::<16>();
        for row in body {
            for (lane, x) in lanes.iter_mut().zip(row) {
                *lane += x * 0.0;
            }
        }
        let sum: f32 = lanes.iter().sum::<f32>() + tail.iter().map(|x| x * 0.0).sum::<f32>();
        if sum != 0.0 {
            return block
                .iter()
                .position(|x| !x.is_finite())
                .map(|at| index * BLOCK + at);
        }
    }
    None
}

/// Which columns a feature set has, and how wide they are.
///
/// ```
/// use qualm_data::{MemorySet, Schema, Source};
/// let set = MemorySet::new("rows").with_features(vec![0.0; 6], 3)?.with_labels(vec![0, 1])?;
/// let expected = Schema { rows: 2, dim: Some(3), labels: true, ..Schema::default() };
/// assert_eq!(set.schema(), &expected);
/// # Ok::<(), qualm_data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    /// Rows over all shards.
    pub rows: u64,
    /// D, the width of the features, where the set has features.
    pub dim: Option<usize>,
    /// C, the width of the logits, where the set has logits.
    pub classes: Option<usize>,
    /// Whether rows carry labels.
    pub labels: bool,
    /// Whether rows carry groups.
    pub groups: bool,
    /// Whether rows carry ids.
    pub ids: bool,
}

impl Schema {
    /// Rows that make a chunk of about four megabytes: enough to read at the speed of memory,
    /// little enough for any machine, however wide the rows.
    pub fn rows_per_chunk(&self) -> usize {
        const CHUNK_NUMBERS: usize = 1 << 20;
        let width = self.dim.unwrap_or(0) + self.classes.unwrap_or(0);
        (CHUNK_NUMBERS / width.max(1)).clamp(1, 1 << 14)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_not_finite_is_named_by_global_row_and_column() {
        let schema = Schema {
            rows: 3,
            dim: Some(2),
            ..Schema::default()
        };
        let mut chunk = Chunk {
            first_row: 16,
            rows: 2,
            ..Chunk::default()
        };
        chunk.features = vec![1.0, 2.0, 3.0, f32::NAN].into();
        let error = chunk.check_finite("train.npy", &schema).unwrap_err();
        assert!(
            matches!(
                error,
                DataError::NotFinite {
                    row: 17,
                    column: 1,
                    ..
                }
            ),
            "{error}"
        );
        chunk.features = vec![1.0, 2.0, 3.0, f32::MAX].into();
        assert!(chunk.check_finite("train.npy", &schema).is_ok());
    }

    #[test]
    fn the_first_of_many_is_found_behind_whole_blocks() {
        let mut values = vec![1.0f32; 5000];
        assert_eq!(first_not_finite(&values), None);
        values[4999] = f32::NEG_INFINITY;
        values[3001] = f32::INFINITY;
        assert_eq!(first_not_finite(&values), Some(3001));
    }
}
