use crate::{Chunk, DataError, Schema};

/// A feature set that can be read from its first row to its last, as often as needed.
///
/// Implemented by files ([`FeatureSet`](crate::FeatureSet)) and by rows in memory
/// ([`MemorySet`](crate::MemorySet)).
///
/// ```
/// use qualm_data::{Chunk, DataError, MemorySet, Source};
/// fn outliers(source: &dyn Source) -> Result<usize, DataError> {
///     let (mut reader, mut chunk, mut count) = (source.reader()?, Chunk::default(), 0);
///     loop {
///         reader.read(&mut chunk, source.schema().rows_per_chunk())?;
///         if chunk.rows == 0 {
///             return Ok(count);
///         }
///         count += chunk.labels.iter().filter(|label| **label < 0).count();
///     }
/// }
/// let set = MemorySet::new("rows").with_logits(vec![0.5, 2.0, 3.5], 1)?;
/// assert_eq!(outliers(&set.with_labels(vec![0, -1, 0])?)?, 1);
/// # Ok::<(), DataError>(())
/// ```
pub trait Source: Send + Sync {
    /// How errors and reports name this set: its path, or a word for rows in memory.
    fn name(&self) -> &str;

    /// Columns, widths and number of rows, known before the first read.
    fn schema(&self) -> &Schema;

    /// Starts a new pass at the first row.
    ///
    /// # Errors
    /// When the file can no longer be opened or has changed its header.
    fn reader(&self) -> Result<Box<dyn RowReader + '_>, DataError>;
}

/// One pass over a [`Source`].
///
/// ```
/// use qualm_data::{Chunk, MemorySet, Source};
/// let set = MemorySet::new("rows").with_features(vec![0.5, 1.5, 2.5, 3.5], 1)?;
/// let (mut reader, mut chunk) = (set.reader()?, Chunk::default());
/// reader.skip(3)?;
/// reader.read(&mut chunk, 10)?;
/// assert_eq!(chunk.features, [3.5]);
/// reader.read(&mut chunk, 10)?;
/// assert_eq!(chunk.rows, 0, "that was the end");
/// # Ok::<(), qualm_data::DataError>(())
/// ```
pub trait RowReader: Send {
    /// Replaces the content of `chunk` by the next `max_rows` rows, or by those that are left:
    /// fewer rows than asked for, or none, mean the end. Numbers are as stored: whoever computes
    /// with them calls [`Chunk::check_finite`] first.
    ///
    /// # Errors
    /// When the file ends early or cannot be read.
    fn read(&mut self, chunk: &mut Chunk, max_rows: usize) -> Result<(), DataError>;

    /// Passes over the next `rows` rows, or over those that are left.
    ///
    /// # Errors
    /// As for [`RowReader::read`].
    fn skip(&mut self, rows: u64) -> Result<(), DataError> {
        const ROWS_AT_ONCE: usize = 1024;
        let mut chunk = Chunk::default();
        let mut left = rows;
        while left > 0 {
            self.read(&mut chunk, left.min(ROWS_AT_ONCE as u64) as usize)?;
            if chunk.rows == 0 {
                break;
            }
            left -= chunk.rows as u64;
        }
        Ok(())
    }
}
