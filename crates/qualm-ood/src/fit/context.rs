use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use qualm_data::Head;
use qualm_linalg::{Eigen, Rows, minimum_norm_solution, symmetric_eigen};

use super::pass1::Moments;
use crate::OodError;
use crate::detector::AffineMap;
use crate::statistics::{Bank, ClassSums, SecondMoment};
use crate::view::View;

/// What a method finds after the first pass.
#[derive(Debug)]
pub(crate) struct FitContext<'a> {
    /// The classifier's last layer, where there is one.
    pub(crate) head: Option<&'a Head>,
    /// The name of the method that is being fitted, for errors.
    method: &'a str,
    gathered: &'a Gathered,
}

/// The statistics of the first pass over all rows, and what methods derive from them together.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(crate) moments: Moments,
    pub(crate) bank: Option<Arc<Bank>>,
    spectra: [OnceCell<Spectrum>; 2],
    /// Maps onto residual spaces, by origin and dimension of the principal space.
    maps: RefCell<Vec<(Origin, usize, Arc<AffineMap>)>>,
}

/// The point about which second moments are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// `-W^+ b`: where the features say nothing about the class.
    Head,
    /// The mean of the fitting rows.
    Mean,
}

/// The second moment about an origin, diagonalised.
#[derive(Debug)]
pub(crate) struct Spectrum {
    /// The origin.
    pub(crate) origin: Vec<f64>,
    /// Eigenvalues and eigenvectors, largest first.
    pub(crate) eigen: Eigen,
    /// How many dimensions the rows span, as far as `f32` can tell.
    pub(crate) rank: usize,
}

impl Gathered {
    pub(crate) fn new(moments: Moments, bank: Option<Bank>) -> Self {
        Self {
            moments,
            bank: bank.map(Arc::new),
            spectra: Default::default(),
            maps: RefCell::default(),
        }
    }
}

impl<'a> FitContext<'a> {
    pub(crate) fn new(method: &'a str, head: Option<&'a Head>, gathered: &'a Gathered) -> Self {
        Self {
            head,
            method,
            gathered,
        }
    }

    /// An error of the method that is being fitted.
    pub(crate) fn error(&self, problem: impl Into<String>) -> OodError {
        OodError::fit(self.method, problem)
    }

    /// The error for a covariance that cannot be inverted.
    pub(crate) fn singular(&self, ridge: f64) -> OodError {
        let way_out = if ridge == 0.0 {
            "give it a ridge, as in mahalanobis(ridge=0.01)".to_owned()
        } else {
            format!("the ridge {ridge} is too small; try mahalanobis(ridge=0.01)")
        };
        self.error(format!(
            "the covariance has no inverse (fewer rows than dimensions, or constant columns); {way_out}"
        ))
    }

    /// Mean and scatter of a view of the fitting rows.
    ///
    /// # Errors
    /// When the method did not ask for it or there is no fitting row.
    pub(crate) fn moment(&self, view: View) -> Result<&'a SecondMoment, OodError> {
        let moment = self.gathered.moments.moments.get(view).as_ref();
        moment
            .filter(|moment| moment.count > 0.0)
            .ok_or_else(|| self.error("there is no row to fit on"))
    }

    /// Sums by class of a view of the fitting rows.
    ///
    /// # Errors
    /// When the method did not ask for them or there is no fitting row.
    pub(crate) fn class_sums(&self, view: View) -> Result<&'a ClassSums, OodError> {
        let sums = self.gathered.moments.sums.get(view).as_ref();
        sums.ok_or_else(|| self.error("there is no labelled row to fit on"))
    }

    /// The fitting rows, of unit length.
    ///
    /// # Errors
    /// When the method did not ask for them or there is no fitting row.
    pub(crate) fn bank(&self) -> Result<Arc<Bank>, OodError> {
        let bank = self.gathered.bank.as_ref().filter(|bank| !bank.is_empty());
        bank.cloned()
            .ok_or_else(|| self.error("there is no row to fit on"))
    }

    /// Eigenvectors of the second moment about `origin`; computed once for all methods.
    ///
    /// # Errors
    /// When there is no fitting row, or no head where the origin needs one.
    pub(crate) fn spectrum(&self, origin: Origin) -> Result<&'a Spectrum, OodError> {
        let cell = &self.gathered.spectra[origin as usize];
        if let Some(spectrum) = cell.get() {
            return Ok(spectrum);
        }
        let moment = self.moment(View::Raw)?;
        let point = match (origin, self.head) {
            (Origin::Mean, _) => moment.mean.clone(),
            (Origin::Head, Some(head)) => origin_of_head(head),
            (Origin::Head, None) => {
                return Err(self.error("needs the head (--head), whose origin it measures from"));
            }
        };
        let eigen = symmetric_eigen(&moment.about(&point), moment.dim());
        let rank = rank(&eigen.values, moment.count);
        Ok(cell.get_or_init(|| Spectrum {
            origin: point,
            eigen,
            rank,
        }))
    }

    /// The map onto the residual space that is left by `dim` eigenvectors about `origin`; made
    /// once for all methods, so that it is also computed once a row.
    pub(crate) fn shared_map(
        &self,
        origin: Origin,
        dim: usize,
        make: impl FnOnce() -> AffineMap,
    ) -> Arc<AffineMap> {
        let mut maps = self.gathered.maps.borrow_mut();
        if let Some((.., map)) = maps.iter().find(|(o, d, _)| (*o, *d) == (origin, dim)) {
            return Arc::clone(map);
        }
        let map = Arc::new(make());
        maps.push((origin, dim, Arc::clone(&map)));
        map
    }
}

/// `u = -W^+ b`, the point of smallest norm at which all logits vanish, in the least-squares
/// sense (Wang et al. 2022, equation 5).
fn origin_of_head(head: &Head) -> Vec<f64> {
    let weight: Vec<f64> = head.weight().iter().map(|&w| f64::from(w)).collect();
    let bias: Vec<f64> = head.bias().iter().map(|&b| -f64::from(b)).collect();
    minimum_norm_solution(Rows::new(&weight, head.dim()), &bias)
}

/// Eigenvalues that stand above the rounding of `f32` features, at most one a row.
fn rank(values: &[f64], rows: f64) -> usize {
    let relative = values.len() as f64 * f64::from(f32::EPSILON);
    let largest = values.first().copied().unwrap_or(0.0);
    let cutoff = largest * relative * relative;
    let above = values.iter().take_while(|v| **v > cutoff).count();
    above.min(rows as usize)
}
