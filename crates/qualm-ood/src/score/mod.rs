//! Scoring: what detectors share is planned once and computed once a tile of rows.

mod norms;
mod perturbed;
mod plan;
mod probabilities;
mod relations;
mod row;
mod scorer;

pub(crate) use plan::Plan;
pub(crate) use row::{LogitRow, Row};
pub use scorer::{Scorer, TILE_ROWS, TileRows};
