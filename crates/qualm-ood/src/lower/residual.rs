use qualm_linalg::{Rows, packed_len, product_nt, symmetric_eigen};

use super::{Graph, Pairing, Value};
use crate::detector::AffineMap;
use crate::view::View;

/// How far the eigenvalues of a projection may be from zero and one.
const ROUNDING: f64 = 1e-4;

/// `||R x + c||` for a map with orthonormal rows. Where `R` leaves few dimensions out, spanned by the
/// orthonormal rows of `P`, it is `||x - (P^T P x - R^T c)||`: two products with few rows in place of
/// one with many. The residual is taken off before its norm is, so that nothing more cancels.
pub(crate) fn residual_norm(graph: &mut Graph, map: &AffineMap) -> Value {
    let residual = match left_out(map) {
        None => graph.map(map),
        Some(principal) => {
            let (features, dim) = (graph.features(), map.matrix.len() / map.outputs());
            let rows = principal.len() / dim;
            let single = |x: &f64| *x as f32;
            let matrix: Vec<f32> = principal.iter().map(single).collect();
            let transposed: Vec<f32> = transposed(&principal, rows).iter().map(single).collect();
            let constant = back(map, dim).iter().map(|x| -*x as f32).collect();
            let coordinates = graph.affine(features, matrix, vec![0.0; rows]);
            let inside = graph.affine(coordinates, transposed, constant);
            graph.pair(features, Pairing::Sub, inside)
        }
    };
    graph.norm(residual)
}

/// An orthonormal basis of what the rows of the map leave out, where that saves half of the work.
fn left_out(map: &AffineMap) -> Option<Vec<f64>> {
    let dim = map.matrix.len() / map.outputs();
    let rows = dim.checked_sub(map.outputs())?;
    if map.view != View::Raw || rows == 0 || 4 * rows > map.outputs() {
        return None;
    }
    let matrix: Vec<f64> = map.matrix.iter().map(|&x| x.into()).collect();
    let columns = transposed(&matrix, map.outputs());
    let columns = Rows::new(&columns, map.outputs());
    let mut projection = vec![0.0; dim * dim];
    product_nt(&mut projection, columns, columns);
    let mut packed = Vec::with_capacity(packed_len(dim));
    for (i, row) in projection.chunks_exact(dim).enumerate() {
        packed.extend(row[..i].iter().map(|x| -x));
        packed.push(1.0 - row[i]);
    }
    let eigen = symmetric_eigen(&packed, dim);
    let (inside, outside) = eigen.values.split_at(rows);
    // Rows of a file that are not orthonormal have no such form.
    let near = |values: &[f64], to: f64| values.iter().all(|x| (x - to).abs() < ROUNDING);
    let mut vectors = eigen.vectors;
    vectors.truncate(rows * dim);
    (near(inside, 1.0) && near(outside, 0.0)).then_some(vectors)
}

/// `R^T c`.
fn back(map: &AffineMap, dim: usize) -> Vec<f64> {
    let mut sums = vec![0.0; dim];
    for (row, &c) in map.matrix.chunks_exact(dim).zip(&map.offset) {
        for (sum, &x) in sums.iter_mut().zip(row) {
            *sum += f64::from(x) * f64::from(c);
        }
    }
    sums
}

/// The columns of a row-major matrix of `rows` rows, one after the other.
fn transposed(matrix: &[f64], rows: usize) -> Vec<f64> {
    let width = matrix.len() / rows;
    let columns = (0..width).map(|column| matrix[column..].iter().step_by(width));
    columns.flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // R leaves out the first of five dimensions: 4 * 1 <= 4. Rows e_2 .. e_5 and c = (1, 0, 0, 0).
        let mut matrix = vec![0.0; 20];
        (0..4).for_each(|row| matrix[row * 5 + row + 1] = 1.0);
        let mut map = AffineMap {
            view: View::Raw,
            matrix,
            offset: vec![1.0, 0.0, 0.0, 0.0],
        };
        assert_eq!(left_out(&map), Some(vec![1.0, 0.0, 0.0, 0.0, 0.0]));
        assert_eq!(back(&map, 5), [0.0, 1.0, 0.0, 0.0, 0.0]);
        map.matrix[1] = 2.0;
        assert_eq!(left_out(&map), None, "no orthonormal rows");
    }
}
