//! Rows and a head made from random numbers, of any length without the memory for it.

use qualm_data::{Chunk, DataError, Head, RowReader, Schema, Source};
use qualm_stats::Stream;
use qualm_stats::random::DEFAULT_SEED;
use rayon::prelude::*;

/// D of the figures in `bench/README.md`.
pub(crate) const DIM: usize = 2048;
/// C of the figures in `bench/README.md`.
pub(crate) const CLASSES: usize = 1000;

/// Directions that features share; what is left is noise of a tenth of their size.
const RANK: usize = 64;

/// Rows of low rank plus noise about one, row by row the same however they are read, with classes
/// that take turns.
pub(crate) struct MadeRows {
    schema: Schema,
    directions: Vec<f32>,
}

impl MadeRows {
    pub(crate) fn new(rows: u64) -> Self {
        Self {
            schema: Schema {
                rows,
                dim: Some(DIM),
                labels: true,
                ..Schema::default()
            },
            directions: normals(0, RANK * DIM),
        }
    }

    fn make(&self, number: u64, row: &mut [f32]) {
        let mut stream = Stream::new(DEFAULT_SEED, 2 + number);
        row.fill_with(|| (1.0 + 0.1 * stream.normal()) as f32);
        for direction in self.directions.chunks_exact(DIM) {
            let weight = stream.normal() as f32 / (RANK as f32).sqrt();
            for (x, d) in row.iter_mut().zip(direction) {
                *x += weight * d;
            }
        }
    }
}

/// A head of [`CLASSES`] classes.
pub(crate) fn head() -> Head {
    let scale = (DIM as f32).sqrt();
    let weight = normals(1, CLASSES * DIM)
        .iter()
        .map(|x| x / scale)
        .collect();
    Head::new(weight, vec![0.1; CLASSES], DIM).expect("a head of that shape")
}

fn normals(stream: u64, count: usize) -> Vec<f32> {
    let mut stream = Stream::new(DEFAULT_SEED, stream);
    (0..count).map(|_| stream.normal() as f32).collect()
}

impl Source for MadeRows {
    fn name(&self) -> &str {
        "made rows"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn reader(&self) -> Result<Box<dyn RowReader + '_>, DataError> {
        Ok(Box::new(MadeReader {
            rows: self,
            next: 0,
        }))
    }
}

struct MadeReader<'a> {
    rows: &'a MadeRows,
    next: u64,
}

impl RowReader for MadeReader<'_> {
    fn read(&mut self, chunk: &mut Chunk, max_rows: usize) -> Result<(), DataError> {
        let rows = self.rows;
        chunk.clear(self.next);
        let first = self.next;
        chunk.rows = (rows.schema.rows - first).min(max_rows as u64) as usize;
        chunk.features.to_fill().resize(chunk.rows * DIM, 0.0);
        chunk
            .features
            .to_fill()
            .par_chunks_exact_mut(DIM)
            .enumerate()
            .for_each(|(index, row)| rows.make(first + index as u64, row));
        let label = |number: u64| (number % CLASSES as u64) as i64;
        chunk
            .labels
            .extend((first..first + chunk.rows as u64).map(label));
        self.next += chunk.rows as u64;
        Ok(())
    }
}
