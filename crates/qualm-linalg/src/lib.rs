//! Matrix products, symmetric accumulation, eigenproblems and convex minima over row-major rows.
//!
//! The one crate that knows the linear-algebra library (faer), its threads and its share of the
//! machine's peak. Matrices come as [`Rows`], a checked view of a row-major slice:
//!
//! ```
//! use qualm_linalg::{Rows, product_nt};
//! let x = Rows::new(&[1.0f32, 2.0, 3.0, 4.0], 2); // 2 rows of width 2
//! let w = Rows::new(&[1.0f32, 1.0, 1.0, -1.0, 0.0, 1.0], 2); // 3 rows of width 2
//! let mut out = vec![0.0; 2 * 3];
//! product_nt(&mut out, x, w); // x * w^T
//! assert_eq!(out, [3.0, -1.0, 2.0, 7.0, -1.0, 4.0]);
//! ```
//!
//! Every function gives the same bytes for any number of threads of the current rayon pool: an
//! element's sum runs over the inner dimension in one fixed order, and threads share out
//! elements, never a sum. `tests/threads.rs` holds the proof.

mod activation;
mod eigen;
mod elementary;
mod gram;
mod graph;
mod half_rows;
mod history;
mod line_search;
mod minimise;
mod nearest;
mod peak;
mod product;
mod rows;
mod solve;
mod sums;
mod update;
mod vector;

pub use activation::softplus;
pub use eigen::{Eigen, symmetric_eigen};
pub use elementary::{Elementary, exp, log_of_rest};
pub use gram::{BlockScatter, for_each_packed_row, packed_len};
#[cfg(feature = "hnsw")]
pub use graph::GraphBuilder;
pub use graph::{GraphSearch, Layer, NeighbourGraph};
pub use half_rows::HalfRows;
pub use minimise::{Limits, Minimum, Smooth, Stop, VECTORS_HELD, minimise};
pub use nearest::{Nearest, Neighbour};
pub use peak::{Speed, beside_peak, matrix_multiply_peak};
pub use product::{Real, product_nn, product_nt, product_tn};
pub use rows::Rows;
pub use solve::{NotPositiveDefinite, inverse_cholesky, minimum_norm_solution};
pub use sums::{Terms, distance, dot, map, sum_of, sum_of_pairs, sums_of};
pub use update::{add_multiple, add_rows, add_to_rows, update};
pub use vector::{
    accumulate, add, largest, log_sum_exp, norm, scale, squared_norm, sum_of_exponentials,
};
