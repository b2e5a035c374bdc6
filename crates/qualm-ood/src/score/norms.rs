use qualm_linalg::{Rows, add, product_nt, squared_norm};
use rayon::prelude::*;

use crate::detector::NormInput;

/// Rows that one task takes.
const TASK: usize = 32;

/// Squared norms of several maps of a tile's rows. The outputs are kept for one map at a time:
/// those of all maps would be an array of `rows x maps x size`.
#[derive(Debug, Default)]
pub(super) struct Norms {
    /// Row after row, a number for each map.
    squares: Vec<f64>,
    /// Outputs of one map.
    outputs: Vec<f32>,
    maps: usize,
}

impl Norms {
    /// Takes in the rows of a tile.
    pub(super) fn compute(&mut self, input: &NormInput, rows: Rows<'_, f32>) {
        let NormInput { map, size } = input;
        self.maps = map.outputs() / size;
        self.squares.resize(rows.len() * self.maps, 0.0);
        self.outputs.resize(rows.len() * size, 0.0);
        let matrices = map.matrix.chunks_exact(size * rows.width());
        for (number, (matrix, offset)) in matrices.zip(map.offset.chunks_exact(*size)).enumerate() {
            product_nt(&mut self.outputs, rows, Rows::new(matrix, rows.width()));
            self.outputs
                .par_chunks_exact_mut(*size)
                .zip(self.squares.par_chunks_exact_mut(self.maps))
                .with_min_len(TASK)
                .for_each(|(outputs, squares)| {
                    add(outputs, offset);
                    squares[number] = squared_norm(outputs);
                });
        }
    }

    /// The squared norms of row `row` of the last tile, one a map.
    pub(super) fn of(&self, row: usize) -> &[f64] {
        &self.squares[row * self.maps..(row + 1) * self.maps]
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::detector::AffineMap;
    use crate::view::View;

    #[test]
    fn two_maps_by_hand() {
        // (x, y) -> (x + 1, y) and (2 y, 0).
        let map = AffineMap {
            view: View::Raw,
            matrix: vec![1.0, 0.0, 0.0, 1.0, 0.0, 2.0, 0.0, 0.0],
            offset: vec![1.0, 0.0, 0.0, 0.0],
        };
        let input = NormInput {
            map: Arc::new(map),
            size: 2,
        };
        let mut norms = Norms::default();
        norms.compute(&input, Rows::new(&[2.0, 4.0, 0.0, 1.0], 2));
        assert_eq!(
            (norms.of(0), norms.of(1)),
            (&[25.0, 64.0][..], &[2.0, 4.0][..])
        );
    }
}
