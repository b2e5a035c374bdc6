use std::ops::Range;

use crate::{Chunk, DataError, KeyColumn, RowReader, Schema, Source};

/// A feature set whose rows are in memory, for library users, tests and the demo.
///
/// ```
/// use qualm_data::{MemorySet, Source};
/// let set = MemorySet::new("batch").with_features(vec![1.0, 2.0, 3.0, 4.0], 2)?.with_labels(vec![0, 1])?;
/// assert_eq!(set.schema().rows, 2);
/// # Ok::<(), qualm_data::DataError>(())
/// ```
#[derive(Debug, Clone)]
pub struct MemorySet {
    name: String,
    schema: Schema,
    rows: Chunk,
}

impl MemorySet {
    /// A set without columns; errors will call it `name`.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            schema: Schema::default(),
            rows: Chunk::default(),
        }
    }

    /// Adds features, row-major `N x dim`.
    ///
    /// # Errors
    /// [`DataError::Shape`] when the length is no multiple of `dim` or disagrees with other columns.
    pub fn with_features(mut self, features: Vec<f32>, dim: usize) -> Result<Self, DataError> {
        let rows = whole_rows(&self.name, "features", features.len(), dim)?;
        self.set_rows("features", rows)?;
        self.schema.dim = Some(dim);
        self.rows.features = features.into();
        Ok(self)
    }

    /// Adds logits, row-major `N x classes`.
    ///
    /// # Errors
    /// [`DataError::Shape`] as for [`MemorySet::with_features`].
    pub fn with_logits(mut self, logits: Vec<f32>, classes: usize) -> Result<Self, DataError> {
        let rows = whole_rows(&self.name, "logits", logits.len(), classes)?;
        self.set_rows("logits", rows)?;
        self.schema.classes = Some(classes);
        self.rows.logits = logits.into();
        Ok(self)
    }

    /// Adds one label a row; negative means out of distribution.
    ///
    /// # Errors
    /// [`DataError::Shape`] when the number of labels disagrees with other columns.
    pub fn with_labels(mut self, labels: Vec<i64>) -> Result<Self, DataError> {
        self.set_rows("labels", labels.len())?;
        self.schema.labels = true;
        self.rows.labels = labels;
        Ok(self)
    }

    /// Adds one group a row.
    ///
    /// # Errors
    /// [`DataError::Shape`] when the number of groups disagrees with other columns.
    pub fn with_groups(mut self, groups: KeyColumn) -> Result<Self, DataError> {
        self.set_rows("groups", groups.len())?;
        self.schema.groups = true;
        self.rows.groups = groups;
        Ok(self)
    }

    /// Adds one id a row.
    ///
    /// # Errors
    /// [`DataError::Shape`] when the number of ids disagrees with other columns.
    pub fn with_ids(mut self, ids: KeyColumn) -> Result<Self, DataError> {
        self.set_rows("ids", ids.len())?;
        self.schema.ids = true;
        self.rows.ids = ids;
        Ok(self)
    }

    /// Reads a whole source into memory.
    ///
    /// # Errors
    /// Those of the source.
    pub fn read(source: &dyn Source) -> Result<Self, DataError> {
        const ROWS_AT_ONCE: usize = 4096;
        let mut all = Chunk::default();
        let mut chunk = Chunk::default();
        let mut reader = source.reader()?;
        loop {
            reader.read(&mut chunk, ROWS_AT_ONCE)?;
            if chunk.rows == 0 {
                break;
            }
            append(&mut all, &chunk, 0, chunk.rows, source.schema());
        }
        Ok(Self {
            name: source.name().to_owned(),
            schema: source.schema().clone(),
            rows: held(all),
        })
    }

    /// The rows `keep` names, in that order.
    ///
    /// # Errors
    /// [`DataError::Shape`] when a row number is beyond the end.
    pub fn select(&self, name: impl Into<String>, keep: &[usize]) -> Result<Self, DataError> {
        let mut rows = Chunk::default();
        for &row in keep {
            if row >= self.rows.rows {
                return Err(DataError::Shape(format!(
                    "{}: row {row} was asked for, but there are {} rows",
                    self.name, self.rows.rows
                )));
            }
            append(&mut rows, &self.rows, row, 1, &self.schema);
        }
        let schema = Schema {
            rows: keep.len() as u64,
            ..self.schema.clone()
        };
        Ok(Self {
            name: name.into(),
            schema,
            rows: held(rows),
        })
    }

    /// All rows at once.
    pub fn rows(&self) -> &Chunk {
        &self.rows
    }

    fn set_rows(&mut self, array: &str, rows: usize) -> Result<(), DataError> {
        let other = self.schema.dim.is_some()
            || self.schema.classes.is_some()
            || self.schema.labels
            || self.schema.groups
            || self.schema.ids;
        if other && rows != self.rows.rows {
            return Err(DataError::Shape(format!(
                "{}: `{array}` has {rows} rows where the other columns have {}",
                self.name, self.rows.rows
            )));
        }
        self.rows.rows = rows;
        self.schema.rows = rows as u64;
        Ok(())
    }
}

fn whole_rows(name: &str, array: &str, len: usize, width: usize) -> Result<usize, DataError> {
    if width == 0 || !len.is_multiple_of(width) {
        return Err(DataError::Shape(format!(
            "{name}: `{array}` holds {len} numbers, which is not a whole number of rows of width {width}"
        )));
    }
    Ok(len / width)
}

/// The same rows, of which readers get parts of the matrices without a copy.
fn held(rows: Chunk) -> Chunk {
    Chunk {
        features: rows.features.into_vec().into(),
        logits: rows.logits.into_vec().into(),
        ..rows
    }
}

/// Copies `count` rows of `from`, starting at its row `start`, to the end of `to`.
fn append(to: &mut Chunk, from: &Chunk, start: usize, count: usize, schema: &Schema) {
    let end = start + count;
    if let Some(dim) = schema.dim {
        to.features
            .to_fill()
            .extend_from_slice(&from.features[start * dim..end * dim]);
    }
    if let Some(classes) = schema.classes {
        to.logits
            .to_fill()
            .extend_from_slice(&from.logits[start * classes..end * classes]);
    }
    append_keys(to, from, start..end, schema);
}

/// Copies what is no matrix.
fn append_keys(to: &mut Chunk, from: &Chunk, rows: Range<usize>, schema: &Schema) {
    if schema.labels {
        to.labels.extend_from_slice(&from.labels[rows.clone()]);
    }
    if schema.groups {
        to.groups.extend_from(&from.groups, rows.start, rows.end);
    }
    if schema.ids {
        to.ids.extend_from(&from.ids, rows.start, rows.end);
    }
    to.rows += rows.len();
}

impl Source for MemorySet {
    fn name(&self) -> &str {
        &self.name
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn reader(&self) -> Result<Box<dyn RowReader + '_>, DataError> {
        Ok(Box::new(MemoryReader { set: self, next: 0 }))
    }
}

struct MemoryReader<'a> {
    set: &'a MemorySet,
    next: usize,
}

impl RowReader for MemoryReader<'_> {
    fn read(&mut self, chunk: &mut Chunk, max_rows: usize) -> Result<(), DataError> {
        let count = max_rows.min(self.set.rows.rows - self.next);
        let (rows, schema) = (&self.set.rows, &self.set.schema);
        let end = self.next + count;
        chunk.clear(self.next as u64);
        if let Some(dim) = schema.dim {
            chunk
                .features
                .share(&rows.features, self.next * dim..end * dim);
        }
        if let Some(classes) = schema.classes {
            chunk
                .logits
                .share(&rows.logits, self.next * classes..end * classes);
        }
        append_keys(chunk, rows, self.next..end, schema);
        self.next = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three_rows() -> MemorySet {
        MemorySet::new("three")
            .with_features(vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0], 2)
            .and_then(|set| set.with_labels(vec![7, -1, 9]))
            .and_then(|set| set.with_ids(KeyColumn::Text(vec!["a".into(), "b".into(), "c".into()])))
            .unwrap()
    }

    #[test]
    fn a_pass_yields_every_row_once_whatever_the_chunk() {
        let set = three_rows();
        let mut reader = set.reader().unwrap();
        let mut chunk = Chunk::default();
        reader.read(&mut chunk, 2).unwrap();
        assert_eq!((chunk.first_row, chunk.rows), (0, 2));
        reader.read(&mut chunk, 2).unwrap();
        assert_eq!((chunk.first_row, chunk.rows), (2, 1));
        assert_eq!(chunk.features, [4.0, 5.0]);
        assert_eq!(chunk.ids, KeyColumn::Text(vec!["c".into()]));
        reader.read(&mut chunk, 2).unwrap();
        assert_eq!(chunk.rows, 0);
    }

    #[test]
    fn selected_rows_keep_their_columns() {
        let picked = three_rows().select("picked", &[2, 0]).unwrap();
        assert_eq!(picked.rows().features, [4.0, 5.0, 0.0, 1.0]);
        assert_eq!(picked.rows().labels, [9, 7]);
        assert!(three_rows().select("beyond", &[3]).is_err());
    }

    #[test]
    fn columns_must_agree_in_length() {
        assert!(three_rows().with_logits(vec![0.0; 4], 2).is_err());
        assert!(
            MemorySet::new("odd")
                .with_features(vec![0.0; 5], 2)
                .is_err()
        );
    }
}
