//! Norm of the residual outside the principal space.

use std::sync::Arc;

use super::dimension::Dimension;
use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::detector::{AffineMap, Detector, Inputs};
use crate::fit::{FitContext, Origin};
use crate::lower::{Graph, Lowering, residual_norm};
use crate::method::{Method, Needs};
use crate::score::Row;
use crate::tensors::{TensorReader, TensorWriter, all_finite};
use crate::view::{PerView, View};

pub(crate) const ENTRY: Entry = Entry {
    word: "residual",
    formula: "||R^T (x - u)||",
    paper: "Wang et al., CVPR 2022 (ViM without its energy)",
    inputs: "features; fitting needs the head, or origin=mean",
    parameters: "dim=auto|rule|N|0.99 (explained variance), origin=head|mean",
    parse: Parse::Method(|arguments| {
        let dim = Dimension::take(arguments)?;
        let origin = match arguments.take("origin") {
            None | Some("head") => Origin::Head,
            Some("mean") => Origin::Mean,
            Some(other) => return Err(arguments.wrong("origin", other, "`head` or `mean`")),
        };
        Ok(Box::new(Residual { dim, origin }))
    }),
};

/// The map onto the residual space: `x -> R^T (x - u)` with R all but the `d` leading
/// eigenvectors of the second moment of the fitting rows about `u`. Also gives the root mean
/// square distance of the fitting rows from `u`.
///
/// # Errors
/// Where `d` leaves no residual space: `d >= D`, or `d` not below the rank of the rows.
pub(crate) fn residual_map(
    dim: Dimension,
    origin: Origin,
    context: &FitContext<'_>,
) -> Result<(Arc<AffineMap>, f64), OodError> {
    let spectrum = context.spectrum(origin)?;
    let width = spectrum.origin.len();
    let values = &spectrum.eigen.values;
    let d = dim.resolve(width, values, spectrum.rank, spectrum.rows);
    if d >= width {
        return Err(context.error(format!(
            "dim={d} leaves no residual space in features of width {width}; choose dim below {width}"
        )));
    }
    let rank = spectrum.rank;
    if d == 0 || d >= rank {
        return Err(context.error(format!(
            "dim={d} leaves no residual: the fitting rows span only {rank} of {width} dimensions; \
             choose dim from 1 to {} or give more rows",
            rank.saturating_sub(1).max(1)
        )));
    }
    let map = context.shared_map(origin, d, || {
        AffineMap::about(
            View::Raw,
            &spectrum.eigen.vectors[d * width..],
            &spectrum.origin,
        )
    });
    let mean_square: f64 = values.iter().map(|v| v.max(0.0)).sum();
    Ok((map, mean_square.sqrt()))
}

/// Below this share of the rows' size, residual norms are rounding noise of `f32`.
pub(crate) const NOISE: f64 = 1e-5;

/// Outlier score `r(x) = ||R^T (x - u)||_2` (Wang et al. 2022, section 3): the part of a feature
/// that leaves the principal space of the training features. `origin=head` puts u where all
/// logits of the bias-free head vanish, `u = -W^+ b`; without a head `origin=mean` puts it at the
/// mean of the fitting rows. OpenOOD fits its residual on validation rows, here the fitting rows
/// serve.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Residual {
    dim: Dimension,
    origin: Origin,
}

impl Method for Residual {
    fn needs(&self) -> Needs {
        Needs {
            features: true,
            head: self.origin == Origin::Head,
            moments: PerView::only(View::Raw),
            part_means: true,
            ..Needs::default()
        }
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError> {
        let (map, size) = residual_map(self.dim, self.origin, context)?;
        Ok(Box::new(ResidualDetector { map, size }))
    }

    fn load(&self, tensors: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        let (map, size) = load_residual(tensors)?;
        Ok(Box::new(ResidualDetector { map, size }))
    }
}

#[derive(Debug)]
struct ResidualDetector {
    map: Arc<AffineMap>,
    size: f64,
}

impl Detector for ResidualDetector {
    fn inputs(&self) -> Inputs {
        Inputs {
            maps: vec![Arc::clone(&self.map)],
            ..Inputs::default()
        }
    }

    fn parts(&self) -> Vec<&'static str> {
        vec!["residual norm"]
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        parts[0] = qualm_linalg::norm(row.map(0));
    }

    fn score(&self, parts: &[f64]) -> f64 {
        parts[0]
    }

    fn set_part_means(&mut self, means: &[f64]) -> Result<(), String> {
        check_residual(means[0], self.size)
    }

    fn save(&self, tensors: &mut TensorWriter) {
        save_residual(&self.map, self.size, tensors);
    }

    fn lower(&self, graph: &mut Graph) -> Lowering {
        Ok(residual_norm(graph, &self.map))
    }
}

/// Refuses residuals that are rounding noise: rank-deficient features would give noise for scores,
/// silently.
pub(crate) fn check_residual(mean_norm: f64, size: f64) -> Result<(), String> {
    if mean_norm > NOISE * size {
        return Ok(());
    }
    Err(format!(
        "the fitting rows have no residual to speak of (mean norm {mean_norm:.1e} where rows have size \
         {size:.1e}), so scores would be rounding noise; choose a smaller dim"
    ))
}

pub(crate) fn save_residual(map: &AffineMap, size: f64, tensors: &mut TensorWriter) {
    tensors.matrix(
        "residual_basis",
        &map.matrix,
        map.matrix.len() / map.outputs(),
    );
    tensors.vector("residual_offset", &map.offset);
    tensors.vector("size", &[size]);
}

pub(crate) fn load_residual(tensors: &TensorReader<'_>) -> Result<(Arc<AffineMap>, f64), OodError> {
    let matrix = tensors.matrix::<f32>("residual_basis", tensors.dim())?;
    let offset = tensors.vector::<f32>("residual_offset", matrix.len() / tensors.dim())?;
    if offset.is_empty() || !all_finite(&matrix) || !all_finite(&offset) {
        return Err(tensors.wrong("residual_basis", "is empty or not finite"));
    }
    let size = tensors.scalar("size")?;
    let map = tensors.shared(AffineMap {
        view: View::Raw,
        matrix,
        offset,
    });
    Ok((map, size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{fit_error, fit_scores, plane_rows};

    #[test]
    fn distance_from_a_line_by_hand() {
        // Rows (t, 1) and (t, -1): along x with spread, across it with second moment 1. The
        // residual of (a, b) about the mean (0, 0) is |b|.
        let train = [3.0, 1.0, 3.0, -1.0, -3.0, 1.0, -3.0, -1.0];
        let scores = fit_scores(
            "residual(dim=1,origin=mean)",
            &train,
            2,
            None,
            &[7.0, 5.0, 0.0, -2.0],
        );
        assert!(
            (scores[0] - 5.0).abs() < 1e-5 && (scores[1] - 2.0).abs() < 1e-5,
            "{scores:?}"
        );
    }

    #[test]
    fn no_residual_space_is_an_error() {
        let rows = plane_rows(50, 6);
        let error = |recipe: &str| fit_error(recipe, &rows, 6, None);
        assert!(error("residual(dim=6,origin=mean)").contains("below 6"));
        assert!(error("residual(dim=2,origin=mean)").contains("span only 2 of 6"));
        assert!(error("residual").contains("head"));
    }

    #[test]
    fn rounding_noise_is_no_residual() {
        assert!(
            check_residual(1e-7, 1.0)
                .unwrap_err()
                .contains("rounding noise")
        );
        assert!(check_residual(1e-3, 1.0).is_ok());
    }
}
