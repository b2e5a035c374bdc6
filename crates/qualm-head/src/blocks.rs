use qualm_data::{Chunk, DataError, RowReader, Schema, Source};

use crate::HeadError;

/// Most rows a block holds: enough that a matrix product does not notice its edges.
const MOST_ROWS: usize = 1024;
/// Most features a block holds while it has more than [`FEWEST_ROWS`] rows: 8 MB in `f32`.
const MOST_FEATURES: usize = 1 << 21;
/// Fewest rows of a full block, however wide they are.
const FEWEST_ROWS: usize = 8;

/// Rows `first_row..first_row + rows` of a source, checked: every number finite, every column as
/// long as the schema says.
#[derive(Debug, Default)]
pub(crate) struct Block {
    pub(crate) first_row: u64,
    pub(crate) rows: usize,
    /// `rows x D`, empty without features.
    pub(crate) features: Vec<f32>,
    /// `rows x C`, empty without logits.
    pub(crate) logits: Vec<f32>,
    /// Empty without labels.
    pub(crate) labels: Vec<i64>,
}

/// A pass over a source in blocks whose borders depend on the row numbers and the width alone.
///
/// A reader may give fewer rows than asked for, by the layout of its files. Whatever is added up
/// block by block is rounded the same way only if the blocks are the same.
pub(crate) struct Blocks<'a> {
    name: &'a str,
    schema: &'a Schema,
    reader: Box<dyn RowReader + 'a>,
    chunk: Chunk,
    block: Block,
    block_rows: usize,
}

impl<'a> Blocks<'a> {
    pub(crate) fn of(source: &'a dyn Source) -> Result<Self, DataError> {
        let schema = source.schema();
        let width = schema.dim.unwrap_or(0).max(schema.classes.unwrap_or(0));
        Ok(Self {
            name: source.name(),
            schema,
            reader: source.reader()?,
            chunk: Chunk::default(),
            block: Block::default(),
            block_rows: (MOST_FEATURES / width.max(1)).clamp(FEWEST_ROWS, MOST_ROWS),
        })
    }

    /// The next block, `None` after the last row. Every block but the last is full.
    pub(crate) fn next(&mut self) -> Result<Option<&Block>, HeadError> {
        let block = &mut self.block;
        block.first_row += block.rows as u64;
        block.rows = 0;
        block.features.clear();
        block.logits.clear();
        block.labels.clear();
        while block.rows < self.block_rows {
            self.reader
                .read(&mut self.chunk, self.block_rows - block.rows)?;
            if self.chunk.rows == 0 {
                break;
            }
            check(&self.chunk, self.name, self.schema)?;
            block.features.extend_from_slice(&self.chunk.features);
            block.logits.extend_from_slice(&self.chunk.logits);
            block.labels.extend_from_slice(&self.chunk.labels);
            block.rows += self.chunk.rows;
        }
        Ok((block.rows > 0).then_some(&self.block))
    }
}

fn check(chunk: &Chunk, name: &str, schema: &Schema) -> Result<(), DataError> {
    let columns = [
        ("features", chunk.features.len(), schema.dim.unwrap_or(0)),
        ("logits", chunk.logits.len(), schema.classes.unwrap_or(0)),
        ("labels", chunk.labels.len(), usize::from(schema.labels)),
    ];
    for (array, len, width) in columns {
        if Some(len) != chunk.rows.checked_mul(width) {
            return Err(DataError::Shape(format!(
                "{name}: {} rows from row {} came with {len} numbers in `{array}` where each row has {width}; \
                 the file changed while it was read",
                chunk.rows, chunk.first_row
            )));
        }
    }
    chunk.check_finite(name, schema)
}

#[cfg(test)]
mod tests {
    use super::*;
    use qualm_data::MemorySet;

    #[test]
    fn borders_depend_on_the_width_alone() {
        let rows = |dim: usize| {
            let set = MemorySet::new("zeros")
                .with_features(vec![0.0; 2000 * dim], dim)
                .unwrap();
            let mut blocks = Blocks::of(&set).unwrap();
            let mut rows = Vec::new();
            while let Some(block) = blocks.next().unwrap() {
                rows.push((block.first_row, block.rows));
            }
            rows
        };
        assert_eq!(rows(1), [(0, 1024), (1024, 976)]);
        assert_eq!(rows(4096)[..2], [(0, 512), (512, 512)]);
    }

    #[test]
    fn a_number_that_is_not_finite_is_refused_with_its_row() {
        let set = MemorySet::new("one")
            .with_features(vec![0.0, 1.0, f32::NAN, 1.0], 2)
            .unwrap();
        let error = Blocks::of(&set).unwrap().next().unwrap_err().to_string();
        assert!(error.starts_with("one: row 1 holds NaN in `features` column 0"));
    }
}
