use std::ops::Range;
use std::sync::mpsc::{channel, sync_channel};

use qualm_data::{Chunk, RowReader, Source};

use crate::OodError;

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

    /// Calls `work` for each block of rows in turn, while the next one is being read and checked.
    /// Blocks begin at multiples of `block_rows`, counted over the whole feature set.
    ///
    /// # Errors
    /// Those of reading and of `work`, NaN and infinity with their row.
    pub(crate) fn for_each_block(
        &self,
        block_rows: u64,
        mut work: impl FnMut(&Chunk) -> Result<(), OodError>,
    ) -> Result<(), OodError> {
        let mut blocks = self.blocks(block_rows)?;
        if self.rows.end - self.rows.start <= block_rows {
            // A thread would take longer to start than a few rows to read.
            let mut chunk = Chunk::default();
            while blocks.read(&mut chunk)? {
                work(&chunk)?;
            }
            return Ok(());
        }
        std::thread::scope(|scope| {
            let (full, filled) = sync_channel::<Result<Chunk, OodError>>(1);
            let (empty, emptied) = channel::<Chunk>();
            scope.spawn(move || {
                loop {
                    let mut chunk = emptied.try_recv().unwrap_or_default();
                    let next = match blocks.read(&mut chunk) {
                        Ok(true) => Ok(chunk),
                        Ok(false) => break,
                        Err(error) => Err(error),
                    };
                    let failed = next.is_err();
                    // The other side has gone only when it has an error of its own.
                    if full.send(next).is_err() || failed {
                        break;
                    }
                }
            });
            for chunk in filled {
                let chunk = chunk?;
                work(&chunk)?;
                let _ = empty.send(chunk);
            }
            Ok(())
        })
    }

    fn blocks(&self, block_rows: u64) -> Result<Blocks<'_>, OodError> {
        let mut reader = self.source.reader()?;
        reader.skip(self.rows.start)?;
        Ok(Blocks {
            extent: self,
            block_rows,
            reader,
            next: self.rows.start,
        })
    }

    /// Checks that `chunk` holds the source's rows `start..end`, all finite, and numbers them.
    fn check(&self, chunk: &mut Chunk, start: u64, end: u64) -> Result<(), OodError> {
        let (name, schema) = (self.source.name(), self.source.schema());
        if (chunk.rows as u64) < end - start {
            return Err(OodError::rows(
                name,
                format!(
                    "ended at row {} of {}",
                    start + chunk.rows as u64,
                    schema.rows
                ),
            ));
        }
        chunk.first_row = start + self.offset;
        chunk.check_finite(name, schema)?;
        Ok(())
    }
}

/// The blocks of an extent, one after the other.
struct Blocks<'a> {
    extent: &'a Extent<'a>,
    block_rows: u64,
    reader: Box<dyn RowReader + 'a>,
    /// The source's row that comes next.
    next: u64,
}

impl Blocks<'_> {
    /// Replaces the content of `chunk` by the next block; false where there is none.
    fn read(&mut self, chunk: &mut Chunk) -> Result<bool, OodError> {
        let (extent, next) = (self.extent, self.next);
        if next >= extent.rows.end {
            return Ok(false);
        }
        let global = next + extent.offset;
        let boundary = (global / self.block_rows + 1) * self.block_rows - extent.offset;
        let end = boundary.min(extent.rows.end);
        self.reader.read(chunk, (end - next) as usize)?;
        extent.check(chunk, next, end)?;
        self.next = end;
        Ok(true)
    }
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
            .for_each_block(4096, |chunk| {
                seen.push((chunk.first_row, chunk.rows));
                Ok(())
            })
            .unwrap();
        assert_eq!(seen, [(4010, 86), (4096, 4096), (8192, 4096), (12288, 712)]);
    }
}
